#include <doctest/doctest.h>
#include <fcntl.h>
#include <unistd.h>

#include <string>
#include <string_view>

#include "common/fd.h"
#include "common/recording_reader.h"
#include "daemon/upload_intake_check.h"
#include "tests/support/temp_dir.h"

namespace asciinemad {
namespace {

const std::string kV1 = R"({"version": 1, "width": 80, "height": 24, "duration": 1.5, "stdout": )";
const std::string kV2 = R"({"version": 2, "width": 80, "height": 24})"
                        "\n";
const std::string kV3 = R"({"version": 3, "term": {"cols": 80, "rows": 24}})"
                        "\n";
const std::string kEvent = "[0.5, \"o\", \"hello\"]\n";

Result<UploadCheck> check_bytes(std::string_view recording, std::uint64_t bytes) {
  const test::TempDir directory;
  const Fd file(::open(directory.write("a.cast", recording).c_str(), O_RDONLY | O_CLOEXEC));
  REQUIRE(file);
  // Wherever the descriptor stands, and it stays there.
  REQUIRE(::lseek(file.get(), 7, SEEK_SET) == 7);
  Result<UploadCheck> check = check_recording_for_upload(file.get(), bytes);
  CHECK(::lseek(file.get(), 0, SEEK_CUR) == 7);
  return check;
}

Result<UploadCheck> check(std::string_view recording) {
  return check_bytes(recording, recording.size());
}

// Why not; empty when it may be uploaded.
std::string refusal(std::string_view recording) {
  const Result<UploadCheck> result = check(recording);
  if (result.ok()) return "";
  CHECK(result.error().code == Errc::invalid_data);
  return result.error().message;
}

bool has(const std::string& text, std::string_view part) {
  return text.find(part) != std::string::npos;
}

void check_clean(const std::string& recording, int version) {
  CAPTURE(recording);
  const Result<UploadCheck> result = check(recording);
  REQUIRE(result.ok());
  CHECK(result->version == version);
  CHECK(result->kept_bytes == recording.size());
  CHECK(result->warnings.empty());
}

TEST_CASE("upload check: recordings of each version") {
  check_clean(kV1 + R"([[0.5, "a"], [1, "b"]]})", 1);
  check_clean(kV1 + "[\n[0.5, \"a\"]\n]\n}\n", 1);
  check_clean(kV2 + kEvent, 2);
  check_clean(kV2 + kEvent + "[1, \"x\", \"0\"]\n", 2);
  check_clean(kV2 + kEvent + "[0.1, \"r\", \"100x50\"]", 2);
  check_clean(kV2 + kEvent + "\n  ", 2);
  check_clean(kV3 + "# comment\n" + kEvent, 3);
  check_clean(kV3 + "[0, \"i\", \"a\"]\r\n", 3);
}

TEST_CASE("upload check: what is no recording") {
  CHECK(refusal("") == "it is empty");
  CHECK(has(refusal("\n\n"), "not an asciicast: line "));
  CHECK(has(refusal("hello\n"), "not an asciicast: line 1: "));
  CHECK(has(refusal(std::string(1000, '\0')), "not an asciicast: line 1: "));
  CHECK(has(refusal("{\"version\": 2, \"width\": 80"), "not an asciicast: line 1: "));
  CHECK(has(refusal("{\"version\": 2}\n" + kEvent), "\"width\""));
  CHECK(has(refusal("{\"version\": 0, \"width\": 80, \"height\": 24}\n" + kEvent), "\"version\""));
  CHECK(has(refusal("{\"version\": \"2\", \"width\": 80, \"height\": 24}\n"), "\"version\""));
  CHECK(refusal("{\"version\": 4}\n" + kEvent).starts_with("asciicast version 4 is newer"));
}

TEST_CASE("upload check: a recording needs an event") {
  CHECK(refusal(kV1 + "[]}") == "it has no events");
  CHECK(refusal(kV2) == "it has no events");
  CHECK(refusal(kV2.substr(0, kV2.size() - 1)) == "it has no events");
  CHECK(refusal(kV3 + "# nothing\n\n") == "it has no events");
  CHECK(refusal(kV3 + "[0.5, \"o") == "it has no events");
}

TEST_CASE("upload check: a bad line before the end is not uploaded") {
  for (const std::string bad :
       {"[-1, \"o\", \"a\"]", "[1, \"o\"]", "[1, 2, \"a\"]", "[1, \"o\", 3]",
        "[\"1\", \"o\", \"a\"]", "{}", "hello", "[1, \"o\", \"\xFF\"]", "[1, \"o\", \"a",
        "[1e300, \"o\", \"a\"]"}) {
    CAPTURE(bad);
    for (const std::string& header : {kV2, kV3}) {
      std::string through_bad = header + kEvent;
      through_bad += bad + "\n";
      const std::string reason = refusal(through_bad + kEvent);
      CHECK(reason.starts_with("line 3: "));
      CHECK(has(reason, "`asciinema convert FILE NEW`"));
      // It is whole, since its newline is there.
      CHECK(refusal(through_bad).starts_with("line 3: "));
    }
  }
  CHECK(refusal(kV2 + "nonsense\n" + kEvent + "worse\n").starts_with("line 2: "));
  CHECK(refusal(kV1 + "[\n[0.5, \"a\"],\n[\"x\", \"b\"]]}").starts_with("line 3: "));
}

TEST_CASE("upload check: an incomplete last line is cut off, wherever it is cut") {
  const std::string whole = "[0.75, \"o\", \"caf\xC3\xA9 \\u00e9\\n\"]";
  for (const std::string& header : {kV2, kV3}) {
    for (const std::string& before : {kEvent, kEvent + "\n\n", kEvent + "# x\n"}) {
      const std::string good = header + before;
      for (std::size_t size = 1; size < whole.size(); ++size) {
        const Result<UploadCheck> result = check(good + whole.substr(0, size));
        REQUIRE(result.ok());
        CHECK(result->kept_bytes == good.size());
        REQUIRE(result->warnings.size() == 1);
        CHECK(has(result->warnings[0], "incomplete"));
      }
      check_clean(good + whole, header == kV2 ? 2 : 3);
    }
  }
}

TEST_CASE("upload check: an incomplete last line of any length") {
  std::string recording = kV2;
  while (recording.size() < (std::size_t{3} << 20)) recording += kEvent;
  const std::size_t kept = recording.size();
  recording += "[1, \"o\", \"" + std::string(std::size_t{5} << 20, 'a');
  const Result<UploadCheck> result = check(recording);
  REQUIRE(result.ok());
  CHECK(result->kept_bytes == kept);
}

TEST_CASE("upload check: a line that is longer than any reader takes") {
  const std::string line(RecordingReader::kMaxLineBytes + 1, ' ');
  CHECK(refusal(kV2 + kEvent + line + "\n" + kEvent) == "line 3: the line is too long");
}

TEST_CASE("upload check: zeros that a crash left at the end are cut off") {
  const Result<UploadCheck> result = check(kV2 + kEvent + std::string(4096, '\0'));
  REQUIRE(result.ok());
  CHECK(result->kept_bytes == kV2.size() + kEvent.size());
}

TEST_CASE("upload check: a version 1 document that is cut can't be mended") {
  const std::string whole = kV1 + "[[0.5, \"a\"], [1, \"b\"]]}";
  for (std::size_t size = kV1.size(); size < whole.size(); ++size) {
    const std::string reason = refusal(whole.substr(0, size));
    CHECK_MESSAGE(has(reason, "`asciinema convert FILE NEW`"), reason);
  }
}

TEST_CASE("upload check: only the bytes asked for count") {
  const std::string recording = kV2 + kEvent;
  const Result<UploadCheck> result = check_bytes(recording + "nonsense\n", recording.size());
  REQUIRE(result.ok());
  CHECK(result->kept_bytes == recording.size());
}

TEST_CASE("upload check: a theme that servers refuse") {
  const auto warns = [](const std::string& theme) {
    const Result<UploadCheck> v2 =
        check(R"({"version": 2, "width": 80, "height": 24, "theme": )" + theme + "}\n" + kEvent);
    const Result<UploadCheck> v3 = check(
        R"({"version": 3, "term": {"cols": 80, "rows": 24, "theme": )" + theme + "}}\n" + kEvent);
    REQUIRE(v2.ok());
    REQUIRE(v3.ok());
    CHECK(v2->warnings == v3->warnings);
    return !v2->warnings.empty() && has(v2->warnings[0], "theme");
  };
  CHECK_FALSE(warns(R"({"fg": "#ffffff", "bg": "#000000", "palette": "#1:#2"})"));
  CHECK_FALSE(warns(R"({ "palette":"#1:#2", "x":{"y":[1]}, "bg":"#0", "fg":"#f" })"));
  CHECK_FALSE(warns("null"));
  // Version 1 has none, whatever its header says.
  check_clean("{\"theme\": {}, " + kV1.substr(1) + "[[0.5, \"a\"]]}", 1);
  CHECK(warns("{}"));
  CHECK(warns(R"("dark")"));
  CHECK(warns(R"({"fg": "#ffffff", "bg": "#000000"})"));
  CHECK(warns(R"({"fg": "#ffffff", "palette": "#1:#2"})"));
  CHECK(warns(R"({"bg": "#ffffff", "palette": "#1:#2"})"));
  CHECK(warns(R"({"fg": null, "bg": "#000000", "palette": "#1:#2"})"));
}

TEST_CASE("upload check: a file that can't be read") {
  const test::TempDir directory;
  const Fd folder(::open(directory.path().c_str(), O_RDONLY | O_CLOEXEC));
  REQUIRE(folder);
  const Result<UploadCheck> result = check_recording_for_upload(folder.get(), 10);
  REQUIRE_FALSE(result.ok());
  CHECK(result.error().code == Errc::system);
}

}  // namespace
}  // namespace asciinemad
