// Cuts a byte stream into Cap'n Proto messages in standard stream framing, within bounds.
//
// Source of the format: "Serialization Over a Stream" in Cap'n Proto's encoding specification: a
// little-endian uint32 with the number of segments minus one, one uint32 for each segment's size in
// 8-byte words, padding to a word, then the segments.
#pragma once

#include <cstddef>
#include <optional>
#include <string>
#include <string_view>

#include "common/result.h"

namespace asciinemad::wire {

inline constexpr std::size_t kMaxSegments = 64;

class FrameParser {
 public:
  // Appends received bytes. Views that next() returned end here.
  void append(std::string_view bytes);

  // The next whole message, framing included, as a view into the parser, 8-byte aligned; nullopt
  // when more bytes are needed; Errc::limit_exceeded when the peer announces more than
  // kMaxMessageBytes or kMaxSegments, after which the stream cannot be used any more.
  Result<std::optional<std::string_view>> next();

  // Bytes of an incomplete message that wait for their rest.
  std::size_t pending_bytes() const { return buffer_.size() - start_; }

 private:
  std::string buffer_;
  std::size_t start_ = 0;  // first byte not yet returned
};

}  // namespace asciinemad::wire
