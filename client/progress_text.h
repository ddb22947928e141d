// The progress of a transfer as people read it. Pure.
#pragma once

#include <cstddef>
#include <cstdint>
#include <deque>
#include <optional>
#include <string>

namespace asciinemad {

// How fast a growing number of bytes has grown in the last few seconds.
class RateMeter {
 public:
  // Times are microseconds of a Clock. A number smaller than the last begins a new transfer.
  void add(std::uint64_t now_us, std::uint64_t bytes);
  // nullopt: too early to tell. Falls when nothing is added any more.
  std::optional<double> bytes_per_s(std::uint64_t now_us) const;

 private:
  struct Sample {
    std::uint64_t at_us = 0;
    std::uint64_t bytes = 0;
  };
  std::deque<Sample> samples_;  // those of the last seconds, and the one before
};

struct Progress {
  std::uint64_t sent_bytes = 0;
  std::uint64_t total_bytes = 0;
  std::optional<double> bytes_per_s;
};

// " 42%  [====    ]  4.2 MiB of 10.0 MiB  1.2 MiB/s  5 s left" in at most `columns` characters, all
// ASCII. Where there is no room the bar goes first, then the rest from its end.
std::string progress_text(const Progress& progress, std::size_t columns);

}  // namespace asciinemad
