// IgnoreSignal: what the daemon does with SIGPIPE and SIGXFSZ, for the length of a test.
#pragma once

#include <signal.h>

namespace asciinemad::test {

class IgnoreSignal {
 public:
  explicit IgnoreSignal(int signum) : signum_(signum), before_(::signal(signum, SIG_IGN)) {}
  ~IgnoreSignal() { ::signal(signum_, before_); }
  IgnoreSignal(const IgnoreSignal&) = delete;
  IgnoreSignal& operator=(const IgnoreSignal&) = delete;

 private:
  int signum_;
  void (*before_)(int);
};

}  // namespace asciinemad::test
