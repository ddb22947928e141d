// ThreadSink: a recording on a file system that can block for minutes (network, FUSE), written by a
// thread of its own behind a bounded queue.
#pragma once

#include <memory>

#include "daemon/sink.h"

namespace asciinemad {

class ThreadSink final : public Sink {
 public:
  static constexpr std::size_t kMaxQueueBytes = std::size_t{1} << 20;

  static Result<std::unique_ptr<ThreadSink>> open(uv::Loop& loop, Fd fd, Unit unit,
                                                  Listener& listener);
  ~ThreadSink() override;

  Status write(std::string_view bytes, std::size_t& written) override;
  int fd() const override;
  std::uint64_t queued_bytes() const override;
  bool congested() const override;
  bool idle() const override;
  void finish() override;
  std::uint64_t close() override;

 private:
  struct Shared;

  explicit ThreadSink(Listener& listener) : listener_(listener) {}

  void on_progress();

  // Shared with the writer, which outlives this object when the file system hangs in close().
  std::shared_ptr<Shared> shared_;
  uv::Handle<uv_async_t> wake_;
  Listener& listener_;
};

}  // namespace asciinemad
