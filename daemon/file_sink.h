// FileSink: a recording on a local file system or a device that never blocks.
#pragma once

#include <memory>

#include "daemon/sink.h"

namespace asciinemad {

class FileSink final : public Sink {
 public:
  // Time between a change and its sync to the disk.
  static constexpr std::uint64_t kSyncDelayMs = 5000;

  FileSink(uv::Loop& loop, Fd fd, Unit unit);
  ~FileSink() override;

  Status write(std::string_view bytes, std::size_t& written) override;
  bool congested() const override { return false; }
  bool idle() const override { return true; }
  std::uint64_t close() override;

 private:
  void sync();

  uv::Loop& loop_;
  Fd fd_;
  const Unit unit_;
  const bool regular_;
  uv::Handle<uv_timer_t> sync_timer_;
};

}  // namespace asciinemad
