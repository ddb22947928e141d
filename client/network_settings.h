// NetworkSettings: how to get to servers, as curl would find it in the environment.
#pragma once

#include <string>

#include "common/paths.h"

namespace asciinemad {

// Empty: not set.
struct NetworkSettings {
  std::string http_proxy;
  std::string https_proxy;
  std::string no_proxy;
  std::string ca_file;
  std::string ca_directory;  // or several, with colons between them
};

// Relative paths become absolute ones, since the daemon works in another directory.
NetworkSettings find_network_settings(const Environment& environment);

}  // namespace asciinemad
