// The recording of a web page: what its <link rel="alternate"> of an asciicast type points to.
#pragma once

#include <optional>
#include <string>
#include <string_view>

namespace asciinemad {

struct PageLink {
  std::string href;
  std::string base;  // of <base href>; empty: the page's own address
};

// The first such link with an href. Works on whatever bytes a server calls HTML, in linear time.
std::optional<PageLink> find_recording_link(std::string_view html);

}  // namespace asciinemad
