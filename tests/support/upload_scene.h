// UploadScene: a client with a daemon that does with its uploads what a test says.
#pragma once

#include <doctest/doctest.h>

#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "common/fd.h"
#include "proto/message.h"
#include "tests/support/fake_daemon.h"
#include "tests/support/process.h"
#include "tests/support/sandbox.h"

namespace asciinemad::test {

// A command without a terminal; what it prints goes to pipes.
class Client {
 public:
  Client(const Sandbox& sandbox, std::vector<std::string> argv, int in = Launch::kNull) {
    Result<Pipe> out = make_pipe();
    Result<Pipe> err = make_pipe();
    REQUIRE(out.ok());
    REQUIRE(err.ok());
    argv.insert(argv.begin(), "asciinema");
    Launch launch = sandbox.launch(std::move(argv));
    launch.in = in;
    launch.out = out->write_end.get();
    launch.err = err->write_end.get();
    process_.emplace(launch);
    out_ = std::move(out->read_end);
    err_ = std::move(err->read_end);
  }

  int out() const { return out_.get(); }
  int err() const { return err_.get(); }
  void signal(int signum) const { process_->signal(signum); }
  Outcome wait() {
    Outcome outcome;
    outcome.out = read_until_end(out_.get());
    outcome.err = read_until_end(err_.get());
    outcome.status = process_->wait().status;
    return outcome;
  }

 private:
  std::optional<Process> process_;
  Fd out_;
  Fd err_;
};

// A sandbox with a recording and a daemon.
struct UploadScene {
  UploadScene() : daemon(sandbox) {
    sandbox.environment["ASCIINEMA_API_URL"] = "https://me:pw@example.com:8443/x";
    sandbox.environment["ASCIINEMA_INSTALL_ID"] = "an-id";
    sandbox.write("a.cast", "the recording");
  }

  // The next client, up to the answer to its first question: whether this is the queue's daemon.
  void welcome() {
    daemon.greet();
    daemon.receive<wire::ListUploads>();
    daemon.reply(wire::Uploads());
  }
  // An upload up to `queued`.
  wire::Upload enqueue(std::vector<std::string> warnings = {}) {
    welcome();
    wire::Upload upload = daemon.receive<wire::Upload>();
    daemon.reply(wire::Queued{12, std::move(warnings)});
    return upload;
  }
  wire::UploadInfo info(wire::UploadState state) const {
    wire::UploadInfo upload;
    upload.number = 12;
    upload.state = state;
    upload.name = "a.cast";
    upload.bytes = 13;
    return upload;
  }
  void tell(wire::UploadInfo upload) { daemon.send(0, std::move(upload)); }

  Sandbox sandbox;
  FakeDaemon daemon;
};

}  // namespace asciinemad::test
