// Sink: where a recording's bytes go. Files are written at once, by a plain write(); what can block
// waits in a bounded queue and holds its own session's program back, nobody else's.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string_view>

#include "common/fd.h"
#include "daemon/uv_loop.h"

namespace asciinemad {

class Sink {
 public:
  class Listener {
   public:
    // congested() has become false, or idle() true.
    virtual void on_sink_drained() = 0;
    // Bytes that write() had accepted could not be written after all; `lost_bytes` of them.
    virtual void on_sink_failed(const Error& error, std::uint64_t lost_bytes) = 0;

   protected:
    ~Listener() = default;
  };

  // What a partial write leaves behind when the disk is full.
  enum class Unit {
    line,  // nothing: the file still ends in a whole line
    byte,  // as much as fits
  };

  virtual ~Sink() = default;

  // Takes all of `bytes` or, with an error, none of them (Unit::byte: `written` tells how many). A
  // later write() may succeed again: space may come back.
  virtual Status write(std::string_view bytes, std::size_t& written) = 0;

  // What it writes to; -1 when it is closed.
  virtual int fd() const = 0;

  // Bytes that stand before what write() writes next; nullopt: nobody knows, as with a pipe.
  virtual std::optional<std::uint64_t> position() const { return std::nullopt; }

  // Accepted and not written yet: lost when the process dies.
  virtual std::uint64_t queued_bytes() const { return 0; }

  // True: the queue is at its bound; do not produce more until on_sink_drained().
  virtual bool congested() const = 0;
  // True: nothing waits in a queue.
  virtual bool idle() const = 0;

  // No more will be written: makes what was written last, where that can fail late. idle() tells
  // when it is done, on_sink_failed() that it could not be.
  virtual void finish() {}

  // The recording is complete, or given up. Bytes still queued are lost; returns how many. Syncs in
  // the background.
  virtual std::uint64_t close() = 0;
};

// Writes to a descriptor that does not answer EAGAIN: all of `bytes`, or an error and what Unit
// says. For the sinks themselves.
Status write_unit(int fd, std::string_view bytes, Sink::Unit unit, std::size_t& written);

// Picks the kind of sink that suits what `fd` is. Errc::system when it can't be watched.
Result<std::unique_ptr<Sink>> make_sink(uv::Loop& loop, Fd fd, Sink::Unit unit,
                                        Sink::Listener& listener);

}  // namespace asciinemad
