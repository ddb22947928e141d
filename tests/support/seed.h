// The seed of what a test chooses at random: printed, and the same again when ASCIINEMAD_TEST_SEED
// says so.
#pragma once

#include <doctest/doctest.h>

#include <cstdlib>
#include <random>
#include <string>

namespace asciinemad::test {

inline std::mt19937 seeded_random() {
  const char* wanted = std::getenv("ASCIINEMAD_TEST_SEED");
  const auto seed = wanted != nullptr ? static_cast<std::mt19937::result_type>(std::stoul(wanted))
                                      : std::random_device()();
  MESSAGE("ASCIINEMAD_TEST_SEED=", seed);
  return std::mt19937(seed);
}

// From `least` to `most`, both included.
inline std::size_t random_number(std::mt19937& random, std::size_t least, std::size_t most) {
  return std::uniform_int_distribution<std::size_t>(least, most)(random);
}

}  // namespace asciinemad::test
