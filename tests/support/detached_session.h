// DetachedSession: a session that nobody is attached to, and what tests of such sessions look at.
#pragma once

#include <doctest/doctest.h>

#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "common/screen_model.h"
#include "common/terminal_modes.h"
#include "tests/support/cast.h"
#include "tests/support/player.h"
#include "tests/support/pty_driver.h"
#include "tests/support/sandbox.h"

namespace asciinemad::test {

// Shows each line that it gets, until "end".
constexpr const char* kShowLines =
    "stty -echo; echo ready; while read -r x && [ \"$x\" != end ]; do echo \"got $x.\"; done";

// `asciinema rec -d ARGUMENT...`, which must succeed; returns the session's id.
inline std::string start_detached(const Sandbox& sandbox, std::vector<std::string> arguments) {
  arguments.insert(arguments.begin(), {"asciinema", "rec", "-d"});
  const Outcome outcome = sandbox.run(std::move(arguments));
  CAPTURE(outcome.err);
  REQUIRE(outcome.status == 0);
  REQUIRE(outcome.out.size() == 9);
  return outcome.out.substr(0, 8);
}

// The value of `key` in `asciinema status --json`: a string without its quotes, others as they are.
inline std::string status_of(const Sandbox& sandbox, const std::string& id,
                             const std::string& key) {
  const std::string json = sandbox.run({"asciinema", "status", "-S", id, "--json"}).out;
  const std::size_t found = json.find("\"" + key + "\": ");
  if (found == std::string::npos) return {};
  const std::size_t begin = found + key.size() + 4;
  const bool quoted = json[begin] == '"';
  const std::size_t end = quoted ? json.find('"', begin + 1) : json.find_first_of(",}", begin);
  return quoted ? json.substr(begin + 1, end - begin - 1) : json.substr(begin, end - begin);
}

inline bool becomes(const Sandbox& sandbox, const std::string& id, const std::string& key,
                    const std::string& value) {
  return eventually([&] { return status_of(sandbox, id, key) == value; });
}

inline bool ends(const Sandbox& sandbox, const std::string& id) {
  return becomes(sandbox, id, "id", {});
}

class DetachedSession {
 public:
  explicit DetachedSession(const Sandbox& sandbox, const std::string& command = kShowLines,
                           std::vector<std::string> options = {})
      : sandbox_(sandbox) {
    options.insert(options.end(), {"-c", command, "a.cast"});
    id_ = start_detached(sandbox, std::move(options));
  }

  const std::string& id() const { return id_; }
  std::string recorded() const { return sandbox_.read("a.cast"); }
  Cast cast() const { return read_cast(sandbox_ / "a.cast"); }

  // Until a screen that has got what is recorded shows that.
  void shows(const std::string& text) const {
    INFO("recorded: ", recorded());
    REQUIRE_MESSAGE(eventually([&] { return contains(recorded_screen(), text); }), text);
  }
  // Until that is in the recording, as JSON has it.
  void has_recorded(const std::string& text) const {
    INFO("recorded: ", recorded());
    REQUIRE_MESSAGE(eventually([&] { return contains(recorded(), text); }), text);
  }
  void send(const std::string& text) const {
    REQUIRE(sandbox_.run({"asciinema", "send", "-S", id_, "--", text}).status == 0);
  }
  bool attached() const { return status_of(sandbox_, id_, "attached") == "true"; }
  void becomes_detached() const { REQUIRE(becomes(sandbox_, id_, "attached", "false")); }

 private:
  std::string recorded_screen() const {
    const std::string all = recorded();
    ScreenModel screen(80, 24);
    for (const EventLine& event : parse_cast(all.substr(0, all.rfind('\n') + 1)).of("o")) {
      screen.write(event.data);
    }
    std::string text;
    for (int row = 0; row < screen.rows(); ++row) text += screen.row_text(row) + "\n";
    return text;
  }

  const Sandbox& sandbox_;
  std::string id_;
};

// A terminal in which somebody has attached to a session that shows "ready".
class Attached : public PtyDriver {
 public:
  Attached(const Sandbox& sandbox, const std::string& id, std::vector<std::string> options = {},
           TerminalSize size = {})
      : PtyDriver(sandbox, command(id, std::move(options)), size) {
    expect("ready");
  }

  void type_line(const std::string& line) {
    send(line + "\r");
    expect("got " + line + ".\r\n");
  }

 private:
  static std::vector<std::string> command(const std::string& id, std::vector<std::string> options) {
    options.insert(options.begin(), {"asciinema", "attach"});
    options.push_back(id);
    return options;
  }
};

// What would have to be sent to a terminal that has got these bytes, for it to be as at first.
inline std::string left_on(std::string_view bytes) {
  TerminalModes modes;
  modes.observe(bytes);
  return modes.undo();
}

}  // namespace asciinemad::test
