// FrameParser, then both decoders, on the bytes of a hostile peer, in chunks that the input
// chooses.
//
// The first byte seeds the chunk sizes, the rest is the stream. What decodes must encode, and what
// that gives must decode to the same again.
#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <memory>
#include <string>
#include <string_view>
#include <variant>

#include "proto/codec.h"
#include "proto/framing.h"

namespace {

using asciinemad::Errc;
using asciinemad::Result;
namespace wire = asciinemad::wire;

void require(bool condition) {
  if (!condition) std::abort();
}

template <typename Message>
void check(const Result<Message>& decoded, Result<Message> (*decode)(std::string_view)) {
  if (!decoded.ok()) {
    require(decoded.error().code == Errc::invalid_data && !decoded.error().message.empty());
    return;
  }
  // Nobody sends on what they do not know.
  if (std::holds_alternative<wire::Unknown>(decoded->body)) return;
  const Result<std::string> encoded = wire::encode(*decoded);
  if (!encoded.ok()) {
    // Parts of a message may share bytes, and each gets its own in turn.
    require(encoded.error().code == Errc::limit_exceeded);
    return;
  }
  const Result<Message> again = decode(*encoded);
  require(again.ok() && again->id == decoded->id && again->body.index() == decoded->body.index());
  const Result<std::string> encoded_again = wire::encode(*again);
  require(encoded_again.ok() && *encoded_again == *encoded);
}

void check_message(std::string_view message) {
  require(reinterpret_cast<std::uintptr_t>(message.data()) % 8 == 0 && message.size() % 8 == 0);
  require(!message.empty() && message.size() <= wire::kMaxMessageBytes);
  // A copy of exactly this size lets AddressSanitizer see a read past the message.
  const auto words = std::make_unique<std::uint64_t[]>(message.size() / 8);
  std::copy(message.begin(), message.end(), reinterpret_cast<char*>(words.get()));
  const std::string_view copy(reinterpret_cast<const char*>(words.get()), message.size());
  check(wire::decode_request(copy), wire::decode_request);
  check(wire::decode_reply(copy), wire::decode_reply);
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  if (size == 0) return 0;
  unsigned chunk_seed = data[0];
  const std::string_view stream(reinterpret_cast<const char*>(data) + 1, size - 1);

  wire::FrameParser parser;
  std::size_t returned = 0;
  for (std::size_t fed = 0; fed < stream.size();) {
    chunk_seed = chunk_seed * 1103515245 + 12345;
    const std::size_t chunk = std::min<std::size_t>(
        (chunk_seed >> 16) % (std::size_t{data[0]} * 4 + 2), stream.size() - fed);
    parser.append(stream.substr(fed, chunk));
    fed += chunk;
    for (;;) {
      const auto message = parser.next();
      if (!message.ok()) {
        require(message.error().code == Errc::limit_exceeded && !parser.next().ok());
        return 0;
      }
      if (!message->has_value()) break;
      require(**message == stream.substr(returned, (*message)->size()));
      check_message(**message);
      returned += (*message)->size();
    }
    require(parser.pending_bytes() == fed - returned);
  }
  return 0;
}
