// http_get: one GET request over a connection of its own, for a blocking thread.
#pragma once

#include "daemon/http_exchange.h"

namespace asciinemad {

// The URL's user_info is sent as basic authentication. See http_exchange().
Status http_get(const HttpRoute& route, HttpReceiver& receiver);

}  // namespace asciinemad
