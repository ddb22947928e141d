// RecorderFixture: recorders on a fake clock, writing to files that tests read back.
#pragma once

#include <doctest/doctest.h>
#include <fcntl.h>

#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "daemon/recorder.h"
#include "tests/support/fake_clock.h"
#include "tests/support/loop_driver.h"
#include "tests/support/temp_dir.h"

namespace asciinemad::test {

inline constexpr std::string_view kHeader = "{\"version\": 2, \"width\": 80, \"height\": 24}\n";
inline constexpr wire::WindowSize kSize = {80, 24, 0, 0};

struct RecorderFixture final : Recorder::Listener {
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

  TempDir dir;
  FakeClock clock;
  uv::Loop loop;
  LoopDriver driver{loop};
  std::string scratch;
  std::vector<std::string> reasons;
  int drained = 0;
};

}  // namespace asciinemad::test
