#include "daemon/pipe_sink.h"

#include <unistd.h>

#include <cerrno>

namespace asciinemad {

Result<std::unique_ptr<PipeSink>> PipeSink::open(uv::Loop& loop, Fd fd, Listener& listener) {
  std::unique_ptr<PipeSink> sink(new PipeSink(std::move(fd), listener));
  TRY_ASSIGN(sink->poll_, uv::make_poll(loop, sink->fd_.get()));
  return sink;
}

Status PipeSink::write(std::string_view bytes, std::size_t& written) {
  written = 0;
  if (!fd_) return system_error("write the recording", EPIPE);
  std::string_view rest = bytes;
  if (queue_.empty()) {
    const int error = write_available(fd_.get(), rest);
    if (error != 0 && error != EAGAIN) return system_error("write the recording", error);
  }
  written = bytes.size();
  if (rest.empty()) return {};
  queue_.append(rest);
  uv::watch<&PipeSink::on_writable>(poll_, UV_WRITABLE, this);
  return {};
}

void PipeSink::on_writable(int /*events*/) {
  std::string_view rest = queue_;
  const int error = write_available(fd_.get(), rest);
  if (error != 0 && error != EAGAIN) {
    const std::size_t lost = rest.size();
    close();
    listener_.on_sink_failed(system_error("write the recording", error), lost);
    listener_.on_sink_drained();
    return;
  }
  const bool was_congested = congested();
  queue_.erase(0, queue_.size() - rest.size());
  if (queue_.empty()) {
    queue_ = std::string();
    uv::watch<&PipeSink::on_writable>(poll_, 0, this);
  }
  if (queue_.empty() || (was_congested && !congested())) listener_.on_sink_drained();
}

std::uint64_t PipeSink::close() {
  const std::uint64_t lost = queue_.size();
  queue_ = std::string();
  poll_.reset();
  fd_.reset();
  return lost;
}

}  // namespace asciinemad
