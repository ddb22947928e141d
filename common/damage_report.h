// What users are told about a damaged recording that was read nevertheless.
#pragma once

#include <string>
#include <vector>

#include "common/recording_reader.h"

namespace asciinemad {

// A sentence each, without the recording's name; empty: nothing was wrong.
std::vector<std::string> describe_damage(const RecordingDamage& damage);

}  // namespace asciinemad
