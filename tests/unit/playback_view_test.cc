#include "daemon/playback_view.h"

#include <doctest/doctest.h>

#include <string>

#include "common/screen_model.h"
#include "tests/support/loop_driver.h"
#include "tests/support/screens.h"

namespace asciinemad {
namespace {

using test::contains;
using test::text_of;

struct Fixture final : PlaybackView::Listener {
  explicit Fixture(ScreenPolicy policy = ScreenPolicy::untrusted) {
    auto started = PlaybackView::start(loop, policy, *this);
    REQUIRE(started.ok());
    view = std::move(*started);
  }
  void on_view_ready() override {
    ++calls;
    auto frame = view->take_frame();
    if (!frame.has_value()) return;
    if (frame->whole) ++whole;
    ++frames;
    bytes += frame->bytes;
    terminal.write(frame->bytes);
  }
  bool can_draw() const override { return takes; }

  void begin(const std::string& snapshot = {}) { view->begin({20, 5}, {10, 3}, snapshot); }
  void settle() {
    driver.run_until([this] { return view->idle(); });
  }

  uv::Loop loop;
  test::LoopDriver driver{loop};
  std::unique_ptr<PlaybackView> view;
  ScreenModel terminal{10, 3};
  bool takes = true;
  int calls = 0;
  int frames = 0;
  int whole = 0;
  std::string bytes;
};

TEST_CASE("playback_view: much that is written becomes few frames, the last of which is newest") {
  Fixture f;
  f.begin("before");
  for (int i = 0; i <= 1000; ++i) f.view->write("\x1b[H\x1b[2Jwrite " + std::to_string(i));
  CHECK_FALSE(f.view->idle());
  f.settle();
  CHECK(text_of(f.terminal) == "write 1000");
  CHECK(f.frames < 5);
  CHECK(f.whole == 1);
}

TEST_CASE("playback_view: for a terminal that takes nothing no frame is made") {
  Fixture f;
  f.begin();
  f.settle();
  f.takes = false;
  const int frames = f.frames;
  for (int i = 0; i <= 9; ++i) f.view->write("\x1b[Hwrite " + std::to_string(i));
  uv::Handle<uv_timer_t> later = uv::make_timer(f.loop);
  bool passed = false;
  struct Note {
    bool& passed;
    void set() { passed = true; }
  } note{passed};
  uv::start_timer<&Note::set>(later, 3 * PlaybackView::kFrameIntervalMs, &note);
  f.driver.run_until([&] { return passed; });
  CHECK(f.frames == frames);
  CHECK_FALSE(f.view->idle());
  f.takes = true;
  f.view->go_on();
  f.settle();
  CHECK(text_of(f.terminal) == "write 9");
  CHECK(f.frames == frames + 1);
}

TEST_CASE("playback_view: another screen makes the one before forgotten") {
  Fixture f;
  for (int i = 0; i < 200; ++i) {
    f.begin("old");
    f.view->write("older");
    if (i % 3 == 0) f.settle();
  }
  f.begin("new");
  f.view->write(" and on");
  f.settle();
  CHECK(text_of(f.terminal) == "new and on");
  f.view->resize({5, 9});
  f.view->set_terminal({4, 2});
  f.settle();
  CHECK(text_of(f.terminal) == "new");
}

TEST_CASE("playback_view: what waits for the thread is bounded, and room is told") {
  Fixture f;
  f.begin();
  const std::string much(PlaybackView::kMaxWaitingBytes / 4, 'x');
  int written = 0;
  bool was_full = false;
  while (written < 100) {
    while (written < 100 && !f.view->full()) {
      f.view->write(much);
      ++written;
    }
    if (written == 100) break;
    was_full = true;
    const int calls = f.calls;
    f.driver.run_until([&] { return f.calls > calls; });
  }
  CHECK(was_full);
  f.settle();
  CHECK(contains(text_of(f.terminal), "xxxxxxxxxx"));
}

TEST_CASE("playback_view: modes of an untrusted recording pass its filter") {
  Fixture f;
  f.begin();
  f.view->write("\x1b]4;1;#123456\x1b\\\x1b[?2048h\x1b]22;hand\x1b\\A");
  f.settle();
  CHECK(contains(f.bytes, "]4;1;#123456"));
  CHECK_FALSE(contains(f.bytes, "]22;"));
}

TEST_CASE("playback_view: it may go while its thread is at work") {
  for (int i = 0; i < 50; ++i) {
    Fixture f;
    f.begin(std::string(std::size_t{1} << 16, 'x'));
    for (int k = 0; k < i; ++k) f.view->write(std::string(1000, 'y'));
    if (i % 2 == 0) f.driver.run_until([&] { return f.frames > 0; });
  }
}

}  // namespace
}  // namespace asciinemad
