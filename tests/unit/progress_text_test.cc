#include "client/progress_text.h"

#include <doctest/doctest.h>

#include <string>

#include "common/bytes_text.h"

namespace asciinemad {
namespace {

constexpr std::uint64_t kMiB = 1 << 20;
constexpr std::uint64_t kSecond = 1'000'000;

TEST_CASE("sizes have units of 1024") {
  CHECK(bytes_text(0) == "0 B");
  CHECK(bytes_text(1023) == "1023 B");
  CHECK(bytes_text(1024) == "1.0 KiB");
  CHECK(bytes_text(1536) == "1.5 KiB");
  CHECK(bytes_text(kMiB - 1) == "1.0 MiB");
  CHECK(bytes_text(20 * kMiB) == "20.0 MiB");
  CHECK(bytes_text(~std::uint64_t{0}) == "16.0 EiB");
}

TEST_CASE("a rate is that of the last seconds") {
  RateMeter rate;
  CHECK_FALSE(rate.bytes_per_s(0).has_value());
  rate.add(0, 1000);
  CHECK_FALSE(rate.bytes_per_s(100'000).has_value());
  rate.add(kSecond, 3000);
  CHECK(rate.bytes_per_s(kSecond) == doctest::Approx(2000));
  for (std::uint64_t s = 2; s <= 20; ++s) rate.add(s * kSecond, 3000 + (s - 1) * 10);
  CHECK(rate.bytes_per_s(20 * kSecond) == doctest::Approx(10));
  // Nothing is heard any more.
  CHECK(*rate.bytes_per_s(30 * kSecond) < 5);
}

TEST_CASE("a new attempt begins its rate anew") {
  RateMeter rate;
  rate.add(0, 0);
  rate.add(kSecond, 1'000'000);
  rate.add(2 * kSecond, 0);
  CHECK_FALSE(rate.bytes_per_s(2 * kSecond).has_value());
  rate.add(3 * kSecond, 500);
  CHECK(rate.bytes_per_s(3 * kSecond) == doctest::Approx(500));
}

TEST_CASE("progress fits the width") {
  const Progress progress{5 * kMiB, 10 * kMiB, static_cast<double>(kMiB)};
  CHECK(progress_text(progress, 80) ==
        " 50%  [==========          ]  5.0 MiB of 10.0 MiB  1.0 MiB/s  6 s left");
  CHECK(progress_text(progress, 69) == " 50%  5.0 MiB of 10.0 MiB  1.0 MiB/s  6 s left");
  CHECK(progress_text(progress, 40) == " 50%  5.0 MiB of 10.0 MiB  1.0 MiB/s");
  CHECK(progress_text(progress, 25) == " 50%  5.0 MiB of 10.0 MiB");
  CHECK(progress_text(progress, 24) == " 50%");
  CHECK(progress_text(progress, 3).empty());
  const Progress longest{1023 * kMiB - 1, 1023 * kMiB + 1000 * kMiB, 1023.9 * 1024};
  for (std::size_t columns = 0; columns < 200; ++columns) {
    CHECK(progress_text(longest, columns).size() <= columns);
  }
}

TEST_CASE("progress that can't be told is not told") {
  CHECK(progress_text({0, 10, std::nullopt}, 60) == "  0%  0 B of 10 B");
  CHECK(progress_text({5, 10, 0.0}, 60) == " 50%  5 B of 10 B  0 B/s");
  CHECK(progress_text({10, 10, 5.0}, 60) == "100%  10 B of 10 B  5 B/s");
  CHECK(progress_text({999, 1000, 5.0}, 20) == " 99%");
  CHECK(progress_text({0, 0, std::nullopt}, 20) == "100%  0 B of 0 B");
  // A copy that grows is not expected; it must not break the line.
  CHECK(progress_text({20, 10, std::nullopt}, 20) == "100%  20 B of 10 B");
}

}  // namespace
}  // namespace asciinemad
