// Bytes that no honest peer sends, against both decoders.
#include <doctest/doctest.h>

#include <cstdint>
#include <cstring>
#include <memory>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "proto/codec.h"
#include "tests/support/message_samples.h"

namespace asciinemad {
namespace {

// A message on the heap in exactly its size, so that AddressSanitizer sees a read past its end; as
// words, since the decoders want it aligned.
class Message {
 public:
  explicit Message(std::string_view bytes)
      : size_(bytes.size()), words_(std::make_unique<std::uint64_t[]>(bytes.size() / 8)) {
    std::memcpy(words_.get(), bytes.data(), size_);
  }
  std::size_t words() const { return size_ / 8; }
  std::uint64_t& operator[](std::size_t i) { return words_[i]; }
  std::string_view bytes() const { return {reinterpret_cast<const char*>(words_.get()), size_}; }

 private:
  std::size_t size_;
  std::unique_ptr<std::uint64_t[]> words_;
};

template <typename Decoded>
bool accepted(const Result<Decoded>& decoded) {
  if (!decoded.ok()) {
    CHECK(decoded.error().code == Errc::invalid_data);
    return false;
  }
  // Whatever it says can be handled like any message; what it does not know can't be said again.
  if (std::holds_alternative<wire::Unknown>(decoded->body)) {
    CHECK(encode(*decoded).error().code == Errc::invalid_argument);
    return true;
  }
  CHECK((encode(*decoded).ok() || encode(*decoded).error().code == Errc::limit_exceeded));
  return true;
}

// Either answer is right, a crash or a hang is not.
void survives(std::string_view bytes) {
  accepted(wire::decode_request(bytes));
  accepted(wire::decode_reply(bytes));
}

bool is_refused(std::string_view bytes) {
  return !accepted(wire::decode_request(bytes)) && !accepted(wire::decode_reply(bytes));
}

std::vector<std::string> samples() {
  std::vector<std::string> all;
  for (const auto& request : test::sample_requests()) all.push_back(*wire::encode(request));
  for (const auto& reply : test::sample_replies()) all.push_back(*wire::encode(reply));
  return all;
}

// The layout of pointers, from Cap'n Proto's encoding specification.
std::uint64_t struct_pointer(std::int32_t offset, std::uint16_t data, std::uint16_t pointers) {
  return (static_cast<std::uint32_t>(offset) << 2) | (std::uint64_t{data} << 32) |
         (std::uint64_t{pointers} << 48);
}
std::uint64_t list_pointer(std::int32_t offset, std::uint32_t element_size, std::uint32_t count) {
  return (static_cast<std::uint32_t>(offset) << 2) | 1 |
         (std::uint64_t{(count << 3) | element_size} << 32);
}
std::uint64_t far_pointer(std::uint32_t word, std::uint32_t segment, bool double_far) {
  return (word << 3) | (double_far ? 4U : 0U) | 2 | (std::uint64_t{segment} << 32);
}
constexpr std::uint32_t kVoidElements = 0;
constexpr std::uint32_t kByteElements = 2;
constexpr std::uint32_t kComposite = 7;

bool is_list(std::uint64_t word, std::uint32_t element_size) {
  return (word & 3) == 1 && ((word >> 32) & 7) == element_size;
}
std::uint32_t list_count(std::uint64_t word) { return static_cast<std::uint32_t>(word >> 35); }
std::int32_t list_offset(std::uint64_t word) { return static_cast<std::int32_t>(word) >> 2; }

// The only list of structs in a Start with one captured variable.
std::size_t find_captured_env(Message& message) {
  for (std::size_t i = 1; i < message.words(); ++i) {
    if (is_list(message[i], kComposite)) return i;
  }
  FAIL("no list of structs");
  return 0;
}

std::string start_with_one_variable() {
  wire::Start start;
  start.captured_env = {{"A", "B"}};
  return *wire::encode(wire::Request{1, 3, start});
}

TEST_CASE("codec: every truncation is refused") {
  for (const std::string& sample : samples()) {
    for (std::size_t size = 0; size < sample.size(); ++size) {
      // The decoders look at whole words only.
      REQUIRE(is_refused(Message(sample.substr(0, size - size % 8)).bytes()));
    }
  }
  CHECK(is_refused({}));
}

TEST_CASE("codec: every single flipped bit gives a value or an error") {
  for (const std::string& sample : samples()) {
    Message message(sample);
    for (std::size_t bit = 0; bit < sample.size() * 8; ++bit) {
      message[bit / 64] ^= std::uint64_t{1} << (bit % 64);
      survives(message.bytes());
      message[bit / 64] ^= std::uint64_t{1} << (bit % 64);
    }
    REQUIRE(message.bytes() == sample);
  }
}

TEST_CASE("codec: every word as a pointer to itself, to far away, to nothing that exists") {
  const std::string sample = *wire::encode(
      wire::Request{1, 2, wire::Resume{"a", test::sample_start(), test::sample_checkpoint()}});
  Message message(sample);
  for (std::size_t i = 1; i < message.words(); ++i) {
    const auto in_segment = static_cast<std::uint32_t>(i - 1);
    for (const std::uint64_t hostile :
         {struct_pointer(-1, 1, 1), struct_pointer(-1, 0xFFFF, 0xFFFF), struct_pointer(-1, 0, 9),
          struct_pointer(0x1FFFFFFF, 1, 1), struct_pointer(-0x20000000, 1, 1),
          list_pointer(-1, kByteElements, 8), list_pointer(-1, kComposite, 0),
          list_pointer(0, kVoidElements, 0x1FFFFFFF), list_pointer(0, kByteElements, 0x1FFFFFFF),
          far_pointer(in_segment, 0, false), far_pointer(in_segment, 0, true),
          far_pointer(0, 0, true), far_pointer(0x1FFFFFFF, 0, false), far_pointer(0, 1, false),
          far_pointer(0, 0xFFFFFFFF, true), std::uint64_t{3}, ~std::uint64_t{0}}) {
      const std::uint64_t before = std::exchange(message[i], hostile);
      survives(message.bytes());
      message[i] = before;
    }
  }
}

TEST_CASE("codec: a chain of structs, each inside the one before") {
  std::string bytes(8 + 8 * 1000, '\0');
  Message message(bytes);
  message[0] = std::uint64_t{1000} << 32;
  for (std::size_t i = 1; i < message.words(); ++i) message[i] = struct_pointer(0, 0, 1);
  survives(message.bytes());
}

TEST_CASE("codec: one long text, read through thousands of pointers, is refused") {
  wire::Start start;
  start.title = std::string(65535, 't');
  start.notifications.environment = std::vector<std::string>(4000, "x");
  Message message(*wire::encode(wire::Request{1, 3, start}));
  REQUIRE(wire::decode_request(message.bytes()).ok());

  std::size_t target = 0;
  for (std::size_t i = 1; i < message.words(); ++i) {
    if (is_list(message[i], kByteElements) && list_count(message[i]) == 65536) {
      target = i + 1 + static_cast<std::size_t>(list_offset(message[i]));
    }
  }
  REQUIRE(target != 0);
  std::size_t redirected = 0;
  for (std::size_t i = 1; i < message.words(); ++i) {
    if (!is_list(message[i], kByteElements) || list_count(message[i]) != 2) continue;
    const auto offset = static_cast<std::int32_t>(target) - static_cast<std::int32_t>(i + 1);
    message[i] = list_pointer(offset, kByteElements, 65536);
    ++redirected;
  }
  REQUIRE(redirected == 4000);
  CHECK_FALSE(accepted(wire::decode_request(message.bytes())));
}

TEST_CASE("codec: half a billion variables that take no bytes are refused") {
  Message void_list(start_with_one_variable());
  void_list[find_captured_env(void_list)] = list_pointer(0, kVoidElements, 0x1FFFFFFF);
  CHECK_FALSE(accepted(wire::decode_request(void_list.bytes())));

  Message empty_structs(start_with_one_variable());
  const std::size_t at = find_captured_env(empty_structs);
  const std::size_t tag = at + 1 + static_cast<std::size_t>(list_offset(empty_structs[at]));
  empty_structs[at] = list_pointer(list_offset(empty_structs[at]), kComposite, 0);
  empty_structs[tag] = struct_pointer(0x1FFFFFFF, 0, 0);
  CHECK_FALSE(accepted(wire::decode_request(empty_structs.bytes())));
}

TEST_CASE("codec: framing that does not fit the message is refused") {
  const std::string sample = start_with_one_variable();
  const auto with_header = [&](std::uint64_t header) {
    Message message(sample);
    message[0] = header;
    return is_refused(message.bytes());
  };
  CHECK(with_header(0));                                // no words
  CHECK(with_header(std::uint64_t{0xFFFFFFFF} << 32));  // too many
  CHECK(with_header(0xFFFFFFFF));                       // too many segments
  CHECK(with_header(~std::uint64_t{0}));
  CHECK(with_header((std::uint64_t{sample.size() / 8} << 32)));  // one too many
  CHECK(is_refused(Message(std::string(8, '\0')).bytes()));
}

}  // namespace
}  // namespace asciinemad
