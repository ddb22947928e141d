#include "common/config.h"

#include <doctest/doctest.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cmath>
#include <filesystem>

#include "tests/support/temp_dir.h"

namespace asciinemad {
namespace {

using Names = std::vector<std::string>;
using Warnings = std::vector<std::string>;

// A configuration directory and what load_config() makes of it.
class Fixture {
 public:
  Fixture() { variables_["ASCIINEMA_CONFIG_HOME"] = dir.path(); }

  void set(const std::string& name, const std::string& value) { variables_[name] = value; }

  Result<LoadedConfig> load() const { return load_config(FixedEnvironment(variables_)); }

  Result<LoadedConfig> load_ini(std::string_view text) const {
    dir.write("config", text);
    return load();
  }
  Result<LoadedConfig> load_toml(std::string_view text) const {
    dir.write("config.toml", text);
    return load();
  }

  // The only warning or the error, without the directory; "" when there is neither.
  std::string complaint(const Result<LoadedConfig>& result) const {
    std::string text;
    if (!result.ok()) {
      text = result.error().message;
    } else if (!result->warnings.empty()) {
      REQUIRE(result->warnings.size() == 1);
      text = result->warnings.front();
    }
    const std::string prefix = dir.path() + "/";
    return text.starts_with(prefix) ? text.substr(prefix.size()) : text;
  }

  test::TempDir dir;

 private:
  FixedEnvironment::Variables variables_;
};

Key key(std::string_view text) { return parse_key(text).value(); }

void check_defaults(const Config& config) {
  CHECK(config.server.url == "https://asciinema.org");
  CHECK(config.record.command == std::nullopt);
  CHECK_FALSE(config.record.capture_input);
  CHECK(config.record.env == Names{"SHELL", "TERM"});
  CHECK(config.record.idle_time_limit_s == std::nullopt);
  CHECK_FALSE(config.record.yes);
  CHECK_FALSE(config.record.quiet);
  CHECK(config.record.pause_key == key("C-\\"));
  CHECK(config.record.add_marker_key == std::nullopt);
  CHECK(config.record.prefix_key == std::nullopt);
  CHECK(config.record.detach_key == std::nullopt);
  CHECK_FALSE(config.record.detach_on_disconnect);
  CHECK(config.record.marker_label.empty());
  CHECK_FALSE(config.record.pause_markers);
  CHECK_FALSE(config.record.output_markers);
  CHECK(config.record.paused_title.empty());
  CHECK(config.play.speed == 1.0);
  CHECK(config.play.idle_time_limit_s == std::nullopt);
  CHECK(config.play.pause_key == key(" "));
  CHECK(config.play.step_key == key("."));
  CHECK(config.play.next_marker_key == key("]"));
  CHECK(config.play.max_download_bytes == 1073741824);
  CHECK(config.notifications.enabled);
  CHECK(config.notifications.command == std::nullopt);
  CHECK(config.upload.keep_for_s == 2592000);
  CHECK(config.upload.keep_bytes == 2147483648);
  CHECK(config.token == std::nullopt);
}

// What both full files below say.
void check_full(const Config& config) {
  CHECK(config.server.url == "https://example.com/asciinema");
  CHECK(config.record.command == "sh -c 'a; b' ; c # d");
  CHECK(config.record.capture_input);
  CHECK(config.record.env == Names{"SHELL", "LANG"});
  CHECK(config.record.idle_time_limit_s == 2.5);
  CHECK(config.record.yes);
  CHECK(config.record.quiet);
  CHECK(config.record.pause_key == key("C-p"));
  CHECK(config.record.add_marker_key == key("C-x"));
  CHECK(config.record.prefix_key == key("C-a"));
  CHECK(config.record.detach_key == key("d"));
  CHECK(config.record.detach_on_disconnect);
  CHECK(config.record.marker_label == "step {n} at {time}");
  CHECK(config.record.pause_markers);
  CHECK(config.record.output_markers);
  CHECK(config.record.paused_title == "[PAUSED]");
  CHECK(config.play.speed == 2.0);
  CHECK(config.play.idle_time_limit_s == 1.0);
  CHECK(config.play.pause_key == key("p"));
  CHECK(config.play.step_key == key("s"));
  CHECK(config.play.next_marker_key == key("m"));
  CHECK(config.play.max_download_bytes == 20971520);
  CHECK_FALSE(config.notifications.enabled);
  CHECK(config.notifications.command == "tmux display-message \"$TEXT\"");
  CHECK(config.upload.keep_for_s == 129600);
  CHECK(config.upload.keep_bytes == 524288000);
}

TEST_CASE("no file, no directory, no home: the defaults") {
  Fixture f;
  const auto loaded = f.load();
  REQUIRE(loaded.ok());
  CHECK(loaded->warnings.empty());
  check_defaults(loaded->config);

  const auto homeless = load_config(FixedEnvironment{});
  REQUIRE(homeless.ok());
  check_defaults(homeless->config);

  f.set("ASCIINEMA_CONFIG_HOME", "/dev/null");
  CHECK(f.load().ok());
}

TEST_CASE("ini: every setting") {
  Fixture f;
  const auto loaded = f.load_ini(
      "; full-line comment\n# another\n"
      "[api]\nurl = https://example.com/asciinema/\n"
      "[record]\ncommand = sh -c 'a; b' ; c # d\nstdin = yes\nenv = SHELL, LANG,,SHELL\n"
      "idle_time_limit = 2.5\nyes = ON\nQuiet: True\npause_key = C-p\n"
      "add_marker_key = ^x\nprefix_key = c-A\ndetach_key = d\non_disconnect = Detach\n"
      "marker_label = step {n} at {time}\npause_markers = on\noutput_markers = yes\n"
      "paused_title = [PAUSED]\n"
      "[play]\nspeed=2\nidle_time_limit = 1\npause_key = p\nstep_key = s\nnext_marker_key = m\n"
      "max_download = 20\n"
      "[notifications]\nenabled = 0\ncommand = tmux display-message \"$TEXT\"\n"
      "[upload]\nkeep_days = 1.5\nkeep_size = 500\n");
  CHECK(f.complaint(loaded).empty());
  REQUIRE(loaded.ok());
  check_full(loaded->config);
}

TEST_CASE("toml: every setting") {
  Fixture f;
  const auto loaded = f.load_toml(
      "[server]\nurl = \"https://example.com/asciinema\"\n"
      "[session]\ncommand = \"sh -c 'a; b' ; c # d\"\ncapture_input = true\n"
      "capture_env = \"SHELL,LANG\"\nidle_time_limit = 2.5\nyes = true\nquiet = true\n"
      "pause_key = \"C-p\"\nadd_marker_key = \"^x\"\nprefix_key = \"C+a\"\n"
      "detach_key = \"d\"\non_disconnect = \"detach\"\n"
      "marker_label = \"step {n} at {time}\"\npause_markers = true\noutput_markers = true\n"
      "paused_title = \"[PAUSED]\"\n"
      "[playback]\nspeed = 2\nidle_time_limit = 1\npause_key = \"p\"\nstep_key = \"s\"\n"
      "next_marker_key = \"m\"\nmax_download = 20\n"
      "[notifications]\nenabled = false\ncommand = 'tmux display-message \"$TEXT\"'\n"
      "[upload]\nkeep_days = 1.5\nkeep_size = 500\n");
  CHECK(f.complaint(loaded).empty());
  REQUIRE(loaded.ok());
  check_full(loaded->config);
}

TEST_CASE("toml: capture_env as a list, keys off, numbers in quotes") {
  Fixture f;
  const auto loaded = f.load_toml(
      "session = { capture_env = [\"A\", \" B \", \"A\"], pause_key = \"none\" }\n"
      "playback.speed = \"1.5\"\nplayback.step_key = \"\"\n");
  CHECK(f.complaint(loaded).empty());
  REQUIRE(loaded.ok());
  CHECK(loaded->config.record.env == Names{"A", "B"});
  CHECK(loaded->config.record.pause_key == std::nullopt);
  CHECK(loaded->config.play.step_key == std::nullopt);
  CHECK(loaded->config.play.speed == 1.5);
}

TEST_CASE("both files: toml wins wholly, and a warning says so") {
  Fixture f;
  f.dir.write("config", "[record]\nyes = broken\nquiet = yes\n");
  const auto loaded = f.load_toml("[playback]\nspeed = 3\n");
  REQUIRE(loaded.ok());
  CHECK_FALSE(loaded->config.record.quiet);
  CHECK(loaded->config.play.speed == 3.0);
  CHECK(loaded->warnings == Warnings{(f.dir / "config") + " is ignored, because " +
                                     (f.dir / "config.toml") + " exists"});
}

TEST_CASE("ini: every spelling of a boolean") {
  Fixture f;
  for (const std::string yes : {"yes", "true", "on", "1", "YES", "True", "oN"}) {
    const auto loaded = f.load_ini("[record]\nquiet = " + yes + "\n");
    REQUIRE(loaded.ok());
    CHECK(loaded->config.record.quiet);
  }
  for (const std::string no : {"no", "false", "off", "0", "NO", "False", "oFF"}) {
    const auto loaded = f.load_ini("[notifications]\nenabled = " + no + "\n");
    REQUIRE(loaded.ok());
    CHECK_FALSE(loaded->config.notifications.enabled);
  }
  for (const std::string bad : {"", "2", "y", "truee", "yes ; comment"}) {
    CHECK(f.complaint(f.load_ini("\n[record]\nquiet = " + bad + "\n")) ==
          "config:3: [record] quiet: \"" + bad +
              "\" is not one of true, false, yes, no, on, off, 1, 0");
  }
}

TEST_CASE("ini: old names, which never win over the new ones") {
  Fixture f;
  auto loaded = f.load_ini("[record]\nmaxwait = 3\n[play]\nmaxwait = 4\n[user]\ntoken = u\n");
  CHECK(f.complaint(loaded).empty());
  REQUIRE(loaded.ok());
  CHECK(loaded->config.record.idle_time_limit_s == 3.0);
  CHECK(loaded->config.play.idle_time_limit_s == 4.0);
  CHECK(loaded->config.token == "u");
  for (const std::string text :
       {"[record]\nmaxwait = 3\nidle_time_limit = 5\n[user]\ntoken = u\n[api]\ntoken = a\n",
        "[record]\nidle_time_limit = 5\nmaxwait = 3\n[api]\ntoken = a\n[user]\ntoken = u\n"}) {
    loaded = f.load_ini(text);
    REQUIRE(loaded.ok());
    CHECK(loaded->config.record.idle_time_limit_s == 5.0);
    CHECK(loaded->config.token == "a");
  }
}

TEST_CASE("ini: long lines, byte order mark, carriage returns, no line end at the end") {
  Fixture f;
  for (const std::size_t length : {189U, 199U, 1000U, 200000U}) {
    const std::string command(length, 'x');
    const auto loaded = f.load_ini("[record]\nquiet = yes\ncommand = " + command + "\nyes = on\n");
    REQUIRE(loaded.ok());
    CHECK(loaded->config.record.command == command);
    CHECK(loaded->config.record.yes);
  }
  const auto loaded = f.load_ini("\xef\xbb\xbf[record]\r\ncommand = ls\r\nyes = on");
  REQUIRE(loaded.ok());
  CHECK(loaded->config.record.command == "ls");
  CHECK(loaded->config.record.yes);
}

TEST_CASE("ini: continuation lines") {
  Fixture f;
  const auto loaded = f.load_ini(
      "[record]\n"
      "command = one ; x\n  two = 2\n  # comment\n\n  [three] ; y\n"
      "  quiet = yes\n"
      "yes = on\n");
  REQUIRE(loaded.ok());
  CHECK(loaded->config.record.command == "one ; x\ntwo = 2\n\n[three] ; y\nquiet = yes");
  CHECK_FALSE(loaded->config.record.quiet);
  CHECK(loaded->config.record.yes);
}

TEST_CASE("ini: an indented section is no continuation") {
  Fixture f;
  const auto loaded = f.load_ini("  [record]\n    command = ls\n    yes = on\n  quiet = on\n");
  CHECK(f.complaint(loaded).empty());
  REQUIRE(loaded.ok());
  CHECK(loaded->config.record.command == "ls");
  CHECK(loaded->config.record.yes);
  CHECK(loaded->config.record.quiet);
}

TEST_CASE("ini: percent signs as configparser has them") {
  Fixture f;
  auto loaded = f.load_ini("[record]\ncommand = date +%%H:%M%\n");
  REQUIRE(loaded.ok());
  CHECK(loaded->config.record.command == "date +%H:%M%");
  CHECK(f.complaint(f.load_ini("[record]\ncommand = %(yes)s\n"))
            .starts_with("config:2: \"command\": %(...) references are not"));
}

TEST_CASE("ini: malformed files name the line") {
  Fixture f;
  CHECK(f.complaint(f.load_ini("quiet = yes\n")) == "config:1: stands outside any [section]");
  CHECK(f.complaint(f.load_ini("[]\nquiet = yes\n")) == "config:2: stands outside any [section]");
  CHECK(f.complaint(f.load_ini("[record]\n\nquiet\n")) ==
        "config:3: is neither [section] nor name = value nor a comment");
  CHECK(f.complaint(f.load_ini("# x\n[record\n")) ==
        "config:2: is neither [section] nor name = value nor a comment");
  CHECK(f.complaint(f.load_ini("[record]\n = 3\n")) == "config:2: has no name before the =");
  CHECK(f.complaint(f.load_ini("[record]\nyes = 1\n[play]\n[record]\nYES = 0\n")) ==
        "config:5: \"yes\" is already set in line 2");
}

TEST_CASE("toml: malformed files name the line") {
  Fixture f;
  CHECK(f.complaint(f.load_toml("[server]\nurl = \n")).starts_with("config.toml:2: "));
  CHECK(f.complaint(f.load_toml("[session]\nyes = true\nyes = true\n"))
            .starts_with("config.toml:3: "));
  CHECK_FALSE(f.load_toml("a = " + std::string(100000, '[')).ok());
  CHECK_FALSE(f.load_toml("[playback]\nspeed = 1e400\n").ok());
}

TEST_CASE("numbers") {
  Fixture f;
  for (const std::string bad : {"abc", "", "0", "-1", "nan", "inf", "-inf", "1e400", "1e-400",
                                "1e10", "1,5", "0x10", "2 s", "+-1", "++1"}) {
    CHECK(f.complaint(f.load_ini("\n\n[record]\nidle_time_limit = " + bad + "\n")) ==
          "config:4: [record] idle_time_limit: \"" + bad +
              "\" is not a positive number of seconds (1e-6 to 1e9)");
  }
  for (const auto& [text, number] : {std::pair<std::string, double>{"+2", 2.0},
                                     {".5", 0.5},
                                     {"1e3", 1000.0},
                                     {"1000000000", 1e9}}) {
    const auto loaded = f.load_ini("[play]\nspeed = " + text + "\n");
    REQUIRE(loaded.ok());
    CHECK(loaded->config.play.speed == number);
  }
}

TEST_CASE("the bound of a download is in MiB") {
  Fixture f;
  for (const std::string bad : {"", "0", "0.5", "-1", "1048577", "nan", "1 GB"}) {
    CHECK(f.complaint(f.load_ini("[play]\nmax_download = " + bad + "\n")) ==
          "config:2: [play] max_download: \"" + bad +
              "\" is not a number of MiB from 1 to 1048576");
  }
  CHECK_FALSE(f.load_toml("[playback]\nmax_download = true\n").ok());
  for (const auto& [text, bytes] :
       {std::pair<std::string, std::uint64_t>{"1", 1048576}, {"1048576", 1099511627776}}) {
    const auto loaded = f.load_toml("[playback]\nmax_download = " + text + "\n");
    REQUIRE(loaded.ok());
    CHECK(loaded->config.play.max_download_bytes == bytes);
  }
}

TEST_CASE("how long and how much the upload queue keeps") {
  Fixture f;
  for (const std::string bad : {"", "0", "1e-6", "-1", "36501", "nan", "a week"}) {
    CHECK(f.complaint(f.load_ini("[upload]\nkeep_days = " + bad + "\n")) ==
          "config:2: [upload] keep_days: \"" + bad +
              "\" is not a positive number of days, up to 36500");
  }
  CHECK(f.complaint(f.load_ini("[upload]\nkeep_size = 0.5\n")) ==
        "config:2: [upload] keep_size: \"0.5\" is not a number of MiB from 1 to 1048576");
  for (const auto& [text, seconds] :
       {std::pair<std::string, std::uint64_t>{"1", 86400}, {"36500", 3153600000}}) {
    const auto loaded = f.load_toml("[upload]\nkeep_days = " + text + "\n");
    REQUIRE(loaded.ok());
    CHECK(loaded->config.upload.keep_for_s == seconds);
  }
}

TEST_CASE("toml: numbers and types") {
  Fixture f;
  const auto speed = [&](const std::string& text) {
    return f.complaint(f.load_toml("[playback]\nspeed = " + text + "\n"));
  };
  const std::string prefix = "config.toml:2: [playback] speed: ";
  const std::string suffix = " is not a positive number (1e-6 to 1e9)";
  CHECK(speed("nan") == prefix + "nan" + suffix);
  CHECK(speed("-inf") == prefix + "-inf" + suffix);
  CHECK(speed("0") == prefix + "0" + suffix);
  CHECK(speed("1e-300") == prefix + "1e-300" + suffix);
  CHECK(speed("true") == prefix + "true" + suffix);
  CHECK(speed("[1]") == prefix + "a list with something else than texts" + suffix);
  CHECK(speed("{ a = 1 }") == prefix + "a table" + suffix);
  CHECK(speed("1979-05-27") == prefix + "a date or time" + suffix);

  const auto session = [&](const std::string& text) {
    return f.complaint(f.load_toml("[session]\n" + text + "\n"));
  };
  CHECK(session("command = 5") == "config.toml:2: [session] command: 5 is not a text in quotes");
  CHECK(session("command = \"a\\u0000b\"") ==
        "config.toml:2: [session] command: \"a\\x00b\" contains a NUL character");
  CHECK(session("capture_env = [\"A\", \"B\\u0000\"]") ==
        "config.toml:2: [session] capture_env: a list contains a NUL character");
  CHECK(session("capture_env = true") ==
        "config.toml:2: [session] capture_env: true is not a list of variable names");
  CHECK(session("quiet = 1") ==
        "config.toml:2: [session] quiet: 1 is not one of true, false, yes, no, on, off, 1, 0");
}

TEST_CASE("keys: bad ones are refused, none and nothing switch off") {
  Fixture f;
  const auto loaded = f.load_ini("[record]\npause_key = None\n[play]\nstep_key =\n");
  REQUIRE(loaded.ok());
  CHECK(loaded->config.record.pause_key == std::nullopt);
  CHECK(loaded->config.play.step_key == std::nullopt);
  CHECK(loaded->config.play.pause_key == key(" "));
  for (const std::string bad : {"C-", "C-xx", "escape", "^[", "ab"}) {
    CHECK(f.complaint(f.load_ini("[record]\nprefix_key = " + bad + "\n"))
              .starts_with("config:2: [record] prefix_key: \"" + bad + "\" is not a hotkey: "));
  }
}

TEST_CASE("keys: one for two hotkeys is refused") {
  Fixture f;
  CHECK(f.complaint(f.load_ini("[record]\npause_key = C-x\nadd_marker_key = ^X\n")) ==
        "config:3: [record] add_marker_key: \"^X\" is pause_key already: give one of the two "
        "another key, or none");
  CHECK(f.complaint(f.load_ini("[record]\ndetach_key = C-a\nyes = no\nprefix_key = C-a\n"))
            .starts_with("config:4: [record] prefix_key: \"C-a\" is detach_key already: "));
  CHECK(f.complaint(f.load_ini("[record]\ndetach_key = C-\\\n"))
            .starts_with("config:2: [record] detach_key: \"C-\\\" is pause_key already: "));
  CHECK(f.complaint(f.load_ini("[play]\nstep_key = ]\n"))
            .starts_with("config:2: [play] step_key: \"]\" is next_marker_key already: "));
  // Those of recordings and playbacks never meet; what is off is on no key.
  CHECK(f.complaint(f.load_ini("[record]\npause_key = .\nadd_marker_key = none\n"
                               "prefix_key = none\n[play]\npause_key = C-\\\n"))
            .empty());
  CHECK(
      f.complaint(f.load_toml("[session]\nprefix_key = \"C-x\"\nadd_marker_key = \"C-X\"\n"))
          .starts_with("config.toml:3: [session] add_marker_key: \"C-X\" is prefix_key already: "));
}

TEST_CASE("labels and titles are of a bounded length and can't move the cursor") {
  Fixture f;
  const std::string longest(1024, 'x');
  const auto loaded =
      f.load_toml("[session]\nmarker_label = \"" + longest + "\"\npaused_title = \"é\"\n");
  REQUIRE(loaded.ok());
  CHECK(loaded->config.record.marker_label == longest);
  CHECK(loaded->config.record.paused_title == "é");
  CHECK(f.complaint(f.load_toml("[session]\nmarker_label = \"" + longest + "x\"\n"))
            .ends_with("\" is longer than 1024 bytes"));
  CHECK(f.complaint(f.load_toml("[session]\npaused_title = \"a\\u001bb\"\n")) ==
        "config.toml:2: [session] paused_title: \"a\\x1bb\" contains a control character");
}

TEST_CASE("what a session does without its client") {
  Fixture f;
  const auto loaded = f.load_ini("[record]\non_disconnect = hang-up\n");
  REQUIRE(loaded.ok());
  CHECK_FALSE(loaded->config.record.detach_on_disconnect);
  for (const std::string bad : {"", "yes", "hang", "detached"}) {
    CHECK(f.complaint(f.load_ini("[record]\non_disconnect = " + bad + "\n")) ==
          "config:2: [record] on_disconnect: \"" + bad + "\" is neither hang-up nor detach");
  }
}

TEST_CASE("unknown names: a warning with the nearest known one") {
  Fixture f;
  CHECK(f.complaint(f.load_ini("[record]\ncomand = ls\n")) ==
        "config:2: unknown setting \"comand\" in [record], did you mean command?");
  CHECK(f.complaint(f.load_ini("[play]\ncolour = red\n")) ==
        "config:2: unknown setting \"colour\" in [play]");
  CHECK(f.complaint(f.load_ini("[recrod]\nyes = 1\nquiet = 1\n")) ==
        "config:2: unknown section \"recrod\", did you mean [record]?");
  CHECK(f.complaint(f.load_ini("[Record]\nyes = 1\n")) ==
        "config:2: unknown section \"Record\", did you mean [record]?");
  std::filesystem::remove(f.dir / "config");
  CHECK(f.complaint(f.load_toml("[session]\ncapture_inptu = true\n")) ==
        "config.toml:2: unknown setting \"capture_inptu\" in [session], did you mean "
        "capture_input?");
  CHECK(f.complaint(f.load_toml("serve = 1\n")) ==
        "config.toml:1: unknown setting \"serve\" outside any section, did you mean [server]?");
  CHECK(f.complaint(f.load_toml("[session]\nmaxwait = 3\n"))
            .starts_with("config.toml:2: unknown setting \"maxwait\" in [session]"));
}

TEST_CASE("messages shorten long values and show control characters") {
  Fixture f;
  CHECK(f.complaint(f.load_ini("[play]\nspeed = " + std::string(500, 'x') + "\n")) ==
        "config:2: [play] speed: \"" + std::string(60, 'x') +
            "...\" is not a positive number (1e-6 to 1e9)");
  CHECK(f.complaint(f.load_ini("[play]\nspeed = \x1b[31mred\n"))
            .starts_with("config:2: [play] speed: \"\\x1b[31mred\" is not"));
  CHECK(f.complaint(f.load_ini("[play]\nspeed = " + std::string(59, 'x') + "\xc3\xa9\n"))
            .starts_with("config:2: [play] speed: \"" + std::string(59, 'x') + "...\" is not"));
}

TEST_CASE("server address") {
  Fixture f;
  const auto url = [&](const std::string& text) {
    const auto loaded = f.load_ini("[api]\nurl = " + text + "\n");
    return loaded.ok() ? loaded->config.server.url : f.complaint(loaded);
  };
  CHECK(url("http://localhost:4000//") == "http://localhost:4000");
  CHECK(url("HTTPS://Example.com") == "HTTPS://Example.com");
  const std::string prefix = "config:2: [api] url: ";
  const std::string scheme = " is not an http:// or https:// address";
  CHECK(url("") == prefix + "\"\"" + scheme);
  CHECK(url("example.com") == prefix + "\"example.com\"" + scheme);
  CHECK(url("ftp://example.com") == prefix + "\"ftp://example.com\"" + scheme);
  CHECK(url("http:/example.com") == prefix + "\"http:/example.com\"" + scheme);
  CHECK(url("https://") == prefix + "\"https://\" names no host");
  CHECK(url("https://:80") == prefix + "\"https://:80\" names no host");
  CHECK(url("https:///x") == prefix + "\"https:///x\" names no host");
  CHECK(url("https://a b").find("is not a plain address") != std::string::npos);
  CHECK(url("https://a?b").find("is not a plain address") != std::string::npos);
}

TEST_CASE("environment overrides") {
  Fixture f;
  f.dir.write("config", "[api]\nurl = https://file.example\n");
  f.set("ASCIINEMA_API_URL", "https://old.example/");
  CHECK(f.load().value().config.server.url == "https://old.example");

  f.set("ASCIINEMA_SERVER_URL", "https://old.example/");
  CHECK(f.load().value().warnings.empty());

  f.set("ASCIINEMA_SERVER_URL", "https://new.example");
  const auto loaded = f.load();
  CHECK(loaded->config.server.url == "https://new.example");
  CHECK(loaded->warnings == Warnings{"ASCIINEMA_API_URL is ignored, because ASCIINEMA_SERVER_URL "
                                     "is set to something else"});

  f.set("ASCIINEMA_SERVER_URL", "new.example");
  CHECK(f.complaint(f.load()) ==
        "ASCIINEMA_SERVER_URL: \"new.example\" is not an http:// or https:// address");
  f.set("ASCIINEMA_SERVER_URL", "");
  f.set("ASCIINEMA_API_URL", "");
  CHECK(f.load()->config.server.url == "https://file.example");

  f.set("ASCIINEMA_API_TOKEN", "secret");
  CHECK(f.complaint(f.load()) ==
        "ASCIINEMA_API_TOKEN is no longer supported, use ASCIINEMA_INSTALL_ID instead");
}

TEST_CASE("files that are no text") {
  Fixture f;
  CHECK(f.complaint(f.load_ini("[record]\ncommand = \xff\n")) == "config:2: is not valid UTF-8");
  CHECK(f.complaint(f.load_ini("[record]\ncommand = caf\xc3")) == "config:2: is not valid UTF-8");
  CHECK(f.complaint(f.load_ini("[record]\ncommand = \xed\xa0\x80\n")) ==
        "config:2: is not valid UTF-8");
  CHECK(f.complaint(f.load_ini(std::string_view("[record]\n\0\n", 11))) ==
        "config:2: contains a NUL byte, this is not a text file");
  CHECK(f.complaint(f.load_toml("[session]\ncommand = \"\xff\"\n")) ==
        "config.toml:2: is not valid UTF-8");
}

TEST_CASE("a file of more than 1 MiB is refused, one of that size is not") {
  Fixture f;
  const std::string line = "; comment, comment, comment...\n";
  std::string text;
  while (text.size() + line.size() <= (1U << 20)) text += line;
  text.append((1U << 20) - text.size(), '\n');
  CHECK(f.load_ini(text).ok());
  CHECK(f.complaint(f.load_ini(text + "\n")) ==
        "read " + (f.dir / "config") + ": larger than 1048576 bytes");
}

TEST_CASE("directories, unreadable files, FIFOs") {
  Fixture f;
  std::filesystem::create_directory(f.dir / "config");
  CHECK(f.complaint(f.load()) == "read " + (f.dir / "config") + ": Is a directory");
  std::filesystem::remove(f.dir / "config");

  REQUIRE(::mkfifo((f.dir / "config").c_str(), 0600) == 0);
  CHECK(f.load().ok());  // and at once
  std::filesystem::remove(f.dir / "config");

  f.dir.write("config.toml", "");
  ::chmod((f.dir / "config.toml").c_str(), 0);
  if (::geteuid() != 0) {
    CHECK(f.complaint(f.load()) == "open " + (f.dir / "config.toml") + ": Permission denied");
  }
  std::filesystem::remove(f.dir / "config.toml");

  std::filesystem::create_symlink("config", f.dir / "config");
  CHECK(f.complaint(f.load()).ends_with(": Too many levels of symbolic links"));
  std::filesystem::remove(f.dir / "config");
  std::filesystem::create_symlink("nowhere", f.dir / "config");
  CHECK(f.load().ok());
}

TEST_CASE("a file of nothing but short unknown settings is read in reasonable time") {
  Fixture f;
  std::string text = "[x]\n";
  for (int i = 0; text.size() < 900000; ++i) text += std::to_string(i) + "=\n";
  const auto loaded = f.load_ini(text);
  REQUIRE(loaded.ok());
  CHECK(loaded->warnings == Warnings{(f.dir / "config") + ":2: unknown section \"x\""});
}

TEST_CASE("parse_env_names") {
  CHECK(parse_env_names("SHELL,TERM") == Names{"SHELL", "TERM"});
  CHECK(parse_env_names(" A ,, B,A,\n") == Names{"A", "B"});
  CHECK(parse_env_names("").empty());
}

}  // namespace
}  // namespace asciinemad
