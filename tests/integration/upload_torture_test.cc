// Uploads while nearly everything goes wrong at once, at random.

#include <doctest/doctest.h>
#include <signal.h>

#include <algorithm>
#include <array>
#include <cmath>
#include <cstdint>
#include <filesystem>
#include <map>
#include <memory>
#include <random>
#include <string>
#include <string_view>
#include <system_error>
#include <utility>
#include <vector>

#include "tests/support/seed.h"
#include "tests/support/upload_sandbox.h"

namespace asciinemad {
namespace {

using test::ApiServer;
using test::eventually;
using test::ListedUpload;
using test::random_number;
using test::StoredUpload;
using test::UploadSandbox;
namespace faults = test::faults;

constexpr std::size_t kUploads = 200;
constexpr std::size_t kLeastKills = 40;
// How long requests are waited for before a kill: backoffs may keep them from coming.
constexpr int kPatienceMs = 300;
// For all of the rest, once nothing goes wrong any more.
constexpr int kArrivalMs = 25'000;

ApiServer::Fault random_fault(std::mt19937& random) {
  const std::uint64_t somewhere = random_number(random, 1, 2'000'000);
  switch (random_number(random, 0, 24)) {
    case 0:
      return faults::reset_at(0);
    case 1:
      return faults::reset_at(somewhere);
    case 2:
      return faults::reset_at(UINT64_MAX);
    case 3:
      return faults::close_at(somewhere);
    case 4:
      return faults::close_at(UINT64_MAX);
    case 5:
    case 6:
      return faults::lose_answer();
    case 7:
      return faults::cut_answer();
    case 8:
      return faults::stay_mute();
    case 9:
      return faults::drip();
    case 10:
      return faults::early("503 Busy", "Connection: close\r\n");
    case 11:
      return faults::answer("429 Slow Down", "Retry-After: 1\r\n");
    case 12:
      return faults::answer("500 Oops");
    case 13:
      return faults::answer("504 Gateway Timeout", "", "<html></html>");
    case 14:
      return faults::answer("200 OK", "Content-Type: text/html\r\n", "<html>log in</html>");
    case 15:
      return faults::answer("307 Temporary Redirect", "Location: /api/asciicasts\r\n");
    default:
      return {};
  }
}

struct Torture : UploadSandbox {
  Torture() {
    server.choose_faults([this] { return random_fault(server_random); });
    for (std::size_t i = 0; i < kUploads; ++i) {
      // As many small ones as large ones, whatever the scale.
      const double magnitude = std::uniform_real_distribution<double>(2.3, 6.5)(random);
      contents.push_back(
          test::make_recording(static_cast<std::size_t>(std::pow(10.0, magnitude)), i));
    }
  }

  static std::string name_of(std::size_t i) { return std::to_string(i) + ".cast"; }

  // The daemon may be killed meanwhile.
  void enqueue_next(bool kill) {
    const std::string name = name_of(queued++);
    sandbox.write(name, contents[queued - 1]);
    test::Process client(sandbox.launch({"asciinema", "upload", "--background", sandbox / name}));
    if (kill) try_kill();
    CHECK(client.wait().status == 0);
    std::filesystem::remove(sandbox / name);
  }
  void try_kill() {
    const pid_t pid = sandbox.daemon_pid();
    if (pid > 0 && ::kill(pid, SIGKILL) == 0) ++kills;
  }
  // Until requests have come, then kills the daemon in the middle of whatever it does.
  void let_run_and_kill() {
    static_cast<void>(uploads({"retry", "all"}));
    const std::size_t enough = server.requests() + random_number(random, 1, 8);
    static_cast<void>(eventually([&] { return server.requests() >= enough; }, kPatienceMs));
    try_kill();
  }
  bool all_done() const {
    const std::vector<ListedUpload> uploads = list();
    return std::all_of(uploads.begin(), uploads.end(),
                       [](const ListedUpload& upload) { return upload.state() == "done"; });
  }
  void expect_all() const;

  std::mt19937 random = test::seeded_random();
  std::mt19937 server_random{random()};
  std::vector<std::string> contents;
  std::size_t queued = 0;
  std::size_t kills = 0;
};

void Torture::expect_all() const {
  std::map<std::string, std::size_t> copies;
  for (const StoredUpload& upload : server.uploads()) ++copies[upload.content];
  std::map<std::string, bool> ambiguous;
  for (const ListedUpload& upload : list()) {
    CHECK_MESSAGE(upload.state() == "done", upload.get("reason"));
    const std::string name = std::filesystem::path(upload.get("name")).filename();
    ambiguous[name] = ambiguous[name] || upload.get("ambiguous") == "true";
  }
  std::size_t duplicates = 0;
  for (std::size_t i = 0; i < kUploads; ++i) {
    CAPTURE(i);
    const std::size_t count = copies[contents[i]];
    CHECK(count >= 1);
    CHECK((count == 1 || ambiguous[name_of(i)]));
    if (count > 1) duplicates += count - 1;
  }
  // Nothing else came: all bytes are somebody's.
  CHECK(copies.size() == kUploads);
  CHECK(server.objections().empty());
  MESSAGE(kUploads << " uploads, " << kills << " kills, " << server.requests() << " requests, "
                   << duplicates << " duplicates");
}

TEST_CASE("upload: whatever goes wrong, all arrives, and twice only what is said to") {
  Torture torture;
  while (torture.queued < kUploads || torture.kills < kLeastKills) {
    // Each round has the time that other tests have.
    test::begin_test_case();
    const std::size_t batch =
        std::min(random_number(torture.random, 1, 12), kUploads - torture.queued);
    for (std::size_t i = 0; i < batch; ++i) {
      torture.enqueue_next(random_number(torture.random, 0, 9) == 0);
    }
    torture.let_run_and_kill();
  }
  test::begin_test_case();
  torture.server.heal();
  // With the daemon end the attempts that nobody answers.
  torture.try_kill();
  CHECK(torture.uploads({"retry", "all"}).status == 0);
  CHECK(eventually([&] { return torture.all_done(); }, kArrivalMs));
  torture.expect_all();
}

// How far the daemon has got with what it is putting into the queue.
std::uintmax_t progress_of(const UploadSandbox& f, std::string_view what) {
  std::uintmax_t progress = 0;
  std::error_code gone;  // a file may go while it is looked at
  for (const auto& file : std::filesystem::directory_iterator(f.queue_directory(), gone)) {
    if (file.path().string().ends_with(what)) progress += 1 + file.file_size(gone);
  }
  return progress;
}

TEST_CASE("upload: queued once, although the daemon dies while that happens") {
  UploadSandbox f;
  f.server.choose_faults([] { return faults::answer("503 Busy", "Retry-After: 3600\r\n"); });
  f.sandbox.write("a.cast", test::make_recording(100));
  // In the order in which they come; the row is committed right behind the last.
  constexpr std::array<std::string_view, 4> kStages = {"lock", ".cast.tmp", ".json", ".cast"};
  constexpr std::size_t kTimes = 50;
  for (std::size_t i = 0; i < kTimes; ++i) {
    REQUIRE(f.uploads({}).status == 0);
    const pid_t daemon = f.sandbox.daemon_pid();
    const std::string_view stage = kStages.at(i % kStages.size());
    const std::uintmax_t before = stage == "lock" ? 0 : progress_of(f, stage);
    test::Process client(f.sandbox.launch({"asciinema", "upload", "--background", "a.cast"}));
    // The temporary file may come and go between two looks; then the queue has got further.
    CHECK(eventually([&] {
      return progress_of(f, stage) > before || f.sandbox.daemon_pid() != daemon ||
             (stage == ".cast.tmp" && progress_of(f, ".cast") >= i + 1);
    }));
    if (daemon > 0) ::kill(daemon, SIGKILL);
    CHECK(client.wait().status == 0);
  }
  CHECK(f.list().size() == kTimes);
}

}  // namespace
}  // namespace asciinemad
