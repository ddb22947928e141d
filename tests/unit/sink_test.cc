#include "daemon/sink.h"

#include <doctest/doctest.h>
#include <fcntl.h>
#include <sys/resource.h>
#include <sys/stat.h>

#include <cerrno>
#include <string>
#include <string_view>
#include <thread>

#include "common/clock.h"
#include "daemon/file_sink.h"
#include "daemon/pipe_sink.h"
#include "daemon/thread_sink.h"
#include "tests/support/ignore_signal.h"
#include "tests/support/loop_driver.h"
#include "tests/support/pipe_reader.h"
#include "tests/support/temp_dir.h"

namespace asciinemad {
namespace {

struct Fixture final : Sink::Listener {
  void on_sink_drained() override { ++drained; }
  void on_sink_failed(const Error& error, std::uint64_t lost_bytes) override {
    failed_with = error.sys_errno;
    lost += lost_bytes;
  }

  // A pipe that holds one page, so that it is full soon. Blocking, as an inherited one is.
  Fd small_pipe() {
    auto pipe = make_pipe();
    REQUIRE(pipe.ok());
    REQUIRE(::fcntl(pipe->write_end.get(), F_SETPIPE_SZ, 4096) == 4096);
    read_end = std::move(pipe->read_end);
    return std::move(pipe->write_end);
  }

  template <typename Kind>
  std::unique_ptr<Sink> open(Fd fd) {
    Result<std::unique_ptr<Kind>> made = [&] {
      if constexpr (std::is_same_v<Kind, ThreadSink>) {
        return ThreadSink::open(loop, std::move(fd), Sink::Unit::line, *this);
      } else {
        return PipeSink::open(loop, std::move(fd), *this);
      }
    }();
    REQUIRE(made.ok());
    return std::move(made).value();
  }

  // Writes numbered lines until the sink is congested; returns them.
  std::string congest(Sink& sink) {
    std::string all;
    for (int i = 0; !sink.congested(); ++i) {
      const std::string line = std::to_string(i) + std::string(10'000, '.') + '\n';
      std::size_t written = 0;
      REQUIRE(sink.write(line, written).ok());
      REQUIRE(written == line.size());
      all += line;
      REQUIRE(all.size() < 4 * ThreadSink::kMaxQueueBytes);
    }
    return all;
  }

  test::IgnoreSignal no_sigpipe{SIGPIPE};
  test::IgnoreSignal no_sigxfsz{SIGXFSZ};
  test::TempDir dir;
  uv::Loop loop;
  test::LoopDriver driver{loop};
  Fd read_end;
  int drained = 0;
  int failed_with = 0;
  std::uint64_t lost = 0;
};

// No file may grow beyond `bytes`, like on a full disk. No checks meanwhile: their output may go to
// a file, too.
class FileSizeLimit {
 public:
  explicit FileSizeLimit(rlim_t bytes) {
    ::getrlimit(RLIMIT_FSIZE, &before_);
    const rlimit limited{bytes, before_.rlim_max};
    ::setrlimit(RLIMIT_FSIZE, &limited);
  }
  ~FileSizeLimit() { ::setrlimit(RLIMIT_FSIZE, &before_); }
  FileSizeLimit(const FileSizeLimit&) = delete;
  FileSizeLimit& operator=(const FileSizeLimit&) = delete;

 private:
  rlimit before_{};
};

Fd open_for_writing(const std::string& path, int flags = 0) {
  Fd fd(::open(path.c_str(), O_WRONLY | O_CREAT | O_CLOEXEC | flags, 0600));
  REQUIRE(static_cast<bool>(fd));
  return fd;
}

struct Outcome {
  int error = 0;
  std::size_t written = 0;
};

Outcome write_limited(Sink& sink, std::string_view bytes, rlim_t limit) {
  const FileSizeLimit disk(limit);
  Outcome outcome;
  if (Status s = sink.write(bytes, outcome.written); !s.ok()) outcome.error = s.error().sys_errno;
  return outcome;
}

Outcome write(Sink& sink, std::string_view bytes) {
  return write_limited(sink, bytes, RLIM_INFINITY);
}

TEST_CASE("sink: each kind of file gets the sink that suits it") {
  Fixture f;
  const auto kind_of = [&f](Fd fd) {
    auto sink = make_sink(f.loop, std::move(fd), Sink::Unit::line, f);
    REQUIRE(sink.ok());
    return dynamic_cast<FileSink*>(sink->get()) != nullptr   ? "file"
           : dynamic_cast<PipeSink*>(sink->get()) != nullptr ? "pipe"
                                                             : "thread";
  };
  CHECK(kind_of(open_for_writing(f.dir / "file")) == doctest::String("file"));
  CHECK(kind_of(open_for_writing("/dev/null")) == doctest::String("file"));
  CHECK(kind_of(f.small_pipe()) == doctest::String("pipe"));
  auto sockets = make_socket_pair();
  REQUIRE(sockets.ok());
  CHECK(kind_of(std::move(sockets->first)) == doctest::String("pipe"));
  CHECK(kind_of(Fd(::open("/dev/ptmx", O_RDWR | O_NOCTTY | O_CLOEXEC))) == doctest::String("pipe"));
  CHECK_FALSE(make_sink(f.loop, Fd(), Sink::Unit::line, f).ok());
}

TEST_CASE("sink: a device that is full refuses each write") {
  Fixture f;
  auto sink = make_sink(f.loop, open_for_writing("/dev/full"), Sink::Unit::line, f);
  REQUIRE(sink.ok());
  for (int i = 0; i < 2; ++i) {
    const Outcome outcome = write(**sink, "line\n");
    CHECK(outcome.error == ENOSPC);
    CHECK(outcome.written == 0);
  }
  CHECK((*sink)->close() == 0);
  CHECK((*sink)->close() == 0);
}

TEST_CASE("sink: a full disk takes back the partial line, later lines succeed") {
  for (const int flags : {0, O_APPEND}) {
    Fixture f;
    f.dir.write("cast", "before\n");
    Fd fd = open_for_writing(f.dir / "cast", flags);
    REQUIRE(::lseek(fd.get(), 0, SEEK_END) == 7);
    FileSink sink(f.loop, std::move(fd), Sink::Unit::line);
    const std::string a = std::string(60, 'a') + '\n';
    const std::string b = std::string(60, 'b') + '\n';
    CHECK(write_limited(sink, a, 100).written == a.size());
    std::string kept = "before\n" + a;
    for (int i = 0; i < 2; ++i) {
      const Outcome refused = write_limited(sink, b, 100);
      CHECK(refused.error == EFBIG);
      CHECK(refused.written == 0);
      CHECK(f.dir.read("cast") == kept);
    }
    kept += "short\n";
    CHECK(write_limited(sink, "short\n", 100).error == 0);
    CHECK(write(sink, b).written == b.size());
    CHECK(f.dir.read("cast") == kept + b);
    CHECK_FALSE(sink.congested());
    CHECK(sink.idle());
    CHECK(sink.close() == 0);
  }
}

TEST_CASE("sink: a raw recording on a full disk keeps as much as fits") {
  Fixture f;
  FileSink sink(f.loop, open_for_writing(f.dir / "raw"), Sink::Unit::byte);
  const Outcome outcome = write_limited(sink, std::string(150, 'r'), 100);
  CHECK(outcome.error == EFBIG);
  CHECK(outcome.written == 100);
  CHECK(f.dir.read("raw") == std::string(100, 'r'));
  CHECK(write(sink, "more").written == 4);
  CHECK(f.dir.read("raw") == std::string(100, 'r') + "more");
}

TEST_CASE("sink: a pipe whose reader reads has no queue") {
  Fixture f;
  const auto sink = f.open<PipeSink>(f.small_pipe());
  CHECK(write(*sink, "a line\n").written == 7);
  CHECK(sink->idle());
  CHECK(sink->close() == 0);
  CHECK(write(*sink, "late\n").error == EPIPE);
  test::PipeReader reader(f.loop, std::move(f.read_end));
  f.driver.run_until([&] { return reader.ended(); });
  CHECK(reader.bytes() == "a line\n");
}

template <typename Kind>
void check_slow_reader(std::size_t bound) {
  Fixture f;
  const auto sink = f.open<Kind>(f.small_pipe());
  const std::string all = f.congest(*sink);
  CHECK(all.size() < bound + 4096 + 10'100);
  CHECK_FALSE(sink->idle());
  CHECK(f.drained == 0);

  test::PipeReader reader(f.loop, std::move(f.read_end));
  f.driver.run_until([&] { return !sink->congested() && f.drained > 0; });
  f.driver.run_until([&] { return sink->idle() && reader.bytes().size() == all.size(); });
  CHECK((reader.bytes() == all));

  // A congested sink that has drained can be congested again.
  const std::string more = f.congest(*sink);
  f.drained = 0;
  f.driver.run_until([&] { return sink->idle() && f.drained > 0; });
  CHECK(sink->close() == 0);
  f.driver.run_until([&] { return reader.ended(); });
  CHECK((reader.bytes() == all + more));
  CHECK(f.lost == 0);
}

TEST_CASE("sink: a slow reader of a pipe congests it and drains it, nothing is lost") {
  check_slow_reader<PipeSink>(PipeSink::kMaxQueueBytes);
}

TEST_CASE("sink: a writer thread never blocks its writer, nothing is lost") {
  check_slow_reader<ThreadSink>(ThreadSink::kMaxQueueBytes);
}

TEST_CASE("sink: a reader that goes away costs what is in the queue") {
  Fixture f;
  const auto sink = f.open<PipeSink>(f.small_pipe());
  const std::string all = f.congest(*sink);
  f.read_end.reset();
  f.driver.run_until([&] { return f.failed_with != 0; });
  CHECK(f.failed_with == EPIPE);
  CHECK(f.lost > all.size() - 4096 - 1);
  CHECK(f.lost <= all.size());
  CHECK(f.drained == 1);  // whoever waits for room need not wait any more
  CHECK_FALSE(sink->congested());
  CHECK(sink->idle());
  CHECK(write(*sink, "late\n").error == EPIPE);
  CHECK(sink->close() == 0);
}

TEST_CASE("sink: a pipe without a reader refuses at once") {
  Fixture f;
  const auto sink = f.open<PipeSink>(f.small_pipe());
  f.read_end.reset();
  CHECK(write(*sink, "line\n").error == EPIPE);
  CHECK(sink->idle());
}

TEST_CASE("sink: closing a stuck pipe gives up its queue and says how much that was") {
  Fixture f;
  const auto sink = f.open<PipeSink>(f.small_pipe());
  const std::string all = f.congest(*sink);
  const std::uint64_t given_up = sink->close();
  CHECK(sink->idle());
  CHECK(sink->close() == 0);
  test::PipeReader reader(f.loop, std::move(f.read_end));
  f.driver.run_until([&] { return reader.ended(); });
  CHECK(reader.bytes().size() + given_up == all.size());
  CHECK(all.starts_with(reader.bytes()));
  CHECK(f.lost == 0);
}

TEST_CASE("sink: closing and destroying a stuck writer thread does not wait for it") {
  Fixture f;
  auto sink = f.open<ThreadSink>(f.small_pipe());
  const std::string all = f.congest(*sink);
  // The first page may be in the pipe already; only what was written whole is known to be safe.
  CHECK(sink->close() == all.size());
  CHECK(sink->close() == 0);
  sink.reset();

  // The thread ends, and closes the file, once it can.
  test::PipeReader reader(f.loop, std::move(f.read_end));
  f.driver.run_until([&] { return reader.ended(); });
  CHECK(all.starts_with(reader.bytes()));
  CHECK(f.drained == 0);
  CHECK(f.lost == 0);
}

// Returns once the writer thread has found that nothing can be written, before the loop knows.
std::string fill_full_device(Fixture& f, Sink& sink) {
  std::string all = std::string(ThreadSink::kMaxQueueBytes, 'x') + '\n';
  CHECK(write(sink, all).error == 0);
  const SystemClock clock;
  const std::uint64_t deadline = clock.now_us() + 10'000'000;
  while (sink.congested() && clock.now_us() < deadline) std::this_thread::yield();
  REQUIRE_FALSE(sink.congested());
  CHECK(f.lost == 0);
  return all;
}

TEST_CASE("sink: a writer thread is not idle before it has told what was lost") {
  Fixture f;
  const auto sink = f.open<ThreadSink>(open_for_writing("/dev/full"));
  const std::string all = fill_full_device(f, *sink);
  CHECK_FALSE(sink->idle());
  f.driver.run_until([&] { return sink->idle(); });
  CHECK(f.failed_with == ENOSPC);
  CHECK(f.lost == all.size());
  CHECK(f.drained > 0);
  CHECK(sink->close() == 0);
}

TEST_CASE("sink: closing a writer thread counts what failed and was not told yet") {
  Fixture f;
  const auto sink = f.open<ThreadSink>(open_for_writing("/dev/full"));
  const std::string all = fill_full_device(f, *sink);
  CHECK(sink->close() == all.size());
}

}  // namespace
}  // namespace asciinemad
