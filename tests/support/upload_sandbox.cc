#include "tests/support/upload_sandbox.h"

#include <doctest/doctest.h>
#include <signal.h>

#include <algorithm>
#include <cerrno>
#include <optional>

#include "common/recording_reader_json.h"

namespace asciinemad::test {
namespace {

std::string without_quotes(std::string_view value) {
  const bool quoted = value.size() >= 2 && value.front() == '"';
  return std::string(quoted ? value.substr(1, value.size() - 2) : value);
}

std::vector<ListedUpload> parse_list(const std::string& json) {
  INFO("list: ", json);
  std::vector<ListedUpload> uploads;
  for (std::size_t at = 0; (at = json.find('{', at)) != std::string::npos;) {
    ListedUpload upload;
    JsonMembers members(json, at);
    JsonMembers::Step step = members.next();
    for (; step == JsonMembers::Step::member; step = members.next()) {
      upload.members[without_quotes(members.key())] = without_quotes(members.value());
    }
    REQUIRE(step == JsonMembers::Step::end);
    at = members.position();
    uploads.push_back(std::move(upload));
  }
  return uploads;
}

}  // namespace

std::string ListedUpload::get(const std::string& key) const {
  const auto found = members.find(key);
  REQUIRE_MESSAGE(found != members.end(), "no member ", key);
  return found->second;
}

UploadSandbox::UploadSandbox() {
  sandbox.environment["ASCIINEMA_API_URL"] = server.url();
  sandbox.environment["ASCIINEMA_INSTALL_ID"] = kInstallId;
  sandbox.environment["USER"] = "tester";
}

Outcome UploadSandbox::upload(std::vector<std::string> arguments, std::string_view input) const {
  arguments.insert(arguments.begin(), {"asciinema", "upload"});
  return sandbox.run(std::move(arguments), input);
}

Outcome UploadSandbox::uploads(std::vector<std::string> arguments) const {
  arguments.insert(arguments.begin(), {"asciinema", "uploads"});
  return sandbox.run(std::move(arguments));
}

void UploadSandbox::enqueue(const std::string& name) const {
  const Outcome outcome = upload({"--background", name});
  REQUIRE_MESSAGE(outcome.status == 0, outcome.err);
}

std::vector<ListedUpload> UploadSandbox::list() const {
  const Outcome outcome = uploads({"--json"});
  REQUIRE_MESSAGE(outcome.status == 0, outcome.err);
  return parse_list(outcome.out);
}

ListedUpload UploadSandbox::show(const std::string& number) const {
  const Outcome outcome = uploads({"show", "--json", number});
  REQUIRE_MESSAGE(outcome.status == 0, outcome.err);
  const std::vector<ListedUpload> found = parse_list(outcome.out);
  REQUIRE(found.size() == 1);
  return found.front();
}

bool UploadSandbox::reaches(const std::string& number, std::string_view state,
                            int timeout_ms) const {
  std::string last;
  const bool reached = eventually(
      [&] {
        last = show(number).state();
        return last == state;
      },
      timeout_ms);
  INFO("upload ", number, " is ", last, " and not ", std::string(state));
  CHECK(reached);
  return reached;
}

std::vector<std::string> UploadSandbox::stored() const {
  std::vector<std::string> contents;
  for (StoredUpload& upload : server.uploads()) contents.push_back(std::move(upload.content));
  std::sort(contents.begin(), contents.end());
  return contents;
}

void UploadSandbox::kill_daemon() const {
  const pid_t pid = sandbox.daemon_pid();
  REQUIRE(pid > 0);
  REQUIRE(::kill(pid, SIGKILL) == 0);
  // A zombie of ours until orphans() has reaped it.
  REQUIRE(eventually([&] {
    const std::vector<pid_t> living = orphans();
    return std::find(living.begin(), living.end(), pid) == living.end();
  }));
}

std::string make_recording(std::size_t bytes, std::uint64_t seed) {
  std::string text = "{\"version\": 2, \"width\": 80, \"height\": 24, \"title\": \"number " +
                     std::to_string(seed) + "\"}\n";
  std::uint64_t state = seed * 2 + 1;
  for (std::size_t line = 0; line == 0 || text.size() < bytes; ++line) {
    text += "[" + std::to_string(line) + ".5, \"o\", \"";
    for (int i = 0; i < 60; ++i) {
      state = state * 6364136223846793005 + 1442695040888963407;
      text += static_cast<char>('0' + (state >> 60));
    }
    text += "\\r\\n\"]\n";
  }
  return text;
}

bool has_control_characters(std::string_view text) {
  return std::any_of(text.begin(), text.end(), [](char c) {
    const auto byte = static_cast<unsigned char>(c);
    return (byte < 0x20 && c != '\n' && c != '\r') || byte == 0x7f;
  });
}

}  // namespace asciinemad::test
