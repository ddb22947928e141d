#include "client/network_settings.h"

#include <unistd.h>

#include <array>
#include <cstddef>
#include <initializer_list>
#include <optional>
#include <string_view>

namespace asciinemad {
namespace {

std::string first_set(const Environment& environment,
                      std::initializer_list<std::string_view> names) {
  for (const std::string_view name : names) {
    if (std::optional<std::string> value = environment.find(name)) return *std::move(value);
  }
  return {};
}

std::string absolute_path(std::string_view path) {
  std::array<char, 4096> directory;
  const bool complete = path.empty() || path.starts_with('/');
  if (complete || ::getcwd(directory.data(), directory.size()) == nullptr) return std::string(path);
  return std::string(directory.data()).append("/").append(path);
}

// OpenSSL takes several, with colons between them.
std::string absolute_paths(std::string_view list) {
  std::string paths;
  for (;;) {
    const std::size_t colon = list.find(':');
    paths += absolute_path(list.substr(0, colon));
    if (colon == std::string_view::npos) return paths;
    paths += ':';
    list.remove_prefix(colon + 1);
  }
}

}  // namespace

NetworkSettings find_network_settings(const Environment& environment) {
  NetworkSettings settings;
  // Not HTTP_PROXY: in a CGI program that is what a client's Proxy header says.
  settings.http_proxy = first_set(environment, {"http_proxy", "all_proxy", "ALL_PROXY"});
  settings.https_proxy =
      first_set(environment, {"https_proxy", "HTTPS_PROXY", "all_proxy", "ALL_PROXY"});
  settings.no_proxy = first_set(environment, {"no_proxy", "NO_PROXY"});
  settings.ca_file = absolute_path(first_set(environment, {"SSL_CERT_FILE"}));
  settings.ca_directory = absolute_paths(first_set(environment, {"SSL_CERT_DIR"}));
  return settings;
}

}  // namespace asciinemad
