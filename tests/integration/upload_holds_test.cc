// Uploads that wait for a person: install ids that are rejected, certificates that are not trusted.

#include <doctest/doctest.h>

#include <algorithm>
#include <array>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "tests/support/http_tls.h"
#include "tests/support/upload_sandbox.h"

namespace asciinemad {
namespace {

using test::ApiServer;
using test::contains;
using test::ListedUpload;
using test::Outcome;
using test::TestAuthority;
using test::UploadSandbox;
namespace faults = test::faults;

std::size_t count_in(const UploadSandbox& f, std::string_view state) {
  const std::vector<ListedUpload> uploads = f.list();
  return static_cast<std::size_t>(std::count_if(
      uploads.begin(), uploads.end(), [&](const ListedUpload& u) { return u.state() == state; }));
}

// A server that has rejected the install id, and what it holds.
struct Rejected : UploadSandbox {
  static constexpr std::size_t kCount = 5;

  Rejected() {
    sandbox.write("a.cast", test::make_recording(1000));
    server.revoke(kInstallId);
    for (std::size_t i = 0; i < kCount; ++i) enqueue("a.cast");
    REQUIRE(test::eventually([&] { return count_in(*this, "held") == kCount; }));
  }
  void expect_arrival() const {
    CHECK(uploads({"wait"}).status == 0);
    CHECK(count_in(*this, "done") == kCount);
    CHECK(server.uploads().size() == kCount);
  }
};

TEST_CASE("upload: a rejected install id holds what is for this server, and says what to do") {
  UploadSandbox f;
  f.sandbox.write("a.cast", test::make_recording(1000));
  f.server.revoke(UploadSandbox::kInstallId);
  const Outcome outcome = f.upload({"a.cast"});
  CHECK(outcome.status == 1);
  CHECK(contains(outcome.err, "upload failed: the server does not accept this machine's install"));
  CHECK(contains(outcome.err, "run `asciinema auth` to link this machine to your account"));
  CHECK(contains(outcome.err, "it is held as #1"));
  CHECK_FALSE(contains(outcome.err, UploadSandbox::kInstallId));

  // Others' uploads do not wait for that.
  const UploadSandbox* const same = &f;
  f.sandbox.environment["ASCIINEMA_INSTALL_ID"] = "3c6b2a1e-5d84-4f0a-9b57-0d2f6c1e8a44";
  CHECK(same->upload({"a.cast"}).status == 0);
  CHECK(f.show("1").state() == "held");
}

TEST_CASE("upload: asciinema auth releases what was held") {
  Rejected f;
  // Not more than the two that were under way together, and those that came later.
  const std::size_t requests = f.server.requests();
  CHECK(requests <= Rejected::kCount);
  f.server.accept(UploadSandbox::kInstallId);
  const Outcome auth = f.sandbox.run({"asciinema", "auth"});
  CHECK(auth.status == 0);
  CHECK(contains(auth.out + auth.err,
                 f.server.url("/connect/" + std::string(UploadSandbox::kInstallId))));
  f.expect_arrival();
}

TEST_CASE("upload: a retry of one releases all that was held") {
  Rejected f;
  f.server.accept(UploadSandbox::kInstallId);
  CHECK(f.uploads({"retry", "3"}).status == 0);
  f.expect_arrival();
}

TEST_CASE("upload: a success releases what was held") {
  Rejected f;
  f.server.accept(UploadSandbox::kInstallId);
  f.sandbox.write("b.cast", test::make_recording(2000));
  CHECK(f.upload({"b.cast"}).status == 0);
  CHECK(f.uploads({"wait"}).status == 0);
  CHECK(count_in(f, "done") == Rejected::kCount + 1);
}

TEST_CASE("upload: what is held stays so when the daemon starts again, until asciinema auth") {
  Rejected f;
  const std::size_t requests = f.server.requests();
  f.kill_daemon();
  CHECK(count_in(f, "held") == Rejected::kCount);
  CHECK(f.server.requests() == requests);
  f.server.accept(UploadSandbox::kInstallId);
  CHECK(f.sandbox.run({"asciinema", "auth"}).status == 0);
  f.expect_arrival();
}

TEST_CASE("upload: asciinema auth releases also when no daemon runs") {
  Rejected f;
  f.kill_daemon();
  f.server.accept(UploadSandbox::kInstallId);
  CHECK(f.sandbox.run({"asciinema", "auth"}).status == 0);
  f.expect_arrival();
}

TEST_CASE("upload: certificates that nobody vouches for") {
  const TestAuthority authority;
  struct Case {
    const char* name;
    test::Certificate certificate;
  };
  for (const Case& c : {Case{"self-signed", TestAuthority::self_signed()},
                        Case{"expired", authority.issue({"IP:127.0.0.1", true})},
                        Case{"another's", authority.issue({"DNS:example.org", false})}}) {
    CAPTURE(c.name);
    ApiServer server(test::tls_channel_maker(c.certificate));
    UploadSandbox f;
    f.sandbox.write("a.cast", test::make_recording(1000));
    f.sandbox.environment["SSL_CERT_FILE"] = f.sandbox.write("ca.pem", authority.pem());
    f.sandbox.environment["ASCIINEMA_API_URL"] = "https://" + server.authority();
    const Outcome outcome = f.upload({"a.cast"});
    CHECK(outcome.status == 1);
    CHECK(contains(outcome.err, "certificate"));
    CHECK(contains(outcome.err, "it is held as #1"));
    const ListedUpload held = f.show("1");
    CHECK(held.state() == "held");
    CHECK(contains(held.get("advice"), "SSL_CERT_FILE"));
    CHECK(server.requests() == 0);
  }
}

TEST_CASE("upload: a certificate that is trusted later") {
  const TestAuthority authority;
  ApiServer server(test::tls_channel_maker(authority.issue()));
  UploadSandbox f;
  f.sandbox.write("a.cast", test::make_recording(1'000'000));
  f.sandbox.environment["ASCIINEMA_API_URL"] = "https://" + server.authority();
  CHECK(f.upload({"a.cast"}).status == 1);
  f.sandbox.environment["SSL_CERT_FILE"] = f.sandbox.write("ca.pem", authority.pem());
  CHECK(f.uploads({"retry", "1"}).status == 0);
  CHECK(f.uploads({"wait", "1"}).status == 0);
  REQUIRE(server.uploads().size() == 1);
  CHECK((server.uploads()[0].content == f.sandbox.read("a.cast")));
}

TEST_CASE("upload: https where http is spoken") {
  // As HTTP servers answer what is no HTTP.
  const ApiServer server([](Fd fd) -> std::unique_ptr<test::Channel> {
    const auto channel = test::make_plain_channel(std::move(fd));
    std::array<char, 4096> hello{};
    if (channel->read(hello.data(), hello.size()) > 0) {
      channel->write("HTTP/1.1 400 Bad Request\r\nContent-Length: 0\r\n\r\n");
    }
    return nullptr;
  });
  UploadSandbox f;
  f.sandbox.write("a.cast", test::make_recording(1000));
  f.sandbox.environment["ASCIINEMA_API_URL"] = "https://" + server.authority();
  const Outcome outcome = f.upload({"a.cast"});
  CHECK(outcome.status == 1);
  CHECK(contains(outcome.err, "upload failed: "));
  CHECK(contains(outcome.err, "answered http where https was expected"));
}

TEST_CASE("upload: http where https is spoken") {
  const TestAuthority authority;
  const ApiServer server(test::tls_channel_maker(authority.issue()));
  UploadSandbox f;
  f.sandbox.write("a.cast", test::make_recording(1000));
  f.sandbox.environment["ASCIINEMA_API_URL"] = "http://" + server.authority();
  // From one that says nothing about it.
  const Outcome silent = f.upload({"a.cast"});
  CHECK(silent.status == 1);
  CHECK(contains(silent.err, "will be retried"));
  CHECK(server.requests() == 0);
  // From one that does.
  f.sandbox.environment["ASCIINEMA_API_URL"] = f.server.url();
  f.server.inject(faults::answer("400 Bad Request", "Content-Type: text/plain\r\n",
                                 "The plain HTTP request was sent to HTTPS port"));
  const Outcome explained = f.upload({"a.cast"});
  CHECK(explained.status == 1);
  CHECK(contains(explained.err, "The plain HTTP request was sent to HTTPS port"));
}

}  // namespace
}  // namespace asciinemad
