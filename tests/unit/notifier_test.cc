#include "daemon/notifier.h"

#include <doctest/doctest.h>
#include <fcntl.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <cstdlib>
#include <string>
#include <string_view>

#include "common/clock.h"
#include "tests/support/loop_driver.h"
#include "tests/support/pipe_reader.h"
#include "tests/support/temp_dir.h"

namespace asciinemad {
namespace {

bool has_children() {
  siginfo_t info{};
  return ::waitid(P_ALL, 0, &info, WEXITED | WNOHANG | WNOWAIT) == 0;
}

// Commands report through a FIFO, $REPORT. It ends when every process that had it open is gone.
struct Fixture {
  Fixture() {
    settings.enabled = true;
    settings.environment = {"REPORT=" + fifo("report"), "PATH=" + (dir / "bin")};
    ::mkdir((dir / "bin").c_str(), 0700);
  }

  std::string fifo(std::string_view name) const {
    std::string path = dir / name;
    REQUIRE(::mkfifo(path.c_str(), 0600) == 0);
    return path;
  }
  Fd open_report(int flags) const {
    return Fd(::open((dir / "report").c_str(), flags | O_NONBLOCK | O_CLOEXEC));
  }
  void install(std::string_view name, std::string_view script) const {
    const std::string path = dir.write("bin/" + std::string(name), script);
    REQUIRE(::chmod(path.c_str(), 0700) == 0);
  }

  // What the commands of this notification report, once libuv has reaped the last of them.
  std::string report_of(const std::string& text) {
    test::PipeReader report(loop, open_report(O_RDONLY));
    notifier.notify(settings, text);
    driver.run_until([&] { return report.ended() && !has_children(); });
    return report.bytes();
  }

  test::TempDir dir;
  uv::Loop loop;
  uv::Graveyard graveyard{loop};
  test::LoopDriver driver{loop};
  Notifier notifier{loop, graveyard};
  wire::Notifications settings;
};

bool contains(std::string_view text, std::string_view part) {
  INFO(std::string(text));
  return text.find(part) != std::string_view::npos;
}

TEST_CASE("notifier: a custom command runs in the session's environment, with TEXT and ICON_PATH") {
  Fixture f;
  ::setenv("ASCIINEMAD_OF_THE_DAEMON", "leaked", 1);
  f.settings.environment.push_back("OF_THE_SESSION=a b");
  f.settings.environment.push_back("TEXT=the session's own");
  f.settings.icon_path = "/share/icon.svg";
  f.settings.command =
      "exec >$REPORT; echo \"$TEXT|$ICON_PATH|$OF_THE_SESSION\"; pwd; /usr/bin/env";
  const std::string report = f.report_of("Paused; $(echo not run)");
  ::unsetenv("ASCIINEMAD_OF_THE_DAEMON");
  CHECK(report.starts_with("Paused; $(echo not run)|/share/icon.svg|a b\n/\n"));
  CHECK(contains(report, "\nOF_THE_SESSION=a b\n"));
  CHECK_FALSE(contains(report, "leaked"));
  CHECK_FALSE(contains(report, "\nHOME="));
}

TEST_CASE("notifier: notify-send gets the text as one argument and the icon") {
  Fixture f;
  f.install("notify-send", "#!/bin/sh\nprintf '%s\\n' \"$@\" >$REPORT\n");
  f.install("tmux", "#!/bin/sh\necho tmux >$REPORT\n");
  f.settings.environment.push_back("TMUX=/tmp/tmux,1,0");
  std::string report = f.report_of("-u two words");
  CHECK(report.ends_with("\n--\nasciinema\n-u two words\n"));
  CHECK_FALSE(contains(report, "--icon"));
  CHECK_FALSE(contains(report, "tmux"));

  f.settings.icon_path = "/share/icon.svg";
  report = f.report_of("x");
  CHECK(contains(report, "\n--icon=/share/icon.svg\n"));
}

TEST_CASE("notifier: where notify-send fails or is missing, tmux shows it") {
  Fixture f;
  f.install("tmux", "#!/bin/sh\nprintf '%s|' \"$@\" >$REPORT\n");
  f.settings.environment.push_back("TMUX=/tmp/tmux,1,0");
  CHECK(f.report_of("Marker added") == "display-message|asciinema: Marker added|");

  f.install("notify-send", "#!/bin/sh\nexit 1\n");
  CHECK(f.report_of("Paused") == "display-message|asciinema: Paused|");
  f.install("notify-send", "#!/bin/sh\nkill -KILL $$\n");
  CHECK(f.report_of("Paused") == "display-message|asciinema: Paused|");
}

TEST_CASE("notifier: tmux shows texts, and does not run what stands in them") {
  Fixture f;
  f.install("tmux", "#!/bin/sh\nprintf '%s|' \"$@\" >$REPORT\n");
  f.settings.environment.push_back("TMUX=/tmp/tmux,1,0");
  CHECK(f.report_of("#(touch x) #{pid} 5%d") ==
        "display-message|asciinema: ##(touch x) ##{pid} 5%%d|");
}

TEST_CASE("notifier: with nothing to show it with, or turned off, nothing runs") {
  Fixture f;
  f.install("tmux", "#!/bin/sh\nsleep 100\n");
  f.notifier.notify(f.settings, "no notify-send, not in tmux");
  CHECK_FALSE(has_children());
  f.settings.environment.push_back("TMUX=");
  f.notifier.notify(f.settings, "not in tmux either");
  CHECK_FALSE(has_children());
  f.settings.enabled = false;
  f.settings.command = "sleep 100";
  f.notifier.notify(f.settings, "off");
  CHECK_FALSE(has_children());
}

TEST_CASE("notifier: a failing custom command is not followed by others") {
  Fixture f;
  f.install("notify-send", "#!/bin/sh\necho notify-send >$REPORT\n");
  f.settings.command = "echo custom >$REPORT; exit 3";
  CHECK(f.report_of("x") == "custom\n");
}

TEST_CASE("notifier: a command that hangs is killed with its children") {
  Fixture f;
  f.settings.command =
      "exec >$REPORT; trap '' TERM HUP INT; (echo child; /bin/sleep 1000) & echo parent; wait";
  const SystemClock clock;
  const std::uint64_t started = clock.now_us();
  const std::string report = f.report_of("x");
  const std::uint64_t took_us = clock.now_us() - started;
  CHECK(contains(report, "parent\n"));
  CHECK(contains(report, "child\n"));
  CHECK(took_us >= (Notifier::kTimeoutMs - 2) * 1000);
  CHECK(took_us < 2 * Notifier::kTimeoutMs * 1000);
}

TEST_CASE("notifier: a bounded number at the same time, more are dropped") {
  Fixture f;
  f.settings.environment.push_back("GATE=" + f.fifo("gate"));
  // Open for both, so that the ends of the commands' turns do not end it.
  test::PipeReader report(f.loop, f.open_report(O_RDWR));
  Fd gate(::open((f.dir / "gate").c_str(), O_RDWR | O_CLOEXEC));
  f.settings.command = "exec <$GATE; echo \"$TEXT\" >$REPORT; read line";
  for (std::size_t i = 0; i <= Notifier::kMaxRunning; ++i) f.notifier.notify(f.settings, "one");
  const auto reported = [&] {
    return static_cast<std::size_t>(std::count(report.bytes().begin(), report.bytes().end(), '\n'));
  };
  f.driver.run_until([&] { return reported() == Notifier::kMaxRunning; });
  f.notifier.notify(f.settings, "too many");
  gate.reset();
  f.driver.run_until([&] { return !has_children(); });
  CHECK(report.bytes() == "one\none\none\none\n");

  gate = Fd(::open((f.dir / "gate").c_str(), O_RDWR | O_CLOEXEC));
  f.notifier.notify(f.settings, "room again");
  f.driver.run_until([&] { return contains(report.bytes(), "room again\n"); });
  gate.reset();
  f.driver.run_until([&] { return !has_children(); });
}

TEST_CASE("notifier: its end is the end of what it runs") {
  Fixture f;
  test::PipeReader report(f.loop, f.open_report(O_RDONLY));
  pid_t child = 0;
  {
    Notifier notifier(f.loop, f.graveyard);
    f.settings.command = "exec >$REPORT; echo $$; while :; do /bin/sleep 1000; done";
    notifier.notify(f.settings, "x");
    f.driver.run_until([&] { return contains(report.bytes(), "\n"); });
    child = std::atoi(report.bytes().c_str());
  }
  f.driver.run_until([&] { return report.ended(); });
  int status = 0;
  CHECK(::waitpid(child, &status, 0) == child);
  CHECK(WIFSIGNALED(status));
}

}  // namespace
}  // namespace asciinemad
