// The machine dies under a session: everything of it is killed at once, and what was on its way to
// the disk is damaged. The next daemon repairs the recording, and says so once.

#include <doctest/doctest.h>
#include <signal.h>

#include <filesystem>
#include <string>
#include <utility>
#include <vector>

#include "tests/support/detached_session.h"

namespace asciinemad {
namespace {

using test::contains;
using test::DetachedSession;
using test::eventually;
using test::kShowLines;
using test::Outcome;
using test::Sandbox;

// Before they could do anything about each other's death.
void kill_everything(const Sandbox& sandbox) {
  std::vector<pid_t> all = sandbox.leftovers();
  all.push_back(sandbox.daemon_pid());
  REQUIRE(all.size() > 1);
  for (const pid_t pid : all) REQUIRE(::kill(pid, SIGSTOP) == 0);
  for (const pid_t pid : all) ::kill(pid, SIGKILL);
  // The commands have lost their parents only now.
  REQUIRE(eventually([] {
    for (const pid_t pid : test::orphans()) ::kill(pid, SIGKILL);
    return test::orphans().empty();
  }));
  REQUIRE(sandbox.daemon_pid() == 0);
}

std::string entry_of(const std::string& id) {
  return "state/asciinema/sessions/" + id + ".session";
}

// Once the daemon has written down that there is such a session.
void wait_for_entry(const Sandbox& sandbox, const std::string& id) {
  REQUIRE(eventually([&] { return !sandbox.dir().read(entry_of(id)).empty(); }));
}

void begin_another_boot(const Sandbox& sandbox, const std::string& id) {
  std::string entry = sandbox.dir().read(entry_of(id));
  const std::string key = "boot ";
  const std::size_t boot = entry.find(key);
  REQUIRE(boot != std::string::npos);
  const std::size_t begin = boot + key.size();
  entry.replace(begin, entry.find('\n', begin) - begin, "0d8f0bb8-0000-0000-0000-000000000000");
  sandbox.dir().write(entry_of(id), entry);
}

std::string list(const Sandbox& sandbox) { return sandbox.run({"asciinema", "ls"}).out; }

void start_daemon(const Sandbox& sandbox) {
  REQUIRE(sandbox.run({"asciinema", "daemon", "start"}).status == 0);
}

Outcome record_something(const Sandbox& sandbox) {
  const Outcome outcome = sandbox.run({"asciinema", "rec", "--overwrite", "-c", "true", "x.cast"});
  REQUIRE(outcome.status == 0);
  return outcome;
}

TEST_CASE("a recording with a damaged end is cut, listed, and told of once") {
  for (const std::string& damage :
       {std::string("[7.25, \"o\", \"hal"), std::string(4096, '\0'), std::string()}) {
    CAPTURE(damage.size());
    const Sandbox sandbox;
    const DetachedSession session(sandbox);
    session.has_recorded("ready");
    session.send("one\r");
    session.has_recorded("got one.");
    wait_for_entry(sandbox, session.id());
    kill_everything(sandbox);
    const std::string whole = session.recorded();
    sandbox.write("a.cast", whole + damage);
    begin_another_boot(sandbox, session.id());

    start_daemon(sandbox);
    const std::string path = sandbox / "a.cast";
    const std::string listed =
        damage.empty() ? "cut short when the machine went down: " : "repaired after a crash: ";
    REQUIRE(eventually([&] { return contains(list(sandbox), listed + path + " (started "); }));
    CHECK(contains(sandbox.run({"asciinema", "ls", "--json"}).out,
                   "\"kind\": \"recovered\", \"file\": \"" + path + "\""));
    CHECK(contains(sandbox.run({"asciinema", "ls", "--json"}).out,
                   "\"cut_bytes\": " + std::to_string(damage.size()) + "}"));
    CHECK((session.recorded() == whole));
    CHECK(session.cast().output() == "ready\r\ngot one.\r\n");
    test::PtyDriver(sandbox, {"asciinema", "play", "-s", "1000", "a.cast"}).expect("got one.");

    CHECK(contains(record_something(sandbox).err, "asciinema: " + path + " was cut short "));
    CHECK_FALSE(contains(record_something(sandbox).err, "cut short"));
    REQUIRE(sandbox.run({"asciinema", "daemon", "restart"}).status == 0);
    CHECK(eventually([&] { return contains(list(sandbox), path); }));
    CHECK_FALSE(contains(record_something(sandbox).err, "cut short"));
  }
}

TEST_CASE("what was there before --append is not touched") {
  const Sandbox sandbox;
  REQUIRE(sandbox.run({"asciinema", "rec", "-q", "-c", "echo earlier", "a.cast"}).status == 0);
  const std::string earlier = sandbox.read("a.cast");
  const DetachedSession session(sandbox, kShowLines, {"--append"});
  session.has_recorded("ready");
  wait_for_entry(sandbox, session.id());
  kill_everything(sandbox);
  sandbox.write("a.cast", earlier + std::string(100, '\0'));
  begin_another_boot(sandbox, session.id());
  start_daemon(sandbox);
  REQUIRE(eventually([&] { return contains(list(sandbox), "repaired after a crash"); }));
  CHECK((sandbox.read("a.cast") == earlier));
}

TEST_CASE("another file that has got the name of one that was cut short is not touched") {
  const Sandbox sandbox;
  const DetachedSession session(sandbox);
  session.has_recorded("ready");
  wait_for_entry(sandbox, session.id());
  kill_everything(sandbox);
  const std::string edited = session.recorded() + "[9, \"o\", \"half";
  sandbox.write("edited.cast", edited);
  std::filesystem::rename(sandbox / "edited.cast", sandbox / "a.cast");
  begin_another_boot(sandbox, session.id());
  start_daemon(sandbox);
  REQUIRE(eventually([&] { return sandbox.dir().read(entry_of(session.id())).empty(); }));
  CHECK((session.recorded() == edited));
  CHECK_FALSE(contains(list(sandbox), "a.cast"));
  CHECK_FALSE(contains(record_something(sandbox).err, "cut short"));
}

TEST_CASE("what has ended, is gone or lives on was not cut short") {
  const Sandbox sandbox;
  const DetachedSession ended(sandbox);
  ended.has_recorded("ready");
  wait_for_entry(sandbox, ended.id());
  ended.send("end\r");
  CHECK(test::ends(sandbox, ended.id()));
  CHECK(eventually([&] { return sandbox.dir().read(entry_of(ended.id())).empty(); }));

  const std::string gone = test::start_detached(sandbox, {"-c", kShowLines, "gone.cast"});
  wait_for_entry(sandbox, gone);
  kill_everything(sandbox);
  std::filesystem::remove(sandbox / "gone.cast");
  begin_another_boot(sandbox, gone);

  // Of this boot, with a shim: the daemon alone dies.
  const std::string lives = test::start_detached(sandbox, {"-c", kShowLines, "lives.cast"});
  CHECK(eventually([&] { return sandbox.dir().read(entry_of(gone)).empty(); }));
  wait_for_entry(sandbox, lives);
  const pid_t first = sandbox.daemon_pid();
  ::kill(first, SIGKILL);
  REQUIRE(eventually([&] { return test::status_of(sandbox, lives, "id") == lives; }));
  CHECK(sandbox.daemon_pid() != first);
  CHECK_FALSE(contains(list(sandbox), "crash"));
  CHECK_FALSE(contains(list(sandbox), "cut short"));
  CHECK_FALSE(contains(record_something(sandbox).err, "cut short"));
}

TEST_CASE("somebody was attached, and something else is recorded when the daemon looks") {
  const Sandbox sandbox;
  const DetachedSession session(sandbox);
  session.has_recorded("ready");
  {
    test::Attached terminal(sandbox, session.id());
    terminal.type_line("one");
    wait_for_entry(sandbox, session.id());
    terminal.signal(SIGSTOP);
    kill_everything(sandbox);
    terminal.signal(SIGKILL);
  }
  sandbox.write("a.cast", session.recorded() + "[9");
  begin_another_boot(sandbox, session.id());
  test::PtyDriver next(sandbox, {"asciinema", "rec", "-c", kShowLines, "next.cast"});
  next.expect("ready");
  REQUIRE(eventually([&] { return contains(list(sandbox), "repaired after a crash"); }));
  CHECK(session.cast().output() == "ready\r\ngot one.\r\n");
  next.send("end\r");
  CHECK(next.wait().status == 0);
}

}  // namespace
}  // namespace asciinemad
