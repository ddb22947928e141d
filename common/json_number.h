// Writing numbers as JSON, the same on every machine and in every locale.
#pragma once

#include <cstdint>
#include <string>

namespace asciinemad {

void append_json_integer(std::string& out, std::int64_t value);

// Microseconds as seconds with all six decimals: 1.500000.
void append_json_seconds(std::string& out, std::uint64_t us);

// Milliseconds as seconds with three decimals: 1.500.
void append_json_milliseconds(std::string& out, std::uint64_t ms);

// The shortest form that reads back as the same value, and always as a float: 2 is written 2.0.
// JSON has none for what is not finite; that is the caller's to leave out.
void append_json_float(std::string& out, double finite);

}  // namespace asciinemad
