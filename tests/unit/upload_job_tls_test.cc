// Certificates, http where https is meant, and proxies.
#include <doctest/doctest.h>

#include <string>

#include "tests/support/upload_fixture.h"

namespace asciinemad {
namespace {

using test::Certificate;
using test::Exchange;
using test::HttpServer;
using test::TestAuthority;
using test::UploadFixture;

void accept(Exchange& e) {
  CHECK(e.read_body());
  CHECK(e.form().size() == 1);
  e.respond("201 Created", "", e.target());
}

TEST_CASE("upload: certificates that are not trusted") {
  UploadFixture f(true);
  const auto refusal = [&](const Certificate& certificate) {
    const HttpServer server(accept, test::tls_channel_maker(certificate));
    f.request.server_url = f.url(server);
    std::string message = f.failure(Errc::untrusted);
    CHECK(server.heads().empty());
    return message;
  };
  CHECK(refusal(TestAuthority::self_signed()) ==
        "the server's certificate is not trusted (self-signed certificate)");
  CHECK(refusal(f.authority.issue({"IP:127.0.0.1", true})) ==
        "the server's certificate is not trusted (certificate has expired)");
  CHECK(refusal(TestAuthority().issue()) ==
        "the server's certificate is not trusted (unable to get local issuer certificate)");
  CHECK(refusal(f.authority.issue({"DNS:good.test", false})) ==
        "the server's certificate is for another host");
}

TEST_CASE("upload: trusted certificates that cannot be read") {
  UploadFixture f(true);
  const auto server = f.serve(accept);
  f.request.ca_file = f.dir / "none.pem";
  CHECK(f.failure(Errc::invalid_argument) == "cannot read trusted certificates from " +
                                                 f.request.ca_file + ": No such file or directory");
}

TEST_CASE("upload: http where https was expected, and the other way round") {
  UploadFixture f;
  f.timeouts.idle_ms = 1'000;
  const HttpServer plain([](Exchange&) {},
                         [](Fd fd) {
                           auto channel = test::make_plain_channel(std::move(fd));
                           channel->write("HTTP/1.1 400 Bad Request\r\n\r\n");
                           return channel;
                         });
  f.request.server_url = "https://" + plain.authority();
  CHECK(f.failure(Errc::invalid_argument) == "it answered http where https was expected");

  const HttpServer secure(accept, test::tls_channel_maker(f.authority.issue()));
  f.request.server_url = "http://" + secure.authority();
  f.failure(Errc::unavailable);  // it just closes; others say why, see "what is no answer"
}

TEST_CASE("upload: from http to https, and never back") {
  UploadFixture f(true);
  const auto secure = f.serve(accept);
  const HttpServer upgrade([&](Exchange& e) {
    e.skip_body();
    e.respond("308 Permanent", "Location: " + f.url(*secure) + "/x\r\n", "");
  });
  f.request.server_url = upgrade.url("");
  CHECK(f.answer().body == "/x");
  CHECK(secure->heads().at(0).find("\r\nAuthorization: Basic ") != std::string::npos);

  const HttpServer plain(accept);
  const auto back = f.serve([&](Exchange& e) {
    e.skip_body();
    e.respond("307 Temporary", "Location: " + plain.url("/y") + "\r\n", "");
  });
  CHECK(f.failure(Errc::invalid_argument) == "the server redirects uploads to " + plain.url("/y"));
  CHECK(plain.heads().empty());
}

TEST_CASE("upload: http through a proxy") {
  UploadFixture f;
  const HttpServer proxy(accept);
  f.request.http_proxy = "http://you:p%40ss@" + proxy.authority();
  f.request.server_url = "http://far.test:81/a";
  CHECK(f.answer().body == "http://far.test:81/a/api/asciicasts");
  const std::string head = proxy.heads().at(0);
  CHECK(head.find("\r\nHost: far.test:81\r\n") != std::string::npos);
  CHECK(head.find("\r\nProxy-Authorization: Basic eW91OnBAc3M=\r\n") != std::string::npos);
  CHECK(head.find("\r\nAuthorization: Basic ") != std::string::npos);
}

TEST_CASE("upload: https through a proxy") {
  UploadFixture f(true);
  const HttpServer server(
      [](Exchange& e) {
        CHECK(e.header("Proxy-Authorization").empty());
        accept(e);
      },
      test::tls_channel_maker(f.authority.issue({"DNS:far.test", false})));
  const HttpServer proxy([&](Exchange& e) {
    e.send("HTTP/1.1 200 Connection established\r\n\r\n");
    e.relay(server.port());
  });
  f.request.https_proxy = "you:p%40ss@" + proxy.authority();
  f.request.server_url = "https://far.test";
  CHECK(f.answer().body == "/api/asciicasts");
  const std::string head = proxy.heads().at(0);
  CHECK(head.starts_with("CONNECT far.test:443 HTTP/1.1\r\nHost: far.test:443\r\n"));
  CHECK(head.find("\r\nProxy-Authorization: Basic eW91OnBAc3M=\r\n") != std::string::npos);
  CHECK(head.find("\r\nAuthorization:") == std::string::npos);
}

TEST_CASE("upload: proxies that refuse") {
  UploadFixture f;
  const HttpServer proxy([](Exchange& e) {
    e.respond(e.target() == "busy.test:443" ? "503 Busy" : "407 Who Are You", "", "");
  });
  f.request.http_proxy = f.request.https_proxy = "http://you:secret@" + proxy.authority();
  const std::string start = "the proxy " + proxy.authority() + " answered ";
  f.request.server_url = "http://far.test";
  CHECK(f.failure(Errc::invalid_argument) == start + "407 Who Are You");
  f.request.server_url = "https://far.test";
  CHECK(f.failure(Errc::invalid_argument) == start + "407 Who Are You");
  f.request.server_url = "https://busy.test";
  CHECK(f.failure(Errc::unavailable) == start + "503 Busy");
  f.request.https_proxy = "socks5://you:secret@h:1080";
  CHECK(f.failure(Errc::invalid_argument) ==
        "the proxy socks5://h:1080: only http proxies can be used");
}

TEST_CASE("upload: past the proxy where no_proxy says so") {
  UploadFixture f;
  const HttpServer proxy(accept);
  const auto server = f.serve(accept);
  f.request.http_proxy = proxy.authority();
  f.request.no_proxy = "localhost,127.0.0.1";
  CHECK(f.answer().status == 201);
  CHECK(proxy.heads().empty());
}

}  // namespace
}  // namespace asciinemad
