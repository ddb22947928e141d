#include "tests/support/pty_driver.h"

#include <doctest/doctest.h>
#include <fcntl.h>
#include <poll.h>
#include <stdlib.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <cstring>

namespace asciinemad::test {
namespace {

winsize window_of(TerminalSize size) {
  winsize window{};
  window.ws_col = size.cols;
  window.ws_row = size.rows;
  return window;
}

}  // namespace

PtyDriver::PtyDriver(Launch launch, TerminalSize size)
    : master_(::posix_openpt(O_RDWR | O_NOCTTY | O_CLOEXEC | O_NONBLOCK)) {
  REQUIRE((static_cast<bool>(master_) && ::grantpt(master_.get()) == 0 &&
           ::unlockpt(master_.get()) == 0));
  std::array<char, 64> name{};
  REQUIRE(::ptsname_r(master_.get(), name.data(), name.size()) == 0);
  const Fd slave(::open(name.data(), O_RDWR | O_NOCTTY | O_CLOEXEC));
  REQUIRE(static_cast<bool>(slave));
  resize(size);
  for (int* fd : {&launch.in, &launch.out, &launch.err}) {
    if (*fd == Launch::kNull) *fd = slave.get();
  }
  launch.before_exec = [name] {
    ::setsid();
    const int tty = ::open(name.data(), O_RDWR);  // becomes the controlling terminal
    if (tty > STDERR_FILENO) ::close(tty);
  };
  process_ = std::make_unique<Process>(launch);
}

void PtyDriver::read_available() {
  std::array<char, 65536> buffer;
  for (;;) {
    const ssize_t n = ::read(master_.get(), buffer.data(), buffer.size());
    if (n <= 0) return;  // EAGAIN, or EIO: nobody has the terminal open
    screen_.append(buffer.data(), static_cast<std::size_t>(n));
  }
}

void PtyDriver::send(std::string_view bytes) {
  const Deadline deadline = deadline_in();
  while (!bytes.empty()) {
    const ssize_t n = ::write(master_.get(), bytes.data(), bytes.size());
    if (n > 0) {
      bytes.remove_prefix(static_cast<std::size_t>(n));
      continue;
    }
    REQUIRE(errno == EAGAIN);
    read_available();
    REQUIRE_MESSAGE(deadline.wait(master_.get(), POLLOUT | POLLIN), "nobody reads what is typed");
  }
}

std::string PtyDriver::expect(std::string_view text, int timeout_ms) {
  const Deadline deadline = deadline_in(timeout_ms);
  for (;;) {
    read_available();
    const std::size_t found = screen_.find(text, expected_bytes_);
    if (found != std::string::npos) {
      const std::size_t start = expected_bytes_;
      expected_bytes_ = found + text.size();
      return screen_.substr(start, expected_bytes_ - start);
    }
    INFO("screen: ", screen_);
    REQUIRE_MESSAGE(deadline.remaining_ms() > 0, "never shown: ", std::string(text));
    // A terminal that nobody has open is always readable: then the program's end is the event.
    std::array<pollfd, 2> waiting = {{{master_.get(), POLLIN, 0}, {process_->pidfd(), POLLIN, 0}}};
    ::poll(waiting.data(), waiting.size(), deadline.remaining_ms());
    if ((waiting[0].revents & POLLHUP) != 0) ::poll(nullptr, 0, 5);
    if (waiting[1].revents == 0) continue;
    read_available();
    REQUIRE_MESSAGE(screen_.find(text, expected_bytes_) != std::string::npos,
                    "the program ended before it showed: ", std::string(text));
  }
}

bool PtyDriver::read_until(const std::function<bool()>& reached, int timeout_ms) {
  constexpr int kLookEveryMs = 2;
  const Deadline deadline = deadline_in(timeout_ms);
  for (;;) {
    read_available();
    if (reached() || !process_->running()) return true;
    if (deadline.remaining_ms() <= 0) return false;
    pollfd waiting{process_->pidfd(), POLLIN, 0};
    ::poll(&waiting, 1, kLookEveryMs);
  }
}

void PtyDriver::resize(TerminalSize size) const {
  const winsize window = window_of(size);
  REQUIRE(::ioctl(master_.get(), TIOCSWINSZ, &window) == 0);
}

// Linux answers for the slave.
termios PtyDriver::settings() const {
  termios settings{};
  REQUIRE(::tcgetattr(master_.get(), &settings) == 0);
  return settings;
}

void PtyDriver::change_settings(const termios& settings) const {
  REQUIRE(::tcsetattr(master_.get(), TCSANOW, &settings) == 0);
}

void PtyDriver::close() { master_.reset(); }

Outcome PtyDriver::wait(int timeout_ms) {
  const Deadline deadline = deadline_in(timeout_ms);
  while (process_->running() && deadline.remaining_ms() > 0) {
    if (master_) read_available();
    std::array<pollfd, 2> waiting = {{{master_.get(), POLLIN, 0}, {process_->pidfd(), POLLIN, 0}}};
    ::poll(waiting.data(), waiting.size(), deadline.remaining_ms());
    if ((waiting[0].revents & POLLHUP) != 0) ::poll(nullptr, 0, 5);
  }
  INFO("screen: ", screen_);
  Outcome outcome = process_->wait(std::max(deadline.remaining_ms(), 1));
  if (master_) read_available();
  outcome.out = screen_;
  return outcome;
}

bool is_raw(const termios& settings) {
  return (settings.c_lflag & (ICANON | ECHO | ISIG)) == 0 && (settings.c_iflag & ICRNL) == 0 &&
         (settings.c_oflag & OPOST) == 0;
}

bool same_settings(const termios& a, const termios& b) {
  return a.c_iflag == b.c_iflag && a.c_oflag == b.c_oflag && a.c_cflag == b.c_cflag &&
         a.c_lflag == b.c_lflag && std::memcmp(a.c_cc, b.c_cc, sizeof(a.c_cc)) == 0;
}

}  // namespace asciinemad::test
