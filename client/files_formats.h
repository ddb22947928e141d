// Formats without times: the output as it was, and the text that it left on the screen.
#pragma once

#include <memory>

#include "client/convert_format.h"
#include "common/asciicast_convert.h"
#include "common/screen_filter.h"

namespace asciinemad {

// raw: output bytes, with the sequence that sets a terminal's size (CSI 8 ; ROWS ; COLS t) before
// them and at every resize, as asciinema 2 records. `policy` is what may be written.
//
// txt: the lines that scrolled off the screen and those on it at the end, wrapped ones joined, none
// that are blank at the end. What full-screen programs show on the alternate screen is no part of
// that, unless the recording ends there: then that screen follows behind a blank line.
std::unique_ptr<AsciicastWriter> make_writer(ConvertFormat format, ScreenPolicy policy);

}  // namespace asciinemad
