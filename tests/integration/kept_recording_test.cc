// An existing recording stays as it is when nothing comes of the new one.

#include <doctest/doctest.h>

#include <filesystem>
#include <string>

#include "tests/support/sandbox.h"

namespace asciinemad {
namespace {

using test::Outcome;
using test::Sandbox;

const std::string kOld =
    "{\"version\": 2, \"width\": 80, \"height\": 24}\n"
    "[0.5, \"o\", \"old\"]\n";

bool contains(const std::string& text, std::string_view part) {
  return text.find(part) != std::string::npos;
}

// A client that finds no asciinemad.
void lose_daemon(Sandbox& sandbox) {
  std::filesystem::create_directory(sandbox / "bin");
  for (const char* program : {"asciinema", "asciinema-files"}) {
    std::filesystem::copy_file(test::build_root() + "/" + program,
                               sandbox / ("bin/" + std::string(program)));
  }
  sandbox.environment["PATH"] = (sandbox / "bin") + ":/usr/bin:/bin";
}

TEST_CASE("--overwrite keeps the old recording when no daemon can be started") {
  Sandbox sandbox;
  lose_daemon(sandbox);
  sandbox.write("a.cast", kOld);
  const Outcome outcome = sandbox.run({"asciinema", "rec", "--overwrite", "-c", "true", "a.cast"});
  CAPTURE(outcome.err);
  CHECK(outcome.status == 1);
  CHECK(contains(outcome.err, "cannot start asciinemad"));
  CHECK(sandbox.read("a.cast") == kOld);
}

TEST_CASE("--append keeps the old recording when no daemon can be started") {
  Sandbox sandbox;
  lose_daemon(sandbox);
  // The last event is cut: recording would drop it.
  const std::string cut = kOld + "[1.0, \"o\", \"cu";
  sandbox.write("a.cast", cut);
  const Outcome outcome = sandbox.run({"asciinema", "rec", "--append", "-c", "true", "a.cast"});
  CAPTURE(outcome.err);
  CHECK(outcome.status == 1);
  CHECK(contains(outcome.err, "cannot start asciinemad"));
  CHECK(sandbox.read("a.cast") == cut);
}

TEST_CASE("a new recording is not left behind when no daemon can be started") {
  Sandbox sandbox;
  lose_daemon(sandbox);
  CHECK(sandbox.run({"asciinema", "rec", "-c", "true", "a.cast"}).status == 1);
  CHECK_FALSE(std::filesystem::exists(sandbox / "a.cast"));
}

TEST_CASE("--overwrite keeps the old recording when there is no sh") {
  Sandbox sandbox;
  sandbox.environment["PATH"] = test::build_root();
  sandbox.write("a.cast", kOld);
  const Outcome outcome = sandbox.run({"asciinema", "rec", "--overwrite", "-c", "true", "a.cast"});
  CAPTURE(outcome.err);
  CHECK(outcome.status == 1);
  CHECK(contains(outcome.err, "execute sh"));
  CHECK(sandbox.read("a.cast") == kOld);
}

}  // namespace
}  // namespace asciinemad
