// Tmux: a terminal emulator whose screen a test can look at: a private tmux server.
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "tests/support/process.h"
#include "tests/support/pty_driver.h"
#include "tests/support/sandbox.h"

namespace asciinemad::test {

class Tmux {
 public:
  // The server ends with this object. It knows no configuration file.
  explicit Tmux(const Sandbox& sandbox);

  // Opens a window of 80x24 without a status line, in which `script` runs in the sandbox's
  // directory `directory`. The name is for the calls below.
  void open(const std::string& name, const std::string& directory, const std::string& script) const;
  // Opens it with another size, or gives it that.
  void open(const std::string& name, const std::string& directory, const std::string& script,
            TerminalSize size) const;
  void resize(const std::string& name, TerminalSize size) const;
  // Keys as tmux names them ("Enter", "C-z"); other arguments are typed as they are.
  void type(const std::string& name, const std::vector<std::string>& keys) const;

  // Text, attributes, cursor and modes.
  std::string screen(const std::string& name) const;
  // The same without what no eye sees: blanks that were written, attributes at the end of a line.
  std::string visible_screen(const std::string& name) const;
  // Text only.
  std::string text(const std::string& name) const;

 private:
  Outcome call(std::vector<std::string> arguments) const;

  const Sandbox& sandbox_;
  const std::string socket_;
  std::unique_ptr<Process> server_;
};

}  // namespace asciinemad::test
