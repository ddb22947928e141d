#include "daemon/upload_answer.h"

#include <doctest/doctest.h>

#include <algorithm>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "daemon/upload_verdict.h"

// What of a server's answer reaches people, through judge_upload().
namespace asciinemad {
namespace {

using Kind = UploadVerdict::Kind;

const std::string kInstallId = "6f1b9d2e-52a4-4c7e-9a01-3d1c1c6a7c11";

UploadItem sample_item() {
  UploadItem item;
  item.number = 12;
  item.server.url = "https://rec.example";
  item.server.install_id = kInstallId;
  return item;
}

UploadAnswer answer_with(int status, std::string body = "", std::string content_type = "") {
  UploadAnswer answer;
  answer.status = status;
  answer.body = std::move(body);
  answer.content_type = std::move(content_type);
  return answer;
}

UploadVerdict judge(const UploadAnswer& answer) {
  UploadOutcome outcome;
  outcome.answer = answer;
  return judge_upload(sample_item(), outcome, 0);
}

bool has(const std::string& text, std::string_view part) {
  return text.find(part) != std::string::npos;
}

TEST_CASE("upload answer: where the recording is") {
  struct Row {
    std::string_view body;
    std::string_view location;
    std::string_view url;
  };
  const std::string too_long = "https://rec.example/" + std::string(600, 'a');
  const std::vector<Row> rows = {
      {R"({"url": "https://rec.example/a/1"})", "", "https://rec.example/a/1"},
      {R"( {"message": "x", "url": "http://rec.example/a/1#t"} )", "/a/2",
       "http://rec.example/a/1#t"},
      {"\xEF\xBB\xBF{\"url\": \"https://rec.example/a/1\"}", "", "https://rec.example/a/1"},
      {R"({"url": "https:\/\/rec.example\/a\/\u0031"})", "", "https://rec.example/a/1"},
      {"https://rec.example/a/1", "", "https://rec.example/a/1"},
      {" https://rec.example/a/1\r\n", "https://rec.example/a/2", "https://rec.example/a/1"},
      {"", "https://rec.example/a/2", "https://rec.example/a/2"},
      {"", "/a/2", "https://rec.example/a/2"},
      {"uploaded", "/a/2", "https://rec.example/a/2"},
      {"<html>ok</html>", "/a/2", "https://rec.example/a/2"},
      {R"({"url": "/a/1"})", "/a/2", "https://rec.example/a/2"},
      {R"({"url": 1})", "", ""},
      {R"({"url": "javascript:alert"})", "", ""},
      {R"({"url": "https://rec.example/\u001b[2J"})", "", ""},
      {"{\"url\": \"https://rec.example/\xC2\x9B\"}", "", "https://rec.example/%C2%9B"},
      {R"({"url": "https://me:secret@rec.example/a"})", "", "https://rec.example/a"},
      {R"([{"url": "https://rec.example/a/1"}])", "", ""},
      {R"({"url": "https://rec.example/a/1")", "", ""},
      {"see https://rec.example/a/1", "", ""},
      {"ftp://rec.example/a", "", ""},
      {"https://", "ipfs://x", ""},
      {too_long, "", ""},
      {"", too_long, ""},
      {"", "", ""},
  };
  for (const Row& row : rows) {
    CAPTURE(row.body);
    UploadAnswer answer = answer_with(201, std::string(row.body));
    answer.location = row.location;
    CHECK(judge(answer).kind == Kind::done);
    CHECK(judge(answer).url == row.url);
    // Old servers' 200 counts only with an address: a log-in page has none.
    answer.status = 200;
    CHECK(judge(answer).kind == (row.url.empty() ? Kind::retry : Kind::done));
    CHECK(judge(answer).url == row.url);
  }
}

TEST_CASE("upload answer: a log-in page is told from other answers") {
  CHECK(has(judge(answer_with(200, "Hi", "Text/HTML; charset=utf-8")).reason, "a web page (200)"));
  CHECK(has(judge(answer_with(200, " <!DOCTYPE html>")).reason, "a web page (200)"));
  CHECK(has(judge(answer_with(200, "Hi", "text/plain")).reason, "without an address"));
  CHECK_FALSE(has(judge(answer_with(200, "Buy now")).reason, "Buy now"));
}

TEST_CASE("upload answer: the server's message") {
  struct Row {
    std::string_view body;
    std::string_view message;
  };
  const std::string many(5000, 'a');
  const std::string wide = [] {
    std::string text = "b";
    for (int i = 0; i < 2000; ++i) text += "\xE2\x82\xAC";
    return text;
  }();
  const std::string many_body = R"({"message": ")" + many + "\"}";
  const std::string wide_body = R"({"message": ")" + wide + "\"}";
  const std::string_view wide_kept = std::string_view(wide).substr(0, 1 + 3 * 1365);
  REQUIRE(wide_kept.size() == 4096);
  const std::string wider_body = R"({"message": "b)" + wide + "\"}";
  const std::string wider_kept = "b" + wide.substr(0, 1 + 3 * 1364);
  const std::vector<Row> rows = {
      {R"({"message": "View it at:\n\n    https://x\n"})", "View it at:\n\n    https://x"},
      {R"({"message": "a\r\nb\r\n\r\n \n"})", "a\nb"},
      {R"({"message": "a\tb\u0000\u001b[31mc\rd\u009be\u007f"})", "a b??[31mc?d?e?"},
      {R"({"message": "\u00e9 \ud83d\ude00 \ud800"})", "\xC3\xA9 \xF0\x9F\x98\x80 \xEF\xBF\xBD"},
      {"{\"message\": \"a\xFFz\"}", "a\xEF\xBF\xBDz"},
      {R"({"message": "\n\n"})", ""},
      {R"({"message": ["a"]})", ""},
      {R"({"message": null})", ""},
      {"{\"message\": \"cut", ""},
      {"  Thanks\n  a lot \n", "  Thanks\n  a lot"},
      {"https://rec.example/a/1", ""},
      {"<html>x</html>", ""},
      {"", ""},
      {many_body, std::string_view(many).substr(0, 4096)},
      {wide_body, wide_kept},
      {wider_body, wider_kept},
  };
  for (const Row& row : rows) {
    CAPTURE(row.body.substr(0, 80));
    CHECK(judge(answer_with(201, std::string(row.body))).message == row.message);
  }
  CHECK(judge(answer_with(201, "{}", "application/json")).message.empty());
  CHECK(judge(answer_with(201, "Thanks", "application/json")).message.empty());
}

TEST_CASE("upload answer: warnings") {
  struct Row {
    std::string_view header;
    std::string_view warning;
  };
  const std::vector<Row> rows = {
      {"", ""},
      {"Your client is old.", "Your client is old."},
      {"199 - \"Your client is old\"", "Your client is old"},
      {"299 rec.example:80 \"old\" \"Sun, 06 Nov 1994 08:49:37 GMT\"", "old"},
      {"199 - \"no end", "199 - \"no end"},
      {"199 of your \"uploads\" are private", "199 of your \"uploads\" are private"},
      {"1999 - \"x\"", "1999 - \"x\""},
      {"a\x1b[2J\r\n b\t\xFF", "a?[2J b \xEF\xBF\xBD"},
  };
  for (const Row& row : rows) {
    UploadAnswer answer = answer_with(201);
    answer.warning = row.header;
    CHECK(judge(answer).warning == row.warning);
  }
  UploadAnswer answer = answer_with(201);
  answer.title_dropped = true;
  CHECK(has(judge(answer).warning, "takes no titles"));
  answer.warning = std::string(2000, 'w');
  CHECK(has(judge(answer).warning, "www...; the server takes no titles"));
  CHECK(judge(answer).warning.size() <= 512);
  answer.title_dropped = false;
  CHECK_FALSE(has(judge(answer).warning, "title"));
}

TEST_CASE("upload answer: the server's words are in the reason") {
  const auto reason = [](std::string body, std::string type = "") {
    return judge(answer_with(422, std::move(body), std::move(type))).reason;
  };
  const std::string says = "(422); the server says: ";
  CHECK(has(reason(R"({"type": "bad", "message": "no\n header\u0007"})"), says + "no header?"));
  CHECK(has(reason(R"({"message": "no", "details": {"theme": ["is \u001b bad"]}})"),
            says + R"(no ({"theme":["is \u001b bad"]}))"));
  CHECK(has(reason(R"({"message": "no", "details": "line\n2"})"), says + "no (line 2)"));
  CHECK(has(reason(R"({"details": "line 2"})"), says + "(line 2)"));
  CHECK(has(reason("not a recording\n", "text/plain"), says + "not a recording"));
  for (const std::string_view silent :
       {"", "<h1>Oops</h1>", R"({"message": null, "details": null})", R"(["a"])", "{broken"}) {
    CHECK_FALSE(has(reason(std::string(silent), silent == R"(["a"])" ? "application/json" : ""),
                    "the server says"));
  }
  CHECK_FALSE(has(reason("Oops", "text/html"), "the server says"));
  CHECK_FALSE(has(reason("\x01\x02\x03", "application/octet-stream"), "the server says"));
}

TEST_CASE(
    "upload answer: every text is bounded and printable, reasons are without the install id") {
  std::string hostile = kInstallId + " \x1b]0;x\x07\r\n\xC2\x9B\xFF";
  for (int i = 0; i < 300; ++i) hostile += "\xE2\x82\xAC" + kInstallId;
  const auto check = [](const std::string& text, std::size_t max_bytes) {
    CHECK(text.size() <= max_bytes);
    CHECK_FALSE(has(text, "\xC2\x9B"));
    CHECK(std::none_of(text.begin(), text.end(), [](char c) {
      return (static_cast<unsigned char>(c) < 0x20 && c != '\n') || c == 0x7F;
    }));
  };
  const auto check_all = [&](const UploadVerdict& verdict) {
    for (const std::string* text :
         {&verdict.reason, &verdict.advice, &verdict.url, &verdict.warning}) {
      check(*text, 512);
      CHECK_FALSE(has(*text, "\n"));
    }
    for (const std::string* text : {&verdict.reason, &verdict.advice, &verdict.warning}) {
      CHECK_FALSE(has(*text, kInstallId));
    }
    check(verdict.message, 4096);
  };
  for (int status = 100; status < 620; ++status) {
    UploadAnswer answer = answer_with(status, hostile);
    answer.reason = answer.warning = answer.retry_after = hostile;
    answer.location = "https://new.example/" + kInstallId;
    check_all(judge(answer));
    answer.body = R"({"url": "https://rec.example/)" + kInstallId + R"(", "details": [")";
    answer.body += hostile + "\"]}";
    check_all(judge(answer));
  }
  for (const Errc code : {Errc::system, Errc::unavailable, Errc::untrusted}) {
    UploadOutcome outcome;
    outcome.error = Error{code, hostile};
    check_all(judge_upload(sample_item(), outcome, 0));
  }
}

TEST_CASE("upload answer: the message of a success may show where to link the install id") {
  const std::string link = "https://rec.example/connect/" + kInstallId;
  const UploadAnswer answer =
      answer_with(201, R"({"url": "https://rec.example/a/1", "message": "Open )" + link + "\"}");
  CHECK(judge(answer).message == "Open " + link);
}

}  // namespace
}  // namespace asciinemad
