#include "daemon/daemon_lock.h"

#include <doctest/doctest.h>
#include <signal.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include <string>

#include "daemon/settings.h"
#include "tests/support/temp_dir.h"

namespace asciinemad {
namespace {

// A process called `name` that holds the lock until it is destroyed.
class Holder {
 public:
  Holder(const std::string& path, const char* name) {
    Result<Pipe> ready = make_pipe();
    REQUIRE(ready.ok());
    pid_ = ::fork();
    REQUIRE(pid_ >= 0);
    if (pid_ == 0) {
      ::prctl(PR_SET_NAME, name);
      close_descriptors_except({ready->write_end.get()});
      const Result<Fd> lock = open_lock_file(path);
      if (!lock.ok() || !try_lock(*lock).ok()) ::_exit(1);
      ready->write_end.reset();
      ready->read_end.reset();
      for (;;) ::pause();
    }
    ready->write_end.reset();
    char byte = 0;
    REQUIRE(::read(ready->read_end.get(), &byte, 1) == 0);
  }
  ~Holder() {
    ::kill(pid_, SIGKILL);
    ::waitpid(pid_, nullptr, 0);
  }
  Holder(const Holder&) = delete;
  Holder& operator=(const Holder&) = delete;

  pid_t pid() const { return pid_; }

 private:
  pid_t pid_ = -1;
};

TEST_CASE("daemon lock: one holder, who is found by its pid") {
  const test::TempDir dir;
  const std::string path = dir / "lock";
  const Result<Fd> lock = open_lock_file(path);
  REQUIRE(lock.ok());
  CHECK_FALSE(find_lock_holder(*lock).has_value());
  {
    const Holder holder(path, "asciinemad");
    CHECK(*try_lock(*lock) == false);
    CHECK(find_lock_holder(*lock) == holder.pid());
  }
  CHECK_FALSE(find_lock_holder(*lock).has_value());  // the pid is still there
  CHECK(*try_lock(*lock) == true);
  CHECK(dir.read("lock") == std::to_string(::getpid()) + "\n");
}

TEST_CASE("daemon lock: a pid in the file proves nothing") {
  const test::TempDir dir;
  const Result<Fd> lock = open_lock_file(dir / "lock");
  REQUIRE(lock.ok());
  SUBCASE("of another program") {
    const Holder holder(dir / "lock", "vim");
    CHECK_FALSE(find_lock_holder(*lock).has_value());
  }
  SUBCASE("of an asciinemad that has another lock") {
    const Holder holder(dir / "other", "asciinemad");
    dir.write("lock", std::to_string(holder.pid()) + "\n");
    CHECK_FALSE(find_lock_holder(*lock).has_value());
  }
  for (const char* text : {"", "\n", "0\n", "1\n", "-5\n", "x", "99999999999999999999"}) {
    dir.write("lock", text);
    CHECK_FALSE(find_lock_holder(*lock).has_value());
  }
}

TEST_CASE("daemon settings: [daemon] of both files; the environment's level wins") {
  const test::TempDir dir;
  const auto load = [&](const char* level) {
    return load_daemon_settings(
        FixedEnvironment({{"ASCIINEMA_CONFIG_HOME", dir.path()}, {"ASCIINEMAD_LOG", level}}));
  };
  CHECK(load("")->log_level == log::Level::info);
  CHECK(load("")->idle_exit_s == 300);
  dir.write("config", "[daemon]\nlog_level = debug\nidle_exit = 7\n");
  CHECK(load("")->log_level == log::Level::debug);
  CHECK(load("")->idle_exit_s == 7);
  CHECK(load("error")->log_level == log::Level::error);
  dir.write("config.toml", "[daemon]\nlog_level = \"warn\"\nidle_exit = 999999\n");
  CHECK(load("")->log_level == log::Level::warn);
  CHECK(load("")->idle_exit_s == 999'999);
  for (const char* wrong : {"log_level = \"loud\"", "log_level = 3", "idle_exit = 0",
                            "idle_exit = 1000000", "idle_exit = \"soon\""}) {
    dir.write("config.toml", std::string("[daemon]\n") + wrong + "\n");
    const auto settings = load("");
    REQUIRE_FALSE(settings.ok());
    CHECK(settings.error().message.find("config.toml:2: [daemon] ") != std::string::npos);
  }
}

}  // namespace
}  // namespace asciinemad
