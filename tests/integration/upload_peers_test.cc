// Uploads as peers on the control socket ask for them.

#include <doctest/doctest.h>
#include <fcntl.h>
#include <signal.h>

#include <array>
#include <string>
#include <variant>

#include "common/fd.h"
#include "tests/support/peer.h"
#include "tests/support/upload_sandbox.h"

namespace asciinemad {
namespace {

using test::Peer;
using test::UploadSandbox;

struct Scene : UploadSandbox {
  Scene() {
    sandbox.write("a.cast", test::make_recording(100'000));
    REQUIRE(uploads({}).status == 0);
  }
  wire::Upload wish(const std::string& key) const {
    wire::Upload upload;
    upload.name = "a.cast";
    upload.server.url = server.url();
    upload.server.install_id = kInstallId;
    upload.keep_for_s = 3600;
    upload.keep_bytes = 1 << 20;
    upload.key = key;
    return upload;
  }
  void send(Peer& peer, const std::string& key) const {
    const Fd recording(::open((sandbox / "a.cast").c_str(), O_RDONLY | O_CLOEXEC));
    const std::array<int, 1> fds = {recording.get()};
    peer.send(7, wish(key), fds);
  }
  std::uint64_t queue(const std::string& key) const {
    Peer peer(sandbox);
    peer.greet();
    send(peer, key);
    const wire::Reply reply = peer.receive();
    REQUIRE(std::holds_alternative<wire::Queued>(reply.body));
    return std::get<wire::Queued>(reply.body).number;
  }
};

TEST_CASE("upload: whoever asks again with the same key gets the same upload") {
  Scene f;
  const std::uint64_t first = f.queue("one");
  CHECK(f.queue("one") == first);
  CHECK(f.queue("two") != first);
  CHECK(f.reaches(std::to_string(first), "done"));
  CHECK(f.queue("one") == first);
  CHECK(test::eventually([&] { return f.stored().size() == 2; }));
  f.kill_daemon();
  REQUIRE(f.uploads({}).status == 0);
  CHECK(f.queue("one") == first);
  CHECK(f.list().size() == 2);
}

TEST_CASE("upload: whoever leaves before the answer has queued nothing") {
  Scene f;
  const pid_t daemon = f.sandbox.daemon_pid();
  for (int i = 0; i < 20; ++i) {
    Peer peer(f.sandbox);
    peer.greet();
    // It finds the request and the end of the connection at once.
    REQUIRE(::kill(daemon, SIGSTOP) == 0);
    f.send(peer, "key" + std::to_string(i));
    peer.close();
    REQUIRE(::kill(daemon, SIGCONT) == 0);
  }
  // Those that got that far are taken out again; this one is the last in the daemon's order.
  const std::uint64_t kept = f.queue("kept");
  CHECK(f.reaches(std::to_string(kept), "done"));
  CHECK(test::eventually([&] { return f.list().size() == 1; }));
  CHECK(f.stored().size() == 1);
}

TEST_CASE("upload: a server's address is shown as it was set, but for a password") {
  Scene f;
  wire::Upload upload = f.wish("key");
  upload.server.url = "http://me:secret@" + f.server.url().substr(7);
  const Fd recording(::open((f.sandbox / "a.cast").c_str(), O_RDONLY | O_CLOEXEC));
  const std::array<int, 1> fds = {recording.get()};
  Peer peer(f.sandbox);
  peer.greet();
  peer.send(7, upload, fds);
  REQUIRE(std::holds_alternative<wire::Queued>(peer.receive().body));
  CHECK(f.show("1").get("server") == f.server.url());
}

TEST_CASE("upload: a key that would break a header is refused") {
  Scene f;
  Peer peer(f.sandbox);
  peer.greet();
  f.send(peer, "a\r\nX-Evil: 1");
  peer.is_sent_away(wire::ErrorCode::invalid);
  CHECK(f.list().empty());
}

}  // namespace
}  // namespace asciinemad
