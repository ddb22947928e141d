// Where things live: configuration, state, recordings and the control socket, computed from an
// injected environment.
//
// Nothing here looks at the process's own environment except ProcessEnvironment. An empty variable
// counts as unset, and so does a relative path in HOME or an XDG_* variable (XDG Base Directory
// Specification 0.8). Without a usable HOME the one in /etc/passwd stands in for it.
#pragma once

#include <sys/un.h>

#include <cstddef>
#include <initializer_list>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <utility>

#include "common/result.h"

namespace asciinemad {

// The directory of the running program, with a slash at its end; empty where the system does not
// tell.
std::string program_directory();

class Environment {
 public:
  virtual ~Environment() = default;

  // The variable's value; nullopt when it is unset or empty.
  std::optional<std::string> find(std::string_view name) const;

  // The home directory that /etc/passwd has for the effective uid.
  virtual std::optional<std::string> account_home() const = 0;

 private:
  virtual std::optional<std::string> raw(std::string_view name) const = 0;
};

// getenv() and fgetpwent(): not while another thread calls setenv() or reads the user database.
class ProcessEnvironment final : public Environment {
 public:
  std::optional<std::string> account_home() const override;

 private:
  std::optional<std::string> raw(std::string_view name) const override;
};

// Fixed variables, and no home directory but the one given, so that a test never meets the real
// one.
class FixedEnvironment final : public Environment {
 public:
  using Variables = std::map<std::string, std::string, std::less<>>;

  FixedEnvironment(std::initializer_list<Variables::value_type> variables)
      : variables_(variables) {}
  explicit FixedEnvironment(Variables variables, std::string account_home = {})
      : variables_(std::move(variables)), account_home_(std::move(account_home)) {}

  std::optional<std::string> account_home() const override;

 private:
  std::optional<std::string> raw(std::string_view name) const override;

  Variables variables_;
  std::string account_home_;  // empty: the account has none
};

// $HOME, else the one in /etc/passwd; nullopt when neither is an absolute path.
std::optional<std::string> home_directory(const Environment& environment);

// $ASCIINEMA_CONFIG_HOME (taken as it is), else $XDG_CONFIG_HOME/asciinema, else ~/.asciinema when
// that holds a file named config, else ~/.config/asciinema. nullopt without a home.
std::optional<std::string> config_directory(const Environment& environment);

// $XDG_STATE_HOME/asciinema, else ~/.local/state/asciinema. nullopt without a home.
std::optional<std::string> state_directory(const Environment& environment);
std::optional<std::string> library_directory(const Environment& environment);
std::optional<std::string> daemon_log_path(const Environment& environment);

// $ASCIINEMAD_SOCKET, else $XDG_RUNTIME_DIR/asciinemad/socket, else /tmp/asciinemad-EUID/socket.
// An error only when ASCIINEMAD_SOCKET is not an absolute path.
Result<std::string> control_socket_path(const Environment& environment);

// Exists, with the line "paused", while that session of the daemon at `socket_path` is paused: for
// shell prompts ($ASCIINEMA_STATE_FILE).
std::string state_file_path(const std::string& socket_path, std::string_view session);

// What sockaddr_un::sun_path holds besides its terminating NUL.
inline constexpr std::size_t kMaxSocketPathBytes = 107;

// Errc::limit_exceeded when the path does not fit: libuv would cut it without a word.
Status check_socket_path(std::string_view path);

// The path as an address, checked the same way.
Result<sockaddr_un> socket_address(std::string_view path);

// mkdir -p of what comes before the last component, with the umask as it is.
Status make_parent_directories(std::string_view path);

// Makes sure that `path` is a directory only this user can enter: created with mode 0700, or found
// as a real directory (no symbolic link) of the effective uid without group and other permissions.
// Anything else is refused and left as it is; so is a place in another user's directory (root's
// counts as everybody's).
Status ensure_private_directory(std::string_view path);

}  // namespace asciinemad
