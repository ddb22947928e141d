// LiveSession: a recording whose daemon a test takes away.
#pragma once

#include <doctest/doctest.h>
#include <fcntl.h>
#include <signal.h>
#include <sys/file.h>

#include <cstddef>
#include <filesystem>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "common/fd.h"
#include "tests/support/cast.h"
#include "tests/support/process_facts.h"
#include "tests/support/pty_driver.h"
#include "tests/support/sandbox.h"

namespace asciinemad::test {

inline bool contains(std::string_view text, std::string_view part) {
  return text.find(part) != std::string_view::npos;
}

inline std::size_t count_of(std::string_view text, std::string_view part) {
  std::size_t count = 0;
  for (std::size_t at = 0; (at = text.find(part, at)) != std::string_view::npos; ++at) ++count;
  return count;
}

inline bool is_gone(pid_t pid) {
  orphans();  // reaps
  return stat_field(pid, 3).empty();
}

// Also where one has just died, and the next one is about to start.
inline pid_t await_daemon(const Sandbox& sandbox) {
  pid_t daemon = 0;
  REQUIRE(eventually([&] { return (daemon = sandbox.daemon_pid()) != 0; }));
  return daemon;
}

// As the kernel does it when memory is short. Returns when the daemon is gone.
inline void kill_daemon_at_once(const Sandbox& sandbox) {
  const pid_t daemon = await_daemon(sandbox);
  REQUIRE(::kill(daemon, SIGKILL) == 0);
  REQUIRE(eventually([&] { return is_gone(daemon); }));
}

// Not in the middle of its work, where it would leave a screen to be drawn again.
inline void kill_daemon(const Sandbox& sandbox) {
  REQUIRE(comes_to_rest(await_daemon(sandbox)));
  kill_daemon_at_once(sandbox);
}

// So often sessions were taken over by another daemon, or came back to their clients.
inline std::size_t takeovers(const Sandbox& sandbox) {
  return count_of(sandbox.log(), ": taken over");
}
inline std::size_t returns(const Sandbox& sandbox) {
  return count_of(sandbox.log(), ": the client is back");
}

// While it lives no daemon gets started.
class NoNewDaemon {
 public:
  explicit NoNewDaemon(const Sandbox& sandbox)
      : lock_(::open((sandbox.dir() / "run/asciinemad/start.lock").c_str(),
                     O_RDWR | O_CREAT | O_CLOEXEC, 0600)) {
    REQUIRE(::flock(lock_.get(), LOCK_EX) == 0);
  }

 private:
  Fd lock_;
};

// Puts the programs into a directory of their own, bin; PATH has no others.
inline void install_programs(Sandbox& sandbox) {
  const std::string directory = sandbox / "bin";
  std::filesystem::create_directory(directory);
  for (const char* program : {"/asciinema", "/asciinemad"}) {
    std::filesystem::copy_file(build_root() + program, directory + program);
  }
  sandbox.environment["PATH"] = directory + ":/usr/local/bin:/usr/bin:/bin";
}

class LiveSession {
 public:
  // Shows each line that it gets, control characters made visible, and all changes of size; ends
  // with status 7.
  static constexpr const char* kShowLines =
      "stty -echo -isig; trap 'echo \"resized to $(stty size)\"' WINCH; echo $$ >command; "
      "echo ready; while :; do read -r x || continue; [ \"$x\" = end ] && exit 7; "
      "printf 'got %s.\\n' \"$x\" | cat -v; done";

  // `asciinema rec OPTION... -c COMMAND FILE`.
  explicit LiveSession(const Sandbox& sandbox, std::vector<std::string> options = {},
                       const std::string& command = kShowLines, const std::string& file = "a.cast")
      : sandbox_(sandbox),
        file_(sandbox / file),
        terminal_(sandbox, command_line(std::move(options), command, file)) {
    terminal_.expect("ready\r\n");
  }

  PtyDriver& terminal() { return terminal_; }
  // Types `before`, then a line; the command shows `shown` for it.
  void type(const std::string& before, const std::string& line, const std::string& shown) {
    terminal_.send(before + line + "\r");
    terminal_.expect("got " + shown + ".\r\n");
  }
  void type(const std::string& line) { type("", line, line); }
  // Kills the daemon and waits for the session to be back.
  void kill_daemon() {
    const std::size_t before = returns(sandbox_);
    test::kill_daemon(sandbox_);
    REQUIRE(eventually([&] { return returns(sandbox_) > before; }));
  }
  // Of kShowLines.
  pid_t command() const { return std::stoi(sandbox_.read("command")); }
  Cast cast() const { return read_cast(file_); }
  Cast end(int status = 7) {
    terminal_.send("end\r");
    CHECK(terminal_.wait().status == status);
    CHECK(eventually([&] { return sandbox_.leftovers().empty(); }));
    return cast();
  }

 private:
  static std::vector<std::string> command_line(std::vector<std::string> options,
                                               const std::string& command,
                                               const std::string& file) {
    options.insert(options.begin(), {"asciinema", "rec", "-q", "--return"});
    options.insert(options.end(), {"-c", command, file});
    return options;
  }

  const Sandbox& sandbox_;
  std::string file_;
  PtyDriver terminal_;
};

}  // namespace asciinemad::test
