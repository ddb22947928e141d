#include "tests/support/sandbox.h"

#include <doctest/doctest.h>
#include <signal.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cstdlib>
#include <cstring>
#include <filesystem>
#include <iostream>

namespace asciinemad::test {
namespace {

// For a daemon that was told to end, with sessions that it has to hang up.
constexpr int kEndMs = 3000;

// Of the test case that runs, kept until it is known how that ended.
std::string kept_log;

// Starts the clock of each test case, and prints the log of a failed one.
class TestCases final : public doctest::IReporter {
 public:
  explicit TestCases(const doctest::ContextOptions& options) : options_(options) {}

  void test_case_start(const doctest::TestCaseData& /*data*/) override {
    begin_test_case();
    kept_log.clear();
  }
  void test_case_end(const doctest::CurrentTestCaseStats& stats) override {
    if (stats.testCaseSuccess || kept_log.empty()) return;
    *options_.cout << "--- asciinemad.log ---\n" << kept_log << "--- end of the log ---\n";
  }
  void report_query(const doctest::QueryData& /*data*/) override {}
  void test_run_start() override {}
  void test_run_end(const doctest::TestRunStats& /*stats*/) override {}
  void test_case_reenter(const doctest::TestCaseData& /*data*/) override {}
  void test_case_exception(const doctest::TestCaseException& /*exception*/) override {}
  void subcase_start(const doctest::SubcaseSignature& /*signature*/) override {}
  void subcase_end() override {}
  void log_assert(const doctest::AssertData& /*data*/) override {}
  void log_message(const doctest::MessageData& /*data*/) override {}
  void test_case_skipped(const doctest::TestCaseData& /*data*/) override {}

 private:
  const doctest::ContextOptions& options_;
};

DOCTEST_REGISTER_LISTENER("sandbox", 1, TestCases);

// Its shim would take a session to a new daemon.
void end_shims() {
  for (const pid_t pid : orphans()) {
    if (process_name(pid) != "asciinema-shim") continue;
    ::kill(pid, SIGKILL);
    ::waitpid(pid, nullptr, 0);
  }
}

void end_orphans() {
  end_shims();
  for (const pid_t pid : orphans()) {
    ::kill(pid, SIGCONT);
    ::kill(pid, SIGTERM);
  }
  const Deadline deadline(kEndMs);
  while (deadline.remaining_ms() > 0 && !orphans().empty()) ::poll(nullptr, 0, 5);
  // What these leave behind becomes ours in turn.
  for (;;) {
    end_shims();
    const std::vector<pid_t> rest = orphans();
    if (rest.empty()) return;
    for (const pid_t pid : rest) {
      ::kill(pid, SIGKILL);
      ::waitpid(pid, nullptr, 0);
    }
  }
}

}  // namespace

Sandbox::Sandbox() {
  adopt_orphans();
  for (const char* name : {"home", "run", "state", "config", "data", "cache", "work"}) {
    REQUIRE(::mkdir((dir_ / name).c_str(), 0700) == 0);
  }
  environment = {
      {"ASCIINEMA_API_URL", "http://127.0.0.1:1"},  // nobody's; nothing leaves this machine
      {"HOME", dir_ / "home"},
      {"XDG_RUNTIME_DIR", dir_ / "run"},
      {"XDG_STATE_HOME", dir_ / "state"},
      {"XDG_CONFIG_HOME", dir_ / "config"},
      {"XDG_DATA_HOME", dir_ / "data"},
      {"XDG_CACHE_HOME", dir_ / "cache"},
      {"PATH", build_root() + ":/usr/local/bin:/usr/bin:/bin:/usr/sbin:/sbin"},
      {"LANG", "C.UTF-8"},
      {"SHELL", "/bin/sh"},
      {"TERM", "xterm-256color"},
      {"PS1", "$ "},
      {"ASCIINEMAD_LOG", "debug"}};
  for (const char* name : {"ASAN_OPTIONS", "UBSAN_OPTIONS", "LSAN_OPTIONS", "TSAN_OPTIONS"}) {
    if (const char* value = std::getenv(name)) environment[name] = value;
  }
}

Sandbox::~Sandbox() {
  end_orphans();
  kept_log += log();
}

Launch Sandbox::launch(std::vector<std::string> argv) const {
  Launch launch;
  launch.argv = std::move(argv);
  launch.environment = environment;
  launch.directory = dir_ / "work";
  launch.before_exec = [] { ::setsid(); };
  return launch;
}

Outcome Sandbox::run(std::vector<std::string> argv, std::string_view input) const {
  return test::run(launch(std::move(argv)), input);
}

void Sandbox::give_to(unsigned uid) const {
  REQUIRE(::chown(dir_.path().c_str(), uid, uid) == 0);
  for (const auto& entry : std::filesystem::recursive_directory_iterator(dir_.path())) {
    REQUIRE(::lchown(entry.path().c_str(), uid, uid) == 0);
  }
}

pid_t Sandbox::daemon_pid() const {
  const Fd socket(::socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0));
  sockaddr_un address{};
  address.sun_family = AF_UNIX;
  const std::string path = socket_path();
  REQUIRE(path.size() < sizeof(address.sun_path));
  std::memcpy(address.sun_path, path.data(), path.size());
  if (::connect(socket.get(), reinterpret_cast<sockaddr*>(&address), sizeof(address)) != 0) {
    return 0;
  }
  ucred peer{};
  socklen_t size = sizeof(peer);
  REQUIRE(::getsockopt(socket.get(), SOL_SOCKET, SO_PEERCRED, &peer, &size) == 0);
  return peer.pid;
}

std::vector<pid_t> Sandbox::leftovers() const {
  std::vector<pid_t> pids = orphans();
  pids.erase(std::remove(pids.begin(), pids.end(), daemon_pid()), pids.end());
  return pids;
}

std::string build_root() { return ASCIINEMAD_BUILD_ROOT; }
std::string source_root() { return ASCIINEMAD_SOURCE_ROOT; }

bool is_root() { return ::geteuid() == 0; }

std::vector<std::string> with_own_mounts(const std::string& script) {
  std::vector<std::string> argv = {"unshare", "--mount"};
  if (!is_root()) argv.push_back("--map-root-user");
  argv.insert(argv.end(), {"bash", "-c", script});
  return argv;
}

bool can_unshare_mounts() {
  Launch launch;
  launch.argv = with_own_mounts("mount -t tmpfs none /tmp");
  launch.environment = {{"PATH", "/usr/bin:/bin:/usr/sbin:/sbin"}};
  return Process(launch).wait().status == 0;
}

}  // namespace asciinemad::test
