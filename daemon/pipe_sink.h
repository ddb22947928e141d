// PipeSink: a recording into a FIFO, pipe, socket or terminal, through a bounded queue.
#pragma once

#include <string>

#include "daemon/sink.h"

namespace asciinemad {

class PipeSink final : public Sink {
 public:
  static constexpr std::size_t kMaxQueueBytes = std::size_t{256} << 10;

  static Result<std::unique_ptr<PipeSink>> open(uv::Loop& loop, Fd fd, Listener& listener);

  Status write(std::string_view bytes, std::size_t& written) override;
  int fd() const override { return fd_.get(); }
  std::uint64_t queued_bytes() const override { return queue_.size(); }
  bool congested() const override { return queue_.size() >= kMaxQueueBytes; }
  bool idle() const override { return queue_.empty(); }
  std::uint64_t close() override;

 private:
  PipeSink(Fd fd, Listener& listener) : fd_(std::move(fd)), listener_(listener) {}

  void on_writable(int events);

  Fd fd_;
  uv::Handle<uv::Poll> poll_;
  Listener& listener_;
  std::string queue_;
};

}  // namespace asciinemad
