// The file that tells shell prompts that their session is paused (common/paths.h, state_file_path).
#pragma once

#include <string>
#include <string_view>

#include "common/result.h"

namespace asciinemad {

// Whole or not at all; readable by the user only.
Status write_state_file(const std::string& path, std::string_view content);
// One that is not there is fine.
Status remove_state_file(const std::string& path);

}  // namespace asciinemad
