// Four megabytes pasted at once, to programs that read, that read line by line and that don't.

#include <doctest/doctest.h>
#include <poll.h>
#include <pty.h>
#include <signal.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include <array>
#include <optional>
#include <string>
#include <string_view>

#include "tests/support/cast.h"
#include "tests/support/process_facts.h"
#include "tests/support/pty_driver.h"
#include "tests/support/sandbox.h"
#include "tests/support/sanitized.h"

namespace asciinemad {
namespace {

using test::deadline_in;
using test::eventually;
using test::PtyDriver;
using test::read_cast;
using test::Sandbox;

constexpr std::size_t kPasteBytes = std::size_t{4} << 20;
constexpr std::size_t kMaxGrowthKib = 2048;

std::string lines_of(std::size_t bytes) {
  std::string text;
  for (std::size_t i = 0; text.size() < bytes; ++i) {
    text += "line " + std::to_string(i) + " of what is pasted\n";
  }
  text.resize(bytes - 1);
  return text + "\n";
}

// What cksum(1) says of it.
std::string checksum(const Sandbox& sandbox, std::string_view bytes) {
  const test::Outcome outcome = sandbox.run({"cksum"}, bytes);
  REQUIRE(outcome.status == 0);
  return outcome.out.substr(0, outcome.out.find('\n'));
}

// A terminal whose user sees when no more is taken.
class PastingTerminal {
 public:
  PastingTerminal(const Sandbox& sandbox, std::vector<std::string> argv) {
    int master = -1;
    int slave = -1;
    REQUIRE(::openpty(&master, &slave, nullptr, nullptr, nullptr) == 0);
    master_.reset(master);
    const Fd closed_later(slave);
    REQUIRE(set_nonblocking(master, true).ok());
    test::Launch launch = sandbox.launch(std::move(argv));
    launch.in = launch.out = launch.err = slave;
    launch.before_exec = [] {
      ::setsid();
      ::ioctl(STDIN_FILENO, TIOCSCTTY, 0);
    };
    process_.emplace(launch);
  }

  // Types until all is taken or, for a while, no more is. Returns what is left.
  std::string_view paste(std::string_view bytes) {
    constexpr int kHeldBackMs = 500;
    for (;;) {
      read();
      const ssize_t n = ::write(master_.get(), bytes.data(), bytes.size());
      if (n > 0) bytes.remove_prefix(static_cast<std::size_t>(n));
      if (bytes.empty()) return bytes;
      if (n < 0 && !deadline_in(kHeldBackMs).wait(master_.get(), POLLIN | POLLOUT)) return bytes;
    }
  }

  bool shows(std::string_view text) {
    return eventually([&] {
      read();
      return screen_.find(text) != std::string::npos;
    });
  }
  const std::string& screen() const { return screen_; }
  int end() { return process_->wait().status; }

 private:
  void read() {
    std::array<char, 4096> buffer;
    const ssize_t n = ::read(master_.get(), buffer.data(), buffer.size());
    if (n > 0) screen_.append(buffer.data(), static_cast<std::size_t>(n));
  }

  Fd master_;
  std::optional<test::Process> process_;
  std::string screen_;
};

// Another session of the same daemon, whose user notices when it gets slow.
class OtherSession {
 public:
  explicit OtherSession(const Sandbox& sandbox)
      : terminal_(sandbox,
                  {"asciinema", "rec", "-q", "-c", "stty -echo; echo ready; cat", "other.cast"}) {
    terminal_.expect("ready");
  }
  void answers_at_once() {
    const std::string line = "answer " + std::to_string(++lines_);
    terminal_.send(line + "\r");
    terminal_.expect(line + "\r\n", 1000);
  }
  void end() {
    terminal_.send("\x04");
    CHECK(terminal_.wait().status == 0);
  }

 private:
  PtyDriver terminal_;
  int lines_ = 0;
};

// How much a daemon grows while a test looks.
class Growth {
 public:
  explicit Growth(pid_t pid) : pid_(pid) {
    test::forget_peak(pid);
    before_kib_ = test::resident_kib(pid);
  }
  void is_small() const {
    if (test::kSanitized) return;
    CHECK(test::peak_resident_kib(pid_) < before_kib_ + kMaxGrowthKib);
  }

 private:
  pid_t pid_;
  std::size_t before_kib_;
};

TEST_CASE("4 MB pasted to a program that reads, with hotkeys inside") {
  const Sandbox sandbox;
  OtherSession other(sandbox);
  // The pause key is text inside a bracketed paste.
  std::string paste = lines_of(kPasteBytes);
  for (std::size_t at = 1000; at < paste.size(); at += 100'000) paste[at] = '\x1c';
  paste = "\x1b[200~" + paste + "\x1b[201~";
  const std::string command =
      "stty raw -echo; echo ready; head -c " + std::to_string(paste.size()) + " | cksum; echo end";
  PtyDriver terminal(sandbox, {"asciinema", "rec", "-q", "-c", command, "a.cast"});
  terminal.expect("ready");
  const Growth growth(sandbox.daemon_pid());
  terminal.send(paste);
  other.answers_at_once();
  terminal.expect(checksum(sandbox, paste));
  CHECK(terminal.wait().status == 0);
  growth.is_small();
  CHECK(read_cast(sandbox / "a.cast").output().ends_with("end\n"));
  other.end();
}

TEST_CASE("4 MB of lines pasted to cat") {
  const Sandbox sandbox;
  OtherSession other(sandbox);
  const std::string paste = lines_of(kPasteBytes);
  PtyDriver terminal(sandbox, {"asciinema", "rec", "-q", "-c",
                               "stty -echo; echo ready; cat >pasted; echo end", "a.cast"});
  terminal.expect("ready");
  const Growth growth(sandbox.daemon_pid());
  terminal.send(paste);
  other.answers_at_once();
  terminal.send("\x04");
  terminal.expect("end");
  CHECK(terminal.wait().status == 0);
  growth.is_small();
  CHECK((sandbox.read("pasted") == paste));
  other.end();
}

TEST_CASE("4 MB pasted to a program that is stopped and reads later") {
  const Sandbox sandbox;
  OtherSession other(sandbox);
  const std::string paste = lines_of(kPasteBytes);
  const std::string command = "stty raw -echo; echo $$ >pid; kill -STOP $$; head -c " +
                              std::to_string(paste.size()) + " | cksum; echo end";
  PastingTerminal terminal(sandbox, {"asciinema", "rec", "-q", "-c", command, "a.cast"});
  pid_t reader = 0;
  REQUIRE(eventually([&] {
    const std::string pid = sandbox.read("pid");
    if (pid.ends_with('\n')) reader = std::stoi(pid);
    return reader != 0 && test::stat_field(reader, 3) == "T";
  }));
  const Growth growth(sandbox.daemon_pid());
  const std::string_view rest = terminal.paste(paste);
  CHECK(rest.size() > kPasteBytes / 2);
  other.answers_at_once();
  growth.is_small();

  REQUIRE(::kill(reader, SIGCONT) == 0);
  REQUIRE(terminal.paste(rest).empty());
  REQUIRE(terminal.shows("end"));
  CHECK(terminal.screen().find(checksum(sandbox, paste)) != std::string::npos);
  CHECK(terminal.end() == 0);
  growth.is_small();
  other.answers_at_once();
  other.end();
  CHECK(read_cast(sandbox / "other.cast").output() == "ready\r\nanswer 1\r\nanswer 2\r\n");
}

}  // namespace
}  // namespace asciinemad
