// Which sequences a ScreenFilter lets through: the policies, without the stream.
#pragma once

#include <string_view>

#include "common/screen_filter.h"
#include "common/vt_parser.h"

namespace asciinemad {

// Neither is for ScreenPolicy::trusted.
bool passes_escape(ScreenPolicy policy, const VtSequence& sequence);
bool passes_csi(ScreenPolicy policy, const VtSequence& sequence);

enum class StringVerdict { pass, drop, undecided };

// `head`: the string's first bytes without control characters; `whole`: it ended there, properly.
// More bytes never change a verdict, but for `undecided`; a whole string is never `undecided`.
StringVerdict judge_string(ScreenPolicy policy, VtString kind, std::string_view head, bool whole);

}  // namespace asciinemad
