// What goes to servers that take recordings, and what comes back.
#include "daemon/upload_job.h"

#include <doctest/doctest.h>

#include <cstdlib>
#include <string>
#include <vector>

#include "tests/support/upload_fixture.h"

namespace asciinemad {
namespace {

using test::Exchange;
using test::FormPart;
using test::HttpServer;
using test::PlainServers;
using test::TlsServers;
using test::UploadFixture;

// What every byte can be, and nothing else.
std::string some_bytes(std::size_t size) {
  std::string bytes;
  std::uint32_t state = 1;
  while (bytes.size() < size) {
    state = state * 1664525 + 1013904223;
    bytes += static_cast<char>(state >> 24);
  }
  return bytes;
}

TEST_CASE_TEMPLATE("upload: a recording", T, PlainServers, TlsServers) {
  UploadFixture f(T::kTls);
  std::vector<FormPart> form;
  const auto server = f.serve([&](Exchange& e) {
    CHECK(e.read_body());
    form = e.form();
    e.respond("201 Created",
              "Content-Type: application/json\r\nLocation: /a/17\r\nWarning: take care\r\n",
              "{\"url\": \"x\"}");
  });
  const std::string content = some_bytes(1'000'000);
  f.set_recording(content);
  const UploadOutcome outcome = f.upload();
  REQUIRE(outcome.answer.has_value());
  CHECK(outcome.body_sent);
  CHECK(outcome.answer->status == 201);
  CHECK(outcome.answer->reason == "Created");
  CHECK(outcome.answer->content_type == "application/json");
  CHECK(outcome.answer->location == f.request.server_url + "/a/17");
  CHECK(outcome.answer->warning == "take care");
  CHECK(outcome.answer->body == "{\"url\": \"x\"}");
  CHECK_FALSE(outcome.answer->title_dropped);

  REQUIRE(form.size() == 1);
  CHECK(form[0].name == "asciicast");
  CHECK(form[0].file_name == "ascii.cast");
  CHECK(form[0].content_type == "application/octet-stream");
  CHECK((form[0].content == content));

  CHECK(f.notes.ends == 1);
  REQUIRE(f.notes.sent.size() > 1);
  CHECK(f.notes.sent.size() < 10);
  CHECK(f.notes.sent.front() < content.size());
  CHECK(f.notes.sent.back() == content.size());
}

TEST_CASE("upload: the head of a request") {
  UploadFixture f;
  const auto server = f.serve([](Exchange& e) {
    e.skip_body();
    e.respond("200 OK", "", "");
  });
  const auto header = [&](const std::string& name) {
    const std::string head = server->heads().back();
    const std::size_t at = head.find("\r\n" + name + ": ");
    if (at == std::string::npos) return std::string("none");
    const std::size_t begin = at + name.size() + 4;
    return head.substr(begin, head.find("\r\n", begin) - begin);
  };
  f.request.server_url += "/a/prefix";
  CHECK(f.answer().status == 200);
  CHECK(server->heads().back().starts_with("POST /a/prefix/api/asciicasts HTTP/1.1\r\n"));
  CHECK(header("Host") == server->authority());
  CHECK(header("Authorization") == "Basic bWU6N2MyZjkwYjUtc2VjcmV0");
  CHECK(header("User-Agent").starts_with("asciinema/"));
  CHECK(header("User-Agent").ends_with(" asciinemad"));
  CHECK(header("Accept") == "application/json");
  CHECK(header("Idempotency-Key") == "key-1");
  CHECK(header("Transfer-Encoding") == "none");
  CHECK(header("Expect") == "none");

  const std::string type = header("Content-Type");
  f.request.user.clear();
  f.request.server_url = "http://you:there@" + server->authority();
  CHECK(f.answer().status == 200);
  CHECK(header("Authorization") == "Basic OjdjMmY5MGI1LXNlY3JldA==");
  CHECK(header("Content-Type") != type);
}

TEST_CASE("upload: an empty recording") {
  UploadFixture f;
  const auto server = f.serve([](Exchange& e) {
    CHECK(e.read_body());
    CHECK(e.form().size() == 1);
    e.respond("422 Unprocessable Entity", "", "no header");
  });
  f.set_recording("");
  CHECK(f.answer().body == "no header");
  CHECK(f.notes.ends == 1);
}

TEST_CASE("upload: no more of a file than was asked for, and no less") {
  UploadFixture f;
  const auto server = f.serve([](Exchange& e) {
    if (!e.read_body()) return;
    e.respond("200 OK", "", e.form().at(0).content);
  });
  f.set_recording("0123456789");
  f.request.bytes = 4;
  CHECK(f.answer().body == "0123");

  f.request.bytes = 11;
  UploadOutcome outcome = f.upload();
  CHECK_FALSE(outcome.answer.has_value());
  CHECK(outcome.error.code == Errc::system);
  CHECK(outcome.error.message.starts_with("read the recording, which has become shorter"));
  CHECK_FALSE(outcome.body_sent);
  CHECK(f.notes.ends == 0);

  f.request.recording = -1;
  CHECK(f.failure(Errc::system) == "read the recording: Bad file descriptor");
}

TEST_CASE("upload: with a title and visibility to the newer API") {
  UploadFixture f;
  std::vector<FormPart> form;
  const auto server = f.serve([&](Exchange& e) {
    e.read_body();
    form = e.form();
    e.respond("201 Created", "", "");
  });
  f.set_recording("content");
  f.request.title = "na\xC3\xAFve \"title\"\r\n--x";
  f.request.visibility = "unlisted";
  CHECK_FALSE(f.answer().title_dropped);
  CHECK(server->heads().at(0).starts_with("POST /api/v1/recordings HTTP/1.1\r\n"));
  REQUIRE(form.size() == 3);
  CHECK(form[0].name == "title");
  CHECK(form[0].content == f.request.title);
  CHECK(form[0].file_name.empty());
  CHECK(form[1].name == "visibility");
  CHECK(form[1].content == "unlisted");
  CHECK(form[2].name == "file");
  CHECK(form[2].file_name == "ascii.cast");
  CHECK(form[2].content == "content");
}

TEST_CASE("upload: a server without the newer API") {
  UploadFixture f;
  const auto server = f.serve([](Exchange& e) {
    e.read_body();
    if (e.target() != "/api/asciicasts") return e.respond("404 Not Found", "", "");
    CHECK(e.form().size() == 1);
    e.respond("201 Created", "", "");
  });
  f.request.title = "title";
  UploadAnswer answer = f.answer();
  CHECK(answer.status == 201);
  CHECK(answer.title_dropped);
  CHECK(f.notes.sent == std::vector<std::uint64_t>{f.request.bytes, 0, f.request.bytes});
  CHECK(f.notes.ends == 2);
  CHECK(server->heads().size() == 2);

  // It must not be seen by more people than its owner said.
  f.request.visibility = "private";
  answer = f.answer();
  CHECK(answer.status == 404);
  CHECK_FALSE(answer.title_dropped);
  CHECK(server->heads().size() == 3);
}

TEST_CASE("upload: what servers answer is handed on") {
  UploadFixture f;
  const auto answer = [&](const std::string& text) {
    const auto server = f.serve([&](Exchange& e) {
      e.skip_body();
      e.send(text);
    });
    return f.answer();
  };
  CHECK(answer("HTTP/1.1 401 Unauthorized\r\nContent-Length: 3\r\n\r\nwho").body == "who");
  const UploadAnswer busy = answer("HTTP/1.1 503 Busy\r\nRetry-After: 120\r\n\r\n");
  CHECK(busy.status == 503);
  CHECK(busy.retry_after == "120");
  CHECK(answer("HTTP/1.1 204 No Content\r\n\r\n").status == 204);
  CHECK(answer("HTTP/1.0 500\r\n\r\n<html>oops</html>").body == "<html>oops</html>");
  CHECK(answer("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n0\r\n\r\n").body ==
        "abc");
  CHECK(answer("HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 102 Processing\r\nX: y\r\n\r\n"
               "HTTP/1.1 201 Created\r\nContent-Length: 1\r\n\r\na")
            .status == 201);
  // printf abc | gzip -n
  const std::string packed("\x1F\x8B\x08\0\0\0\0\0\0\x03KLJ\x06\0\xC2\x41\x24\x35\x03\0\0\0", 23);
  CHECK(answer("HTTP/1.1 200 OK\r\nContent-Encoding: gzip\r\n\r\n" + packed).body == "abc");
  CHECK(answer("HTTP/1.1 201 Created\r\nContent-Length: 9\r\n\r\n{\"url").body == "{\"url");
}

TEST_CASE("upload: what is no answer") {
  UploadFixture f;
  const auto failure = [&](const std::string& text, Errc code) {
    const auto server = f.serve([&](Exchange& e) {
      e.skip_body();
      e.send(text);
    });
    const UploadOutcome outcome = f.upload();
    CHECK_FALSE(outcome.answer.has_value());
    CHECK(outcome.body_sent);
    CHECK_MESSAGE(outcome.error.code == code, text.substr(0, 40));
    return outcome.error.message;
  };
  const std::string none = "the server closed the connection without an answer";
  CHECK(failure("", Errc::unavailable) == none);
  CHECK(failure("HTTP/1.1 100 Continue\r\n\r\n", Errc::unavailable) == none);
  CHECK(failure("HTTP/1.1 1", Errc::invalid_data) == "the connection ended early");
  CHECK(failure("HTTP/1.1 200 OK\r\nConte", Errc::invalid_data) == "the connection ended early");
  const std::string other = "the answer is not valid HTTP";
  CHECK(failure("220 mail.test ready\r\n\r\n", Errc::invalid_data) == other);
  CHECK(failure("HTTP/1.1 200 OK\r\nX: " + std::string(100'000, 'x'), Errc::invalid_data) == other);
  CHECK(failure("HTTP/1.1 100 " + std::string(100'000, 'x'), Errc::invalid_data) == other);
  CHECK(failure(std::string("\x15\x03\x01\0\x02\x02\x46", 7), Errc::invalid_argument) ==
        "it answered https where http was expected");
}

TEST_CASE("upload: a URL that cannot be used") {
  UploadFixture f;
  f.request.server_url = "ftp://you:secret@h";
  CHECK(f.failure(Errc::invalid_argument) ==
        "ftp://h/api/asciicasts: only http and https URLs can be fetched");
}

TEST_CASE("upload: redirections that repeat the request are followed") {
  UploadFixture f;
  const auto server = f.serve([](Exchange& e) {
    CHECK(e.read_body());
    const std::string target = e.target();
    if (target == "/api/asciicasts") return e.respond("307 Temporary", "Location: /b/1\r\n", "x");
    if (target == "/b/1") return e.respond("308 Permanent", "Location: 2?x\r\n", "");
    CHECK(e.form().at(0).content.ends_with("\"hi\"]\n"));
    CHECK(e.header("Authorization") != "");
    e.respond("201 Created", "Location: 3\r\n", "");
  });
  const UploadAnswer answer = f.answer();
  CHECK(answer.status == 201);
  CHECK(answer.location == server->url("/b/3"));
  const std::uint64_t all = f.request.bytes;
  CHECK(f.notes.sent == std::vector<std::uint64_t>{all, 0, all, 0, all});
  CHECK(f.notes.ends == 3);
}

TEST_CASE("upload: redirections come to an end") {
  UploadFixture f;
  const auto server = f.serve([](Exchange& e) {
    e.skip_body();
    e.respond("307 Temporary", "Location: /again\r\n", "");
  });
  const UploadOutcome outcome = f.upload();
  CHECK_FALSE(outcome.answer.has_value());
  CHECK_FALSE(outcome.body_sent);
  CHECK(outcome.error.code == Errc::invalid_argument);
  CHECK(outcome.error.message ==
        "the server redirects uploads to " + server->url("/again") + ", and that is a loop");
  CHECK(server->heads().size() == 6);
}

TEST_CASE("upload: to another host goes nothing") {
  UploadFixture f;
  const HttpServer other([](Exchange& e) { e.respond("201 Created", "", ""); });
  std::string location;
  const auto server = f.serve([&](Exchange& e) {
    e.skip_body();
    e.respond("307 Temporary", "Location: " + location + "\r\n", "");
  });
  const std::string start = "the server redirects uploads to ";
  location = other.url("/x");  // another port is another server
  CHECK(f.failure(Errc::invalid_argument) == start + location);
  location = "http://you:secret@localhost:" + std::to_string(server->port()) + "/";
  CHECK(f.failure(Errc::invalid_argument) ==
        start + "http://localhost:" + std::to_string(server->port()) + "/");
  location = "https://localhost/";
  CHECK(f.failure(Errc::invalid_argument) == start + location);
  location = "file:///etc/passwd";
  CHECK(f.failure(Errc::invalid_argument).starts_with(start + location + ": "));
  CHECK(other.heads().empty());
  CHECK(server->heads().size() == 4);
}

TEST_CASE("upload: other redirections are answers") {
  UploadFixture f;
  std::string status;
  const auto server = f.serve([&](Exchange& e) {
    e.skip_body();
    e.respond(status, "Location: //other.test/y\r\n", "");
  });
  for (const char* each : {"301 Moved", "302 Found", "303 See Other"}) {
    status = each;
    const UploadAnswer answer = f.answer();
    CHECK(answer.status == std::atoi(each));
    CHECK(answer.location == "http://other.test/y");
  }
  CHECK(server->heads().size() == 3);
}

}  // namespace
}  // namespace asciinemad
