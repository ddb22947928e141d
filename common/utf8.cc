#include "common/utf8.h"

#include <algorithm>
#include <bit>
#include <cstdint>
#include <cstring>

#if defined(__SSE2__)
#include <emmintrin.h>
#endif

namespace asciinemad {
namespace {

constexpr std::string_view kReplacement = "\xEF\xBF\xBD";

enum class Form { valid, ill_formed, incomplete };

struct Sequence {
  Form form;
  std::size_t size;  // bytes it takes; when ill-formed, those that one U+FFFD stands for
};

// The second byte of a character decides alone whether it is overlong, a surrogate or too large.
struct Lead {
  std::size_t size;  // of the whole character; 0 when the byte cannot begin one
  unsigned char second_min;
  unsigned char second_max;
};

constexpr Lead lead_of(unsigned char byte) {
  if (byte < 0x80) return {1, 0, 0};
  if (byte < 0xC2) return {0, 0, 0};
  if (byte < 0xE0) return {2, 0x80, 0xBF};
  if (byte == 0xE0) return {3, 0xA0, 0xBF};
  if (byte == 0xED) return {3, 0x80, 0x9F};
  if (byte < 0xF0) return {3, 0x80, 0xBF};
  if (byte == 0xF0) return {4, 0x90, 0xBF};
  if (byte < 0xF4) return {4, 0x80, 0xBF};
  if (byte == 0xF4) return {4, 0x80, 0x8F};
  return {0, 0, 0};
}

bool is_continuation(char c) { return (static_cast<unsigned char>(c) & 0xC0) == 0x80; }

// Looks at the beginning of `bytes`, which is not empty.
Sequence first_sequence(std::string_view bytes) {
  const Lead lead = lead_of(static_cast<unsigned char>(bytes[0]));
  if (lead.size == 0) return {Form::ill_formed, 1};
  if (lead.size == 1) return {Form::valid, 1};
  if (bytes.size() == 1) return {Form::incomplete, 1};
  const auto second = static_cast<unsigned char>(bytes[1]);
  if (second < lead.second_min || second > lead.second_max) return {Form::ill_formed, 1};
  for (std::size_t i = 2; i < lead.size; ++i) {
    if (i == bytes.size()) return {Form::incomplete, i};
    if (!is_continuation(bytes[i])) return {Form::ill_formed, i};
  }
  return {Form::valid, lead.size};
}

const char* skip_ascii(const char* at, const char* end) {
#if defined(__SSE2__)
  while (end - at >= 16) {
    const __m128i block = _mm_loadu_si128(reinterpret_cast<const __m128i*>(at));
    const auto high = static_cast<unsigned>(_mm_movemask_epi8(block));
    if (high != 0) return at + std::countr_zero(high);
    at += 16;
  }
#else
  while (end - at >= 8) {
    std::uint64_t block = 0;
    std::memcpy(&block, at, sizeof(block));
    if ((block & 0x8080808080808080U) != 0) break;
    at += 8;
  }
#endif
  while (at != end && static_cast<unsigned char>(*at) < 0x80) ++at;
  return at;
}

// Runs over well-formed characters of two and more bytes while four bytes are left, so that no
// length needs checking. The careful first_sequence() looks at whatever stops it.
const char* skip_multibyte(const char* at, const char* end) {
  while (end - at >= 4) {
    const auto b0 = static_cast<unsigned char>(at[0]);
    const auto b1 = static_cast<unsigned char>(at[1]);
    if (b0 < 0xC2 || (b1 & 0xC0) != 0x80) break;
    if (b0 < 0xE0) {
      at += 2;
      continue;
    }
    if (!is_continuation(at[2])) break;
    if (b0 < 0xF0) {
      if ((b0 == 0xE0 && b1 < 0xA0) || (b0 == 0xED && b1 > 0x9F)) break;
      at += 3;
      continue;
    }
    if (b0 > 0xF4 || !is_continuation(at[3])) break;
    if ((b0 == 0xF0 && b1 < 0x90) || (b0 == 0xF4 && b1 > 0x8F)) break;
    at += 4;
  }
  return at;
}

// How many bytes at the beginning are whole, well-formed characters.
std::size_t valid_prefix_size(std::string_view bytes) {
  const char* const begin = bytes.data();
  const char* const end = begin + bytes.size();
  const char* at = begin;
  while (true) {
    at = skip_multibyte(skip_ascii(at, end), end);
    if (at == end) return bytes.size();
    const Sequence next = first_sequence({at, static_cast<std::size_t>(end - at)});
    if (next.form != Form::valid) return static_cast<std::size_t>(at - begin);
    at += next.size;
  }
}

}  // namespace

std::string_view Utf8Decoder::decode(std::string_view bytes) {
  buffer_.clear();
  if (pending_size_ > 0) {
    bytes = complete_pending(bytes);
  } else {
    const std::size_t valid = valid_prefix_size(bytes);
    const std::string_view rest = bytes.substr(valid);
    if (rest.empty() || first_sequence(rest).form == Form::incomplete) {
      release_buffer();
      keep_pending(rest);
      return bytes.substr(0, valid);
    }
  }
  append_decoded(bytes);
  return buffer_;
}

std::string_view Utf8Decoder::finish() {
  const bool cut = pending_size_ > 0;
  pending_size_ = 0;
  buffer_.clear();
  release_buffer();
  return cut ? kReplacement : std::string_view{};
}

void Utf8Decoder::release_buffer() {
  if (buffer_.capacity() > kMaxIdleBufferBytes) std::string().swap(buffer_);
}

Status Utf8Decoder::set_pending(std::string_view tail) {
  if (!tail.empty()) {
    const Sequence first = first_sequence(tail);
    if (first.form != Form::incomplete || first.size != tail.size()) {
      return Error{Errc::invalid_data, "not the beginning of a UTF-8 character"};
    }
  }
  keep_pending(tail);
  return {};
}

// Feeds the pending bytes and as few new ones as it takes to tell what they are. Returns the rest.
std::string_view Utf8Decoder::complete_pending(std::string_view bytes) {
  std::array<char, 4> joined{};
  const std::size_t old_size = pending_size_;
  const std::size_t taken = std::min(joined.size() - old_size, bytes.size());
  std::copy_n(pending_.data(), old_size, joined.data());
  std::copy_n(bytes.data(), taken, joined.data() + old_size);

  const Sequence first = first_sequence({joined.data(), old_size + taken});
  if (first.form == Form::incomplete) {
    keep_pending({joined.data(), first.size});
    return {};
  }
  pending_size_ = 0;
  // What was pending is a well-formed beginning, so an ill-formed sequence covers all of it.
  buffer_.append(first.form == Form::valid ? std::string_view(joined.data(), first.size)
                                           : kReplacement);
  return bytes.substr(first.size - old_size);
}

void Utf8Decoder::append_decoded(std::string_view bytes) {
  buffer_.reserve(buffer_.size() + bytes.size());
  while (!bytes.empty()) {
    const std::size_t valid = valid_prefix_size(bytes);
    buffer_.append(bytes.substr(0, valid));
    bytes.remove_prefix(valid);
    if (bytes.empty()) return;
    const Sequence next = first_sequence(bytes);
    if (next.form == Form::incomplete) return keep_pending(bytes);
    buffer_.append(kReplacement);
    bytes.remove_prefix(next.size);
  }
}

void Utf8Decoder::keep_pending(std::string_view tail) {
  pending_size_ = tail.size();
  std::copy(tail.begin(), tail.end(), pending_.begin());
}

}  // namespace asciinemad
