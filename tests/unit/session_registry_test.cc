#include "daemon/session_registry.h"

#include <doctest/doctest.h>
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <ctime>
#include <filesystem>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "common/asciicast_writer.h"
#include "common/fd.h"
#include "common/printable.h"
#include "daemon/file_id.h"
#include "daemon/platform.h"
#include "daemon/session_registry_files.h"
#include "daemon/session_registry_text.h"
#include "tests/support/loop_driver.h"
#include "tests/support/temp_dir.h"

namespace asciinemad {
namespace {

constexpr const char* kEarlierBoot = "0d8f0bb8-aaaa-bbbb-cccc-000000000000";
constexpr std::string_view kHalfLine = "[2.0, \"o\", \"ha";

std::string whole_recording() {
  std::string text;
  append_header_v2(text, {.cols = 80, .rows = 24});
  append_event_v2(text, 1'000'000, EventCode::output, "hello");
  return text;
}

struct Fixture final : SessionRegistry::Listener {
  test::TempDir dir;
  uv::Loop loop;
  test::LoopDriver driver{loop};
  std::unique_ptr<SessionRegistry> registry;
  int changes = 0;

  void on_registry_changed() override { ++changes; }

  std::string directory() const { return dir / "sessions"; }
  std::string path_of(const std::string& session) const {
    return directory() + "/" + session + ".session";
  }
  bool listed(const std::string& session) const {
    return std::filesystem::exists(path_of(session));
  }
  std::size_t files() const {
    const std::filesystem::directory_iterator entries(directory());
    return static_cast<std::size_t>(std::distance(begin(entries), end(entries)));
  }

  // As another daemon has left it.
  void leave(const std::string& session, const std::string& file, const std::string& boot,
             const std::string& machine = machine_id(), std::optional<FileId> id = {}) const {
    const SessionRegistry::Entry entry{session, file, 1'000, 0, id};
    dir.write("sessions/" + session + ".session", session_entry_text({entry, boot, machine}));
  }
  std::string damaged(const std::string& name) const {
    return dir.write(name, whole_recording() + std::string(kHalfLine));
  }
  SessionRegistry& make(std::uint64_t grace_ms = SessionRegistry::kGraceMs) {
    registry.reset();
    registry = std::make_unique<SessionRegistry>(loop, directory(), *this, grace_ms);
    std::filesystem::create_directories(directory());
    std::filesystem::permissions(directory(), std::filesystem::perms::owner_all);
    return *registry;
  }
  void until_idle() {
    driver.run_until([this] { return !registry->busy(); });
  }
  // Starts one, and waits until it has looked.
  SessionRegistry& started(std::uint64_t grace_ms = SessionRegistry::kGraceMs) {
    make(grace_ms).start();
    until_idle();
    return *registry;
  }
  void until_listed(const std::string& session) {
    driver.run_until([&] { return listed(session); });
  }
};

std::vector<std::string> files_of(const std::vector<wire::Recovered>& recovered) {
  std::vector<std::string> files;
  for (const wire::Recovered& one : recovered) files.push_back(one.file);
  return files;
}

}  // namespace

TEST_CASE("a session is written down while it lasts") {
  Fixture f;
  SessionRegistry& registry = f.started();
  registry.add({"abcd2345", "/x/demo.cast", 5'000, 7, FileId{2049, 123'456}});
  CHECK(registry.busy());
  f.until_idle();
  const std::string text = f.dir.read("sessions/abcd2345.session");
  const auto stored = parse_session_entry("abcd2345", text);
  REQUIRE(stored.has_value());
  CHECK(stored->entry.file == "/x/demo.cast");
  CHECK(stored->entry.started_at_ms == 5'000);
  CHECK(stored->entry.kept_bytes == 7);
  CHECK(stored->entry.file_id == FileId{2049, 123'456});
  CHECK(stored->boot == boot_id());
  CHECK(stored->machine == machine_id());
  registry.remove("abcd2345");
  f.until_idle();
  CHECK(!f.listed("abcd2345"));
}

TEST_CASE("a session that ends at once costs no thread and leaves nothing") {
  Fixture f;
  SessionRegistry& registry = f.started();
  const std::size_t files = f.files();
  for (int i = 0; i < 3; ++i) {
    registry.add({"abcd2345", "/x/demo.cast", 5'000, 0});
    registry.remove("abcd2345");
    CHECK(!registry.busy());
  }
  CHECK(f.files() == files);
}

TEST_CASE("what is not written yet is when the daemon hands over") {
  Fixture f;
  f.started().add({"abcd2345", "/x/demo.cast", 5'000, 0});
  CHECK(!f.listed("abcd2345"));
  f.registry.reset();
  CHECK(f.listed("abcd2345"));
}

TEST_CASE("a session taken over and ended at once is not found by the next daemon") {
  Fixture f;
  f.leave("abcd2345", f.damaged("x.cast"), boot_id());
  SessionRegistry& registry = f.make(300);
  SUBCASE("before the registry has looked") {
    registry.start();
    registry.add({"abcd2345", f.dir / "x.cast", 1'000, 0});
    registry.remove("abcd2345");
    f.until_idle();
  }
  SUBCASE("after it has") {
    registry.add({"abcd2345", f.dir / "x.cast", 1'000, 0});
    registry.start();
    f.driver.run_until([&] { return std::filesystem::exists(f.directory() + "/lock"); });
    f.until_idle();
    registry.remove("abcd2345");
    f.until_idle();
  }
  CHECK(!f.listed("abcd2345"));
  CHECK(registry.recovered().empty());
}

TEST_CASE("a recording of an earlier boot is repaired at once, listed and told once") {
  Fixture f;
  const std::string file = f.damaged("x\ny.cast");
  f.leave("abcd2345", file, kEarlierBoot);
  SessionRegistry& registry = f.started();
  CHECK(f.changes >= 1);
  CHECK(f.dir.read("x\ny.cast") == whole_recording());
  REQUIRE(registry.recovered().size() == 1);
  CHECK(registry.recovered()[0] == wire::Recovered{file, 1'000, kHalfLine.size()});
  CHECK(!f.listed("abcd2345"));
  const std::vector<std::string> news = registry.take_news();
  REQUIRE(news.size() == 1);
  CHECK(news[0].starts_with(printable(f.dir / "") + "x?y.cast was cut short by a crash and "));
  CHECK(news[0].find(" (14 B) ") != std::string::npos);
  CHECK(registry.take_news().empty());
  f.until_idle();

  // The next daemon lists it and has told it.
  SessionRegistry& next = f.started();
  CHECK(next.recovered().size() == 1);
  CHECK(next.take_news().empty());
}

TEST_CASE("news that nobody has taken is for the next daemon to tell") {
  Fixture f;
  f.leave("abcd2345", f.damaged("x.cast"), kEarlierBoot);
  f.started();
  CHECK(f.started().take_news().size() == 1);
}

TEST_CASE("a recording of this boot is repaired when nobody has come for it") {
  Fixture f;
  f.leave("abcd2345", f.damaged("x.cast"), boot_id());
  f.leave("efgh2345", f.damaged("y.cast"), boot_id());
  SessionRegistry& registry = f.make(300);
  registry.start();
  registry.add({"efgh2345", f.dir / "y.cast", 1'000, 0});
  f.until_idle();
  CHECK(files_of(registry.recovered()) == std::vector<std::string>{f.dir / "x.cast"});
  CHECK(f.dir.read("x.cast") == whole_recording());
  CHECK(f.dir.read("y.cast") != whole_recording());
  CHECK(f.listed("efgh2345"));
}

TEST_CASE("a whole recording was cut short by the machine's death only") {
  Fixture f;
  f.leave("abcd2345", f.dir.write("x.cast", whole_recording()), boot_id());
  f.leave("efgh2345", f.dir.write("y.cast", whole_recording()), kEarlierBoot);
  SessionRegistry& registry = f.started(100);
  CHECK(!f.listed("abcd2345"));
  REQUIRE(registry.recovered().size() == 1);
  CHECK(registry.recovered()[0] == wire::Recovered{f.dir / "y.cast", 1'000, 0});
  const std::vector<std::string> news = registry.take_news();
  REQUIRE(news.size() == 1);
  CHECK(news[0].starts_with((f.dir / "y.cast") + " was cut short when the machine went down"));
  CHECK(f.dir.read("x.cast") == whole_recording());
}

TEST_CASE("another file of the same name is none of a dead session's") {
  Fixture f;
  const std::string file = f.damaged("x.cast");
  const Fd fd(::open(file.c_str(), O_RDONLY | O_CLOEXEC));
  const std::optional<FileId> id = file_id(fd.get());
  REQUIRE(id.has_value());
  FileId moved = *id;
  ++moved.device;
  FileId replaced = *id;
  ++replaced.inode;
  const char* boot = kEarlierBoot;
  const std::string this_boot = boot_id();
  std::size_t recovered = 0;
  SUBCASE("the same one") {
    f.leave("abcd2345", file, this_boot, machine_id(), id);
    recovered = 1;
  }
  SUBCASE("a device of this boot is the same") {
    f.leave("abcd2345", file, this_boot, machine_id(), moved);
  }
  SUBCASE("replaced in this boot") { f.leave("abcd2345", file, this_boot, machine_id(), replaced); }
  SUBCASE("a device has another number after the machine's start") {
    f.leave("abcd2345", file, boot, machine_id(), moved);
    recovered = 1;
  }
  SUBCASE("replaced since an earlier boot") {
    f.leave("abcd2345", file, boot, machine_id(), replaced);
  }
  CHECK(f.started(100).recovered().size() == recovered);
  CHECK(!f.listed("abcd2345"));
  CHECK((f.dir.read("x.cast") == whole_recording()) == (recovered == 1));
}

TEST_CASE("a daemon that waits for shims is busy, and one that has nothing to wait for is not") {
  Fixture f;
  f.leave("abcd2345", f.damaged("x.cast"), boot_id());
  SessionRegistry& registry = f.make();
  registry.start();
  f.driver.run_until([&] { return std::filesystem::exists(f.directory() + "/lock"); });
  CHECK(registry.busy());
  CHECK(registry.recovered().empty());
}

TEST_CASE("what a process still writes is left alone") {
  Fixture f;
  const std::string file = f.damaged("x.cast");
  const Fd shim(::open(file.c_str(), O_WRONLY | O_APPEND | O_CLOEXEC));
  f.leave("abcd2345", file, boot_id());
  f.leave("efgh2345", file, kEarlierBoot);
  SessionRegistry& registry = f.started(100);
  CHECK(registry.recovered().empty());
  CHECK(f.dir.read("x.cast") != whole_recording());
  // A session of this boot may be another daemon's; a name from before is somebody's new file.
  CHECK(f.listed("abcd2345"));
  CHECK(!f.listed("efgh2345"));
}

TEST_CASE("where nobody knows who writes a file, later sessions get time to say so") {
  Fixture f;
  f.make();
  const std::string file = f.damaged("x.cast");
  const std::string damaged = f.dir.read("x.cast");
  f.leave("abcd2345", file, kEarlierBoot);
  RegistryJob job{f.directory(), {}, RegistryJob::Scan::earlier_boots, {}, {}};
  job.ask_for_writers = [](int) { return std::optional<bool>(); };
  const RegistryOutcome first = run_registry_job(job);
  CHECK(first.found_orphans);
  CHECK(f.dir.read("x.cast") == damaged);
  CHECK(f.listed("abcd2345"));

  job.scan = RegistryJob::Scan::all;
  bool recovered = false;
  SUBCASE("nobody does") { recovered = true; }
  SUBCASE("a session of this daemon") { job.active["efgh2345"] = file; }
  SUBCASE("another daemon's") { f.leave("efgh2345", file, boot_id()); }
  SUBCASE("another machine's") { f.leave("efgh2345", file, "its boot", "another"); }
  const RegistryOutcome second = run_registry_job(job);
  REQUIRE(second.recovered.has_value());
  CHECK(second.recovered->size() == (recovered ? 1 : 0));
  CHECK((f.dir.read("x.cast") == damaged) == !recovered);
  CHECK(!f.listed("abcd2345"));
}

TEST_CASE("what is of another machine that shares the directory is left alone") {
  Fixture f;
  f.leave("abcd2345", f.damaged("x.cast"), kEarlierBoot, "another");
  CHECK(f.started(100).recovered().empty());
  CHECK(f.listed("abcd2345"));
  CHECK(f.dir.read("x.cast") != whole_recording());
}

TEST_CASE("what is gone, empty or no recording is left as it is and forgotten") {
  Fixture f;
  f.leave("a2", f.dir / "gone.cast", kEarlierBoot);
  f.leave("b2", f.dir.write("empty.cast", ""), kEarlierBoot);
  f.leave("c2", f.dir.write("text.cast", "hello\nwor"), kEarlierBoot);
  f.leave("d2", f.dir / "", kEarlierBoot);
  REQUIRE(::mkfifo((f.dir / "fifo").c_str(), 0600) == 0);
  f.leave("e2", f.dir / "fifo", kEarlierBoot);
  CHECK(f.started().recovered().empty());
  for (const char* session : {"a2", "b2", "c2", "d2", "e2"}) CHECK(!f.listed(session));
  CHECK(f.dir.read("text.cast") == "hello\nwor");
}

TEST_CASE("damaged files of the registry are removed, others stay") {
  Fixture f;
  f.dir.write("sessions/a2.session", "");
  f.dir.write("sessions/b2.session", std::string(200'000, '\0'));
  f.dir.write("sessions/c2.session", "boot x\nfile relative\n");
  f.dir.write("sessions/d2.session", "boot x\nfile /x%zz\n");
  f.dir.write("sessions/Other.session", "");
  f.dir.write("sessions/notes", "mine");
  f.dir.write("sessions/recovered", "garbage\nabcd2345 1 2 3 new\n\xff\n");
  CHECK(f.started().recovered().empty());
  for (const char* session : {"a2", "b2", "c2", "d2"}) CHECK(!f.listed(session));
  CHECK(f.listed("Other"));
  CHECK(f.dir.read("sessions/notes") == "mine");
}

TEST_CASE("what was recovered long ago is not listed, and the newest comes first") {
  Fixture f;
  const std::int64_t now_s = ::time(nullptr);
  const std::int64_t old_s = now_s - std::int64_t{SessionRegistry::kListedForS} - 10;
  const std::vector<RecoveredItem> items = {{"a2", {"/old", 9'000, 1}, old_s, false},
                                            {"b2", {"/first", 1'000, 1}, now_s, true},
                                            {"c2", {"/second", 2'000, 7}, now_s, false}};
  f.dir.write("sessions/recovered", recovered_items_text(items));
  SessionRegistry& registry = f.started();
  CHECK(files_of(registry.recovered()) == std::vector<std::string>{"/second", "/first"});
  const std::vector<std::string> news = registry.take_news();
  REQUIRE(news.size() == 1);
  CHECK(news[0].starts_with("/second was cut short"));
}

TEST_CASE("paths of any bytes are written and read back") {
  std::string path = "/";
  for (int c = 1; c < 256; ++c) path += static_cast<char>(c);
  const SessionRegistry::Entry entry{"a2", path, -5, UINT64_MAX, FileId{UINT64_MAX, 1}};
  const std::string text = session_entry_text({entry, "b", ""});
  const auto stored = parse_session_entry("a2", text + "newer key\n");
  REQUIRE(stored.has_value());
  CHECK(stored->entry.file == path);
  CHECK(stored->entry.started_at_ms == -5);
  CHECK(stored->entry.kept_bytes == UINT64_MAX);
  CHECK(stored->entry.file_id == FileId{UINT64_MAX, 1});
  CHECK(!parse_session_entry("a2", text + "id 1\n").has_value());
  // Cut anywhere it is damaged, or lacks a key at its end that has a default.
  for (std::size_t size = 0; size < text.size(); ++size) {
    if (text[size] == '\n') CHECK(!parse_session_entry("a2", text.substr(0, size)).has_value());
  }
  const auto items = parse_recovered_items(recovered_items_text({{"a2", {path, 1, 2}, 3, true}}));
  REQUIRE(items.size() == 1);
  CHECK(items[0].what == wire::Recovered{path, 1, 2});
  CHECK(items[0].told);
}

}  // namespace asciinemad
