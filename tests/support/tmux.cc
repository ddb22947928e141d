#include "tests/support/tmux.h"

#include <doctest/doctest.h>

#include "common/screen_model.h"

namespace asciinemad::test {

Tmux::Tmux(const Sandbox& sandbox) : sandbox_(sandbox), socket_(sandbox.dir() / "tmux") {
  // -D keeps the server in the foreground: a child of ours, killed by its id.
  server_ =
      std::make_unique<Process>(sandbox.launch({"tmux", "-S", socket_, "-f", "/dev/null", "-D"}));
  const auto answers = [&] { return call({"set-option", "-g", "status", "off"}).status == 0; };
  REQUIRE_MESSAGE(eventually(answers), "tmux does not start");
}

Outcome Tmux::call(std::vector<std::string> arguments) const {
  arguments.insert(arguments.begin(), {"tmux", "-S", socket_, "-N"});
  return sandbox_.run(std::move(arguments));
}

void Tmux::open(const std::string& name, const std::string& directory,
                const std::string& script) const {
  open(name, directory, script, {80, 24});
}

void Tmux::open(const std::string& name, const std::string& directory, const std::string& script,
                TerminalSize size) const {
  const Outcome outcome =
      call({"new-session", "-d", "-s", name, "-x", std::to_string(size.cols), "-y",
            std::to_string(size.rows), "-c", sandbox_ / directory, "sh", "-c", script});
  CAPTURE(outcome.err);
  REQUIRE(outcome.status == 0);
}

void Tmux::resize(const std::string& name, TerminalSize size) const {
  REQUIRE(call({"resize-window", "-t", name, "-x", std::to_string(size.cols), "-y",
                std::to_string(size.rows)})
              .status == 0);
}

void Tmux::type(const std::string& name, const std::vector<std::string>& keys) const {
  std::vector<std::string> arguments = {"send-keys", "-t", name};
  arguments.insert(arguments.end(), keys.begin(), keys.end());
  REQUIRE(call(std::move(arguments)).status == 0);
}

std::string Tmux::screen(const std::string& name) const {
  const Outcome outcome =
      call({"capture-pane", "-p", "-e", "-t", name, ";", "display-message", "-p", "-t", name,
            "cursor #{cursor_x},#{cursor_y} visible #{cursor_flag} alternate #{alternate_on} "
            "keypad #{keypad_flag},#{keypad_cursor_flag} mouse #{mouse_any_flag} wrap "
            "#{wrap_flag} insert #{insert_flag} origin #{origin_flag} region "
            "#{scroll_region_upper}-#{scroll_region_lower}"});
  REQUIRE(outcome.status == 0);
  return outcome.out;
}

std::string Tmux::visible_screen(const std::string& name) const {
  // Larger than any window.
  constexpr int kCols = 300;
  constexpr int kRows = 100;
  const std::string all = screen(name);
  const std::size_t state = all.rfind("cursor ");
  ScreenModel model(kCols, kRows);
  for (const char c : all.substr(0, state)) {
    if (c == '\n') model.write("\r");
    model.write({&c, 1});
  }
  model.write("\x1b[0m\x1b[H");
  return model.snapshot() + all.substr(state);
}

std::string Tmux::text(const std::string& name) const {
  const Outcome outcome = call({"capture-pane", "-p", "-t", name});
  REQUIRE(outcome.status == 0);
  return outcome.out;
}

}  // namespace asciinemad::test
