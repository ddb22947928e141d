// Sandbox: the world of one integration test: directories, environment and daemon of its own.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "tests/support/process.h"
#include "tests/support/temp_dir.h"

namespace asciinemad::test {

// One at a time. Destroying it ends the daemons and all else that was started in it, and waits for
// their ends. When the test case failed, the daemons' log is printed after it.
class Sandbox {
 public:
  Sandbox();
  ~Sandbox();
  Sandbox(const Sandbox&) = delete;
  Sandbox& operator=(const Sandbox&) = delete;

  // Of what is started from now on: the programs under test come first in PATH, HOME and the XDG
  // directories are below dir(), nothing else comes from the caller's.
  Variables environment;

  const TempDir& dir() const { return dir_; }
  // The path of `name` in the directory in which programs are started.
  std::string operator/(std::string_view name) const {
    return dir_ / ("work/" + std::string(name));
  }
  std::string read(std::string_view name) const { return dir_.read("work/" + std::string(name)); }
  std::string write(std::string_view name, std::string_view content) const {
    return dir_.write("work/" + std::string(name), content);
  }
  // The INI configuration file.
  void configure(std::string_view content) const { dir_.write("config/asciinema/config", content); }
  // Makes another user the owner of all that is there. Needs root.
  void give_to(unsigned uid) const;
  std::string socket_path() const { return dir_ / "run/asciinemad/socket"; }
  std::string log() const { return dir_.read("state/asciinema/asciinemad.log"); }

  Launch launch(std::vector<std::string> argv) const;
  // Runs a program without a controlling terminal, `input` being its standard input.
  Outcome run(std::vector<std::string> argv, std::string_view input = {}) const;
  Outcome run_shell(const std::string& script) const { return run({"bash", "-c", script}); }

  // The process that listens on socket_path(); 0 when none does.
  pid_t daemon_pid() const;
  // What runs on though its parent is gone, the shared daemon not counted.
  std::vector<pid_t> leftovers() const;

 private:
  TempDir dir_;
};

// Where the programs under test are, and what they are made of.
std::string build_root();
std::string source_root();

bool is_root();

// Whether with_own_mounts() works: it needs root or user namespaces.
bool can_unshare_mounts();
// A command line for a shell script that may mount what it likes, which nobody else sees.
std::vector<std::string> with_own_mounts(const std::string& script);

}  // namespace asciinemad::test
