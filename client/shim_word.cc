#include "client/shim_word.h"

#include <array>
#include <cerrno>
#include <cstring>
#include <span>

namespace asciinemad {
namespace {

constexpr std::size_t kMaxReasonBytes = 1000;

}  // namespace

Status send_word(int socket, const ShimWord& word) {
  std::string bytes(1, static_cast<char>(word.kind));
  if (word.kind == ShimWord::Kind::gave_up) {
    bytes += word.reason.substr(0, kMaxReasonBytes);
  } else {
    bytes.append(reinterpret_cast<const char*>(&word.exit), sizeof(word.exit));
  }
  const int master = word.master.get();
  const std::span<const int> fds(&master, master >= 0 ? 1 : 0);
  // Into an empty socket, where it fits as a whole.
  Result<std::size_t> sent = send_with_fds(socket, bytes, fds);
  return sent.ok() ? Status() : Status(sent.take_error());
}

Result<std::optional<ShimWord>> receive_word(int socket) {
  const Error gone{Errc::unavailable, "the shim, the command's parent process, has died"};
  std::array<char, 1 + kMaxReasonBytes> buffer{};
  Result<Received> received = receive_with_fds(socket, buffer);
  if (!received.ok()) {
    if (received.error().sys_errno == EAGAIN) return std::optional<ShimWord>();
    return gone;
  }
  if (received->size == 0) return gone;
  ShimWord word;
  word.kind = static_cast<ShimWord::Kind>(buffer[0]);
  const std::size_t rest = received->size - 1;
  if (word.kind == ShimWord::Kind::ended) {
    if (rest != sizeof(word.exit)) return gone;
    std::memcpy(&word.exit, buffer.data() + 1, sizeof(word.exit));
    return std::optional<ShimWord>(std::move(word));
  }
  if (received->fds.empty()) return gone;
  word.reason.assign(buffer.data() + 1, rest);
  word.master = std::move(received->fds.front());
  return std::optional<ShimWord>(std::move(word));
}

}  // namespace asciinemad
