#include "tests/support/process_facts.h"

#include <doctest/doctest.h>

#include <filesystem>
#include <fstream>
#include <iterator>

#include "tests/support/deadline.h"
#include "tests/support/process.h"

namespace asciinemad::test {
namespace {

std::string file_of(pid_t pid, const std::string& name) {
  return "/proc/" + std::to_string(pid) + "/" + name;
}

std::size_t status_number(pid_t pid, const std::string& key) {
  std::ifstream status(file_of(pid, "status"));
  for (std::string line; std::getline(status, line);) {
    if (line.starts_with(key + ":")) return std::stoul(line.substr(key.size() + 1));
  }
  FAIL("process ", pid, " has no ", key);
  return 0;
}

}  // namespace

std::size_t resident_kib(pid_t pid) { return status_number(pid, "VmRSS"); }

std::size_t peak_resident_kib(pid_t pid) { return status_number(pid, "VmHWM"); }

void forget_peak(pid_t pid) {
  // proc(5), clear_refs: 5 resets the high-water mark.
  std::ofstream(file_of(pid, "clear_refs")) << "5";
}

std::size_t open_descriptors(pid_t pid) {
  using Iterator = std::filesystem::directory_iterator;
  return static_cast<std::size_t>(std::distance(Iterator(file_of(pid, "fd")), Iterator()));
}

bool comes_to_rest(pid_t pid) {
  constexpr int kRestMs = 100;
  // Of the first thread; other threads tell by the time they take.
  const auto activity = [pid] {
    return status_number(pid, "voluntary_ctxt_switches") +
           status_number(pid, "nonvoluntary_ctxt_switches") + std::stoul(stat_field(pid, 14)) +
           std::stoul(stat_field(pid, 15));
  };
  std::size_t seen = activity();
  Deadline rested(kRestMs);
  return eventually([&] {
    if (const std::size_t now = activity(); now != seen) {
      seen = now;
      rested = Deadline(kRestMs);
    }
    return rested.remaining_ms() == 0;
  });
}

}  // namespace asciinemad::test
