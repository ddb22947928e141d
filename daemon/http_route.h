// HttpRoute: how a URL is reached, directly or through a proxy.
#pragma once

#include <memory>
#include <optional>
#include <string>

#include "common/url.h"
#include "daemon/http_connection.h"

namespace asciinemad {

struct HttpRoute {
  Url url;
  std::optional<Url> proxy;  // its user_info is sent as basic authentication
  TrustStore trusted;
  HttpWaits waits;
};

// To where requests for the URL can be sent: to its server, for https through the proxy, which for
// http gets the requests itself. Besides the errors of a connection Errc::unavailable for a proxy
// that refuses, and Errc::invalid_argument for one that wants to know who asks.
Result<std::unique_ptr<HttpConnection>> open_route(const HttpRoute& route);

// Why a proxy that answered this did nothing: `status` is its status code and its words.
Error proxy_refusal(const Url& proxy, const std::string& status);

}  // namespace asciinemad
