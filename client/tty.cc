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

Fd open_tty(int flags) { return Fd(::open("/dev/tty", flags | kPrivateFlags)); }

}  // namespace

void Tty::open() {
  if (::isatty(STDIN_FILENO) != 0) {
    input_ = true;
    Result<Fd> copy = duplicate(STDIN_FILENO);
    if (copy.ok()) fd_ = std::move(copy).value();
    return;
  }
  fd_ = open_tty(O_RDWR);
}

// /dev/tty opens even where the device node itself may not be opened, as under su.
Result<Fd> Tty::open_private() const {
  Fd tty = open_tty(O_RDWR);
  if (tty && input_ && !is_same_terminal(tty.get(), fd_.get())) tty.reset();
  if (!tty && input_) tty.reset(::open("/proc/self/fd/0", O_RDWR | kPrivateFlags));
  if (!tty && input_) tty.reset(::open("/dev/fd/0", O_RDWR | kPrivateFlags));
  if (!tty) return system_error("open the terminal", errno);
  return tty;
}

std::optional<termios> Tty::settings() const {
  if (saved_.has_value()) return saved_;
  termios current{};
  if (!fd_ || ::tcgetattr(fd_.get(), &current) != 0) return std::nullopt;
  return current;
}

std::optional<wire::WindowSize> Tty::size() const {
  winsize window{};
  if (!fd_ || ::ioctl(fd_.get(), TIOCGWINSZ, &window) != 0) return std::nullopt;
  if (window.ws_col == 0 || window.ws_row == 0) return std::nullopt;
  return wire::WindowSize{window.ws_col, window.ws_row, window.ws_xpixel, window.ws_ypixel};
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
