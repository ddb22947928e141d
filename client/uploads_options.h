// UploadsOptions: what `uploads` was asked to do.
#pragma once

#include <cstdint>
#include <optional>
#include <string_view>
#include <variant>
#include <vector>

#include "client/command.h"

namespace asciinemad {

enum class UploadsVerb { list, show, retry, cancel, forget, wait, watch };

struct UploadsOptions {
  UploadsVerb verb = UploadsVerb::list;
  std::vector<std::uint64_t> numbers;  // as given, each once
  bool all = false;                    // instead of numbers
  bool json = false;
};

// Prints help and usage errors itself.
std::variant<UploadsOptions, ExitStatus> parse_uploads_options(int argc, char** argv);

// "12" or "#12"; nullopt for anything else, 0 included.
std::optional<std::uint64_t> parse_upload_number(std::string_view text);

}  // namespace asciinemad
