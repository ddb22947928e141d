#include "client/relay.h"

#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <sys/ioctl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <vector>

#include "client/signals.h"
#include "common/paths.h"
#include "common/printable.h"

namespace asciinemad {
namespace {

constexpr std::size_t kLogLines = 5;
constexpr off_t kMaxTailBytes = 4096;
// For a terminal that has stopped.
constexpr int kNoticeTimeoutMs = 2000;
constexpr int kRestTimeoutMs = 2000;

// Whatever it is, it may be written to.
Fd duplicate_or_null(const Fd& fd) {
  Result<Fd> copy = fd ? duplicate(fd.get()) : Result<Fd>(Fd());
  if (copy.ok() && *copy) return std::move(copy).value();
  return Fd(::open("/dev/null", O_RDWR | O_CLOEXEC));
}

// The terminal is raw.
std::string notice(const std::string& reason, const std::string& path) {
  std::string text = "\r\n\x1b[0;31masciinema: recording has STOPPED: " + printable(reason) +
                     "; what was recorded until then is in " + printable(path) +
                     "; the program runs on\x1b[0m\r\n";
  const std::optional<std::string> log = daemon_log_path(ProcessEnvironment());
  if (!log.has_value()) return text;
  const std::string lines = last_lines(*log, kLogLines);
  if (lines.empty()) return text;
  text += "The last lines of " + printable(*log) + ":\r\n";
  std::string_view rest = lines;
  while (!rest.empty()) {
    const std::size_t end = std::min(rest.find('\n'), rest.size() - 1);
    text += "  " + printable(rest.substr(0, end)) + "\r\n";
    rest.remove_prefix(end + 1);
  }
  return text;
}

}  // namespace

std::string last_lines(const std::string& path, std::size_t count) {
  const Fd file(::open(path.c_str(), O_RDONLY | O_NOCTTY | O_CLOEXEC));
  struct stat info {};
  if (!file || ::fstat(file.get(), &info) != 0) return {};
  std::array<char, kMaxTailBytes> buffer{};
  const off_t from = std::max<off_t>(info.st_size - kMaxTailBytes, 0);
  const ssize_t n = ::pread(file.get(), buffer.data(), buffer.size(), from);
  if (n <= 0) return {};
  std::string_view text(buffer.data(), static_cast<std::size_t>(n));
  // The first one may be cut.
  if (from > 0) text.remove_prefix(std::min(text.find('\n'), text.size() - 1) + 1);
  std::size_t begin = text.size();
  while (begin > 0 && count > 0) {
    const std::size_t newline = begin < 2 ? std::string_view::npos : text.rfind('\n', begin - 2);
    begin = newline == std::string_view::npos ? 0 : newline + 1;
    --count;
  }
  std::string lines(text.substr(begin));
  if (!lines.empty() && lines.back() != '\n') lines += '\n';
  return lines;
}

Relay::Relay(SessionLoop& loop, const SessionLoop::Listener& listener, RelaySetup setup)
    : loop_(loop),
      listener_(listener),
      master_(std::move(setup.master)),
      output_(duplicate_or_null(setup.terminal.output)),
      home_(setup.home),
      path_(std::move(setup.path)),
      to_command_(std::move(setup.terminal.input), duplicate_or_null(master_), Pump::Direction::in),
      to_user_(duplicate_or_null(master_), duplicate_or_null(output_), Pump::Direction::out) {}

void Relay::run(const std::string& reason) {
  set_size();
  static_cast<void>(write_all(output_.get(), notice(reason, path_), kNoticeTimeoutMs));
  while (wait_once()) {
  }
  if (!left_) show_rest();
}

// False: it is over.
bool Relay::wait_once() {
  std::vector<Pump*> pumps = {&to_command_, &to_user_};
  for (Pump& pump : loop_.pumps()) pumps.push_back(&pump);
  std::vector<pollfd> waiting = {{home_, POLLIN, 0}, {loop_.signals().fd(), POLLIN, 0}};
  for (const Pump* pump : pumps) waiting.push_back(pump->waits_for());
  if (::poll(waiting.data(), waiting.size(), -1) < 0) return errno == EINTR;
  for (std::size_t i = 0; i < pumps.size(); ++i) {
    if (waiting[i + 2].revents != 0) pumps[i]->run();
  }
  if (waiting[1].revents != 0) take_signals();
  return !left_ && waiting[0].revents == 0 && !to_user_.done();
}

void Relay::take_signals() {
  while (const std::optional<int> signum = loop_.signals().next()) {
    switch (*signum) {
      case SIGWINCH:
        set_size();
        break;
      case SIGCONT:
        loop_.tty().make_raw();
        set_size();
        break;
      case SIGTSTP:
        loop_.tty().restore();
        Signals::stop_self();
        loop_.tty().make_raw();
        break;
      default:
        left_ = true;
    }
  }
}

// A background job may hold the PTY open: what is there now is all there is to wait for.
void Relay::show_rest() {
  while (!to_user_.done()) {
    pollfd waiting = to_user_.waits_for();
    const bool has_something = waiting.events == POLLOUT;
    if (::poll(&waiting, 1, has_something ? kRestTimeoutMs : 0) <= 0) return;
    to_user_.run();
  }
}

void Relay::set_size() const {
  const wire::WindowSize size = listener_.size();
  winsize window{};
  window.ws_col = size.cols;
  window.ws_row = size.rows;
  window.ws_xpixel = size.xpixel;
  window.ws_ypixel = size.ypixel;
  ::ioctl(master_.get(), TIOCSWINSZ, &window);
}

}  // namespace asciinemad
