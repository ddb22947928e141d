#include "daemon/pty.h"

#include <sys/ioctl.h>
#include <termios.h>
#include <unistd.h>

#include <cerrno>

namespace asciinemad {
namespace {

// A read gives 4 KiB at most. Larger batches make the program, this loop and the terminal take
// turns instead of working at once: against script(1) 2, 4 and 8 reads gave 0.99, 0.94 and 0.79 of
// the throughput in one run of bench/compare.py.
constexpr int kMaxReadsPerTurn = 2;
// A read of less than this took all there was: looking for more would only delay showing it.
constexpr std::size_t kSmallRead = 1024;
constexpr int kMaxCatchUpBatches = 16;
constexpr unsigned kEndOfFileTries = 8;
constexpr std::uint64_t kFirstEndOfFileDelayMs = 50;

}  // namespace

Result<std::unique_ptr<Pty>> Pty::open(uv::Loop& loop, Fd master, std::span<char> scratch,
                                       Listener& listener) {
  std::unique_ptr<Pty> pty(new Pty(std::move(master), scratch, listener));
  TRY_ASSIGN(pty->poll_, uv::make_poll(loop, pty->master_.get()));
  pty->end_of_file_timer_ = uv::make_timer(loop);
  return pty;
}

void Pty::update_watch() {
  const int wanted = (reading_ ? UV_READABLE : 0) | (pending_input_.empty() ? 0 : UV_WRITABLE);
  if (wanted == watched_) return;
  watched_ = wanted;
  uv::watch<&Pty::on_ready>(poll_, wanted, this);
}

void Pty::set_reading(bool reading) {
  reading_ = reading;
  update_watch();
}

void Pty::write(std::string_view bytes) {
  if (pending_input_.empty()) {
    // EIO: no slave is open, so nobody will ever read it.
    if (write_available(master_.get(), bytes) != EAGAIN) return;
  }
  pending_input_.append(bytes);
  update_watch();
}

void Pty::flush_input() {
  std::string_view rest = pending_input_;
  if (write_available(master_.get(), rest) != EAGAIN) rest = {};
  if (rest.size() == pending_input_.size()) return;
  if (rest.empty()) {
    pending_input_ = std::string();  // gives a large paste's memory back
  } else {
    pending_input_.erase(0, pending_input_.size() - rest.size());
  }
  update_watch();
  if (!pending_input_.empty()) return;
  if (end_of_file_wanted_ && end_of_file_typed_ == 0) on_end_of_file_due();
  listener_.on_pty_input_drained();
}

void Pty::type_end_of_file() {
  end_of_file_wanted_ = true;
  if (pending_input_.empty()) on_end_of_file_due();
}

void Pty::on_end_of_file_due() {
  termios settings{};
  if (::tcgetattr(master_.get(), &settings) != 0) return;
  const char end_of_file = static_cast<char>(settings.c_cc[VEOF]);
  if (end_of_file == static_cast<char>(_POSIX_VDISABLE)) return;
  write(std::string_view(&end_of_file, 1));
  if (++end_of_file_typed_ >= kEndOfFileTries) return;
  uv::start_timer<&Pty::on_end_of_file_due>(
      end_of_file_timer_, kFirstEndOfFileDelayMs << (end_of_file_typed_ - 1), this);
}

void Pty::drain() {
  draining_ = true;
  set_reading(true);
  // To the end in one go: when a batch happens to take the last byte, the kernel has nothing to
  // wake the loop for any more. kMaxDrainBytes bounds it.
  while (reading_) read_batch();
}

void Pty::on_ready(int events) {
  // Input first: Ctrl-C must get through while the program floods the screen.
  if ((events & UV_WRITABLE) != 0) flush_input();
  if ((events & UV_READABLE) == 0 || !reading_) return;
  if (draining_) {
    drain();
  } else {
    read_batch();
  }
}

Pty::Outcome Pty::read_available(std::size_t& filled, int max_reads) {
  for (int reads = 0; reads < max_reads && filled < scratch_.size(); ++reads) {
    const ssize_t n = ::read(master_.get(), scratch_.data() + filled, scratch_.size() - filled);
    if (n > 0) {
      filled += static_cast<std::size_t>(n);
      if (reads == 0 && filled < kSmallRead && !draining_) return Outcome::more;
      continue;
    }
    if (n < 0 && errno == EINTR) continue;
    // EIO: the last slave has been closed.
    return n < 0 && errno == EAGAIN ? Outcome::empty : Outcome::end;
  }
  return Outcome::more;
}

void Pty::catch_up() {
  // More than the kernel holds; a program that goes on writing must not keep us here.
  for (int batches = 0; batches < kMaxCatchUpBatches; ++batches) {
    std::size_t filled = 0;
    const Outcome outcome = read_available(filled, kMaxReadsPerTurn);
    if (filled > 0) listener_.on_pty_output({scratch_.data(), filled});
    if (outcome != Outcome::more) return;  // an end shows again when it is watched for
  }
}

void Pty::read_batch() {
  std::size_t filled = 0;
  Outcome outcome = read_available(filled, kMaxReadsPerTurn);
  if (draining_) {
    drained_bytes_ += filled;
    if (outcome == Outcome::empty || drained_bytes_ > kMaxDrainBytes) outcome = Outcome::end;
  }
  if (outcome == Outcome::end) set_reading(false);
  if (filled > 0) listener_.on_pty_output({scratch_.data(), filled});
  if (outcome == Outcome::end) listener_.on_pty_end();
}

Status Pty::resize(const wire::WindowSize& size) {
  winsize window{};
  window.ws_col = size.cols;
  window.ws_row = size.rows;
  window.ws_xpixel = size.xpixel;
  window.ws_ypixel = size.ypixel;
  if (::ioctl(master_.get(), TIOCSWINSZ, &window) != 0) {
    return system_error("set the window size", errno);
  }
  return {};
}

}  // namespace asciinemad
