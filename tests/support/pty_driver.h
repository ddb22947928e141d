// PtyDriver: plays the terminal emulator and its user to a program.
#pragma once

#include <termios.h>

#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "tests/support/process.h"
#include "tests/support/sandbox.h"

namespace asciinemad::test {

struct TerminalSize {
  std::uint16_t cols = 80;
  std::uint16_t rows = 24;
};

// The program leads a session on a fresh terminal. Whatever does not come in time fails the test,
// which then shows the screen's bytes.
class PtyDriver {
 public:
  // Standard input, output and error of `launch` are the terminal unless set to something else.
  PtyDriver(Launch launch, TerminalSize size = {});
  PtyDriver(const Sandbox& sandbox, std::vector<std::string> argv, TerminalSize size = {})
      : PtyDriver(sandbox.launch(std::move(argv)), size) {}

  pid_t pid() const { return process_->pid(); }
  bool running() const { return process_->running(); }
  void signal(int signum) const { process_->signal(signum); }

  // Types.
  void send(std::string_view bytes);
  // Reads until `text` appears behind what was expected before; returns what came, up to its end.
  std::string expect(std::string_view text, int timeout_ms = kWaitMs);
  // Reads, looking every few milliseconds, until `reached()` or the program's end; false when
  // neither came in time.
  bool read_until(const std::function<bool()>& reached, int timeout_ms = kWaitMs);
  // All that was read so far.
  const std::string& screen() const { return screen_; }

  // The kernel tells the program by SIGWINCH.
  void resize(TerminalSize size) const;
  termios settings() const;
  // As somebody else who uses this terminal, such as stty.
  void change_settings(const termios& settings) const;
  // Closes the window: the kernel hangs the program up.
  void close();
  // Reads until the program has ended.
  Outcome wait(int timeout_ms = kWaitMs);

 private:
  void read_available();

  Fd master_;
  std::unique_ptr<Process> process_;
  std::string screen_;
  std::size_t expected_bytes_ = 0;
};

// Whether the terminal hands each byte to the program at once and unchanged.
bool is_raw(const termios& settings);
bool same_settings(const termios& a, const termios& b);

}  // namespace asciinemad::test
