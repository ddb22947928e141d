// FileSink: a recording on a local file system or a device that never blocks.
#pragma once

#include <memory>

#include "daemon/sink.h"

namespace asciinemad {

class FileSink final : public Sink {
 public:
  // From a change after a quiet time to its sync to the disk, and between two syncs at least.
  static constexpr std::uint64_t kFirstSyncDelayMs = 1000;
  static constexpr std::uint64_t kSyncIntervalMs = 5000;

  FileSink(uv::Loop& loop, Fd fd, Unit unit);
  ~FileSink() override;

  Status write(std::string_view bytes, std::size_t& written) override;
  int fd() const override { return fd_.get(); }
  std::optional<std::uint64_t> position() const override;
  bool congested() const override { return false; }
  bool idle() const override { return true; }
  std::uint64_t close() override;

 private:
  void schedule_sync();
  void on_sync_due();
  void sync();

  uv::Loop& loop_;
  Fd fd_;
  const Unit unit_;
  const bool regular_;
  uv::Handle<uv_timer_t> sync_timer_;
  std::uint64_t last_sync_at_ms_ = 0;  // loop time; 0: none yet
};

}  // namespace asciinemad
