// What a recording loses when its sink fails, and what it keeps when its daemon dies.
#include <doctest/doctest.h>
#include <fcntl.h>
#include <sys/resource.h>

#include <functional>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "daemon/recorder.h"
#include "tests/support/ignore_signal.h"
#include "tests/support/pipe_reader.h"
#include "tests/support/recorder_fixture.h"

namespace asciinemad {
namespace {

using test::kSize;
using Fixture = test::RecorderFixture;

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
  limit_file_size(30);  // enough for an event, but none may come before the header
  r->begin({.cols = 80, .rows = 24}, kSize);
  r->resize({81, 24, 0, 0});
  r->output("lost");
  limit_file_size(before.rlim_cur);
  f.clock.advance(1'000'000);
  r->output("kept");
  limit_file_size(110);
  r->resize({90, 30, 0, 0});
  limit_file_size(before.rlim_cur);
  f.clock.advance(1'000'000);
  r->output("end");
  CHECK(f.events() ==
        "[1.000000, \"r\", \"81x24\"]\n[1.000000, \"o\", \"kept\"]\n"
        "[2.000000, \"r\", \"90x30\"]\n[2.000000, \"o\", \"end\"]\n");
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
