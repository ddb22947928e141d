// Recorder: a session's events, encoded and on their way to the sink; pause and the time line.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

#include "common/asciicast_writer.h"
#include "common/clock.h"
#include "common/utf8.h"
#include "daemon/sink.h"
#include "proto/message.h"

namespace asciinemad {

// Times never decrease and stand still while paused. What the sink refuses is counted, and the next
// event is tried again: space may come back.
class Recorder final : private Sink::Listener {
 public:
  class Listener {
   public:
    // The first time that something could not be recorded.
    virtual void on_recording_incomplete(const std::string& reason) = 0;
    // congested() or idle() may have changed.
    virtual void on_recorder_drained() = 0;

   protected:
    ~Listener() = default;
  };

  // `scratch` is a buffer of the loop's, shared by all recorders, for encoding.
  Recorder(const Clock& clock, wire::Format format, std::string& scratch, Listener& listener);

  // Takes over the recording; call before anything else. `fd` stands where the session's part
  // begins.
  Status open(uv::Loop& loop, Fd fd);

  // Begins a new recording: time 0 is now.
  void begin(const AsciicastHeader& header, const wire::WindowSize& size);
  // Goes on with one that another daemon has begun, after restore(). `header` is written if that
  // one could not write it.
  void continue_recording(const AsciicastHeader& header);
  // Continues one whose last event was at `offset_us`. Its size then may have been another one.
  void begin_appending(std::uint64_t offset_us, const wire::WindowSize& size);

  void output(std::string_view bytes);
  void input(std::string_view bytes);
  // False: it is not in the recording, which is paused, raw or takes nothing.
  bool marker(std::string_view label);
  // While paused it is written on resume, and only if it still differs then.
  void resize(const wire::WindowSize& size);

  void pause();
  void resume();
  bool paused() const { return paused_; }

  // The program has written more, which nobody reads any more.
  void miss_the_end();
  // Writes incomplete characters and what else is due. Nothing may be recorded afterwards.
  void finish();
  // Gives up what the sink has not written yet.
  void close();

  // Of the recording; -1 when it is closed.
  int fd() const { return sink_->fd(); }
  // Bytes that it has, if that is known.
  std::optional<std::uint64_t> position() const { return sink_->position(); }
  // Bytes that die with this process.
  std::uint64_t queued_bytes() const { return sink_->queued_bytes(); }
  bool congested() const { return sink_->congested(); }
  bool idle() const { return sink_->idle(); }

  // Of the character that the output so far ends in the middle of; 0 to 3.
  std::size_t output_tail_bytes() const { return output_decoder_.pending().size(); }
  std::uint64_t duration_us() const;
  std::uint64_t lost_bytes() const { return lost_bytes_; }
  const std::string& loss_reason() const { return loss_reason_; }

  // A daemon has died with so many bytes of the recording in its queue.
  void count_queue_of_dead(std::uint64_t bytes);

  // Fills in what the recorder knows of a checkpoint; restore() is its inverse.
  void save(wire::Checkpoint& to) const;
  Status restore(const wire::Checkpoint& from);

 private:
  void on_sink_drained() override;
  void on_sink_failed(const Error& error, std::uint64_t lost_bytes) override;

  std::uint64_t now_us();
  void write_tails();
  bool write_event(EventCode code, std::string_view text, std::size_t source_bytes);
  void start_time_line(std::uint64_t offset_us, const wire::WindowSize& size);
  bool resize_pending() const;
  void write_resize();
  // Writes what found no room before: the header, then the size. False when there still is none.
  bool write_overdue();
  // Hands scratch_ to the sink; false when it refuses, and `source_bytes` are lost.
  bool emit(std::size_t source_bytes);
  void count_loss(const Error& error, std::uint64_t bytes);

  const Clock& clock_;
  const wire::Format format_;
  std::string& scratch_;
  Listener& listener_;
  std::unique_ptr<Sink> sink_;

  Utf8Decoder output_decoder_;
  Utf8Decoder input_decoder_;

  // The time line: position = clock - started_at_us_ - paused_for_us_.
  std::uint64_t started_at_us_ = 0;
  std::uint64_t paused_for_us_ = 0;
  std::uint64_t paused_at_us_ = 0;
  std::uint64_t last_event_at_us_ = 0;
  bool paused_ = false;

  wire::WindowSize size_;           // the terminal's
  wire::WindowSize recorded_size_;  // the recording's
  std::string overdue_header_;      // empty once it is in the recording

  std::uint64_t lost_bytes_ = 0;
  std::string loss_reason_;
};

}  // namespace asciinemad
