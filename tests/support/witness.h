// Witness: a daemon with a session that is being recorded, and must not notice what a test does to
// the daemon meanwhile.
#pragma once

#include <doctest/doctest.h>
#include <sys/types.h>

#include <string>
#include <variant>

#include "tests/support/cast.h"
#include "tests/support/peer.h"
#include "tests/support/process_facts.h"
#include "tests/support/pty_driver.h"
#include "tests/support/sandbox.h"

namespace asciinemad::test {

class Witness {
 public:
  Witness()
      : terminal_(sandbox_,
                  {"asciinema", "rec", "-q", "-c", "stty -echo; echo ready; cat", "a.cast"}) {
    terminal_.expect("ready");
    daemon_ = sandbox_.daemon_pid();
    REQUIRE(daemon_ != 0);
    open_upload_queue();
    REQUIRE(comes_to_rest(daemon_));
    descriptors_ = open_descriptors(daemon_);
  }

  const Sandbox& sandbox() const { return sandbox_; }
  pid_t daemon() const { return daemon_; }

  void is_answered() {
    const std::string line = "line " + std::to_string(++lines_);
    terminal_.send(line + "\r");
    expected_ += line + "\r\n";
    terminal_.expect(line + "\r\n", 1000);
  }

  // The daemon is the same, keeps nothing of its guests, and the recording is whole.
  void ends_well() {
    is_answered();
    CHECK(sandbox_.daemon_pid() == daemon_);
    CHECK(eventually([&] { return open_descriptors(daemon_) == descriptors_; }));
    CHECK(comes_to_rest(daemon_));
    terminal_.send("\x04");
    CHECK(terminal_.wait().status == 0);
    CHECK(terminal_.screen() == expected_);
    CHECK(read_cast(sandbox_ / "a.cast").output() == expected_);
  }

 private:
  // Once somebody has asked for it, the daemon keeps it open.
  void open_upload_queue() {
    Peer peer(sandbox_);
    peer.greet();
    peer.send(1, wire::ListUploads{});
    REQUIRE(std::holds_alternative<wire::Uploads>(peer.receive().body));
  }

  Sandbox sandbox_;
  PtyDriver terminal_;
  pid_t daemon_ = 0;
  std::size_t descriptors_ = 0;
  int lines_ = 0;
  std::string expected_ = "ready\r\n";
};

}  // namespace asciinemad::test
