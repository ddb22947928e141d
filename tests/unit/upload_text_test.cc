#include "client/upload_text.h"

#include <doctest/doctest.h>

#include <string>
#include <vector>

#include "client/uploads_options.h"

namespace asciinemad {
namespace {

using Lines = std::vector<std::string>;
using wire::UploadState;

constexpr std::int64_t kNow = 1'700'000'000'000;

wire::UploadInfo upload(std::uint64_t number, UploadState state) {
  wire::UploadInfo info;
  info.number = number;
  info.state = state;
  info.name = "demo.cast";
  info.server_url = "https://asciinema.org";
  info.bytes = 2048;
  info.queued_at_ms = info.changed_at_ms = kNow - 180'000;
  return info;
}

wire::UploadInfo done(std::uint64_t number) {
  wire::UploadInfo info = upload(number, UploadState::done);
  info.url = "https://asciinema.org/a/1";
  return info;
}

std::string line(const wire::UploadInfo& info) {
  const Lines lines = upload_lines({info}, kNow);
  REQUIRE(lines.size() == 1);
  return lines[0];
}

TEST_CASE("columns are as wide as their widest") {
  wire::UploadInfo sending = upload(10, UploadState::uploading);
  sending.sent_bytes = 512;
  CHECK(upload_lines({done(9), sending}, kNow) ==
        Lines{"#9   done       2.0 KiB  3 min ago  demo.cast  https://asciinema.org/a/1",
              "#10  uploading  2.0 KiB  25%        demo.cast"});
  CHECK(upload_lines({}, kNow).empty());
}

TEST_CASE("what waits says for how long, and why") {
  wire::UploadInfo info = upload(1, UploadState::queued);
  CHECK(line(info) == "#1  queued  2.0 KiB  3 min ago  demo.cast");
  info.next_attempt_at_ms = kNow + 11'001;
  info.reason = "connection refused";
  CHECK(line(info) == "#1  queued  2.0 KiB  in 12 s  demo.cast  connection refused");
  info.next_attempt_at_ms = kNow - 1;
  CHECK(line(info) == "#1  queued  2.0 KiB  3 min ago  demo.cast  connection refused");
}

TEST_CASE("what is held says what to do") {
  wire::UploadInfo info = upload(1, UploadState::held);
  info.reason = "rejected";
  info.advice = "run `asciinema auth`";
  CHECK(line(info) == "#1  held  2.0 KiB  3 min ago  demo.cast  rejected; run `asciinema auth`");
  info.state = UploadState::cancelled;
  CHECK(line(info) == "#1  cancelled  2.0 KiB  3 min ago  demo.cast");
}

TEST_CASE("nothing of a name or a server's words moves the cursor") {
  wire::UploadInfo info = done(1);
  info.name = "a\x1b[2Jb\n";
  info.url = "http://x\r";
  CHECK(line(info) == "#1  done  2.0 KiB  3 min ago  a?[2Jb?  http://x?");
  CHECK(upload_change_text(info) == "#1 done a?[2Jb? http://x?");
  info.message = "one\x1b\ntwo\n";
  const std::string details = upload_details(info, kNow);
  CHECK(details.find("  message:      one?\n                two\n") != std::string::npos);
  CHECK(details.find('\x1b') == std::string::npos);
  CHECK(details.find('\r') == std::string::npos);
}

TEST_CASE("a lost answer is told wherever the upload is shown") {
  wire::UploadInfo info = done(1);
  info.ambiguous = true;
  const std::string told = "the server may have it twice";
  CHECK(line(info).find(told) != std::string::npos);
  CHECK(upload_change_text(info).find(told) != std::string::npos);
  CHECK(upload_details(info, kNow).find(told) != std::string::npos);
}

TEST_CASE("details are all there is") {
  wire::UploadInfo info = upload(3, UploadState::queued);
  info.title = "a title";
  info.visibility = wire::Visibility::private_;
  info.attempts = 2;
  info.reason = "why";
  info.file = "/queue/3.cast";
  info.next_attempt_at_ms = kNow + 60'000;
  const std::string details = upload_details(info, kNow);
  for (const char* part :
       {"#3 demo.cast\n", "  state:        queued, next attempt in 1 min\n",
        "  server:       https://asciinema.org\n", "  title:        a title\n",
        "  visibility:   private\n", "  size:         2.0 KiB (2048 bytes)\n",
        "  attempts:     2\n", "  reason:       why\n", "  copy:         /queue/3.cast\n"}) {
    CAPTURE(part);
    CHECK(details.find(part) != std::string::npos);
  }
  CHECK(details.find("advice") == std::string::npos);
  info.file.clear();
  info.next_attempt_at_ms = 0;
  CHECK(upload_details(info, kNow).find("  copy:         none is kept\n") != std::string::npos);
  CHECK(upload_details(info, kNow).find("as soon as there is room") != std::string::npos);
}

TEST_CASE("JSON has null for what is not there") {
  CHECK(uploads_json({}) == "[]\n");
  wire::UploadInfo info = upload(3, UploadState::queued);
  info.name = "a\"\xff";
  CHECK(uploads_json({info}) ==
        "[\n{\"number\": 3, \"state\": \"queued\", \"name\": \"a\\\"\xef\xbf\xbd\", "
        "\"server\": \"https://asciinema.org\", \"title\": null, \"visibility\": null, "
        "\"bytes\": 2048, \"sent_bytes\": 0, \"queued_at\": 1699999820.000, "
        "\"changed_at\": 1699999820.000, \"next_attempt_at\": null, \"attempts\": 0, "
        "\"ambiguous\": false, \"reason\": null, \"advice\": null, \"url\": null, "
        "\"message\": null, \"warning\": null, \"file\": null}\n]\n");
  info = done(4);
  info.visibility = wire::Visibility::unlisted;
  info.changed_at_ms = 5;
  info.message = "a\nb";
  const std::string json = uploads_json({info});
  for (const char* part : {"\"visibility\": \"unlisted\"", "\"changed_at\": 0.005",
                           "\"url\": \"https://asciinema.org/a/1\"", "\"message\": \"a\\nb\""}) {
    CAPTURE(part);
    CHECK(json.find(part) != std::string::npos);
  }
}

TEST_CASE("which states are the last") {
  for (const UploadState state : {UploadState::queued, UploadState::uploading}) {
    CHECK_FALSE(is_decided(state));
    CHECK_FALSE(is_finished(state));
  }
  CHECK(is_decided(UploadState::held));
  CHECK_FALSE(is_finished(UploadState::held));
  for (const UploadState state : {UploadState::done, UploadState::failed, UploadState::cancelled}) {
    CHECK(is_decided(state));
    CHECK(is_finished(state));
  }
}

TEST_CASE("times far and near") {
  CHECK(ago_text(kNow, kNow) == "just now");
  CHECK(ago_text(kNow - 2000, kNow) == "2 s ago");
  // The clock was set back.
  CHECK(ago_text(kNow + 5000, kNow) == "just now");
  CHECK(until_text(kNow, kNow) == "now");
  CHECK(until_text(kNow + 1, kNow) == "in 1 s");
}

TEST_CASE("numbers of uploads") {
  CHECK(parse_upload_number("12") == 12);
  CHECK(parse_upload_number("#12") == 12);
  for (const char* bad : {"", "#", "0", "#0", "-1", "1x", " 1", "##1", "99999999999999999999"}) {
    CAPTURE(bad);
    CHECK_FALSE(parse_upload_number(bad).has_value());
  }
}

}  // namespace
}  // namespace asciinemad
