#include "common/timeline.h"

#include <doctest/doctest.h>

namespace asciinemad {
namespace {

TEST_CASE("timeline: without a limit, playback time is recorded time") {
  Timeline timeline(std::nullopt);
  CHECK(timeline.advance(5) == 5);
  CHECK(timeline.advance(9'000'000'000) == 9'000'000'000);
}

TEST_CASE("timeline: no interval is longer than the limit, the first included") {
  Timeline timeline(1'000'000);
  CHECK(timeline.advance(5'000'000) == 1'000'000);
  CHECK(timeline.advance(5'500'000) == 1'500'000);
  CHECK(timeline.advance(6'500'000) == 2'500'000);
  CHECK(timeline.advance(60'000'000) == 3'500'000);
}

TEST_CASE("timeline: never backwards, and the time lost is not gained later") {
  Timeline timeline(std::nullopt);
  CHECK(timeline.advance(2'000'000) == 2'000'000);
  CHECK(timeline.advance(1'000'000) == 2'000'000);
  CHECK(timeline.advance(2'500'000) == 2'500'000);
}

TEST_CASE("timeline: resumes where it was") {
  Timeline timeline(1'000'000);
  timeline.advance(5'000'000);
  const Timeline::Position position = timeline.position();
  timeline.advance(50'000'000);
  timeline.resume_at(position);
  CHECK(timeline.advance(5'100'000) == 1'100'000);
}

}  // namespace
}  // namespace asciinemad
