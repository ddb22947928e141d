// The upload queue when its process is killed, and when its disk is full.

#include <doctest/doctest.h>
#include <fcntl.h>
#include <poll.h>
#include <sched.h>
#include <signal.h>
#include <sys/mount.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cstring>
#include <filesystem>
#include <functional>
#include <map>
#include <string>
#include <vector>

#include "common/fd.h"
#include "daemon/upload_description.h"
#include "daemon/upload_files.h"
#include "daemon/upload_queue.h"
#include "tests/support/ignore_signal.h"
#include "tests/support/seed.h"
#include "tests/support/temp_dir.h"
#include "tests/support/upload_samples.h"

namespace asciinemad {
namespace {

using test::OpenedQueue;
using test::plain_upload;
using test::TempDir;
using test::write_upload_files;

// The changes of one step, the same each time: a new item, a change of an older one, and now and
// then the removal of one that is older still.
std::vector<UploadChange> changes_of(std::uint64_t step) {
  UploadItem added = plain_upload(step);
  added.title = std::string(step % 7 * 1000, 't');
  std::vector<UploadChange> changes = {added};
  if (step > 3) {
    UploadItem changed = plain_upload(step - 3);
    changed.state = wire::UploadState::held;
    changed.reason = "of step " + std::to_string(step);
    changes.emplace_back(changed);
  }
  if (step > 10 && step % 2 == 0) changes.emplace_back(UploadRemoval{step - 10});
  return changes;
}

std::map<std::uint64_t, std::string> items_after(std::uint64_t steps) {
  std::map<std::uint64_t, std::string> items;
  for (std::uint64_t step = 1; step <= steps; ++step) {
    for (const UploadChange& change : changes_of(step)) {
      if (const auto* item = std::get_if<UploadItem>(&change)) {
        items[item->number] = upload_description(*item);
      } else if (const auto* removal = std::get_if<UploadRemoval>(&change)) {
        items.erase(removal->number);
      }
    }
  }
  return items;
}

std::map<std::uint64_t, std::string> by_number(const std::vector<UploadItem>& items) {
  std::map<std::uint64_t, std::string> found;
  for (const UploadItem& item : items) found[item.number] = upload_description(item);
  return found;
}

// Takes steps until it is killed; a byte to `acknowledgements` after each.
[[noreturn]] void take_steps(const TempDir& dir, std::uint64_t step, int acknowledgements) {
  const OpenedQueue opened(dir);
  while (opened.queue != nullptr) {
    write_upload_files(dir, plain_upload(step));
    const std::vector<UploadChange> changes = changes_of(step);
    if (!opened.queue->apply(changes).ok()) break;
    if (::write(acknowledgements, "x", 1) != 1) break;
    ++step;
  }
  ::_exit(1);
}

// Returns how many steps were acknowledged before the end, which comes at a random moment.
std::uint64_t take_steps_and_die(const TempDir& dir, std::uint64_t step, std::mt19937& random) {
  Result<Pipe> pipe = make_pipe();
  REQUIRE(pipe.ok());
  const pid_t child = ::fork();
  REQUIRE(child >= 0);
  if (child == 0) take_steps(dir, step, pipe->write_end.get());
  pipe->write_end.reset();
  const std::size_t wanted = test::random_number(random, 0, 20);
  std::uint64_t acknowledged = 0;
  char byte = 0;
  while (acknowledged < wanted && ::read(pipe->read_end.get(), &byte, 1) == 1) ++acknowledged;
  // A step takes about as long.
  const timespec moment{0, static_cast<long>(test::random_number(random, 0, 1'500'000))};
  ::ppoll(nullptr, 0, &moment, nullptr);
  ::kill(child, SIGKILL);
  int status = 0;
  ::waitpid(child, &status, 0);
  CHECK(WIFSIGNALED(status));
  while (::read(pipe->read_end.get(), &byte, 1) == 1) ++acknowledged;
  return acknowledged;
}

TEST_CASE("upload queue: what was acknowledged survives SIGKILL") {
  std::mt19937 random = test::seeded_random();
  const TempDir dir;
  std::uint64_t steps = 0;
  for (int round = 0; round < 40; ++round) {
    steps += take_steps_and_die(dir, steps + 1, random);
    CAPTURE(round);
    CAPTURE(steps);
    const OpenedQueue opened(dir);
    REQUIRE_MESSAGE(opened.queue != nullptr, opened.error.message);
    CHECK(opened.contents.notice.empty());
    // The last step may have been stored without a chance to say so.
    const auto found = by_number(opened.contents.items);
    const bool one_more = found.contains(steps + 1);
    if (one_more) ++steps;
    CHECK(found == items_after(steps));
    CHECK(opened.contents.next_number >= steps + 1);
    for (const UploadItem& item : opened.contents.items) {
      CHECK(std::filesystem::exists(upload_recording_path(dir.path(), item.number)));
    }
    CHECK(std::filesystem::exists(upload_recording_path(dir.path(), steps + 1)) == false);
  }
  MESSAGE("steps: ", steps);
}

// A disk that can be filled and emptied.
struct Disk {
  std::function<bool()> fill;
  std::function<bool()> free;
  Errc code;
  std::string reason;
};

UploadItem large_upload(std::uint64_t number) {
  UploadItem item = plain_upload(number);
  item.title = std::string(300'000, 't');
  return item;
}

// Returns what went wrong; empty: nothing. No doctest in it: it also runs in a child.
std::string check_full_disk(const TempDir& dir, const Disk& disk) {
  const std::vector<UploadChange> first = {plain_upload(1), UploadRetention{1, 2}};
  const std::vector<UploadChange> too_large = {plain_upload(2), large_upload(3), UploadRemoval{1},
                                               UploadRetention{3, 4}};
  const std::vector<UploadChange> last = {plain_upload(4)};
  if (!disk.fill()) return "the disk is not full";
  OpenedQueue none(dir);
  if (none.queue != nullptr) return "opened on a full disk";
  if (none.error.code != disk.code || !none.error.message.ends_with(disk.reason)) {
    return "opening: " + none.error.message;
  }
  if (std::filesystem::exists(dir / "queue.db.damaged-1")) return "moved aside";
  if (!disk.free()) return "the disk is not free";

  {
    const OpenedQueue opened(dir);
    write_upload_files(dir, plain_upload(1));
    if (opened.queue == nullptr) return "opening again: " + opened.error.message;
    if (!opened.queue->apply(first).ok()) return "storing";
    if (!disk.fill()) return "the disk is not full again";
    for (int i = 0; i < 2; ++i) {
      const Status full = opened.queue->apply(too_large);
      if (full.ok()) return "stored on a full disk";
      const std::string expected = "store in " + (dir / "queue.db") + ": " + disk.reason;
      if (full.error().code != disk.code || full.error().message != expected) {
        return "storing: " + full.error().message;
      }
    }
    if (!disk.free()) return "the disk is not free again";
    write_upload_files(dir, plain_upload(4));
    const Status stored = opened.queue->apply(last);
    if (!stored.ok()) return "storing afterwards: " + stored.error().message;
  }
  const OpenedQueue again(dir);
  if (again.queue == nullptr) return "opening at last: " + again.error.message;
  const UploadQueue::Contents& contents = again.contents;
  if (!contents.notice.empty()) return contents.notice;
  if (contents.retention != UploadRetention{1, 2}) return "half of a change was stored";
  const std::string expected = test::dump({plain_upload(1), plain_upload(4)});
  return test::dump(contents.items) == expected ? "" : "other items";
}

bool limit_files(rlim_t bytes) {
  rlimit limit{};
  ::getrlimit(RLIMIT_FSIZE, &limit);
  limit.rlim_cur = bytes;
  return ::setrlimit(RLIMIT_FSIZE, &limit) == 0;
}

TEST_CASE("upload queue: a file that can't grow stores nothing by halves") {
  const test::IgnoreSignal ignore(SIGXFSZ);
  const TempDir dir;
  rlimit before{};
  ::getrlimit(RLIMIT_FSIZE, &before);
  int fills = 0;
  // The first time not even a page fits, later the log has room for some.
  const Disk disk{[&] { return limit_files(fills++ == 0 ? 1000 : 100'000); },
                  [&] { return limit_files(before.rlim_cur); }, Errc::unavailable,
                  "disk I/O error"};
  CHECK(check_full_disk(dir, disk) == "");
  limit_files(before.rlim_cur);
}

bool fill_with(const std::string& path) {
  const Fd ballast(::open(path.c_str(), O_WRONLY | O_CREAT | O_CLOEXEC, 0600));
  const std::string block(512, 'b');
  while (write_all(ballast.get(), block, -1).ok()) {
  }
  return errno == ENOSPC;
}

// In a process of its own, so that nobody else sees the disk. Returns what went wrong.
std::string check_small_disk(const TempDir& dir) {
  if (::unshare(CLONE_NEWNS) != 0 ||
      ::mount("none", "/", nullptr, MS_REC | MS_PRIVATE, nullptr) != 0 ||
      ::mount("none", dir.path().c_str(), "tmpfs", 0, "size=256k,mode=0700") != 0) {
    return "skipped";
  }
  const std::string ballast = dir / "ballast";
  const Disk disk{[&] { return fill_with(ballast); },
                  [&] { return ::unlink(ballast.c_str()) == 0; }, Errc::system,
                  std::strerror(ENOSPC)};
  return check_full_disk(dir, disk);
}

TEST_CASE("upload queue: a full disk stores nothing by halves") {
  const TempDir dir;
  Result<Pipe> pipe = make_pipe();
  REQUIRE(pipe.ok());
  const pid_t child = ::fork();
  REQUIRE(child >= 0);
  if (child == 0) {
    (void)write_all(pipe->write_end.get(), check_small_disk(dir), -1);
    ::_exit(0);
  }
  pipe->write_end.reset();
  std::string answer(4096, '\0');
  const ssize_t size = ::read(pipe->read_end.get(), answer.data(), answer.size());
  REQUIRE(size >= 0);
  answer.resize(static_cast<std::size_t>(size));
  int status = 0;
  ::waitpid(child, &status, 0);
  CHECK(status == 0);
  if (answer == "skipped") {
    MESSAGE("skipped: needs to mount a file system");
  } else {
    CHECK(answer == "");
  }
}

}  // namespace
}  // namespace asciinemad
