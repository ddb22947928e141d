// From one URL to the next: redirections and pages.
#include <doctest/doctest.h>

#include <string>

#include "tests/support/fetch_fixture.h"
#include "tests/support/http_server.h"

namespace asciinemad {
namespace {

using test::Exchange;
using test::FetchFixture;
using test::HttpServer;

void send_page(Exchange& e, const std::string& head) {
  e.respond("200 OK", "Content-Type: text/html; charset=utf-8\r\n",
            "<!DOCTYPE html><html><head>" + head + "</head><body>...</body></html>");
}

std::string link_to(const std::string& href) {
  return "<link rel=\"alternate\" type=\"application/x-asciicast\" href=\"" + href + "\">";
}

TEST_CASE("fetch: redirections of every kind are followed, relative ones, too") {
  const HttpServer server([](Exchange& e) {
    const std::string target = e.target();
    if (target == "/a/1") e.respond("301 Moved Permanently", "Location: 2\r\n", "moved");
    if (target == "/a/2") e.respond("302 Found", "Location: ../b/3?x=y\r\n", "");
    if (target == "/b/3?x=y") e.respond("303 See Other", "Location: ?z\r\n", "");
    if (target == "/b/3?z") {
      e.respond("307 Temporary Redirect", "Location: //" + e.header("Host") + "/4\r\n", "");
    }
    if (target == "/4") {
      e.respond("308 Permanent Redirect", "Location: http://" + e.header("Host") + "/5#x\r\n", "");
    }
    if (target == "/5") e.respond("200 OK", "", "here");
  });
  FetchFixture f;
  CHECK(f.get(server.url("/a/1")) == "here");
  CHECK(f.final_url == server.url("/5"));
  CHECK(server.heads().size() == 6);
}

TEST_CASE("fetch: redirections come to an end") {
  const HttpServer loop([](Exchange& e) { e.redirect("/x"); });
  FetchFixture f;
  CHECK(f.failure(loop.url("/"), Errc::invalid_data) ==
        loop.url("/x") + ": more than 10 redirections");
  CHECK(loop.heads().size() == 11);

  const HttpServer chain([](Exchange& e) {
    const std::string target = e.target();
    if (target.size() < 11) return e.redirect(target + "x");
    e.respond("200 OK", "", "after ten");
  });
  CHECK(f.get(chain.url("/")) == "after ten");
}

TEST_CASE("fetch: redirections to where nobody should go are refused") {
  FetchFixture f;
  const auto failure = [&](const std::string& headers) {
    const HttpServer server([&](Exchange& e) { e.respond("302 Found", headers, ""); });
    return f.failure(server.url("/"), Errc::invalid_data).substr(server.url("/").size());
  };
  CHECK(failure("") == ": it leads nowhere");
  CHECK(failure("Location: file:///etc/passwd\r\n") ==
        ": it leads to file:///etc/passwd: only http and https URLs can be fetched");
  CHECK(failure("Location: ftp://me:secret@h/\r\n").find("secret") == std::string::npos);
  CHECK(failure("Location: http://\r\n").ends_with("the URL names no host"));
  CHECK(failure("Location: http://h/\x1B[2J\r\n").find('\x1B') == std::string::npos);
}

TEST_CASE("fetch: a user and password are for their host only") {
  const HttpServer other([](Exchange& e) { e.respond("200 OK", "", "other"); });
  const HttpServer server([&](Exchange& e) {
    if (e.target() == "/") e.redirect("/same");
    if (e.target() == "/same") e.redirect(other.url("/"));
  });
  FetchFixture f;
  CHECK(f.get("http://me:p%40ss@" + server.authority() + "/") == "other");
  CHECK(f.final_url == other.url("/"));
  const std::string authorization = "\r\nAuthorization: Basic bWU6cEBzcw==\r\n";  // me:p@ss
  CHECK(server.heads().at(0).find(authorization) != std::string::npos);
  CHECK(server.heads().at(1).find(authorization) != std::string::npos);
  CHECK(other.heads().at(0).find("uthorization") == std::string::npos);
}

TEST_CASE("fetch: a user and password are in no message and in no final URL") {
  const HttpServer server(
      [](Exchange& e) { e.respond(e.target() == "/" ? "200 OK" : "401 Unauthorized", "", ""); });
  FetchFixture f;
  CHECK(f.failure("http://me:secret@" + server.authority() + "/x", Errc::unavailable) ==
        server.url("/x") + ": the server answered 401 Unauthorized");
  CHECK(f.get("http://me:secret@" + server.authority() + "/").empty());
  CHECK(f.final_url == server.url("/"));
}

TEST_CASE("fetch: from a page to its recording") {
  const HttpServer server([](Exchange& e) {
    const std::string target = e.target();
    if (target == "/a/1") send_page(e, link_to("/a/1.cast?x=1&amp;y=2"));
    if (target == "/a/2") send_page(e, link_to("2.cast"));
    if (target == "/a/3") send_page(e, link_to("3.cast") + "<base href=/based/>");
    if (target == "/a/4") send_page(e, link_to("4.cast") + "<base href='javascript:x'>");
    if (target == "/a/5") send_page(e, link_to("http://" + e.header("Host") + "/moved"));
    if (target == "/moved") e.redirect("/5.cast");
    if (target == "/a/6") e.redirect("/b/6");
    if (target == "/b/6") send_page(e, link_to("6.cast"));
    if (target.find(".cast") != std::string::npos) e.respond("200 OK", "", "is " + target);
  });
  FetchFixture f;
  CHECK(f.get(server.url("/a/1")) == "is /a/1.cast?x=1&y=2");
  CHECK(f.final_url == server.url("/a/1.cast?x=1&y=2"));
  CHECK(f.get(server.url("/a/2")) == "is /a/2.cast");
  CHECK(f.get(server.url("/a/3")) == "is /based/3.cast");
  CHECK(f.get(server.url("/a/4")) == "is /a/4.cast");
  CHECK(f.get(server.url("/a/5")) == "is /5.cast");
  CHECK(f.get(server.url("/a/6")) == "is /b/6.cast");
}

TEST_CASE("fetch: what counts as a page") {
  FetchFixture f;
  const auto get = [&](const std::string& type) {
    const HttpServer server([&](Exchange& e) {
      if (e.target() == "/x") return e.respond("200 OK", "", "recording");
      e.respond("200 OK", "Content-Type: " + type + "\r\n", link_to("/x"));
    });
    return f.get(server.url("/"));
  };
  CHECK(get("text/html") == "recording");
  CHECK(get("TEXT/HTML;charset=x") == "recording");
  CHECK(get("application/xhtml+xml") == "recording");
  CHECK(get("text/plain") == link_to("/x"));
  CHECK(get("text/html-like") == link_to("/x"));
}

TEST_CASE("fetch: pages that lead to no recording") {
  const HttpServer server([](Exchange& e) {
    const std::string target = e.target();
    if (target == "/plain") send_page(e, "");
    if (target == "/empty") e.respond("200 OK", "Content-Type: text/html\r\n", "");
    if (target == "/nested") send_page(e, link_to("/nested"));
    if (target == "/file") send_page(e, link_to("file:///etc/passwd"));
    if (target == "/gone") send_page(e, link_to("/404"));
    if (target == "/404") e.respond("404 Not Found", "Content-Type: text/html\r\n", "");
  });
  FetchFixture f;
  const auto failure = [&](const char* target) {
    return f.failure(server.url(target), Errc::invalid_data);
  };
  CHECK(failure("/plain") == server.url("/plain") + ": the page has no link to a recording");
  CHECK(failure("/empty").ends_with("the page has no link to a recording"));
  CHECK(failure("/nested").ends_with("a recording was expected, it is another page"));
  CHECK(failure("/file").ends_with("only http and https URLs can be fetched"));
  CHECK(f.failure(server.url("/gone"), Errc::unavailable) ==
        server.url("/404") + ": the server answered 404 Not Found");
}

}  // namespace
}  // namespace asciinemad
