// Pens in SGR: from what programs write, and back.
#pragma once

#include <string>
#include <string_view>

#include "common/screen_model_cells.h"

namespace asciinemad {

// What `CSI params m` makes of a pen.
void apply_sgr(Pen& pen, std::string_view params);

// One sequence that sets all of it, whatever was set before.
void append_sgr(std::string& out, const Pen& pen);

}  // namespace asciinemad
