// What the kernel tells about a running process: its memory, descriptors and wake-ups.
#pragma once

#include <sys/types.h>

#include <cstddef>
#include <string>

namespace asciinemad::test {

std::size_t resident_kib(pid_t pid);
// The most since forget_peak().
std::size_t peak_resident_kib(pid_t pid);
void forget_peak(pid_t pid);

std::size_t open_descriptors(pid_t pid);

// Waits until the process has not run for a while; false when it never rests.
bool comes_to_rest(pid_t pid);

}  // namespace asciinemad::test
