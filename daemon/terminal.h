// Terminal: the user's end of a session: where typed bytes come from and the screen's bytes go.
#pragma once

#include <span>
#include <string>
#include <string_view>

#include "common/fd.h"
#include "daemon/uv_loop.h"
#include "proto/message.h"

namespace asciinemad {

class Terminal {
 public:
  class Listener {
   public:
    virtual void on_terminal_input(std::string_view bytes) = 0;
    // No more input: a pipe has ended, or the terminal is gone.
    virtual void on_terminal_input_end() = 0;
    // Screen bytes that had to wait have been written.
    virtual void on_terminal_drained() = 0;

   protected:
    ~Listener() = default;
  };

  // The descriptors are nonblocking and their open file descriptions nobody else's; either may be
  // absent. `input_is_terminal` tells a terminal from a pipe.
  struct Resources {
    Fd input;
    Fd output;
    bool input_is_terminal = false;
    std::string saved_termios;
  };

  static constexpr int kPatienceMs = 20;

  static Result<std::unique_ptr<Terminal>> open(uv::Loop& loop, Resources resources,
                                                std::span<char> scratch, Listener& listener);

  void set_reading(bool reading);
  bool input_is_terminal() const { return resources_.input_is_terminal; }
  bool output_is_terminal() const;

  // Shows bytes, now or when the terminal takes them. Whoever writes while congested() adds to the
  // queue: stop reading the PTY instead. A terminal that is gone swallows everything.
  void write(std::string_view bytes);
  bool congested() const { return !unwritten_.empty(); }
  // For the last bytes before the terminal is given back: tries for kPatienceMs.
  void write_last(std::string_view bytes);

  // What write() still keeps, for the terminal that follows this one.
  std::string take_unwritten() { return std::move(unwritten_); }

  // Puts back the settings the terminal had before the client changed them, for a client that died
  // and can't.
  void restore_settings();

 private:
  Terminal(Resources resources, std::span<char> scratch, Listener& listener)
      : resources_(std::move(resources)), scratch_(scratch), listener_(listener) {}

  void on_input_ready(int events);
  void on_output_ready(int events);
  bool deliver_typed_end_of_file();
  // Writes what is possible and returns the rest.
  std::string_view write_some(std::string_view bytes);

  Resources resources_;
  uv::Handle<uv::Poll> input_poll_;
  uv::Handle<uv::Poll> output_poll_;
  std::span<char> scratch_;
  Listener& listener_;

  bool reading_ = false;
  bool input_ended_ = false;
  std::string unwritten_;
};

}  // namespace asciinemad
