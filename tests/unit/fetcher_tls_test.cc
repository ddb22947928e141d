// TLS and proxies.
#include <doctest/doctest.h>

#include <string>

#include "tests/support/fake_resolver.h"
#include "tests/support/fetch_fixture.h"
#include "tests/support/http_server.h"
#include "tests/support/http_tls.h"

namespace asciinemad {
namespace {

using test::Certificate;
using test::Exchange;
using test::FakeResolver;
using test::FetchFixture;
using test::HttpServer;
using test::TestAuthority;

struct TlsFixture {
  TlsFixture() { f.request.ca_file = certificates.write("ca.pem", authority.pem()); }

  std::unique_ptr<HttpServer> serve(const Certificate& certificate, HttpServer::Handler handler) {
    return std::make_unique<HttpServer>(std::move(handler), test::tls_channel_maker(certificate));
  }
  std::unique_ptr<HttpServer> serve(HttpServer::Handler handler) {
    return serve(authority.issue(), std::move(handler));
  }
  static std::string url(const HttpServer& server, const std::string& target = "/") {
    return "https://" + server.authority() + target;
  }
  // The reason why a server with that certificate is not trusted.
  std::string refusal(const Certificate& certificate) {
    const auto server = serve(certificate, [](Exchange& e) { e.respond("200 OK", "", "x"); });
    const std::string message = f.failure(url(*server), Errc::untrusted);
    CHECK(message.starts_with(url(*server) + ": "));
    CHECK(server->heads().empty());
    return message.substr(url(*server).size() + 2);
  }

  TestAuthority authority;
  test::TempDir certificates;
  FetchFixture f;
};

TEST_CASE("fetch: over TLS") {
  TlsFixture t;
  const std::string large(3'000'000, 'x');
  const auto server = t.serve([&](Exchange& e) { e.respond("200 OK", "", large); });
  CHECK((t.f.get(t.url(*server)) == large));
  CHECK(t.f.final_url == t.url(*server));
}

TEST_CASE("fetch: over TLS to a name, which is what the certificate must be for") {
  TlsFixture t;
  const auto server = t.serve(t.authority.issue({"DNS:good.test", false}),
                              [](Exchange& e) { e.respond("200 OK", "", "x"); });
  FakeResolver resolver;
  resolver.add("good.test", {{"127.0.0.1", test::closed_port()}, {"127.0.0.1", server->port()}});
  resolver.add("bad.test", {{"127.0.0.1", server->port()}});
  CHECK(t.f.get("https://good.test/") == "x");
  CHECK(t.f.failure("https://bad.test/", Errc::untrusted) ==
        "https://bad.test/: the server's certificate is for another host");
  CHECK(t.f.failure(t.url(*server), Errc::untrusted)
            .ends_with("the server's certificate is for another host"));
}

TEST_CASE("fetch: certificates that are not trusted") {
  TlsFixture t;
  CHECK(t.refusal(TestAuthority::self_signed()) ==
        "the server's certificate is not trusted (self-signed certificate)");
  CHECK(t.refusal(t.authority.issue({"IP:127.0.0.1", true})) ==
        "the server's certificate is not trusted (certificate has expired)");
  CHECK(t.refusal(TestAuthority().issue()) ==
        "the server's certificate is not trusted (unable to get local issuer certificate)");
  t.f.request.ca_file.clear();  // the system's authorities do not know ours
  CHECK(t.refusal(t.authority.issue()).starts_with("the server's certificate is not trusted ("));
}

TEST_CASE("fetch: trusted certificates that cannot be read are told") {
  TlsFixture t;
  const auto server = t.serve([](Exchange&) {});
  const auto failure = [&](const std::string& ca_file) {
    t.f.request.ca_file = ca_file;
    const std::string message = t.f.failure(t.url(*server), Errc::invalid_argument);
    const std::string start =
        t.url(*server) + ": cannot read trusted certificates from " + ca_file + ": ";
    REQUIRE(message.starts_with(start));
    return message.substr(start.size());
  };
  CHECK(failure(t.certificates / "none.pem") == "No such file or directory");
  CHECK(failure(t.certificates.path()) == "Is a directory");
  CHECK(failure(t.certificates.write("text.pem", "text")) == "no certificate or crl found");
}

TEST_CASE("fetch: what cannot be a TLS server") {
  const HttpServer server([](Exchange&) {});
  FetchFixture f;
  f.timeouts.idle_ms = 100;
  const std::string url = TlsFixture::url(server);
  CHECK(f.failure(url, Errc::timed_out) == url + ": no answer in time");

  const HttpServer plain([](Exchange&) {},
                         [](Fd fd) {
                           auto channel = test::make_plain_channel(std::move(fd));
                           channel->write("HTTP/1.1 400 Bad Request\r\n\r\n");
                           return channel;
                         });
  CHECK(f.failure(TlsFixture::url(plain), Errc::invalid_argument) ==
        TlsFixture::url(plain) + ": it answered http where https was expected");
  const HttpServer other([](Exchange&) {},
                         [](Fd fd) {
                           auto channel = test::make_plain_channel(std::move(fd));
                           channel->write("220 mail.test ready\r\n");
                           return channel;
                         });
  CHECK(f.failure(TlsFixture::url(other), Errc::unavailable) ==
        TlsFixture::url(other) + ": TLS: wrong version number");
}

TEST_CASE("fetch: somebody cuts a TLS connection") {
  TlsFixture t;
  const auto server = t.serve([](Exchange& e) {
    const bool bounded = e.target() == "/bounded";
    e.send("HTTP/1.1 200 OK\r\n" + std::string(bounded ? "Content-Length: 4\r\n" : "") + "\r\nabc");
    if (e.target() != "/ended") e.cut();
  });
  CHECK(t.f.get(t.url(*server, "/ended")) == "abc");
  for (const std::string target : {"/bounded", "/unbounded"}) {
    CHECK(t.f.failure(t.url(*server, target), Errc::invalid_data) ==
          t.url(*server, target) + ": the connection ended early");
  }
}

TEST_CASE("fetch: from http to https, and never back") {
  TlsFixture t;
  const HttpServer plain([](Exchange& e) { e.respond("200 OK", "", "plain"); });
  const auto secure = t.serve([&](Exchange& e) {
    if (e.target() == "/back") return e.redirect(plain.url("/"));
    if (e.target() == "/page") {
      return e.respond(
          "200 OK", "Content-Type: text/html\r\n",
          "<link rel=alternate type=application/x-asciicast href=" + plain.url("/") + ">");
    }
    e.respond("200 OK", "", "secure");
  });
  const HttpServer upgrade([&](Exchange& e) { e.redirect(TlsFixture::url(*secure)); });
  CHECK(t.f.get(upgrade.url("/")) == "secure");
  for (const std::string target : {"/back", "/page"}) {
    CHECK(t.f.failure(t.url(*secure, target), Errc::invalid_data) ==
          t.url(*secure, target) +
              ": it leads from https to http, which is not safe: " + plain.url("/"));
  }
  CHECK(plain.heads().empty());
}

TEST_CASE("fetch: http through a proxy") {
  const HttpServer proxy([](Exchange& e) { e.respond("200 OK", "", e.target()); });
  FetchFixture f;
  f.request.http_proxy = "http://me:p%40ss@" + proxy.authority();
  CHECK(f.get("http://you:secret@far.test:81/a?b") == "http://far.test:81/a?b");
  const std::string head = proxy.heads().at(0);
  CHECK(head.find("\r\nHost: far.test:81\r\n") != std::string::npos);
  CHECK(head.find("\r\nProxy-Authorization: Basic bWU6cEBzcw==\r\n") != std::string::npos);
  CHECK(head.find("\r\nAuthorization: Basic eW91OnNlY3JldA==\r\n") != std::string::npos);
}

TEST_CASE("fetch: https through a proxy") {
  TlsFixture t;
  const auto server = t.serve(t.authority.issue({"DNS:far.test", false}), [](Exchange& e) {
    e.respond("200 OK", "", e.header("Proxy-Authorization") + "through");
  });
  const HttpServer proxy([&](Exchange& e) {
    e.send("HTTP/1.1 200 Connection established\r\nX: y\r\n\r\n");
    e.relay(server->port());
  });
  t.f.request.https_proxy = "me:p%40ss@" + proxy.authority();
  CHECK(t.f.get("https://far.test/") == "through");
  const std::string head = proxy.heads().at(0);
  CHECK(head.starts_with("CONNECT far.test:443 HTTP/1.1\r\nHost: far.test:443\r\n"));
  CHECK(head.find("\r\nProxy-Authorization: Basic bWU6cEBzcw==\r\n") != std::string::npos);
  CHECK(t.f.failure("https://wrong.test/", Errc::untrusted)
            .ends_with("the server's certificate is for another host"));
}

TEST_CASE("fetch: a proxy that does not want to") {
  FetchFixture f;
  const auto failure = [&](const std::string& answer, Errc code) {
    const HttpServer proxy([&](Exchange& e) { e.send(answer); });
    f.request.https_proxy = "http://me:secret@" + proxy.authority();
    std::string message = f.failure("https://far.test/", code);
    if (const std::size_t at = message.find(proxy.authority()); at != std::string::npos) {
      message.replace(at, proxy.authority().size(), "PROXY");
    }
    return message;
  };
  CHECK(failure("HTTP/1.1 407 Proxy Authentication Required\r\n\r\n", Errc::invalid_argument) ==
        "https://far.test/: the proxy PROXY answered 407 Proxy Authentication Required");
  CHECK(failure("HTTP/1.1 503 Busy\r\n\r\n", Errc::unavailable).ends_with("answered 503 Busy"));
  CHECK(failure("", Errc::unavailable).ends_with("the proxy closed the connection"));
  CHECK(failure("nonsense\r\n\r\n", Errc::unavailable).ends_with("PROXY answered nonsense"));
  CHECK(failure(std::string(100'000, 'x'), Errc::invalid_data).ends_with("not valid HTTP"));
}

TEST_CASE("fetch: past the proxy where no_proxy says so") {
  const HttpServer proxy([](Exchange&) {});
  const HttpServer server([](Exchange& e) { e.respond("200 OK", "", "direct"); });
  FetchFixture f;
  f.request.http_proxy = proxy.authority();
  f.request.no_proxy = "localhost,127.0.0.1";
  CHECK(f.get(server.url("/")) == "direct");
  CHECK(proxy.heads().empty());
}

TEST_CASE("fetch: a proxy that cannot be used is told") {
  FetchFixture f;
  f.request.http_proxy = "socks5://me:secret@h:1080";
  const std::string message = f.failure("http://far.test/", Errc::invalid_argument);
  CHECK(message == "http://far.test/: the proxy socks5://h:1080: only http proxies can be used");
}

}  // namespace
}  // namespace asciinemad
