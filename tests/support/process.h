// Processes of integration tests: started with exactly the environment and descriptors a test
// wants, and waited for with a deadline.
#pragma once

#include <sys/types.h>

#include <functional>
#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "common/fd.h"
#include "tests/support/deadline.h"

namespace asciinemad::test {

using Variables = std::map<std::string, std::string>;

struct Launch {
  static constexpr int kNull = -1;    // /dev/null
  static constexpr int kClosed = -2;  // no descriptor at all

  std::vector<std::string> argv;  // the program is looked up in the PATH of `environment`
  Variables environment;
  std::string directory;
  // Descriptors of the caller, or one of the above. Nothing else is inherited, except `inherited`,
  // which keep their numbers.
  int in = kNull;
  int out = kNull;
  int err = kNull;
  std::vector<int> inherited;
  // Between fork and exec, with 0, 1 and 2 in place: only async-signal-safe calls.
  std::function<void()> before_exec = [] {};
};

// How a process ended.
struct Outcome {
  int status = -1;  // exit status; -1 when a signal ended it
  int signal = 0;
  std::string out;
  std::string err;
};

// A child of the test. Fails the test when it cannot be started or does not end in time; destroying
// it kills it.
class Process {
 public:
  explicit Process(const Launch& launch);
  ~Process();
  Process(const Process&) = delete;
  Process& operator=(const Process&) = delete;

  pid_t pid() const { return pid_; }
  // Readable when it has ended.
  int pidfd() const { return pidfd_.get(); }
  bool running() const;
  void signal(int signum) const;
  // Without `out` and `err`.
  Outcome wait(int timeout_ms = kWaitMs);

 private:
  pid_t pid_ = -1;
  Fd pidfd_;
};

// Runs `launch` to its end with `input` in a pipe as its standard input and pipes for the rest;
// its `in`, `out` and `err` do not count, except `in` when there is no input and it is not kNull.
Outcome run(Launch launch, std::string_view input = {}, int timeout_ms = kWaitMs);

// Reads a descriptor until its end or until `bytes` are there; fails the test when neither comes.
std::string read_until_end(int fd, int timeout_ms = kWaitMs);
std::string read_bytes(int fd, std::size_t bytes);

// From now on, what our processes leave behind becomes a child of this one and can be found.
void adopt_orphans();
// The living processes of that kind. Reaps those that have ended.
std::vector<pid_t> orphans();

// Field 22 and the like of /proc/PID/stat; fields before the name's are not available. Empty
// when there is no such process.
std::string stat_field(pid_t pid, int number);
// What the process calls itself, at most 15 characters; empty when it is gone.
std::string process_name(pid_t pid);
// Processes whose session is `session`.
std::vector<pid_t> session_members(pid_t session);

}  // namespace asciinemad::test
