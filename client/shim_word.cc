#include "client/shim_word.h"

#include <array>
#include <cerrno>
#include <cstdint>
#include <cstring>
#include <span>
#include <string_view>

namespace asciinemad {
namespace {

constexpr std::size_t kMaxReasonBytes = 1000;

// All of wire::Finished but the reason of a loss, which follows.
struct Ending {
  wire::Exit exit;
  std::uint64_t lost_bytes = 0;
  bool discarded = false;
  bool uploading = false;
  bool paused = false;
};

void append(std::string& bytes, const wire::Finished& finished) {
  const Ending ending{finished.exit, finished.lost_bytes, finished.discarded, finished.uploading,
                      finished.paused};
  bytes.append(reinterpret_cast<const char*>(&ending), sizeof(ending));
  bytes += finished.loss_reason.substr(0, kMaxReasonBytes);
}

// nullopt: too short.
std::optional<wire::Finished> take_finished(std::string_view bytes) {
  Ending ending;
  if (bytes.size() < sizeof(ending)) return std::nullopt;
  std::memcpy(&ending, bytes.data(), sizeof(ending));
  wire::Finished finished;
  finished.exit = ending.exit;
  finished.lost_bytes = ending.lost_bytes;
  finished.loss_reason = bytes.substr(sizeof(ending));
  finished.discarded = ending.discarded;
  finished.uploading = ending.uploading;
  finished.paused = ending.paused;
  return finished;
}

}  // namespace

Status send_word(int socket, const ShimWord& word) {
  std::string bytes(1, static_cast<char>(word.kind));
  if (word.kind == ShimWord::Kind::gave_up) {
    bytes += word.reason.substr(0, kMaxReasonBytes);
  } else {
    append(bytes, word.finished);
  }
  const int master = word.master.get();
  const std::span<const int> fds(&master, master >= 0 ? 1 : 0);
  // Into an empty socket, where it fits as a whole.
  Result<std::size_t> sent = send_with_fds(socket, bytes, fds);
  return sent.ok() ? Status() : Status(sent.take_error());
}

Result<std::optional<ShimWord>> receive_word(int socket) {
  const Error gone{Errc::unavailable, "the shim, the command's parent process, has died"};
  std::array<char, 1 + sizeof(Ending) + kMaxReasonBytes> buffer{};
  Result<Received> received = receive_with_fds(socket, buffer);
  if (!received.ok()) {
    if (received.error().sys_errno == EAGAIN) return std::optional<ShimWord>();
    return gone;
  }
  if (received->size == 0) return gone;
  ShimWord word;
  word.kind = static_cast<ShimWord::Kind>(buffer[0]);
  const std::string_view rest(buffer.data() + 1, received->size - 1);
  if (word.kind == ShimWord::Kind::ended) {
    std::optional<wire::Finished> finished = take_finished(rest);
    if (!finished.has_value()) return gone;
    word.finished = *std::move(finished);
    return std::optional<ShimWord>(std::move(word));
  }
  if (received->fds.empty()) return gone;
  word.reason = rest;
  word.master = std::move(received->fds.front());
  return std::optional<ShimWord>(std::move(word));
}

}  // namespace asciinemad
