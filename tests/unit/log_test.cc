#include "common/log.h"

#include <doctest/doctest.h>
#include <fcntl.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <cstdlib>
#include <sstream>
#include <string>
#include <vector>

#include "common/printable.h"
#include "tests/support/temp_dir.h"

namespace asciinemad {
namespace {

// The log is the process's own, so each test logs in a child. Its standard error goes to `dir`.
template <typename Body>
void in_child(const test::TempDir& dir, Body body) {
  const std::string err = dir / "stderr";
  const pid_t child = ::fork();
  REQUIRE(child >= 0);
  if (child == 0) {
    const int fd = ::open(err.c_str(), O_WRONLY | O_CREAT | O_APPEND, 0600);
    ::dup2(fd, STDERR_FILENO);
    ::_exit(body() ? 0 : 1);
  }
  int status = -1;
  REQUIRE(::waitpid(child, &status, 0) == child);
  CHECK(status == 0);
}

std::vector<std::string> lines_of(const std::string& text) {
  std::vector<std::string> lines;
  std::istringstream stream(text);
  for (std::string line; std::getline(stream, line);) lines.push_back(line);
  return lines;
}

// After "TIME [PID] LEVEL: ".
std::string text_of(const std::string& line) {
  const std::size_t level = line.find("] ");
  const std::size_t colon = line.find(": ", level);
  REQUIRE(colon != std::string::npos);
  return line.substr(colon + 2);
}

TEST_CASE("log: one line an event, with its level, made of texts and numbers") {
  const test::TempDir dir;
  in_child(dir, [&] {
    if (!log::open_file(dir / "log").ok()) return false;
    log::set_level(log::Level::debug);
    log::error("session ", 7, ": ", std::string("gone"), ", ",
               std::uint64_t{18446744073709551615U});
    log::warn("w");
    log::info("i");
    log::debug("d");
    return true;
  });
  const auto lines = lines_of(dir.read("log"));
  REQUIRE(lines.size() == 4);
  CHECK(lines[0].ends_with("] error: session 7: gone, 18446744073709551615"));
  CHECK(lines[1].ends_with("] warn: w"));
  CHECK(lines[2].ends_with("] info: i"));
  CHECK(lines[3].ends_with("] debug: d"));
  CHECK(dir.read("stderr").empty());
  struct stat info {};
  REQUIRE(::stat((dir / "log").c_str(), &info) == 0);
  CHECK((info.st_mode & 0777) == 0600);
}

TEST_CASE("log: levels") {
  CHECK(log::parse_level("error") == log::Level::error);
  CHECK(log::parse_level("warn") == log::Level::warn);
  CHECK(log::parse_level("info") == log::Level::info);
  CHECK(log::parse_level("debug") == log::Level::debug);
  for (const char* unknown : {"", "DEBUG", "debug ", "2", "trace"}) {
    CHECK(log::parse_level(unknown) == log::Level::info);
  }
  const test::TempDir dir;
  in_child(dir, [&] {
    if (!log::open_file(dir / "log").ok()) return false;
    log::debug("hidden by default");
    log::info("shown");
    log::set_level(log::Level::error);
    log::warn("hidden");
    log::error("shown");
    return !log::enabled(log::Level::warn) && log::enabled(log::Level::error);
  });
  const auto lines = lines_of(dir.read("log"));
  REQUIRE(lines.size() == 2);
  CHECK(text_of(lines[0]) == "shown");
  CHECK(text_of(lines[1]) == "shown");
}

TEST_CASE("log: lines for the journal begin with a priority and nothing else, a file's do not") {
  const test::TempDir dir;
  in_child(dir, [&] {
    log::use_journal_format();
    log::set_level(log::Level::debug);
    log::error("e");
    log::warn("w");
    log::info("two\nlines");
    log::debug("d");
    if (!log::open_file(dir / "log").ok()) return false;
    log::info("in a file");
    return true;
  });
  CHECK(dir.read("stderr") == "<3>e\n<4>w\n<6>two?lines\n<7>d\n");
  CHECK(dir.read("log").ends_with("] info: in a file\n"));
}

TEST_CASE("log: control characters cannot make lines or move a cursor") {
  const test::TempDir dir;
  std::string hostile;
  for (int c = 0; c < 256; ++c) hostile += static_cast<char>(c);
  in_child(dir, [&] {
    if (!log::open_file(dir / "log").ok()) return false;
    log::info("a\nb\r\x1b[31mc\t\xF0\x9F\x98\x80");
    log::info(hostile);
    return true;
  });
  const auto lines = lines_of(dir.read("log"));
  REQUIRE(lines.size() == 2);
  CHECK(text_of(lines[0]) == "a?b??[31mc?\xF0\x9F\x98\x80");
  CHECK(text_of(lines[1]) == printable(hostile));
}

TEST_CASE("log: the file is bounded and keeps the newest") {
  const test::TempDir dir;
  constexpr int kLines = 3400;
  in_child(dir, [&] {
    if (!log::open_file(dir / "log").ok()) return false;
    for (int i = 0; i < kLines; ++i) log::info(i, " ", std::string(1000, 'x'));
    return true;
  });
  const std::string newest = dir.read("log");
  const std::string before = dir.read("log.1");
  constexpr std::size_t kMost = log::kMaxFileBytes + 2000;
  CHECK(newest.size() <= kMost);
  CHECK(before.size() <= kMost);
  CHECK(before.size() >= log::kMaxFileBytes);
  CHECK(::access((dir / "log.2").c_str(), F_OK) != 0);
  CHECK(::access((dir / "log.1.1").c_str(), F_OK) != 0);

  // Without a gap, to the last line.
  auto lines = lines_of(before);
  for (std::string& line : lines_of(newest)) lines.push_back(std::move(line));
  REQUIRE(lines.size() > 1000);
  int number = kLines - static_cast<int>(lines.size());
  for (const std::string& line : lines) REQUIRE(std::atoi(text_of(line).c_str()) == number++);
  CHECK(number == kLines);
}

TEST_CASE("log: a log that is full already is put aside by the next process") {
  const test::TempDir dir;
  dir.write("log", std::string(log::kMaxFileBytes, 'o') + "\n");
  dir.write("log.1", "older\n");
  in_child(dir, [&] {
    if (!log::open_file(dir / "log").ok()) return false;
    log::info("first");
    return true;
  });
  CHECK(dir.read("log.1").size() == log::kMaxFileBytes + 1);
  const auto lines = lines_of(dir.read("log"));
  REQUIRE(lines.size() == 1);
  CHECK(text_of(lines[0]) == "first");
}

TEST_CASE("log: without a file it is standard error, and nowhere when it shall be discarded") {
  const test::TempDir dir;
  in_child(dir, [&] {
    const Status opened = log::open_file(dir / "no/such/directory/log");
    if (opened.ok() || opened.error().message.find("no/such/directory") == std::string::npos) {
      return false;
    }
    log::info("told");
    log::discard();
    log::error("not told");
    return true;
  });
  const auto lines = lines_of(dir.read("stderr"));
  REQUIRE(lines.size() == 1);
  CHECK(text_of(lines[0]) == "told");
}

}  // namespace
}  // namespace asciinemad
