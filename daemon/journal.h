// Journal: what must survive the daemon's death at any instant, in memory that the session's shim
// holds a descriptor of and hands to the next daemon.
//
// A PTY's output is gone from the kernel once it is read. So it is read into this memory, and stays
// there until it is in the recording, or in the queue of one that is no local file. The memory is
// filled with a byte that no UTF-8 text has before each read: thus a successor sees how much was
// read even when the daemon died within read(). Besides there is the place of the recorder and of
// the hotkey scanner, each twice: one is whole while the other one is written.
//
// The loop's thread alone writes. Linux: a sealed memfd, elsewhere an unlinked file.
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <string_view>

#include "common/fd.h"
#include "common/result.h"
#include "proto/message.h"

namespace asciinemad {

class Journal {
 public:
  // As much as is read in a turn of the loop.
  static constexpr std::size_t kBatchBytes = std::size_t{8} << 10;

  static Result<std::unique_ptr<Journal>> create();
  // One that a daemon of the same layout has made. Errc::invalid_data: it is something else, or
  // could be cut while it is mapped.
  static Result<std::unique_ptr<Journal>> adopt(Fd fd);
  ~Journal();
  Journal(const Journal&) = delete;
  Journal& operator=(const Journal&) = delete;

  // For the shim.
  int fd() const { return fd_.get(); }

  // Where output is read to, from its beginning, before batch_read().
  std::span<char> batch();
  // Output is there and about to be recorded, the recording being `recorded_bytes` long; nullopt:
  // it has no length.
  void batch_read(std::optional<std::uint64_t> recorded_bytes);
  // All of it is recorded and shown; `size` bytes had been read. Saves the recorder's place first.
  void batch_done(std::size_t size, const wire::Checkpoint& recorder);

  // Saves what Recorder::save() gives, or the scanner's state (at most kMaxKeysBytes; a longer one
  // is left out).
  void save_recorder(const wire::Checkpoint& recorder);
  void save_keys(std::string_view state);
  static constexpr std::size_t kMaxKeysBytes = 508;
  // Bytes of the recording that are accepted and not written.
  void set_queued(std::uint64_t bytes);
  std::uint64_t queued() const;
  // Whether the terminal lacks something that is in the recording.
  void set_screen_behind(bool behind);

  // After adopt(): puts what was saved into `checkpoint`, which has the rest.
  void load(wire::Checkpoint& checkpoint) const;
  // A batch that a dead daemon has read and not done with.
  struct Unfinished {
    std::string_view bytes;  // in batch()
    // The recording's length before it; nullopt: nothing was written, or it has none.
    std::optional<std::uint64_t> recorded_bytes;
  };
  std::optional<Unfinished> unfinished() const;
  bool screen_behind() const;

 private:
  struct Page;

  Journal(Fd fd, void* memory) : fd_(std::move(fd)), memory_(memory) {}
  Page& page() const { return *static_cast<Page*>(memory_); }
  void put(const wire::Checkpoint& recorder, std::uint64_t batch);

  Fd fd_;
  void* memory_;
};

}  // namespace asciinemad
