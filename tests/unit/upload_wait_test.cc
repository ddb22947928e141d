#include <doctest/doctest.h>

#include <limits>
#include <optional>
#include <string_view>
#include <vector>

#include "daemon/upload_verdict.h"

namespace asciinemad {
namespace {

constexpr std::int64_t kNowMs = 784'111'000'000;  // Sun, 06 Nov 1994 08:36:40 GMT

TEST_CASE("upload wait: Retry-After") {
  constexpr std::uint64_t kDay = 24ULL * 3600 * 1000;
  struct Row {
    std::string_view text;
    std::optional<std::uint64_t> wait_ms;
  };
  const std::vector<Row> rows = {
      {"0", 0},
      {"120", 120'000},
      {" 120\t", 120'000},
      {"007", 7'000},
      {"86400", kDay},
      {"86401", kDay},
      {"99999999999999999999999999", kDay},
      {"000000000000000000000000000001", 1'000},
      {"Sun, 06 Nov 1994 08:37:40 GMT", 60'000},
      {"Sunday, 06-Nov-94 08:37:40 GMT", 60'000},
      {"Sun Nov  6 08:37:40 1994", 60'000},
      {"Sun, 06 Nov 1994 08:36:40 GMT", 0},
      {"Sat, 05 Nov 1994 08:36:40 GMT", 0},
      {"Fri, 31 Dec 9999 23:59:60 GMT", kDay},
      {"Thu, 01 Jan 1970 00:00:00 GMT", 0},
      {"Friday, 01-Jan-44 00:00:00 GMT", kDay},  // 2044
      {"Friday, 01-Jan-45 00:00:00 GMT", 0},     // 1945
      {"", std::nullopt},
      {" ", std::nullopt},
      {"-1", std::nullopt},
      {"+1", std::nullopt},
      {"1.5", std::nullopt},
      {"1 2", std::nullopt},
      {"0x10", std::nullopt},
      {"soon", std::nullopt},
      {"Sun, 06 Nov 1994 08:37:40 CET", std::nullopt},
      {"Sun, 06 Nov 1994 08:37:40", std::nullopt},
      {"Son, 06 Nov 1994 08:37:40 GMT", std::nullopt},
      {"Sun, 06 Nov 994 08:37:40 GMT", std::nullopt},
      {"Sun, 31 Apr 1994 08:37:40 GMT", std::nullopt},
      {"Sun, 00 Nov 1994 08:37:40 GMT", std::nullopt},
      {"Sun, 06 Nov 1994 24:37:40 GMT", std::nullopt},
      {"Sun, 06 Nov 1994 08:60:40 GMT", std::nullopt},
      {"Sun, 06 Nov 1994 08:37:61 GMT", std::nullopt},
      {"Sun, 06 Nov 1994 8:37:40 GMT", std::nullopt},
      {"Sun, 06 Nov 1994 08.37.40 GMT", std::nullopt},
      {"Sun, 06 November 1994 08:37:40 GMT", std::nullopt},
  };
  for (const Row& row : rows) {
    CAPTURE(row.text);
    CHECK(parse_retry_after(row.text, kNowMs) == row.wait_ms);
  }
  CHECK(parse_retry_after("Sun, 06 Nov 1994 08:36:40 GMT", kNowMs - 1) == 1);
  constexpr std::int64_t kEndOf1999 = 946'684'799'000;
  CHECK(parse_retry_after("Saturday, 01-Jan-00 00:00:00 GMT", kEndOf1999) == 1'000);
  CHECK(parse_retry_after("Sun, 06 Nov 1994 08:36:40 GMT",
                          std::numeric_limits<std::int64_t>::min()) == kDay);
  CHECK(parse_retry_after("Sun, 06 Nov 1994 08:36:40 GMT",
                          std::numeric_limits<std::int64_t>::max()) == 0);
}

TEST_CASE("upload wait: backoff doubles up to a bound, with full jitter") {
  CHECK(backoff_ms(1, 0) == kMinBackoffMs);
  CHECK(backoff_ms(1, 0.5) == 1'000);
  CHECK(backoff_ms(1, 0.9999) == 1'999);
  CHECK(backoff_ms(2, 0.5) == 2'000);
  CHECK(backoff_ms(9, 0.5) == 256'000);
  CHECK(backoff_ms(10, 0.5) == kMaxBackoffMs / 2);
  CHECK(backoff_ms(64, 0.5) == kMaxBackoffMs / 2);
  CHECK(backoff_ms(std::numeric_limits<std::uint32_t>::max(), 0) == kMinBackoffMs);
  CHECK(backoff_ms(std::numeric_limits<std::uint32_t>::max(), 0.9999999) < kMaxBackoffMs);
}

}  // namespace
}  // namespace asciinemad
