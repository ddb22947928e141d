#include "proto/framing.h"

#include <cstdint>

#include "proto/message.h"

namespace asciinemad::wire {
namespace {

constexpr std::size_t kWordBytes = 8;

std::uint32_t read_u32(std::string_view bytes, std::size_t at) {
  std::uint32_t value = 0;
  for (std::size_t i = 4; i-- > 0;) {
    value = (value << 8) | static_cast<unsigned char>(bytes[at + i]);
  }
  return value;
}

// Whole size of the message that `bytes` begins with; nullopt when its header is incomplete.
Result<std::optional<std::size_t>> message_size(std::string_view bytes) {
  if (bytes.size() < 4) return std::optional<std::size_t>();
  const std::size_t segments = std::size_t{read_u32(bytes, 0)} + 1;
  if (segments > kMaxSegments) {
    return Error{Errc::limit_exceeded, "message has " + std::to_string(segments) +
                                           " segments; at most " + std::to_string(kMaxSegments) +
                                           " are accepted"};
  }
  const std::size_t header = (4 + 4 * segments + kWordBytes - 1) / kWordBytes * kWordBytes;
  if (bytes.size() < header) return std::optional<std::size_t>();
  std::uint64_t total = header;
  for (std::size_t i = 0; i < segments; ++i) {
    total += std::uint64_t{read_u32(bytes, 4 + 4 * i)} * kWordBytes;
  }
  if (total > kMaxMessageBytes) {
    return Error{Errc::limit_exceeded, "message of " + std::to_string(total) + " bytes; at most " +
                                           std::to_string(kMaxMessageBytes) + " are accepted"};
  }
  return std::optional<std::size_t>(static_cast<std::size_t>(total));
}

}  // namespace

void FrameParser::append(std::string_view bytes) {
  // Consumed bytes go first, so that every message starts at the buffer's (aligned) start or a
  // multiple of a word behind it.
  buffer_.erase(0, start_);
  start_ = 0;
  buffer_.append(bytes);
}

Result<std::optional<std::string_view>> FrameParser::next() {
  const std::string_view rest = std::string_view(buffer_).substr(start_);
  TRY_ASSIGN(const std::optional<std::size_t> size, message_size(rest));
  if (!size.has_value() || rest.size() < *size) {
    if (rest.empty() && buffer_.capacity() > 4096) {
      buffer_ = std::string();  // an idle connection keeps no big buffer
      start_ = 0;
    }
    return std::optional<std::string_view>();
  }
  start_ += *size;
  return std::optional<std::string_view>(rest.substr(0, *size));
}

}  // namespace asciinemad::wire
