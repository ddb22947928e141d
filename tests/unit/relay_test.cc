// What the client can do without a daemon.

#include "client/relay.h"

#include <doctest/doctest.h>

#include <string>

#include "client/rate_limit.h"
#include "tests/support/temp_dir.h"

namespace asciinemad {
namespace {

TEST_CASE("the last lines of a file") {
  const test::TempDir dir;
  CHECK(last_lines(dir / "none", 2).empty());
  CHECK(last_lines(dir.write("empty", ""), 2).empty());
  CHECK(last_lines(dir.write("newline", "\n"), 2) == "\n");
  CHECK(last_lines(dir.write("one", "a\n"), 2) == "a\n");
  CHECK(last_lines(dir.write("two", "a\nb\n"), 2) == "a\nb\n");
  CHECK(last_lines(dir.write("three", "a\nb\nc\n"), 2) == "b\nc\n");
  CHECK(last_lines(dir.write("unended", "a\nb\nc"), 2) == "b\nc\n");
  CHECK(last_lines(dir.write("empty_lines", "a\n\n\n"), 2) == "\n\n");
}

TEST_CASE("the last lines of a long file are whole ones") {
  const test::TempDir dir;
  const std::string long_line = std::string(3000, 'x') + "\n";
  CHECK(last_lines(dir.write("long", long_line + long_line + "end\n"), 5) == long_line + "end\n");
  CHECK(last_lines(dir.write("too_long", std::string(10'000, 'x') + "\n"), 5).empty());
}

TEST_CASE("so many times in a span of time") {
  RateLimit<2> limit(100);
  CHECK(limit.take(1000));
  CHECK(limit.take(1050));
  CHECK_FALSE(limit.take(1099));
  CHECK(limit.take(1100));
  CHECK_FALSE(limit.take(1149));
  limit.reset();
  CHECK(limit.take(1149));
}

}  // namespace
}  // namespace asciinemad
