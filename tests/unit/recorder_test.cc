#include "daemon/recorder.h"

#include <doctest/doctest.h>
#include <fcntl.h>
#include <sys/resource.h>

#include <functional>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "tests/support/fake_clock.h"
#include "tests/support/ignore_signal.h"
#include "tests/support/loop_driver.h"
#include "tests/support/pipe_reader.h"
#include "tests/support/temp_dir.h"

namespace asciinemad {
namespace {

constexpr std::string_view kHeader = "{\"version\": 2, \"width\": 80, \"height\": 24}\n";
constexpr wire::WindowSize kSize = {80, 24, 0, 0};

struct Fixture final : Recorder::Listener {
  void on_recording_incomplete(const std::string& reason) override { reasons.push_back(reason); }
  void on_recorder_drained() override { ++drained; }

  std::unique_ptr<Recorder> open(Fd fd, wire::Format format = wire::Format::asciicast_v2) {
    REQUIRE(static_cast<bool>(fd));
    auto recorder = std::make_unique<Recorder>(clock, format, scratch, *this);
    REQUIRE(recorder->open(loop, std::move(fd)).ok());
    return recorder;
  }
  Fd file(const std::string& path) {
    return Fd(::open(path.c_str(), O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0600));
  }
  std::unique_ptr<Recorder> begin(wire::Format format = wire::Format::asciicast_v2) {
    auto recorder = open(file(dir / "cast"), format);
    recorder->begin({.cols = 80, .rows = 24}, kSize);
    return recorder;
  }

  std::string content() { return dir.read("cast"); }
  // Without the header.
  std::string events() {
    const std::string all = content();
    REQUIRE(all.starts_with(kHeader));
    return all.substr(kHeader.size());
  }

  test::TempDir dir;
  test::FakeClock clock;
  uv::Loop loop;
  test::LoopDriver driver{loop};
  std::string scratch;
  std::vector<std::string> reasons;
  int drained = 0;
};

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

TEST_CASE("recorder: what a full disk refuses is counted, and told once") {
  Fixture f;
  const auto r = f.open(Fd(::open("/dev/full", O_WRONLY | O_CLOEXEC)));
  r->begin({.cols = 80, .rows = 24}, kSize);
  CHECK(f.reasons == std::vector<std::string>{"No space left on device"});
  CHECK(r->lost_bytes() == 0);
  r->output("12345");
  r->marker("m");
  r->input("typed");
  r->output("\"\xC3\xA9\"");
  CHECK(r->lost_bytes() == 9);  // the program's bytes, not the file's
  CHECK(r->loss_reason() == "No space left on device");
  CHECK(f.reasons.size() == 1);
  wire::Checkpoint checkpoint;
  r->save(checkpoint);
  CHECK(checkpoint.lost_bytes == 9);

  const auto raw = f.open(Fd(::open("/dev/full", O_WRONLY | O_CLOEXEC)), wire::Format::raw);
  raw->begin({}, kSize);
  raw->output("12345");
  CHECK(raw->lost_bytes() == 5);
}

TEST_CASE("recorder: a header and a size that found no room are written once there is some") {
  const test::IgnoreSignal no_sigxfsz(SIGXFSZ);
  Fixture f;
  std::unique_ptr<Recorder> r;
  rlimit before{};
  ::getrlimit(RLIMIT_FSIZE, &before);
  const auto limit_file_size = [&](rlim_t bytes) {
    const rlimit limited{bytes, before.rlim_max};
    ::setrlimit(RLIMIT_FSIZE, &limited);
  };
  r = f.open(f.file(f.dir / "cast"));
  limit_file_size(20);
  r->begin({.cols = 80, .rows = 24}, kSize);
  r->output("lost");
  limit_file_size(before.rlim_cur);
  f.clock.advance(1'000'000);
  r->output("kept");
  limit_file_size(90);
  r->resize({90, 30, 0, 0});
  limit_file_size(before.rlim_cur);
  f.clock.advance(1'000'000);
  r->output("end");
  CHECK(f.events() ==
        "[1.000000, \"o\", \"kept\"]\n[2.000000, \"r\", \"90x30\"]\n[2.000000, \"o\", \"end\"]\n");
  CHECK(r->lost_bytes() == 4);
}

TEST_CASE("recorder: a reader that does not read costs what it did not read") {
  Fixture f;
  auto pipe = make_pipe();
  REQUIRE(pipe.ok());
  const auto r = f.open(std::move(pipe->write_end));
  r->begin({.cols = 80, .rows = 24}, kSize);
  while (!r->congested()) r->output(std::string(10'000, 'x'));
  CHECK_FALSE(r->idle());
  {
    test::PipeReader reader(f.loop, *duplicate(pipe->read_end.get()));
    f.driver.run_until([&] { return r->idle() && f.drained > 0; });
  }
  CHECK(f.reasons.empty());
  while (!r->congested()) r->output(std::string(10'000, 'x'));
  r->close();
  CHECK(r->lost_bytes() > 0);
  CHECK(f.reasons == std::vector<std::string>{r->loss_reason()});
  CHECK_FALSE(r->loss_reason().empty());
}

TEST_CASE("recorder: a checkpoint at any moment continues as if nothing had happened") {
  using Step = std::function<void(Recorder&, test::FakeClock&)>;
  const std::vector<Step> script = {
      [](Recorder& r, auto&) { r.output("one \xE2"); },
      [](Recorder& r, auto& clock) { clock.advance(1'234'567), r.output("\x82"); },
      [](Recorder& r, auto& clock) { clock.advance(10), r.input("\xC3"), r.output("\xAC two"); },
      [](Recorder& r, auto& clock) { clock.advance(700'000), r.pause(), r.output("hidden \xF0"); },
      [](Recorder& r, auto& clock) {
        clock.advance(5'000'000), r.resize({100, 30, 0, 0});
      },
      [](Recorder& r, auto& clock) { clock.advance(1), r.output("\x9F"), r.input("\xA9 secret"); },
      [](Recorder& r, auto& clock) { clock.advance(400), r.resume(); },
      [](Recorder& r, auto&) { r.output("\x98\x80 three"), r.marker("m"); },
      [](Recorder& r, auto& clock) {
        clock.advance(3'000'000), r.resize({100, 30, 9, 9});
      },
      [](Recorder& r, auto& clock) { clock.advance(1'000), r.input("k\xC3"), r.output("\xE2"); },
      [](Recorder& r, auto&) { r.finish(); },
  };
  // `cut` steps, then another recorder for the rest; no cut when it is the number of steps.
  const auto record = [&](std::size_t cut, wire::Checkpoint& at_end) {
    Fixture f;
    auto r = f.begin();
    for (std::size_t i = 0; i < script.size(); ++i) {
      if (i == cut) {
        wire::Checkpoint checkpoint;
        r->save(checkpoint);
        r.reset();
        r = f.open(f.file(f.dir / "cast"));
        REQUIRE(r->restore(checkpoint).ok());
        wire::Checkpoint again;
        r->save(again);
        CHECK(again == checkpoint);
      }
      script[i](*r, f.clock);
    }
    r->save(at_end);
    return f.events();
  };
  wire::Checkpoint uncut_end;
  const std::string uncut = record(script.size(), uncut_end);
  CHECK(uncut.find("hidden") == std::string::npos);
  CHECK(uncut.find("secret") == std::string::npos);
  for (std::size_t cut = 0; cut < script.size(); ++cut) {
    CAPTURE(cut);
    wire::Checkpoint end;
    CHECK(record(cut, end) == uncut);
    CHECK(end == uncut_end);
  }
}

TEST_CASE("recorder: a checkpoint whose tail is no beginning of a character is refused") {
  Fixture f;
  const auto r = f.begin();
  for (const char* tail : {"a", "\xFF", "\xC3\xA9", "\x80"}) {
    wire::Checkpoint checkpoint;
    checkpoint.output_tail = tail;
    CHECK_FALSE(r->restore(checkpoint).ok());
    std::swap(checkpoint.output_tail, checkpoint.input_tail);
    CHECK_FALSE(r->restore(checkpoint).ok());
  }
}

}  // namespace
}  // namespace asciinemad
