// Windows that change their size all the time.

#include <doctest/doctest.h>

#include <algorithm>
#include <array>
#include <memory>
#include <random>
#include <string>
#include <vector>

#include "tests/support/cast.h"
#include "tests/support/pty_driver.h"
#include "tests/support/sandbox.h"
#include "tests/support/seed.h"

namespace asciinemad {
namespace {

using test::Cast;
using test::PtyDriver;
using test::random_number;
using test::read_cast;
using test::Sandbox;
using test::TerminalSize;

std::string as_event(TerminalSize size) {
  return std::to_string(size.cols) + "x" + std::to_string(size.rows);
}

std::string as_stty(TerminalSize size) {
  return std::to_string(size.rows) + " " + std::to_string(size.cols);
}

// One that is not the last one.
TerminalSize another_size(std::mt19937& random, TerminalSize last) {
  TerminalSize size = last;
  while (as_event(size) == as_event(last)) {
    size = {static_cast<std::uint16_t>(random_number(random, 1, 300)),
            static_cast<std::uint16_t>(random_number(random, 1, 100))};
  }
  return size;
}

// A recorded session whose output flows until a key is pressed.
class Window {
 public:
  Window(const Sandbox& sandbox, std::string name)
      : sandbox_(sandbox),
        name_(std::move(name)),
        terminal_(sandbox, {"asciinema", "rec", "-q", "-c",
                            "stty -echo; echo ready; while :; do seq 20; done & read x; kill $!; "
                            "wait; echo \"size $(stty size).\"",
                            name_}) {
    terminal_.expect("ready");
  }

  void resize(std::mt19937& random) {
    sizes_.push_back(another_size(random, sizes_.back()));
    terminal_.resize(sizes_.back());
    terminal_.expect("\r\n");  // the output goes on
  }

  bool has_recorded_last_size() const {
    const std::string content = sandbox_.read(name_);
    const std::size_t last = content.rfind(", \"r\", \"");
    return last != std::string::npos &&
           content.compare(last + 8, as_event(sizes_.back()).size() + 1,
                           as_event(sizes_.back()) + "\"") == 0;
  }

  // Lets the output flow until the size has arrived.
  void settle() {
    REQUIRE(test::eventually([&] {
      terminal_.expect("\r\n");
      return has_recorded_last_size();
    }));
  }

  void end() {
    terminal_.send("\r");
    terminal_.expect("size " + as_stty(sizes_.back()) + ".");
    CHECK(terminal_.wait().status == 0);
    const Cast cast = read_cast(sandbox_ / name_);  // times never decrease
    CHECK((cast.output() == terminal_.screen()));
    check_order(cast.of("r"));
  }

 private:
  // Sizes that followed each other quickly may be skipped, never swapped or invented.
  void check_order(const std::vector<EventLine>& events) const {
    auto next = sizes_.begin();
    for (const EventLine& event : events) {
      next = std::find_if(next, sizes_.end(),
                          [&](TerminalSize size) { return as_event(size) == event.data; });
      REQUIRE_MESSAGE(next != sizes_.end(), "not a size of this window in its turn: ", event.data);
      ++next;
    }
    REQUIRE_FALSE(events.empty());
    CHECK(events.back().data == as_event(sizes_.back()));
  }

  const Sandbox& sandbox_;
  std::string name_;
  PtyDriver terminal_;
  std::vector<TerminalSize> sizes_ = {TerminalSize()};
};

TEST_CASE("two windows are resized 200 times while their output flows") {
  const Sandbox sandbox;
  std::mt19937 random = test::seeded_random();
  const std::array<std::unique_ptr<Window>, 2> windows = {
      std::make_unique<Window>(sandbox, "a.cast"), std::make_unique<Window>(sandbox, "b.cast")};
  constexpr int kResizes = 200;
  constexpr int kSettleEvery = 10;
  for (int i = 1; i <= kResizes; ++i) {
    for (const auto& window : windows) window->resize(random);
    if (i % kSettleEvery != 0) continue;
    for (const auto& window : windows) window->settle();
  }
  for (const auto& window : windows) window->end();
}

}  // namespace
}  // namespace asciinemad
