#include "client/append_point.h"

#include <signal.h>
#include <sys/wait.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <cstdio>

#include "client/deadline.h"
#include "client/programs.h"
#include "common/fd.h"

namespace asciinemad {
namespace {

// A local disk answers at once; a network file system may take its time.
constexpr int kTimeoutMs = 30'000;

Result<std::string> ask_helper(int fd) {
  TRY_ASSIGN(Pipe answer, make_pipe());
  const std::string program = sibling_program("asciinema-files");
  const pid_t child = ::fork();
  if (child < 0) return system_error("fork", errno);
  if (child == 0) {
    ::dup2(fd, STDIN_FILENO);
    ::dup2(answer.write_end.get(), STDOUT_FILENO);
    ::execlp(program.c_str(), program.c_str(), "append-point", static_cast<char*>(nullptr));
    ::_exit(127);
  }
  answer.write_end.reset();
  std::string line;
  std::array<char, 512> buffer{};
  const Deadline deadline(kTimeoutMs);
  bool in_time = true;
  while ((in_time = deadline.wait(answer.read_end.get(), POLLIN))) {
    const ssize_t n = ::read(answer.read_end.get(), buffer.data(), buffer.size());
    if (n < 0 && errno == EINTR) continue;
    if (n <= 0) break;
    line.append(buffer.data(), static_cast<std::size_t>(n));
  }
  if (!in_time) ::kill(child, SIGKILL);
  int status = 0;
  ::waitpid(child, &status, 0);
  if (!in_time) return Error{Errc::timed_out, "reading it takes too long"};
  if (line.empty()) return Error{Errc::unavailable, "can't run " + program};
  return line;
}

}  // namespace

std::string format_append_point(const Result<AppendPoint>& point) {
  if (!point.ok()) return "error " + point.error().message;
  return "ok " + std::to_string(point->kept_bytes) + " " + std::to_string(point->last_time_us) +
         (point->needs_newline ? " 1" : " 0") + (point->cut ? " 1" : " 0");
}

Result<AppendPoint> parse_append_point(const std::string& line) {
  if (line.starts_with("error ")) return Error{Errc::invalid_data, line.substr(6)};
  unsigned long long kept_bytes = 0;
  unsigned long long last_time_us = 0;
  int needs_newline = 0;
  int cut = 0;
  if (std::sscanf(line.c_str(), "ok %llu %llu %d %d", &kept_bytes, &last_time_us, &needs_newline,
                  &cut) != 4) {
    return Error{Errc::invalid_data, "asciinema-files gave no answer"};
  }
  return AppendPoint{kept_bytes, last_time_us, needs_newline != 0, cut != 0};
}

Result<AppendPoint> find_append_point(int fd) {
  TRY_ASSIGN(const std::string line, ask_helper(fd));
  return parse_append_point(line);
}

}  // namespace asciinemad
