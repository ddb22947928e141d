#include "daemon/recording_mend.h"

#include <doctest/doctest.h>
#include <fcntl.h>
#include <unistd.h>

#include <string>

#include "common/fd.h"
#include "tests/support/temp_dir.h"

namespace asciinemad {
namespace {

struct Recording {
  test::TempDir dir;
  Fd fd;

  explicit Recording(const std::string& content) {
    fd.reset(::open(dir.write("demo.cast", content).c_str(), O_WRONLY | O_CLOEXEC));
    ::lseek(fd.get(), 0, SEEK_END);
  }
  std::string after(wire::Format format, std::uint64_t kept,
                    std::optional<std::uint64_t> recorded) {
    REQUIRE(mend_recording(fd.get(), format, kept, recorded).ok());
    REQUIRE(::write(fd.get(), "+", 1) == 1);
    return dir.read("demo.cast");
  }
};

constexpr wire::Format kCast = wire::Format::asciicast_v2;

TEST_CASE("a whole recording stays as it is") {
  CHECK(Recording("{}\n[1]\n").after(kCast, 0, std::nullopt) == "{}\n[1]\n+");
  CHECK(Recording("").after(kCast, 0, std::nullopt) == "+");
}

TEST_CASE("a half line is cut off") {
  CHECK(Recording("{}\n[1]\n[2, \"o").after(kCast, 0, std::nullopt) == "{}\n[1]\n+");
  CHECK(Recording("{\"ver").after(kCast, 0, std::nullopt) == "+");
  const std::string line(10'000, 'x');
  CHECK(Recording("{}\n" + line).after(kCast, 0, std::nullopt) == "{}\n+");
}

TEST_CASE("what was there before the session stays") {
  CHECK(Recording("{}\n[1]").after(kCast, 6, std::nullopt) == "{}\n[1]+");
  CHECK(Recording("{}\n[1]").after(kCast, 6, 2) == "{}\n[1]+");
}

TEST_CASE("a batch that may be recorded in part is taken back") {
  CHECK(Recording("{}\n[1]\n[2]\n").after(kCast, 0, 7) == "{}\n[1]\n+");
  CHECK(Recording("{}\n[1]\n").after(kCast, 0, 7) == "{}\n[1]\n+");
  CHECK(Recording("raw bytes").after(wire::Format::raw, 0, 3) == "raw+");
}

TEST_CASE("a raw recording has no lines") {
  CHECK(Recording("raw\nbytes").after(wire::Format::raw, 0, std::nullopt) == "raw\nbytes+");
}

TEST_CASE("a pipe is left alone") {
  Result<Pipe> pipe = make_pipe();
  REQUIRE(pipe.ok());
  CHECK(mend_recording(pipe->write_end.get(), kCast, 0, std::nullopt).ok());
}

}  // namespace
}  // namespace asciinemad
