#include "daemon/recorder.h"

#include <doctest/doctest.h>

#include <string>

#include "tests/support/recorder_fixture.h"

namespace asciinemad {
namespace {

using test::kHeader;
using test::kSize;
using Fixture = test::RecorderFixture;

TEST_CASE("recorder: events carry the clock's time since the beginning") {
  Fixture f;
  const auto r = f.begin();
  CHECK(f.content() == kHeader);
  r->output("a");
  f.clock.advance(1);
  r->input("b\r");
  f.clock.advance(999'999);
  r->marker("m");
  f.clock.advance(3600'000'000);
  r->resize({132, 43, 0, 0});
  CHECK(f.events() ==
        "[0.000000, \"o\", \"a\"]\n"
        "[0.000001, \"i\", \"b\\r\"]\n"
        "[1.000000, \"m\", \"m\"]\n"
        "[3601.000000, \"r\", \"132x43\"]\n");
  CHECK(r->duration_us() == 3601'000'000);
  CHECK(r->idle());
  CHECK_FALSE(r->congested());
  CHECK(r->lost_bytes() == 0);
}

TEST_CASE("recorder: times never decrease, whatever the clock and the checkpoint say") {
  Fixture f;
  const auto r = f.begin();
  f.clock.advance(5'000'000);
  r->output("a");
  f.clock.set(f.clock.now_us() - 2'000'000);
  r->output("b");
  CHECK(r->duration_us() == 5'000'000);
  wire::Checkpoint checkpoint;
  r->save(checkpoint);
  checkpoint.last_event_at_us = 9'000'000;
  REQUIRE(r->restore(checkpoint).ok());
  r->output("c");
  f.clock.advance(7'000'000);
  r->output("d");
  CHECK(f.events() ==
        "[5.000000, \"o\", \"a\"]\n[5.000000, \"o\", \"b\"]\n"
        "[9.000000, \"o\", \"c\"]\n[10.000000, \"o\", \"d\"]\n");
}

TEST_CASE("recorder: a pause stops time and hides everything") {
  Fixture f;
  const auto r = f.begin();
  f.clock.advance(1'000'000);
  r->output("shown");
  f.clock.advance(500'000);
  r->pause();
  CHECK(r->paused());
  f.clock.advance(60'000'000);
  r->output("secret");
  r->input("secret");
  r->marker("secret");
  r->pause();  // does not begin anew
  f.clock.advance(60'000'000);
  CHECK(r->duration_us() == 1'500'000);
  r->resume();
  r->resume();
  CHECK_FALSE(r->paused());
  r->output("shown again");
  f.clock.advance(250'000);
  r->pause();
  f.clock.advance(9'000'000);
  r->resume();
  r->marker("end");
  CHECK(f.events() ==
        "[1.000000, \"o\", \"shown\"]\n[1.500000, \"o\", \"shown again\"]\n"
        "[1.750000, \"m\", \"end\"]\n");
}

TEST_CASE("recorder: a size that is the recording's already is not written") {
  Fixture f;
  const auto r = f.begin();
  r->resize(kSize);
  r->resize({80, 24, 640, 480});  // pixels are not recorded
  CHECK(f.events().empty());
  r->resize({81, 24, 0, 0});
  r->resize({81, 25, 0, 0});
  CHECK(f.events() == "[0.000000, \"r\", \"81x24\"]\n[0.000000, \"r\", \"81x25\"]\n");
}

TEST_CASE("recorder: sizes of a pause are written at its end, the last, and if it differs") {
  Fixture f;
  const auto r = f.begin();
  f.clock.advance(2'000'000);
  r->pause();
  f.clock.advance(1'000'000);
  r->resize({100, 30, 0, 0});
  r->resize({120, 40, 0, 0});
  CHECK(f.events().empty());
  r->resume();
  CHECK(f.events() == "[2.000000, \"r\", \"120x40\"]\n");
  r->pause();
  r->resize({90, 20, 0, 0});
  r->resize({120, 40, 0, 0});
  r->resume();
  CHECK(f.events() == "[2.000000, \"r\", \"120x40\"]\n");
}

TEST_CASE("recorder: a character split by a marker, an input or nothing is one character") {
  Fixture f;
  const auto r = f.begin();
  r->output("\xE2");
  CHECK(r->output_tail_bytes() == 1);
  r->marker("");
  r->output("\x82");
  r->input("\xF0\x9F");
  r->output("\xAC!");
  r->input("\x98\x80");
  CHECK(r->output_tail_bytes() == 0);
  CHECK(f.events() ==
        "[0.000000, \"m\", \"\"]\n[0.000000, \"o\", \"\xE2\x82\xAC!\"]\n"
        "[0.000000, \"i\", \"\xF0\x9F\x98\x80\"]\n");
}

TEST_CASE("recorder: a character split by a pause makes no broken ones") {
  Fixture f;
  const auto r = f.begin();
  r->output("a\xE2\x82");
  r->pause();
  r->output("\xAC hidden \xC3");
  r->resume();
  r->output("\xA9z");
  const std::string all = f.events();
  CHECK(all.starts_with("[0.000000, \"o\", \"a\"]\n"));
  CHECK(all.ends_with("z\"]\n"));
  CHECK(all.find("hidden") == std::string::npos);
  CHECK(all.find("\xEF\xBF\xBD") == std::string::npos);
}

TEST_CASE("recorder: an unfinished character at the end is marked as broken, but not in a pause") {
  Fixture f;
  {
    const auto r = f.begin();
    r->output("a\xE2\x82");
    r->input("\xF0");
    r->finish();
    CHECK(f.events() ==
          "[0.000000, \"o\", \"a\"]\n[0.000000, \"o\", \"\xEF\xBF\xBD\"]\n"
          "[0.000000, \"i\", \"\xEF\xBF\xBD\"]\n");
  }
  Fixture paused;
  const auto r = paused.begin();
  r->pause();
  r->output("\xE2\x82");
  r->finish();
  CHECK(paused.events().empty());
}

TEST_CASE("recorder: raw is the bytes, the sizes and nothing else") {
  Fixture f;
  const auto r = f.begin(wire::Format::raw);
  const std::string bytes("\x1b[0m\0\xFF\xE2", 7);
  r->output(bytes);
  r->input("typed");
  r->marker("m");
  r->resize({100, 30, 0, 0});
  r->pause();
  r->output("secret");
  r->resize({101, 30, 0, 0});
  r->resume();
  r->output("end");
  r->finish();
  CHECK(f.content() == "\x1b[8;24;80t" + bytes + "\x1b[8;30;100t\x1b[8;30;101tend");
}

TEST_CASE("recorder: appending goes on after the last event, with the size of now and no header") {
  Fixture f;
  f.dir.write("cast", "what was there\n");
  const auto r = f.open(f.file(f.dir / "cast"));
  constexpr std::uint64_t kOffset = 10'000'000'000;  // more than the clock has
  r->begin_appending(kOffset, {100, 30, 0, 0});
  CHECK(r->duration_us() == kOffset);
  f.clock.advance(1'500'000);
  r->output("a");
  CHECK(f.content() ==
        "what was there\n[10000.000000, \"r\", \"100x30\"]\n[10001.500000, \"o\", \"a\"]\n");
}

}  // namespace
}  // namespace asciinemad
