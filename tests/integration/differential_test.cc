// The same program under asciinema and under script(1), and our recordings in the hands of
// asciinema 2.

#include <doctest/doctest.h>
#include <unistd.h>

#include <algorithm>
#include <random>
#include <string>
#include <vector>

#include "common/utf8.h"
#include "tests/support/cast.h"
#include "tests/support/pty_driver.h"
#include "tests/support/sandbox.h"
#include "tests/support/seed.h"

namespace asciinemad {
namespace {

using test::PtyDriver;
using test::random_number;
using test::read_cast;
using test::Sandbox;

// By these paths, so that ours is not found instead.
const std::vector<std::string> kAsciinema2 = {"/usr/bin/python3", "/usr/bin/asciinema"};

std::string decoded(const std::string& bytes) {
  Utf8Decoder decoder;
  std::string text(decoder.decode(bytes));
  text += decoder.finish();
  return text;
}

std::string random_bytes(std::mt19937& random, std::size_t count) {
  std::string bytes;
  for (std::size_t i = 0; i < count; ++i) {
    bytes += static_cast<char>(random_number(random, 0, 255));
  }
  return bytes;
}

// All that text on a terminal is made of, valid and not, shuffled.
std::string sample(std::mt19937& random, std::size_t pieces) {
  const std::vector<std::string> kinds = {"plain text",
                                          "line\n",
                                          "line\r\n",
                                          "\r\x1b[K",
                                          "\x1b[1;31mred\x1b[0m",
                                          "\x1b]0;title\x07",
                                          "\x1b[?1049h",
                                          "\x1b[10;20H",
                                          "\"quoted\\\"\t/\b\x7f",
                                          std::string(1, '\0'),
                                          "é",
                                          "漢字",
                                          "👩‍💻",
                                          "e\u0301\u200d",
                                          "\u2028\ufeff\uffff",
                                          "\xc3",
                                          "\xe6\xbc",
                                          "\xf0\x9f\x91",
                                          "\xff\xfe",
                                          "\xed\xa0\x80",
                                          "\xc0\xaf",
                                          "\xf4\x90\x80\x80"};
  std::string bytes;
  for (std::size_t i = 0; i < pieces; ++i) {
    const std::size_t kind = random_number(random, 0, kinds.size() + 1);
    bytes += kind < kinds.size() ? kinds[kind] : random_bytes(random, random_number(random, 1, 64));
  }
  return bytes;
}

// What script(1) wrote between its first line and its last.
std::string typescript_bytes(const std::string& typescript) {
  const std::size_t begin = typescript.find('\n');
  const std::size_t end = typescript.rfind("\nScript done on ");
  REQUIRE((begin != std::string::npos && end != std::string::npos && begin < end));
  return typescript.substr(begin + 1, end - begin - 1);
}

std::string screen_of(const Sandbox& sandbox, std::vector<std::string> argv) {
  PtyDriver terminal(sandbox, std::move(argv));
  CHECK(terminal.wait().status == 0);
  return terminal.screen();
}

void compare_with_script(const Sandbox& sandbox, const std::string& command) {
  CAPTURE(command);
  screen_of(sandbox, {"script", "-q", "-c", command, "typescript"});
  const std::string bytes = typescript_bytes(sandbox.read("typescript"));
  REQUIRE(bytes.size() > 10'000);

  const std::string screen =
      screen_of(sandbox, {"asciinema", "rec", "-q", "--overwrite", "-c", command, "a.cast"});
  CHECK((screen == bytes));
  CHECK((read_cast(sandbox / "a.cast").output() == decoded(bytes)));

  screen_of(sandbox, {"asciinema", "rec", "-q", "--overwrite", "--raw", "-c", command, "a.raw"});
  CHECK((sandbox.read("a.raw") == "\x1b[8;24;80t" + bytes));
}

TEST_CASE("the recording holds what script(1) records") {
  const Sandbox sandbox;
  std::mt19937 random = test::seeded_random();
  sandbox.write("data", sample(random, 20'000));
  sandbox.write("small", sample(random, 3'000));
  compare_with_script(sandbox, "cat data");
  compare_with_script(sandbox, "stty raw; cat data");
  // Characters come in pieces.
  compare_with_script(sandbox, "dd if=small bs=1 status=none");
  compare_with_script(sandbox, "dd if=data bs=7 status=none");
}

TEST_CASE("asciinema 2 plays our recordings to the same bytes") {
  if (!std::all_of(kAsciinema2.begin(), kAsciinema2.end(),
                   [](const std::string& path) { return ::access(path.c_str(), R_OK) == 0; })) {
    MESSAGE("skipped: needs Debian's asciinema");
    return;
  }
  const Sandbox sandbox;
  std::mt19937 random = test::seeded_random();
  sandbox.write("data", sample(random, 2'000));
  const std::string screen = screen_of(
      sandbox, {"asciinema", "rec", "-q", "-c", "stty raw; cat data; printf end", "a.cast"});
  const std::string text = read_cast(sandbox / "a.cast").output();
  REQUIRE(text.ends_with("end"));
  REQUIRE((text == decoded(screen)));

  const auto with_asciinema_2 = [&](const std::vector<std::string>& arguments) {
    std::vector<std::string> argv = kAsciinema2;
    argv.insert(argv.end(), arguments.begin(), arguments.end());
    return screen_of(sandbox, argv);
  };
  CHECK((with_asciinema_2({"cat", "a.cast"}) == text));
  CHECK((with_asciinema_2({"play", "-s", "1000", "a.cast"}) == text));
}

TEST_CASE("a recording that ends inside a character ends in U+FFFD") {
  const Sandbox sandbox;
  screen_of(sandbox, {"asciinema", "rec", "-q", "-c", "printf 'a\\360\\237\\221'", "a.cast"});
  CHECK(read_cast(sandbox / "a.cast").output() == "a\ufffd");
}

}  // namespace
}  // namespace asciinemad
