#include "daemon/http_loader.h"

#include <doctest/doctest.h>
#include <fcntl.h>
#include <unistd.h>

#include <array>
#include <string>

#include "tests/support/http_server.h"
#include "tests/support/temp_dir.h"

namespace asciinemad {
namespace {

using test::Exchange;
using test::HttpServer;
using test::TempDir;

const std::string kBuildRoot = ASCIINEMAD_BUILD_ROOT;

TEST_CASE("http loader: the module fetches") {
  const Result<const HttpModule*> module = load_http_module(kBuildRoot + "/asciinemad-http.so");
  REQUIRE_MESSAGE(module.ok(), module.error().message);
  const HttpServer server([](Exchange& e) { e.respond("200 OK", "", "hello"); });
  const TempDir dir;
  FetchRequest request;
  request.url = server.url("/a.cast");
  request.max_bytes = 100;
  const Result<Fetched> fetched = (*module)->fetch(request, dir.path(), {}, -1);
  REQUIRE_MESSAGE(fetched.ok(), fetched.error().message);
  CHECK(fetched->url == request.url);
  std::array<char, 10> content{};
  CHECK(::read(fetched->file.get(), content.data(), content.size()) == 5);
  CHECK(std::string(content.data()) == "hello");
}

TEST_CASE("http loader: the module uploads") {
  const Result<const HttpModule*> module = load_http_module(kBuildRoot + "/asciinemad-http.so");
  REQUIRE_MESSAGE(module.ok(), module.error().message);
  const HttpServer server([](Exchange& e) {
    e.read_body();
    e.respond("201 Created", "", e.form().at(0).content);
  });
  struct Observer final : UploadObserver {
    void on_sent(std::uint64_t bytes) override { sent = bytes; }
    Status before_end() override { return {}; }
    std::uint64_t sent = 0;
  } observer;
  const TempDir dir;
  const Fd recording(::open(dir.write("a.cast", "hello").c_str(), O_RDONLY | O_CLOEXEC));
  UploadRequest request;
  request.server_url = server.url("");
  request.recording = recording.get();
  request.bytes = 5;
  const UploadOutcome outcome = (*module)->upload(request, observer, {}, -1);
  REQUIRE_MESSAGE(outcome.answer.has_value(), outcome.error.message);
  CHECK(outcome.answer->body == "hello");
  CHECK(observer.sent == 5);
}

TEST_CASE("http loader: what cannot be loaded is told") {
  const TempDir dir;
  const auto failure = [](const std::string& path) {
    const Result<const HttpModule*> module = load_http_module(path);
    REQUIRE_FALSE(module.ok());
    CHECK(module.error().code == Errc::unavailable);
    const std::string start = "cannot load " + path + ": ";
    REQUIRE(module.error().message.starts_with(start));
    return module.error().message.substr(start.size());
  };
  CHECK(failure(dir / "none.so").ends_with("No such file or directory"));
  CHECK(failure(dir.write("text.so", "text")) == "file too short");
  CHECK(failure("/proc/self/exe").find("/proc/self/exe") == std::string::npos);
  CHECK(failure(kBuildRoot + "/tests/other_http_module.so")
            .starts_with("it belongs to another version of asciinemad"));
}

}  // namespace
}  // namespace asciinemad
