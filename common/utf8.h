// Utf8Decoder: turns a stream of bytes into valid UTF-8 text, whatever the bytes are.
//
// Ill-formed input becomes U+FFFD, one for each maximal ill-formed subsequence (Unicode's "best
// practice"; the same as Python's incremental utf-8 decoder with errors="replace"). Surrogates,
// overlong forms and code points above U+10FFFF are ill-formed.
#pragma once

#include <array>
#include <cstddef>
#include <string>
#include <string_view>

#include "common/result.h"

namespace asciinemad {

// One decoder for each stream. Characters may be split between calls at any byte.
class Utf8Decoder {
 public:
  // What a decoder keeps of its buffer once release_buffer() or finish() was called.
  static constexpr std::size_t kMaxIdleBufferBytes = 4096;

  // Valid UTF-8: the characters completed by `bytes`. An incomplete one at the end stays pending.
  // The result points into `bytes` when no byte had to be replaced and nothing was pending, else
  // into a buffer of the decoder's; then it is valid until the next call of a non-const member.
  std::string_view decode(std::string_view bytes);

  // Ends the stream: U+FFFD when an incomplete character was pending, else nothing. The decoder may
  // be used for a new stream afterwards. The result is a constant.
  std::string_view finish();

  // Gives back a buffer that a large decode() left behind. To be called once its result is used.
  void release_buffer();

  // The bytes of the incomplete character, at most 3. Valid until the next non-const call.
  std::string_view pending() const { return {pending_.data(), pending_size_}; }

  // Continues a stream whose decoder was lost, from what its pending() was. Refuses, changing
  // nothing, what is not the beginning of one character.
  Status set_pending(std::string_view tail);

  // Bytes of heap the decoder holds at most between calls, for accounting.
  std::size_t buffer_capacity() const { return buffer_.capacity(); }

 private:
  std::string_view complete_pending(std::string_view bytes);
  void append_decoded(std::string_view bytes);
  void keep_pending(std::string_view tail);

  std::string buffer_;
  std::array<char, 3> pending_{};
  std::size_t pending_size_ = 0;
};

}  // namespace asciinemad
