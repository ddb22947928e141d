// How recordings get into the upload queue's directory.
#include "daemon/upload_copy.h"

#include <doctest/doctest.h>
#include <fcntl.h>
#include <signal.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <filesystem>
#include <string>
#include <thread>
#include <vector>

#include "daemon/upload_files.h"
#include "tests/support/ignore_signal.h"
#include "tests/support/temp_dir.h"

namespace asciinemad {
namespace {

using test::TempDir;

const std::string kHeader = "{\"version\": 2, \"width\": 80, \"height\": 24}\n";
const std::string kEvent = "[0.5, \"o\", \"hello\"]\n";
const std::string kRecording = kHeader + kEvent;

struct CopyFixture {
  CopyFixture() {
    item.number = 7;
    item.server.url = "https://example.com";
    item.key = "key";
    Result<Pipe> pipe = make_pipe();
    REQUIRE(pipe.ok());
    cancel = std::move(pipe).value();
  }

  Result<UploadCopy> take(Fd source) {
    return take_upload(std::move(source), dir.path(), item, cancel.read_end.get());
  }
  Result<UploadCopy> take(const std::string& content) {
    return take(Fd(::open(dir.write("source/a.cast", content).c_str(), O_RDONLY | O_CLOEXEC)));
  }
  std::string failure(const std::string& content, Errc code) {
    const Result<UploadCopy> copy = take(content);
    REQUIRE_FALSE(copy.ok());
    CHECK(copy.error().code == code);
    CHECK(files().empty());
    return copy.error().message;
  }
  // What is in the queue's directory.
  std::vector<std::string> files() const {
    std::vector<std::string> names;
    for (const auto& entry : std::filesystem::directory_iterator(dir.path())) {
      if (entry.is_regular_file()) names.push_back(entry.path().filename());
    }
    std::sort(names.begin(), names.end());
    return names;
  }

  TempDir dir;
  UploadItem item;
  Pipe cancel;
};

TEST_CASE("upload copy: a copy and its description, for nobody else to read") {
  CopyFixture f;
  {
    Result<UploadCopy> copy = f.take(kRecording);
    REQUIRE_MESSAGE(copy.ok(), copy.error().message);
    CHECK(copy->warnings().empty());
    CHECK(copy->item().bytes == kRecording.size());
    CHECK(f.dir.read("7.cast") == kRecording);
    for (const char* name : {"7.cast", "7.json"}) {
      struct stat info {};
      REQUIRE(::stat((f.dir / name).c_str(), &info) == 0);
      CHECK((info.st_mode & 0777) == 0600);
    }
    const Result<UploadItem> described =
        read_upload_description(upload_description_path(f.dir.path(), 7));
    REQUIRE(described.ok());
    CHECK(described->bytes == kRecording.size());
    CHECK(described->server == f.item.server);
    copy->keep();
  }
  CHECK(f.files() == std::vector<std::string>{"7.cast", "7.json"});
}

TEST_CASE("upload copy: one that nobody keeps leaves nothing") {
  CopyFixture f;
  CHECK(f.take(kRecording).ok());
  CHECK(f.files().empty());
}

TEST_CASE("upload copy: a file is read from its beginning, its position stays") {
  CopyFixture f;
  const std::string path = f.dir.write("source/a.cast", kRecording);
  Fd source(::open(path.c_str(), O_RDONLY | O_CLOEXEC));
  REQUIRE(::lseek(source.get(), 10, SEEK_SET) == 10);
  Result<Fd> shared = duplicate(source.get());
  REQUIRE(shared.ok());
  const Result<UploadCopy> copy = f.take(std::move(shared).value());
  REQUIRE(copy.ok());
  CHECK(f.dir.read("7.cast") == kRecording);
  CHECK(::lseek(source.get(), 0, SEEK_CUR) == 10);
}

TEST_CASE("upload copy: a cut last line is left out, and told") {
  CopyFixture f;
  const Result<UploadCopy> copy = f.take(kRecording + "[0.7, \"o\", \"hal");
  REQUIRE(copy.ok());
  CHECK(copy->warnings().size() == 1);
  CHECK(f.dir.read("7.cast") == kRecording);
  CHECK(copy->item().bytes == kRecording.size());
}

TEST_CASE("upload copy: what servers would refuse is refused") {
  CopyFixture f;
  f.failure("", Errc::invalid_data);
  f.failure("hello\n", Errc::invalid_data);
  f.failure(kHeader, Errc::invalid_data);
  f.failure("{\"version\": 4, \"width\": 80, \"height\": 24}\n" + kEvent, Errc::invalid_data);
  f.failure(kRecording + "nonsense\n" + kEvent, Errc::invalid_data);
}

TEST_CASE("upload copy: neither files nor pipes are refused") {
  CopyFixture f;
  for (const char* path : {"/dev/zero", "/dev/null", "/"}) {
    const Result<UploadCopy> copy = f.take(Fd(::open(path, O_RDONLY | O_CLOEXEC)));
    REQUIRE_FALSE(copy.ok());
    CHECK(copy.error().message == "it is neither a file nor a pipe");
  }
  CHECK(f.files().empty());
}

TEST_CASE("upload copy: a pipe is read to its end") {
  CopyFixture f;
  Result<Pipe> pipe = make_pipe();
  REQUIRE(pipe.ok());
  std::string large = kHeader;
  while (large.size() < 1'000'000) large += kEvent;
  std::thread writer([&] {
    CHECK(write_all(pipe->write_end.get(), large, -1).ok());
    pipe->write_end.reset();
  });
  const Result<UploadCopy> copy = f.take(std::move(pipe->read_end));
  writer.join();
  REQUIRE_MESSAGE(copy.ok(), copy.error().message);
  CHECK(f.dir.read("7.cast") == large);
}

TEST_CASE("upload copy: a pipe that stays silent can be given up") {
  CopyFixture f;
  Result<Pipe> pipe = make_pipe();
  REQUIRE(pipe.ok());
  f.cancel.write_end.reset();
  const Result<UploadCopy> copy = f.take(std::move(pipe->read_end));
  REQUIRE_FALSE(copy.ok());
  CHECK(copy.error().code == Errc::cancelled);
  CHECK(f.files().empty());
}

TEST_CASE("upload copy: compressed recordings are unpacked") {
  CopyFixture f;
  for (const char* name : {"v2.cast.gz", "v2.cast.zst"}) {
    const std::string golden = std::string(ASCIINEMAD_SOURCE_ROOT) + "/tests/golden/";
    const Result<UploadCopy> copy =
        f.take(Fd(::open((golden + name).c_str(), O_RDONLY | O_CLOEXEC)));
    REQUIRE_MESSAGE(copy.ok(), copy.error().message);
    CHECK(f.dir.read("7.cast").starts_with("{\"version\": 2"));
  }
}

TEST_CASE("upload copy: no room, and nothing is left of it") {
  CopyFixture f;
  const test::IgnoreSignal no_sigxfsz(SIGXFSZ);
  std::string large = kHeader;
  while (large.size() < 200'000) large += kEvent;
  const std::string path = f.dir.write("source/a.cast", large);
  rlimit before{};
  REQUIRE(::getrlimit(RLIMIT_FSIZE, &before) == 0);
  const rlimit small{100'000, before.rlim_max};
  REQUIRE(::setrlimit(RLIMIT_FSIZE, &small) == 0);
  const Result<UploadCopy> copy = f.take(Fd(::open(path.c_str(), O_RDONLY | O_CLOEXEC)));
  REQUIRE(::setrlimit(RLIMIT_FSIZE, &before) == 0);
  REQUIRE_FALSE(copy.ok());
  CHECK(copy.error().code == Errc::system);
  CHECK(copy.error().message.starts_with("copy it to the upload queue: "));
  CHECK(f.files().empty());
}

}  // namespace
}  // namespace asciinemad
