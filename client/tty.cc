#include "client/tty.h"

#include <fcntl.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include <cerrno>

namespace asciinemad {
namespace {

constexpr int kPrivateFlags = O_NONBLOCK | O_NOCTTY | O_CLOEXEC;

// Standard input may be another terminal than the controlling one.
bool is_same_terminal(int a, int b) {
#ifdef TIOCGDEV
  unsigned device_a = 0;
  unsigned device_b = 0;
  if (::ioctl(a, TIOCGDEV, &device_a) != 0 || ::ioctl(b, TIOCGDEV, &device_b) != 0) return true;
  return device_a == device_b;
#else
  (void)a, (void)b;
  return true;
#endif
}

Fd open_tty() { return Fd(::open("/dev/tty", O_RDWR | kPrivateFlags)); }

Fd duplicate_if_terminal(int fd) {
  if (::isatty(fd) == 0) return Fd();
  Result<Fd> copy = duplicate(fd);
  return copy.ok() ? std::move(copy).value() : Fd();
}

// Whether a change of its settings would stop this process until its job gets the terminal.
bool is_for_other_job(int fd) {
  const pid_t foreground = ::tcgetpgrp(fd);
  return foreground > 0 && foreground != ::getpgrp();
}

}  // namespace

// /dev/tty opens even where the device node itself may not be opened, as under su.
Result<Fd> open_private_terminal(int fd, int access) {
  Fd tty = open_tty();
  if (tty && !is_same_terminal(tty.get(), fd)) tty.reset();
  for (const char* directory : {"/proc/self/fd/", "/dev/fd/"}) {
    if (tty) break;
    tty.reset(::open((directory + std::to_string(fd)).c_str(), access | kPrivateFlags));
  }
  if (!tty) return system_error("open the terminal", errno);
  return tty;
}

std::optional<wire::WindowSize> terminal_size(int fd) {
  winsize window{};
  if (fd < 0 || ::ioctl(fd, TIOCGWINSZ, &window) != 0) return std::nullopt;
  if (window.ws_col == 0 || window.ws_row == 0) return std::nullopt;
  return wire::WindowSize{window.ws_col, window.ws_row, window.ws_xpixel, window.ws_ypixel};
}

void Tty::open() {
  fd_ = duplicate_if_terminal(STDIN_FILENO);
  input_ = static_cast<bool>(fd_);
  if (!input_) fd_ = open_tty();
}

void Tty::open_for_keys() {
  fd_ = duplicate_if_terminal(STDIN_FILENO);
  if (!fd_) fd_ = open_tty();
  if (fd_ && ::isatty(STDOUT_FILENO) == 0 && is_for_other_job(fd_.get())) fd_.reset();
  if (!fd_) fd_ = duplicate_if_terminal(STDOUT_FILENO);
  input_ = static_cast<bool>(fd_);
}

Result<Fd> Tty::open_private() const {
  if (!fd_) return Error{Errc::not_found, "there is no terminal"};
  return open_private_terminal(fd_.get(), O_RDWR);
}

std::optional<termios> Tty::settings() const {
  if (saved_.has_value()) return saved_;
  termios current{};
  if (!fd_ || ::tcgetattr(fd_.get(), &current) != 0) return std::nullopt;
  return current;
}

std::string Tty::settings_bytes() const {
  const std::optional<termios> current = settings();
  if (!current.has_value()) return {};
  return {reinterpret_cast<const char*>(&*current), sizeof(*current)};
}

// TCSANOW: output that is already written is already processed, and waiting for it would hang on a
// terminal that has stopped.
void Tty::make_raw() {
  if (!input_) return;
  const std::optional<termios> current = settings();
  if (!current.has_value()) return;
  saved_ = current;
  termios raw = *current;
  ::cfmakeraw(&raw);
  ::tcsetattr(fd_.get(), TCSANOW, &raw);
}

void Tty::restore() {
  if (!saved_.has_value()) return;
  ::tcsetattr(fd_.get(), TCSANOW, &*saved_);
  saved_.reset();
}

}  // namespace asciinemad
