// Every wait of an integration test has an end: its own, and that of the test case.
#pragma once

#include <poll.h>

#include <functional>

#include "client/deadline.h"

namespace asciinemad::test {

// Longer than anything takes that works, on a machine that is busy.
inline constexpr int kWaitMs = 10'000;
// Of a whole test case.
inline constexpr int kTestCaseMs = 30'000;

// Called as each test case starts, by sandbox.cc.
void begin_test_case();
// At most `timeout_ms` from now, and not later than the test case's end.
Deadline deadline_in(int timeout_ms = kWaitMs);

// For what nobody reports: looks every few milliseconds until `reached()`; false when it never was.
bool eventually(const std::function<bool()>& reached, int timeout_ms = kWaitMs);

}  // namespace asciinemad::test
