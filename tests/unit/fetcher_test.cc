// What comes from well-behaved and other servers.
#include "daemon/fetcher.h"

#include <doctest/doctest.h>
#include <fcntl.h>
#include <sys/resource.h>
#include <sys/stat.h>

#include <array>
#include <cstdio>
#include <filesystem>
#include <string>
#include <string_view>

#include "tests/support/fetch_fixture.h"
#include "tests/support/http_server.h"

namespace asciinemad {
namespace {

using test::Exchange;
using test::FetchFixture;
using test::HttpServer;

const std::string kCast = "{\"version\": 2, \"width\": 80, \"height\": 24}\n[0.1, \"o\", \"hi\"]\n";

// What a shell command prints, compressed.
std::string gzipped(const std::string& command) {
  std::FILE* pipe = ::popen((command + " | gzip -c").c_str(), "re");
  REQUIRE(pipe != nullptr);
  std::string all;
  std::array<char, 65536> buffer{};
  for (std::size_t n = 1; n > 0;) {
    n = std::fread(buffer.data(), 1, buffer.size(), pipe);
    all.append(buffer.data(), n);
  }
  REQUIRE(::pclose(pipe) == 0);
  return all;
}

TEST_CASE("fetch: a recording") {
  const HttpServer server([](Exchange& e) { e.respond("200 OK", "", kCast); });
  FetchFixture f;
  CHECK(f.get(server.url("/a.cast?x=1#t=3")) == kCast);
  CHECK(f.final_url == server.url("/a.cast?x=1"));
  const std::string head = server.heads().at(0);
  CHECK(head.starts_with("GET /a.cast?x=1 HTTP/1.1\r\n"));
  CHECK(head.find("\r\nHost: " + server.authority() + "\r\n") != std::string::npos);
  CHECK(head.find("\r\nUser-Agent: asciinemad/") != std::string::npos);
  CHECK(head.find("\r\nAccept: application/x-asciicast") != std::string::npos);
  CHECK(head.find("Authorization") == std::string::npos);
}

TEST_CASE("fetch: the file is regular, has no name and stands at its start") {
  const HttpServer server([](Exchange& e) { e.respond("200 OK", "", kCast); });
  FetchFixture f;
  f.start(server.url("/"));
  const Result<Fetched>& result = f.wait();
  REQUIRE(result.ok());
  struct stat status {};
  REQUIRE(::fstat(result->file.get(), &status) == 0);
  CHECK(S_ISREG(status.st_mode));
  CHECK((status.st_mode & 0777) == 0600);
  CHECK(static_cast<std::size_t>(status.st_size) == kCast.size());
  CHECK(::lseek(result->file.get(), 0, SEEK_CUR) == 0);
  CHECK((::fcntl(result->file.get(), F_GETFD) & FD_CLOEXEC) != 0);
  CHECK(std::filesystem::is_empty(f.dir.path()));
}

TEST_CASE("fetch: bodies of every framing") {
  FetchFixture f;
  const auto get = [&](std::string_view answer) {
    const HttpServer server([&](Exchange& e) { e.send(answer); });
    return f.get(server.url("/"));
  };
  CHECK(get("HTTP/1.1 200 OK\r\nContent-Length: 3\r\n\r\nabc") == "abc");
  CHECK(get("HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n").empty());
  CHECK(get("HTTP/1.0 200 OK\r\n\r\nabc") == "abc");
  CHECK(get("HTTP/1.1 200\r\n\r\nabc") == "abc");
  CHECK(get("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n"
            "2;x=y\r\nab\r\n1\r\nc\r\n0\r\n\r\n") == "abc");
  CHECK(get("HTTP/1.1 200 OK\r\nTransfer-Encoding: Chunked\r\n\r\n"
            "3\r\nabc\r\n0\r\nX: y\r\nZ: y\r\n\r\n") == "abc");
  CHECK(get("HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 103 Early Hints\r\nLink: x\r\n\r\n"
            "HTTP/1.1 200 OK\r\nContent-Length: 1\r\n\r\na") == "a");
  CHECK(get("HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nabc") == "ab");
}

TEST_CASE("fetch: a body that ends early is no recording") {
  FetchFixture f;
  const auto failure = [&](const std::string& answer) {
    const HttpServer server([&](Exchange& e) { e.send(answer); });
    const std::string message = f.failure(server.url("/"), Errc::invalid_data);
    CHECK_MESSAGE(message == server.url("/") + ": the connection ended early", answer);
  };
  const std::string chunked = "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n";
  failure("HTTP/1.1 200 OK\r\nContent-Length: 4\r\n\r\nabc");
  failure("HTTP/1.1 200 OK\r\nContent-Length: 4\r\n\r\n");
  for (const std::string body : {"", "3", "3\r\n", "3\r\nab", "3\r\nabc", "3\r\nabc\r\n",
                                 "3\r\nabc\r\n0", "10\r\nabc", "3\r\nabc\r\n0\r\n"}) {
    failure(chunked + body);
  }
  failure("HTTP/1.1 200 OK\r\nContent-Le");
  failure("HTTP/1.1 2");
  CHECK(std::filesystem::is_empty(f.dir.path()));
}

TEST_CASE("fetch: compressed bodies") {
  const std::string packed = gzipped("printf 'a recording'");
  const std::string head = "HTTP/1.1 200 OK\r\nContent-Encoding: gzip\r\n";
  const std::string length = "Content-Length: " + std::to_string(packed.size()) + "\r\n";
  FetchFixture f;
  const auto serve = [&](const std::string& answer) {
    return std::make_unique<HttpServer>([answer](Exchange& e) { e.send(answer); });
  };
  const auto whole = serve(head + length + "\r\n" + packed);
  CHECK(f.get(whole->url("/")) == "a recording");
  CHECK(whole->heads().at(0).find("\r\nAccept-Encoding: gzip\r\n") != std::string::npos);
  CHECK(f.get(serve(head + "\r\n" + packed)->url("/")) == "a recording");

  const std::string_view cut(packed.data(), packed.size() - 6);
  CHECK(f.failure(serve(head + length + "\r\n" + std::string(cut))->url("/"), Errc::invalid_data)
            .ends_with("the connection ended early"));
  CHECK(f.failure(serve(head + "\r\n" + std::string(cut))->url("/"), Errc::invalid_data)
            .ends_with("the connection ended early"));
  const std::string cut_length = "Content-Length: " + std::to_string(cut.size()) + "\r\n\r\n";
  CHECK(f.failure(serve(head + cut_length + std::string(cut))->url("/"), Errc::invalid_data)
            .ends_with("the connection ended early"));
  CHECK(f.failure(serve(head + "\r\nno gzip")->url("/"), Errc::invalid_data)
            .ends_with("the answer cannot be decompressed"));
}

TEST_CASE("fetch: what is too large is stopped") {
  FetchFixture f;
  f.request.max_bytes = std::uint64_t{2} << 20;
  const auto is_stopped = [&](HttpServer& server) {
    CHECK(f.failure(server.url("/"), Errc::limit_exceeded) ==
          server.url("/") + ": larger than 2 MiB");
  };
  HttpServer announced([](Exchange& e) {
    e.send("HTTP/1.1 200 OK\r\nContent-Length: 2097153\r\n\r\n");
    CHECK(e.client_leaves());
  });
  is_stopped(announced);
  HttpServer endless([](Exchange& e) {
    e.send("HTTP/1.1 200 OK\r\n\r\n");
    while (e.send(std::string(65536, 'x'))) continue;
  });
  is_stopped(endless);
  HttpServer endless_page([](Exchange& e) {
    e.send("HTTP/1.1 200 OK\r\nContent-Type: text/html\r\n\r\n");
    while (e.send(std::string(65536, ' '))) continue;
  });
  is_stopped(endless_page);
  const std::string bomb = gzipped("head -c 50000000 /dev/zero");
  HttpServer bomber([&](Exchange& e) { e.respond("200 OK", "Content-Encoding: gzip\r\n", bomb); });
  is_stopped(bomber);

  HttpServer exact([](Exchange& e) { e.respond("200 OK", "", std::string(2 << 20, 'x')); });
  CHECK(f.get(exact.url("/")).size() == 2 << 20);
  f.request.max_bytes = 1000;
  CHECK(f.failure(exact.url("/"), Errc::limit_exceeded).ends_with("larger than 1000 bytes"));
}

TEST_CASE("fetch: what servers refuse") {
  FetchFixture f;
  const auto failure = [&](const std::string& status) {
    const HttpServer server([&](Exchange& e) { e.respond(status, "", "no"); });
    const std::string message = f.failure(server.url("/x"), Errc::unavailable);
    return message.substr(server.url("/x").size());
  };
  CHECK(failure("404 Not Found") == ": the server answered 404 Not Found");
  CHECK(failure("500 Internal Server Error") == ": the server answered 500 Internal Server Error");
  CHECK(failure("403") == ": the server answered 403");
  CHECK(failure("206 Partial Content") == ": the server answered 206 Partial Content");
  CHECK(failure("204 No Content") == ": the server answered 204 No Content");
  CHECK(failure("404 \x1B[31m" + std::string(500, 'x')).size() < 120);
  CHECK(failure("404 \x1B[31m").find('\x1B') == std::string::npos);
}

TEST_CASE("fetch: what is no HTTP") {
  FetchFixture f;
  const auto failure = [&](const std::string& answer) {
    const HttpServer server([&](Exchange& e) { e.send(answer); });
    return f.failure(server.url("/"), Errc::invalid_data).substr(server.url("/").size());
  };
  const std::string ok = "HTTP/1.1 200 OK\r\n";
  CHECK(failure("SSH-2.0-OpenSSH\r\n") == ": the answer is not valid HTTP");
  CHECK(failure("HTTP/1.1 " + std::string(100'000, 'x')) == ": the answer is not valid HTTP");
  CHECK(failure("HTTP/1.1 200 " + std::string(100'000, 'x')) == ": the answer is not valid HTTP");
  CHECK(failure("HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 200 " + std::string(100'000, 'x')) ==
        ": the answer is not valid HTTP");
  CHECK(failure(ok + "A: " + std::string(100'000, 'x')) == ": the answer is not valid HTTP");
  std::string many = ok;
  for (int i = 0; i < 10'000; ++i) many += "Header: value\r\n";
  CHECK(failure(many) == ": the answer is not valid HTTP");
  for (const std::string header :
       {"Content-Length: x", "Content-Length: -1", "Content-Length: 99999999999999999999",
        "Content-Length: 1\r\nContent-Length: 2", "Transfer-Encoding: gzip, chunked",
        "Transfer-Encoding: identity"}) {
    CHECK_MESSAGE(failure(ok + header + "\r\n\r\nab") == ": the answer is not valid HTTP", header);
  }
  const std::string chunked = ok + "Transfer-Encoding: chunked\r\n\r\n";
  CHECK(failure(chunked + "x\r\n") == ": the answer is not valid HTTP");
  CHECK(failure(chunked + "3\r\nabcdef\r\n0\r\n\r\n") == ": the answer is not valid HTTP");
  CHECK(failure(chunked + "1;" + std::string(100'000, 'x')) == ": the answer is not valid HTTP");
}

TEST_CASE("fetch: a server that says nothing and goes") {
  const HttpServer server([](Exchange&) {});
  FetchFixture f;
  CHECK(f.failure(server.url("/"), Errc::unavailable)
            .ends_with("the server closed the connection without an answer"));
}

TEST_CASE("fetch: a URL that cannot be used fails at once") {
  FetchFixture f;
  for (const char* url :
       {"demo.cast", "http://", "http://h:0/", "ftp://h/", "http://a b/", "ipfs://Qm\n"}) {
    f.request.url = url;
    const auto fetch = Fetch::start(f.loop, fetch_recording, f.request, f.dir.path(), f);
    CHECK(!fetch.ok());
    if (!fetch.ok()) CHECK(fetch.error().code == Errc::invalid_argument);
  }
}

TEST_CASE("fetch: IPFS goes through the gateway") {
  const HttpServer server([](Exchange& e) { e.respond("200 OK", "", e.target()); });
  FetchFixture f;
  f.request.ipfs_gateway = server.url("/");
  CHECK(f.get("ipfs://QmHash/a.cast") == "/ipfs/QmHash/a.cast");
  CHECK(f.get("dweb:/ipfs/QmHash") == "/ipfs/QmHash");
}

TEST_CASE("fetch: a full disk is told") {
  const HttpServer server([](Exchange& e) { e.respond("200 OK", "", std::string(100'000, 'x')); });
  FetchFixture f;
  rlimit before{};
  REQUIRE(::getrlimit(RLIMIT_FSIZE, &before) == 0);
  const rlimit small{50'000, before.rlim_max};
  REQUIRE(::setrlimit(RLIMIT_FSIZE, &small) == 0);
  f.start(server.url("/"));
  f.driver.run_until([&] { return f.outcome.has_value(); });
  REQUIRE(::setrlimit(RLIMIT_FSIZE, &before) == 0);
  REQUIRE_FALSE(f.outcome->ok());
  CHECK(f.outcome->error().code == Errc::system);
  CHECK(f.outcome->error().message ==
        server.url("/") + ": write to a file in " + f.dir.path() + ": File too large");
}

TEST_CASE("fetch: a spool directory that is not there is told") {
  const HttpServer server([](Exchange& e) { e.respond("200 OK", "", kCast); });
  FetchFixture f;
  std::filesystem::remove(f.dir.path());
  CHECK(f.failure(server.url("/"), Errc::system) ==
        server.url("/") + ": create a file in " + f.dir.path() + ": No such file or directory");
}

}  // namespace
}  // namespace asciinemad
