// RecordingReader at its bounds and with sources that fail.
#include <doctest/doctest.h>

#include <algorithm>
#include <cerrno>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "common/recording_reader.h"
#include "tests/support/recording_source.h"

using asciinemad::ByteSource;
using asciinemad::Errc;
using asciinemad::Error;
using asciinemad::RecordingReader;
using asciinemad::Result;
using asciinemad::system_error;
using asciinemad::test::read_recording;
using asciinemad::test::TextSource;

namespace {

constexpr std::string_view kHeader = "{\"version\": 2, \"width\": 80, \"height\": 24}\n";
constexpr std::size_t kMax = RecordingReader::kMaxLineBytes;

// A line of this many bytes without its newline.
std::string event_of(std::size_t size) {
  constexpr std::string_view kFront = "[1, \"o\", \"";
  return std::string(kFront) + std::string(size - kFront.size() - 2, 'x') + "\"]";
}

// Gives blanks without end, and how many were taken.
class EndlessSource final : public ByteSource {
 public:
  explicit EndlessSource(std::string_view beginning) : beginning_(beginning) {}
  Result<std::size_t> read(std::span<char> buffer) override {
    std::fill(buffer.begin(), buffer.end(), ' ');
    if (taken == 0) beginning_.copy(buffer.data(), buffer.size());
    taken += buffer.size();
    return buffer.size();
  }
  std::size_t taken = 0;

 private:
  const std::string beginning_;
};

// Fails once in the middle of what it gives.
class InterruptedSource final : public ByteSource {
 public:
  InterruptedSource(std::string_view before, Error error, std::string_view after)
      : before_(before), error_(std::move(error)), after_(after) {}
  Result<std::size_t> read(std::span<char> buffer) override {
    switch (step_++) {
      case 0:
        return before_.copy(buffer.data(), buffer.size());
      case 1:
        return error_;
      case 2:
        return after_.copy(buffer.data(), buffer.size());
      default:
        return std::size_t{0};
    }
  }

 private:
  const std::string before_;
  const Error error_;
  const std::string after_;
  int step_ = 0;
};

}  // namespace

TEST_CASE("recording_reader: events around the sizes of its buffers are whole") {
  std::string text(kHeader);
  std::vector<std::size_t> sizes;
  for (const std::size_t size :
       {std::size_t{1} << 18, std::size_t{1} << 20, std::size_t{3} << 20}) {
    for (std::size_t n = size - 40; n < size + 40; n += 7) {
      text += event_of(n) + "\n[1, \"o\", \"\"]\n";
      sizes.push_back(n);
    }
  }
  TextSource source(text);
  RecordingReader reader(source);
  REQUIRE(reader.open().ok());
  for (const std::size_t size : sizes) {
    const auto event = reader.next();
    REQUIRE((event.ok() && event->has_value()));
    REQUIRE((*event)->data.size() == event_of(size).size() - event_of(12).size());
    CHECK((*event)->data.find_first_not_of('x') == std::string_view::npos);
    REQUIRE(reader.next().ok());
  }
  CHECK(reader.damage().bad_lines == 0);
}

TEST_CASE("recording_reader: documents larger than its first buffer") {
  for (const std::string_view separator : {",", ",\n"}) {
    std::string text =
        "{\"version\": 1, \"width\": 80, \"height\": 24,\n \"stdout\": [[1, \"first\"]";
    std::size_t count = 1;
    for (; text.size() < (std::size_t{1} << 20); ++count) {
      text.append(separator).append("[0.5, \"" + std::string(count % 5000, 'x') + "\"]");
    }
    const auto read = read_recording(text + "]}", 50000);
    CHECK(read.error.empty());
    CHECK(!read.damage.cut);
    REQUIRE(read.events.size() == count);
    CHECK(read.events[0].data == "first");
    CHECK(read.events[count - 1].data.size() == (count - 1) % 5000);
  }
  // Looks like a document until its version is read.
  const auto read = read_recording("{\"version\": 2\n" + std::string(1 << 20, ' ') + "}", 50000);
  CHECK(read.error == "line 1: the header is not valid JSON");
}

TEST_CASE("recording_reader: a line may have kMaxLineBytes and no more") {
  for (const std::string_view end : {"\n", ""}) {
    const auto longest = read_recording(std::string(kHeader) + event_of(kMax) + std::string(end));
    REQUIRE(longest.events.size() == 1);
    CHECK(longest.events[0].data.size() == kMax - event_of(12).size());

    const auto longer =
        read_recording(std::string(kHeader) + "\n" + event_of(kMax + 1) + std::string(end));
    CHECK(longer.errc == Errc::limit_exceeded);
    CHECK(longer.error == "line 3: the line is too long");
  }
}

TEST_CASE("recording_reader: input without end or newline is refused in bounded memory") {
  EndlessSource blanks("\n");
  RecordingReader without_header(blanks);
  CHECK(without_header.open().error().code == Errc::limit_exceeded);
  CHECK(blanks.taken <= kMax + (1 << 20));
  EndlessSource other("x");
  CHECK(RecordingReader(other).open().error().message == "line 1: not an asciicast recording");
  CHECK(other.taken <= (1 << 20));

  EndlessSource source(kHeader);
  RecordingReader reader(source);
  REQUIRE(reader.open().ok());
  const auto event = reader.next();
  REQUIRE(!event.ok());
  CHECK(event.error().message == "line 2: the line is too long");
  CHECK(source.taken <= kMax + (1 << 20));
}

TEST_CASE("recording_reader: a broken stream is a cut") {
  const Error broken{Errc::invalid_data, "gzip: incorrect data check"};
  const std::string text = std::string(kHeader) + "[1, \"o\", \"a\"]\n[2, \"o\", \"b\"]";
  for (const std::string_view rest : {"", "\n", "\n[3, \"o\""}) {
    TextSource source(text + std::string(rest), SIZE_MAX, broken);
    const auto read = read_recording(source);
    CHECK(read.error.empty());
    CHECK(read.events.size() == 2);
    REQUIRE(read.damage.cut);
    CHECK(read.damage.cut->reason == broken.message);
    CHECK(read.damage.cut->line == (rest.empty() ? 3 : 4));
  }
  TextSource v1("{\"version\": 1, \"width\": 80, \"height\": 24, \"stdout\": [\n[1, \"a\"],\n[",
                SIZE_MAX, broken);
  const auto read = read_recording(v1);
  CHECK(read.events.size() == 1);
  REQUIRE(read.damage.cut);
  CHECK(read.damage.cut->reason == broken.message);
  CHECK(read.damage.cut->line == 3);

  for (const std::string_view beginning : {"", "{\"version\": 2, \"wi", "{"}) {
    TextSource no_header(beginning, SIZE_MAX, broken);
    CHECK(read_recording(no_header).error == "line 1: gzip: incorrect data check");
  }
}

TEST_CASE("recording_reader: after an error of the source reading goes on where it was") {
  const std::string before = std::string(kHeader) + "[1, \"o\", \"a\"]\n[2, \"o\", ";
  InterruptedSource source(before, system_error("read", EIO), "\"b\"]\n");
  RecordingReader reader(source);
  REQUIRE(reader.open().ok());
  REQUIRE(reader.next().value()->data == "a");
  const auto failed = reader.next();
  REQUIRE(!failed.ok());
  CHECK(failed.error().code == Errc::system);
  CHECK(failed.error().sys_errno == EIO);
  CHECK(failed.error().message == "line 3: read: Input/output error");
  const auto next = reader.next();
  REQUIRE((next.ok() && next->has_value()));
  CHECK((*next)->data == "b");
  CHECK(reader.damage().bad_lines == 0);
}
