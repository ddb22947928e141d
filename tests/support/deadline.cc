#include "tests/support/deadline.h"

#include <algorithm>
#include <optional>

namespace asciinemad::test {
namespace {

std::optional<Deadline> test_case_end;

}  // namespace

void begin_test_case() { test_case_end.emplace(kTestCaseMs); }

Deadline deadline_in(int timeout_ms) {
  if (!test_case_end.has_value()) return Deadline(timeout_ms);
  return Deadline(std::min(timeout_ms, test_case_end->remaining_ms()));
}

bool eventually(const std::function<bool()>& reached, int timeout_ms) {
  constexpr int kLookEveryMs = 5;
  const Deadline deadline = deadline_in(timeout_ms);
  while (!reached()) {
    if (deadline.remaining_ms() == 0) return false;
    ::poll(nullptr, 0, kLookEveryMs);
  }
  return true;
}

}  // namespace asciinemad::test
