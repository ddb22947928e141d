// RecordingStorage: the plain bytes of a recording that is played, readable at any place by several
// threads.
//
// A regular file that is not compressed is read where it is. Of anything else, a pipe or a
// compressed file, what has been read is kept in a spool file, for going back.
#pragma once

#include <atomic>
#include <cstdint>
#include <memory>
#include <mutex>
#include <string>
#include <vector>

#include "common/byte_source.h"
#include "common/fd.h"
#include "common/result.h"

namespace asciinemad {

class RecordingStorage {
 public:
  // No more is kept; and with so much kept, this much of the disk is left to others.
  static constexpr std::uint64_t kMaxSpoolBytes = std::uint64_t{4} << 30;
  static constexpr std::uint64_t kSmallSpoolBytes = std::uint64_t{64} << 20;
  static constexpr std::uint64_t kSpareBytes = std::uint64_t{256} << 20;

  // Reads the first bytes, so it may wait; `cancel_fd` (the caller's) ends each wait with
  // Errc::cancelled while it is readable. The spool is an unlinked file in `spool_directory`.
  static Result<std::shared_ptr<RecordingStorage>> open(Fd recording, int cancel_fd,
                                                        const std::string& spool_directory);

  // Whether reading what is not spooled yet may wait for somebody: the recording is a pipe.
  bool is_stream() const { return stream_; }
  // Whether reading at `offset` reads from the pipe, or decompresses.
  bool would_pull(std::uint64_t offset) const { return source_ != nullptr && offset >= spooled_; }
  // Any thread. Fills the front of `buffer`; 0 at the end, as it is now.
  Result<std::size_t> read_at(std::uint64_t offset, std::span<char> buffer);

  // The recording itself when it is a plain regular file; else -1.
  int plain_fd() const { return source_ == nullptr ? recording_.get() : -1; }

 private:
  RecordingStorage() = default;

  Status pull();
  Status check_room() const;

  Fd recording_;
  bool stream_ = false;
  Fd spool_;
  std::mutex pull_mutex_;               // guards source_'s use, buffer_ and writing to spool_
  std::unique_ptr<ByteSource> source_;  // null: recording_ is read directly
  std::vector<char> buffer_;
  bool ended_ = false;
  std::atomic<std::uint64_t> spooled_ = 0;
};

// One reader's place in it.
class StorageCursor : public ByteSource {
 public:
  enum class Waiting {
    allowed,
    never,  // a stream seems to end where it is not spooled yet
  };

  // read() gives Errc::cancelled while `interrupted` is set.
  StorageCursor(RecordingStorage& storage, Waiting waiting, const std::atomic<bool>& interrupted)
      : storage_(storage), waiting_(waiting), interrupted_(interrupted) {}

  void seek(std::uint64_t offset) { offset_ = offset; }
  Result<std::size_t> read(std::span<char> buffer) override;

 protected:
  // Before a read that would_pull().
  virtual void on_pull() {}

 private:
  RecordingStorage& storage_;
  const Waiting waiting_;
  const std::atomic<bool>& interrupted_;
  std::uint64_t offset_ = 0;
};

}  // namespace asciinemad
