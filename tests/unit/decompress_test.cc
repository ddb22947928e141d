#include "common/decompress.h"

#include <doctest/doctest.h>

#include <fstream>
#include <iterator>
#include <memory>
#include <string>
#include <string_view>

#include "tests/support/recording_source.h"

using asciinemad::ByteSource;
using asciinemad::Compression;
using asciinemad::decompress;
using asciinemad::Errc;
using asciinemad::open_decompressed;
using asciinemad::sniff_compression;
using asciinemad::test::read_recording;
using asciinemad::test::TextSource;
using namespace std::string_view_literals;

namespace {

// "hello, " and "world\n", made with gzip -9 and zstd.
constexpr auto kGzipHello =
    "\x1f\x8b\x08\x00\x00\x00\x00\x00\x02\x03\xcb\x48\xcd\xc9\xc9\xd7\x51\x00\x00\x99\x56\xea\x11"
    "\x07\x00\x00\x00"sv;
constexpr auto kGzipWorld =
    "\x1f\x8b\x08\x00\x00\x00\x00\x00\x02\x03\x2b\xcf\x2f\xca\x49\xe1\x02\x00\xa8\x61\x38\xdd\x06"
    "\x00\x00\x00"sv;
constexpr auto kZstdHello =
    "\x28\xb5\x2f\xfd\x04\x58\x39\x00\x00\x68\x65\x6c\x6c\x6f\x2c\x20\xcf\xb9\x3e\x73"sv;
constexpr auto kZstdWorld =
    "\x28\xb5\x2f\xfd\x04\x58\x31\x00\x00\x77\x6f\x72\x6c\x64\x0a\xaa\x6e\x56\x9f"sv;
constexpr auto kZstdSkippable = "\x5a\x2a\x4d\x18\x03\x00\x00\x00xyz"sv;
// Three blocks of 128 KiB: a, b and c.
constexpr auto kZstdBlocks =
    "\x28\xb5\x2f\xfd\x04\x58\x54\x00\x00\x10\x61\x61\x01\x00\xfb\xff\x39\xc0\x02\x02\x00\x10\x62"
    "\x03\x00\x10\x63\xda\x84\x6c\xd1"sv;

struct Drained {
  std::string text;
  std::string error;  // empty: none
  Errc errc = Errc::system;
};

Drained drain(ByteSource& source, std::size_t buffer_size) {
  Drained drained;
  std::string buffer(buffer_size, '\0');
  while (true) {
    const auto size = source.read(buffer);
    if (!size.ok()) {
      drained.error = size.error().message;
      drained.errc = size.error().code;
      // It stays.
      const auto again = source.read(buffer);
      CHECK((!again.ok() && again.error().message == drained.error));
      return drained;
    }
    if (*size == 0) return drained;
    drained.text.append(buffer, 0, *size);
  }
}

Drained unpack(std::string_view compressed, std::size_t piece = SIZE_MAX,
               std::size_t buffer_size = 1000) {
  auto source = open_decompressed(std::make_unique<TextSource>(compressed, piece));
  REQUIRE(source.ok());
  return drain(**source, buffer_size);
}

std::string joined(std::string_view a, std::string_view b) {
  return std::string(a) + std::string(b);
}

std::string read_golden(std::string_view name) {
  std::ifstream file(std::string(ASCIINEMAD_SOURCE_ROOT "/tests/golden/").append(name),
                     std::ios::binary);
  REQUIRE(file.is_open());
  return {std::istreambuf_iterator<char>(file), {}};
}

}  // namespace

TEST_CASE("decompress: formats are recognised by content") {
  CHECK(sniff_compression(kGzipHello.substr(0, 4)) == Compression::gzip);
  CHECK(sniff_compression(kZstdHello.substr(0, 4)) == Compression::zstd);
  CHECK(sniff_compression(kZstdSkippable.substr(0, 4)) == Compression::zstd);
  CHECK(sniff_compression("\x1f\x8b") == Compression::none);
  CHECK(sniff_compression("\x28\xb5\x2f") == Compression::none);
  CHECK(sniff_compression("{\"ve") == Compression::none);
  CHECK(sniff_compression("P*M") == Compression::none);
  CHECK(sniff_compression("") == Compression::none);
}

TEST_CASE("decompress: what is not compressed comes as it is") {
  for (const auto text : {""sv, "x"sv, "\x1f\x8b"sv, "{\"version\": 2}\n"sv}) {
    CHECK(unpack(text).text == text);
    CHECK(unpack(text, 1, 1).text == text);
    CHECK(unpack(text).error.empty());
  }
}

TEST_CASE("decompress: members and frames follow each other") {
  for (const std::string& compressed :
       {joined(kGzipHello, kGzipWorld), joined(kZstdHello, kZstdWorld),
        joined(kZstdSkippable, joined(kZstdHello, kZstdSkippable)) + std::string(kZstdWorld),
        joined(kGzipHello, kGzipWorld) + std::string(1000, '\0')}) {
    for (const std::size_t piece : {std::size_t{1}, std::size_t{3}, SIZE_MAX}) {
      for (const std::size_t buffer_size : {1U, 2U, 1000U}) {
        const auto unpacked = unpack(compressed, piece, buffer_size);
        CHECK(unpacked.text == "hello, world\n");
        CHECK(unpacked.error == "");
      }
    }
  }
}

TEST_CASE("decompress: bytes that were read already come first") {
  for (const std::size_t size : {0U, 1U, 4U, 10U}) {
    const auto source =
        decompress(Compression::gzip, std::make_unique<TextSource>(kGzipHello.substr(size)),
                   kGzipHello.substr(0, size));
    CHECK(drain(*source, 100).text == "hello, ");
  }
}

TEST_CASE("decompress: a cut stream gives what is before the cut, then the error") {
  for (const auto& [first, second] :
       {std::pair(kGzipHello, kGzipWorld), std::pair(kZstdHello, kZstdWorld)}) {
    const std::string compressed = joined(first, second);
    std::size_t had = 0;
    for (std::size_t cut = 4; cut < compressed.size(); ++cut) {
      CAPTURE(cut);
      const auto unpacked = unpack(std::string_view(compressed).substr(0, cut), 2);
      CHECK("hello, world\n"sv.starts_with(unpacked.text));
      CHECK(unpacked.text.size() >= had);
      had = unpacked.text.size();
      if (cut >= first.size()) CHECK(had >= 7);
      if (cut == first.size()) {
        CHECK(unpacked.error.empty());
      } else {
        CHECK(unpacked.errc == Errc::invalid_data);
        CHECK(unpacked.error.ends_with(": the stream is cut"));
      }
    }
    CHECK(had == 13);  // only the check sums were missing
  }
}

TEST_CASE("decompress: everything before the damage is returned") {
  std::string gzip = joined(kGzipHello, kGzipWorld);
  gzip[gzip.size() - 6] ^= 1;
  CHECK(unpack(gzip).text == "hello, world\n");
  CHECK(unpack(gzip).error == "gzip: incorrect data check");
  CHECK(unpack(joined(kGzipHello, "garbage")).text == "hello, ");
  CHECK(unpack(joined(kGzipHello, "garbage")).error == "gzip: incorrect header check");
  CHECK(unpack(joined(kZstdHello, "garbage")).text == "hello, ");
  CHECK(unpack(joined(kZstdHello, "garbage")).errc == Errc::invalid_data);

  constexpr std::size_t kBlock = 131072;
  const std::string two_blocks = std::string(kBlock, 'a') + std::string(kBlock, 'b');
  CHECK((unpack(kZstdBlocks).text == two_blocks + std::string(kBlock, 'c')));
  // The type of the third block becomes the one that does not exist.
  std::string blocks(kZstdBlocks);
  blocks[23] = '\x07';
  for (const std::size_t piece : {std::size_t{1}, SIZE_MAX}) {
    for (const std::size_t buffer_size : {kBlock / 3, 10 * kBlock}) {
      const auto unpacked = unpack(blocks, piece, buffer_size);
      CHECK((unpacked.text == two_blocks));
      CHECK(unpacked.errc == Errc::invalid_data);
    }
  }
}

TEST_CASE("decompress: a zstd window of 256 MiB is refused") {
  const auto unpacked = unpack("\x28\xb5\x2f\xfd\x04\x90\x64\x00\x00\x10\x00\x00\x02"sv);
  CHECK(unpacked.errc == Errc::limit_exceeded);
  CHECK(unpacked.text.empty());
}

TEST_CASE("decompress: errors of the compressed source are passed on") {
  const asciinemad::Error cancelled{Errc::cancelled, "read: cancelled"};
  const auto opened = open_decompressed(std::make_unique<TextSource>("", SIZE_MAX, cancelled));
  REQUIRE(!opened.ok());
  CHECK(opened.error().code == Errc::cancelled);
  const auto source =
      decompress(Compression::gzip,
                 std::make_unique<TextSource>(kGzipHello.substr(0, 20), SIZE_MAX, cancelled), "");
  CHECK(drain(*source, 100).errc == Errc::cancelled);
}

// The golden files are flushed after each line: a block in gzip's, a frame in zstd's.
TEST_CASE("decompress: a compressed recording cut at any byte has its whole events") {
  struct Case {
    std::string_view name;
    std::string_view flushed;  // is where a line ends (gzip) or begins (zstd)
    std::size_t line_end;      // how far behind the beginning of `flushed` a line is complete
  };
  for (const Case& c :
       {Case{"v2.cast.gz", "\0\0\xff\xff"sv, 4}, Case{"v2.cast.zst", kZstdHello.substr(0, 4), 0}}) {
    const std::string compressed = read_golden(c.name);
    const auto whole_text = unpack(compressed);
    REQUIRE(whole_text.error.empty());
    const auto whole = read_recording(whole_text.text);
    REQUIRE(whole.events.size() == 4);
    for (std::size_t cut = 4; cut <= compressed.size(); ++cut) {
      CAPTURE(cut);
      const std::string_view part = std::string_view(compressed).substr(0, cut);
      std::size_t lines = 0;
      for (auto at = part.find(c.flushed, 1); at != part.npos && at + c.line_end <= cut;
           at = part.find(c.flushed, at + 1)) {
        ++lines;
      }
      auto source = open_decompressed(std::make_unique<TextSource>(part, 3));
      REQUIRE(source.ok());
      const auto read = read_recording(**source);
      // The same as of the text that can be had.
      const auto text = unpack(part);
      CHECK(read.events == read_recording(text.text).events);
      CHECK(read.events.size() + 1 >= lines);
      for (std::size_t i = 0; i < read.events.size(); ++i) CHECK(read.events[i] == whole.events[i]);
      if (!text.text.empty() && text.text.find('\n') != std::string::npos) {
        CHECK(read.error.empty());
        CHECK(read.damage.cut.has_value() == !text.error.empty());
      }
    }
  }
}
