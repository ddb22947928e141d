// Pty: the master side of a session's pseudo-terminal, watched by the loop.
//
// Not a uv_pipe_t or uv_tty_t: libuv before 1.52 takes a partial read with POLLHUP for the end and
// loses the tail of short sessions (tests/integration/short_sessions_test.cc).
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <string>
#include <string_view>

#include "common/fd.h"
#include "daemon/platform.h"
#include "daemon/uv_loop.h"
#include "proto/message.h"

namespace asciinemad {

class Pty {
 public:
  class Listener {
   public:
    // One batch of what the program wrote, at most the scratch buffer's size. Valid during the
    // call.
    virtual void on_pty_output(std::string_view bytes) = 0;
    // While draining: nothing is left to read. Otherwise: every slave is closed, no more will come.
    virtual void on_pty_end() = 0;
    // Input that had to wait has been taken.
    virtual void on_pty_input_drained() = 0;

   protected:
    ~Listener() = default;
  };

  // Typed input waits here at most; past it congested() is true and the terminal must not be read.
  static constexpr std::size_t kMaxPendingInput = std::size_t{64} << 10;

  // `scratch` is the loop's read buffer, shared by all sessions.
  static Result<std::unique_ptr<Pty>> open(uv::Loop& loop, Fd master, std::span<char> scratch,
                                           Listener& listener);

  // Begins or stops reading the program's output.
  void set_reading(bool reading);

  // Passes input to the program, later when it does not read. Never loses any.
  void write(std::string_view bytes);
  bool congested() const { return pending_input_.size() >= kMaxPendingInput; }

  // The input has ended: types the end-of-file character after what is pending. A program that sets
  // up its terminal just then would read it as a NUL, so it is typed again a few times; to a
  // program whose input is at its end, that is what reading on gives.
  void type_end_of_file();

  // The command is gone: reads what it has left in the kernel's buffers and then reports the end,
  // without waiting for others that hold the slave. Bounded, should they go on writing. After
  // set_reading(false) during the drain, call it again to go on.
  void drain();

  // Delivers what the kernel holds of the output now.
  void catch_up();

  Status resize(const wire::WindowSize& size);

  bool has_pending_input() const { return !pending_input_.empty(); }

  // Path of the end that the command sees; empty where the system does not tell.
  std::string terminal_path() const { return slave_path(master_.get()); }
  // Whether `terminal` is the end that the command sees.
  bool is_terminal(int terminal) const { return is_slave_of(terminal, master_.get()); }

 private:
  enum class Outcome { more, empty, end };

  Pty(Fd master, std::span<char> scratch, Listener& listener)
      : master_(std::move(master)), scratch_(scratch), listener_(listener) {}

  void on_ready(int events);
  void flush_input();
  void read_batch();
  // Fills the scratch buffer; what stopped it.
  Outcome read_available(std::size_t& filled, int max_reads);
  void update_watch();
  void on_end_of_file_due();

  // The kernel holds less than this of a PTY's output; what is read beyond it after the command's
  // end was written by others.
  static constexpr std::size_t kMaxDrainBytes = std::size_t{256} << 10;

  Fd master_;
  uv::Handle<uv::Poll> poll_;
  uv::Handle<uv_timer_t> end_of_file_timer_;
  std::span<char> scratch_;
  Listener& listener_;

  bool reading_ = false;
  int watched_ = 0;
  std::string pending_input_;
  unsigned end_of_file_typed_ = 0;
  bool end_of_file_wanted_ = false;
  bool draining_ = false;
  std::size_t drained_bytes_ = 0;
};

}  // namespace asciinemad
