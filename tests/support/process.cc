#include "tests/support/process.h"

#include <doctest/doctest.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <filesystem>
#include <set>
#include <sstream>

namespace asciinemad::test {
namespace {

// Those that a Process reaps.
std::set<pid_t> started;

std::vector<char*> pointers(std::vector<std::string>& strings) {
  std::vector<char*> result;
  for (std::string& s : strings) result.push_back(s.data());
  result.push_back(nullptr);
  return result;
}

// `wanted` gives 0, 1 and 2; copies first, since one may stand where another has to go.
void place_descriptors(std::array<int, 3> wanted) {
  const int null_fd = ::open("/dev/null", O_RDWR | O_CLOEXEC);
  for (int& fd : wanted) {
    if (fd == Launch::kNull) fd = null_fd;
    if (fd >= 0) fd = ::fcntl(fd, F_DUPFD_CLOEXEC, 10);
  }
  for (int i = 0; i < 3; ++i) {
    const int fd = wanted[static_cast<std::size_t>(i)];
    if (fd >= 0) {
      ::dup2(fd, i);
    } else {
      ::close(i);
    }
  }
}

[[noreturn]] void become(const Launch& launch, char* const* argv, char* const* envp) {
  place_descriptors({launch.in, launch.out, launch.err});
  for (int fd = 3; fd < 1024; ++fd) {
    const bool inherited =
        std::find(launch.inherited.begin(), launch.inherited.end(), fd) != launch.inherited.end();
    ::fcntl(fd, F_SETFD, inherited ? 0 : FD_CLOEXEC);
  }
  for (int signum = 1; signum < NSIG; ++signum) ::signal(signum, SIG_DFL);
  sigset_t none;
  sigemptyset(&none);
  ::sigprocmask(SIG_SETMASK, &none, nullptr);
  if (!launch.directory.empty() && ::chdir(launch.directory.c_str()) != 0) ::_exit(126);
  launch.before_exec();
  const auto path = launch.environment.find("PATH");
  if (path != launch.environment.end()) ::setenv("PATH", path->second.c_str(), 1);
  ::execvpe(argv[0], argv, envp);
  ::_exit(127);
}

// Reads what is there; false at the end.
bool read_some(int fd, std::string& into) {
  std::array<char, 65536> buffer;
  const ssize_t n = ::read(fd, buffer.data(), buffer.size());
  if (n > 0) into.append(buffer.data(), static_cast<std::size_t>(n));
  return n > 0 || (n < 0 && (errno == EAGAIN || errno == EINTR));
}

struct Exchange {
  Fd in;
  Fd out;
  Fd err;
  std::string_view input;
  Outcome outcome;

  void step(const Deadline& deadline) {
    std::array<pollfd, 3> waiting = {
        {{in.get(), POLLOUT, 0}, {out.get(), POLLIN, 0}, {err.get(), POLLIN, 0}}};
    ::poll(waiting.data(), waiting.size(), deadline.remaining_ms());
    if (waiting[0].revents != 0) write_input();
    if (waiting[1].revents != 0 && !read_some(out.get(), outcome.out)) out.reset();
    if (waiting[2].revents != 0 && !read_some(err.get(), outcome.err)) err.reset();
  }

  void write_input() {
    const ssize_t n = ::write(in.get(), input.data(), input.size());
    if (n < 0 && errno == EAGAIN) return;
    if (n > 0) input.remove_prefix(static_cast<std::size_t>(n));
    if (n < 0 || input.empty()) in.reset();
  }
};

// Empty when the process is gone; it may go while it is read.
std::string stat_of(pid_t pid) {
  const Fd file(::open(("/proc/" + std::to_string(pid) + "/stat").c_str(), O_RDONLY | O_CLOEXEC));
  std::string stat;
  if (file) read_some(file.get(), stat);
  return stat;
}

std::vector<pid_t> all_processes() {
  std::vector<pid_t> pids;
  std::error_code ignored;
  for (const auto& entry : std::filesystem::directory_iterator("/proc", ignored)) {
    const std::string name = entry.path().filename();
    if (std::all_of(name.begin(), name.end(), [](char c) { return c >= '0' && c <= '9'; })) {
      pids.push_back(std::stoi(name));
    }
  }
  return pids;
}

}  // namespace

Process::Process(const Launch& launch) {
  std::vector<std::string> arguments = launch.argv;
  std::vector<std::string> variables;
  for (const auto& [name, value] : launch.environment) variables.push_back(name + "=" + value);
  const std::vector<char*> argv = pointers(arguments);
  const std::vector<char*> envp = pointers(variables);
  pid_ = ::fork();
  REQUIRE(pid_ >= 0);
  if (pid_ == 0) become(launch, argv.data(), envp.data());
  started.insert(pid_);
  pidfd_.reset(static_cast<int>(::syscall(SYS_pidfd_open, pid_, 0)));
  REQUIRE(static_cast<bool>(pidfd_));
}

Process::~Process() {
  if (pid_ < 0) return;
  ::kill(pid_, SIGKILL);
  ::waitpid(pid_, nullptr, 0);
  started.erase(pid_);
}

bool Process::running() const {
  pollfd ended{pidfd_.get(), POLLIN, 0};
  return pid_ >= 0 && ::poll(&ended, 1, 0) == 0;
}

void Process::signal(int signum) const { REQUIRE(::kill(pid_, signum) == 0); }

Outcome Process::wait(int timeout_ms) {
  REQUIRE_MESSAGE(deadline_in(timeout_ms).wait(pidfd_.get(), POLLIN), "the process does not end");
  int status = 0;
  REQUIRE(::waitpid(pid_, &status, 0) == pid_);
  started.erase(pid_);
  pid_ = -1;
  Outcome outcome;
  if (WIFEXITED(status)) outcome.status = WEXITSTATUS(status);
  if (WIFSIGNALED(status)) outcome.signal = WTERMSIG(status);
  return outcome;
}

Outcome run(Launch launch, std::string_view input, int timeout_ms) {
  Result<Pipe> in = make_pipe();
  Result<Pipe> out = make_pipe();
  Result<Pipe> err = make_pipe();
  REQUIRE((in.ok() && out.ok() && err.ok()));
  if (!input.empty() || launch.in == Launch::kNull) launch.in = in->read_end.get();
  launch.out = out->write_end.get();
  launch.err = err->write_end.get();
  REQUIRE(set_nonblocking(in->write_end.get(), true).ok());
  ::signal(SIGPIPE, SIG_IGN);
  Process process(launch);
  in->read_end.reset();
  out->write_end.reset();
  err->write_end.reset();
  Exchange exchange{
      std::move(in->write_end), std::move(out->read_end), std::move(err->read_end), input, {}};
  if (input.empty()) exchange.in.reset();
  const Deadline deadline = deadline_in(timeout_ms);
  while ((exchange.out || exchange.err) && deadline.remaining_ms() > 0) exchange.step(deadline);
  INFO("output: ", exchange.outcome.out, "\nerrors: ", exchange.outcome.err);
  const Outcome ended = process.wait(std::max(deadline.remaining_ms(), 1));
  exchange.outcome.status = ended.status;
  exchange.outcome.signal = ended.signal;
  return std::move(exchange.outcome);
}

std::string read_until_end(int fd, int timeout_ms) {
  std::string bytes;
  const Deadline deadline = deadline_in(timeout_ms);
  for (;;) {
    INFO("got so far: ", bytes);
    REQUIRE_MESSAGE(deadline.wait(fd, POLLIN), "the descriptor's end does not come");
    if (!read_some(fd, bytes)) return bytes;
  }
}

std::string read_bytes(int fd, std::size_t bytes) {
  std::string result;
  const Deadline deadline = deadline_in();
  while (result.size() < bytes) {
    INFO("got so far: ", result);
    REQUIRE_MESSAGE(deadline.wait(fd, POLLIN), "the bytes do not come");
    REQUIRE_MESSAGE(read_some(fd, result), "the end comes too early");
  }
  return result;
}

void adopt_orphans() { ::prctl(PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0); }

std::vector<pid_t> orphans() {
  std::vector<pid_t> living;
  const std::string own = std::to_string(::getpid());
  for (const pid_t pid : all_processes()) {
    if (started.contains(pid) || stat_field(pid, 4) != own) continue;
    if (::waitpid(pid, nullptr, WNOHANG) == 0) living.push_back(pid);
  }
  return living;
}

std::string stat_field(pid_t pid, int number) {
  const std::string stat = stat_of(pid);
  const std::size_t name_end = stat.rfind(')');
  if (name_end == std::string::npos) return {};
  std::istringstream rest(stat.substr(name_end + 1));
  std::string field;
  for (int i = 3; i <= number; ++i) rest >> field;
  return field;
}

std::string process_name(pid_t pid) {
  const std::string stat = stat_of(pid);
  const std::size_t begin = stat.find('(');
  const std::size_t end = stat.rfind(')');
  if (begin == std::string::npos || end == std::string::npos) return {};
  return stat.substr(begin + 1, end - begin - 1);
}

std::vector<pid_t> session_members(pid_t session) {
  std::vector<pid_t> members;
  for (const pid_t pid : all_processes()) {
    if (stat_field(pid, 6) == std::to_string(session)) members.push_back(pid);
  }
  return members;
}

}  // namespace asciinemad::test
