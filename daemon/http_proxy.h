// Which proxy a URL is fetched through, by the variables http_proxy, https_proxy and no_proxy.
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "common/url.h"

namespace asciinemad {

// Values as users set them; empty: not set.
struct ProxySettings {
  std::string http_proxy;   // "http://[USER:PASSWORD@]HOST:PORT" or without "http://"
  std::string https_proxy;  // the same; it still is spoken to without TLS
  std::string no_proxy;     // "*", or hosts and domains, each with a port or not
};

// Nullopt: directly. Errc::invalid_argument for a proxy that cannot be used.
Result<std::optional<Url>> proxy_for(const Url& url, const ProxySettings& settings);

}  // namespace asciinemad
