#include "common/byte_source.h"

#include <doctest/doctest.h>
#include <fcntl.h>
#include <unistd.h>

#include <array>
#include <string>
#include <string_view>
#include <thread>

#include "tests/support/temp_dir.h"

using asciinemad::Errc;
using asciinemad::Fd;
using asciinemad::FdSource;
using asciinemad::make_pipe;
using asciinemad::test::TempDir;

namespace {

std::string read_some(FdSource& source, std::size_t most = 100) {
  std::string buffer(most, '\0');
  const auto size = source.read(buffer);
  REQUIRE(size.ok());
  buffer.resize(*size);
  return buffer;
}

Errc read_error(FdSource& source) {
  std::array<char, 10> buffer{};
  const auto size = source.read(buffer);
  REQUIRE(!size.ok());
  return size.error().code;
}

void put(const Fd& fd, std::string_view text) {
  REQUIRE(::write(fd.get(), text.data(), text.size()) == static_cast<ssize_t>(text.size()));
}

}  // namespace

TEST_CASE("byte_source: a file, its end, and what is appended later") {
  const TempDir dir;
  const std::string path = dir.write("file", "0123456789");
  const Fd file(::open(path.c_str(), O_RDONLY | O_CLOEXEC));
  const Fd writer(::open(path.c_str(), O_WRONLY | O_APPEND | O_CLOEXEC));
  FdSource source(file.get());
  CHECK(read_some(source, 4) == "0123");
  CHECK(read_some(source) == "456789");
  CHECK(read_some(source).empty());
  put(writer, "more");
  CHECK(read_some(source) == "more");
}

TEST_CASE("byte_source: seeking leaves the descriptor's position alone") {
  const TempDir dir;
  const std::string path = dir.write("file", "0123456789");
  const Fd file(::open(path.c_str(), O_RDONLY | O_CLOEXEC));
  FdSource first(file.get());
  FdSource second(file.get());
  first.seek(0);
  second.seek(5);
  CHECK(read_some(first, 3) == "012");
  CHECK(read_some(second, 3) == "567");
  CHECK(read_some(first, 3) == "345");
  CHECK(read_some(second, 3) == "89");
  first.seek(9);
  CHECK(read_some(first) == "9");
  first.seek(1000);
  CHECK(read_some(first).empty());
  CHECK(::lseek(file.get(), 0, SEEK_CUR) == 0);
}

TEST_CASE("byte_source: a pipe, blocking or not, is waited for") {
  for (const bool nonblocking : {false, true}) {
    for (const bool cancellable : {false, true}) {
      auto pipe = make_pipe();
      auto cancel = make_pipe();
      REQUIRE((pipe.ok() && cancel.ok()));
      REQUIRE(asciinemad::set_nonblocking(pipe->read_end.get(), nonblocking).ok());
      FdSource source(pipe->read_end.get(), cancellable ? cancel->read_end.get() : -1);
      std::thread writer([&pipe] {
        put(pipe->write_end, "late");
        pipe->write_end.reset();
      });
      std::string text;
      for (std::string part = read_some(source); !part.empty(); part = read_some(source)) {
        text += part;
      }
      writer.join();
      CHECK(text == "late");
    }
  }
}

TEST_CASE("byte_source: cancelling ends a read that would wait") {
  for (const bool nonblocking : {false, true}) {
    auto pipe = make_pipe();
    auto cancel = make_pipe();
    REQUIRE((pipe.ok() && cancel.ok()));
    REQUIRE(asciinemad::set_nonblocking(pipe->read_end.get(), nonblocking).ok());
    FdSource source(pipe->read_end.get(), cancel->read_end.get());
    std::thread canceller([&cancel] { put(cancel->write_end, "x"); });
    CHECK(read_error(source) == Errc::cancelled);
    canceller.join();
    // What is there is still given, then it would wait again.
    put(pipe->write_end, "data");
    CHECK(read_some(source) == "data");
    CHECK(read_error(source) == Errc::cancelled);
  }
}

TEST_CASE("byte_source: a closed cancelling pipe cancels, too") {
  auto pipe = make_pipe();
  auto cancel = make_pipe();
  REQUIRE((pipe.ok() && cancel.ok()));
  cancel->write_end.reset();
  FdSource source(pipe->read_end.get(), cancel->read_end.get());
  CHECK(read_error(source) == Errc::cancelled);
}

TEST_CASE("byte_source: errors are the system's") {
  const Fd directory(::open("/", O_RDONLY | O_DIRECTORY | O_CLOEXEC));
  std::array<char, 10> buffer{};
  for (const int cancel_fd : {-1, 0}) {
    FdSource source(directory.get(), cancel_fd);
    const auto size = source.read(buffer);
    REQUIRE(!size.ok());
    CHECK(size.error().code == Errc::system);
    CHECK(size.error().sys_errno == EISDIR);
    CHECK(size.error().message == "read: Is a directory");
  }
}
