#include "daemon/session_screen.h"

#include <doctest/doctest.h>
#include <fcntl.h>
#include <unistd.h>

#include <string>
#include <string_view>

#include "common/asciicast_writer.h"
#include "common/screen_model.h"
#include "common/terminal_modes.h"
#include "tests/support/temp_dir.h"

namespace asciinemad {
namespace {

constexpr wire::WindowSize kSize{40, 10, 0, 0};

class Cast {
 public:
  explicit Cast(int cols = 40, int rows = 10) {
    append_header_v2(text, {.cols = cols, .rows = rows});
  }
  Cast& event(EventCode code, std::string_view data) {
    append_event_v2(text, at_us_ += 1000, code, data);
    return *this;
  }
  Cast& output(std::string_view data) { return event(EventCode::output, data); }
  Cast& line(std::string_view bytes) {
    (text += bytes) += '\n';
    return *this;
  }

  std::string text;

 private:
  std::uint64_t at_us_ = 0;
};

Result<SessionScreen> read_screen(std::string_view recording, const wire::WindowSize& size = kSize,
                                  int terminal_rows = 10, int cancel_fd = -1) {
  const test::TempDir dir;
  Fd file(::open(dir.write("x.cast", recording).c_str(), O_RDWR | O_CLOEXEC));
  REQUIRE(file);
  // Where its writer is.
  REQUIRE(::lseek(file.get(), 0, SEEK_END) >= 0);
  return read_session_screen(std::move(file), size, terminal_rows, cancel_fd);
}

SessionScreen screen_of(const Cast& cast, const wire::WindowSize& size = kSize,
                        int terminal_rows = 10) {
  auto screen = read_screen(cast.text, size, terminal_rows);
  REQUIRE(screen.ok());
  return *screen;
}

std::string row(std::string_view bytes, int number, int cols = 40, int rows = 10) {
  ScreenModel terminal(cols, rows);
  terminal.write(bytes);
  return terminal.row_text(number);
}

ScreenModel::CursorPosition cursor_of(const SessionScreen& screen) {
  return screen.model->cursor_position();
}

}  // namespace

TEST_CASE("a session's screen is what its output has drawn") {
  const SessionScreen screen =
      screen_of(Cast().output("hello\r\n\x1b[1mbold").output("\x1b[m\r\n\x1b[5;7H"));
  CHECK(row(screen.redraw, 0) == "hello");
  CHECK(row(screen.redraw, 1) == "bold");
  CHECK(cursor_of(screen).row == 5);
  CHECK(cursor_of(screen).col == 7);
  CHECK(screen.undo == "");
}

TEST_CASE("only output and resizes count") {
  Cast cast;
  cast.output("a").event(EventCode::input, "b").event(EventCode::marker, "c").output("d");
  CHECK(row(screen_of(cast).redraw, 0) == "ad");
  cast.event(EventCode::resize, "20x5").output("\x1b[99;99H");
  const SessionScreen screen = screen_of(cast, {20, 5, 0, 0});
  CHECK(cursor_of(screen).row == 5);
  CHECK(cursor_of(screen).col == 20);
}

TEST_CASE("the size is the session's, which the recording may not know yet") {
  const Cast cast = Cast().output("\x1b[8;1Hlow\x1b[1;1H");
  const SessionScreen screen = screen_of(cast, {60, 20, 0, 0}, 20);
  CHECK(row(screen.redraw, 7, 60, 20) == "low");
  CHECK(screen_of(cast, {0, 0, 0, 0}).redraw == screen_of(cast).redraw);
}

TEST_CASE("what the screen has on is undone by what comes with it") {
  const SessionScreen screen =
      screen_of(Cast().output("shell\x1b[?1049h\x1b[?25l\x1b[?1006h\x1b[?1000h\x1b[H editor"));
  ScreenModel terminal(40, 10);
  terminal.write(screen.redraw);
  CHECK(terminal.alternate_screen());
  CHECK(terminal.row_text(0) == " editor");
  terminal.write(screen.undo);
  CHECK(!terminal.alternate_screen());
  CHECK(terminal.row_text(0) == "shell");
  TerminalModes modes;
  modes.observe(screen.redraw + screen.undo);
  CHECK(modes.undo() == "");
}

TEST_CASE("output that follows goes on in the sequence that was cut") {
  for (const char* whole :
       {"ab\x1b[31;1mc", "x\x1b]0;title\ay", "\x1b[?25\x1b[3Cz", "q\x1bPdata\x1b\\w"}) {
    const std::string_view output(whole);
    for (std::size_t cut = 0; cut <= output.size(); ++cut) {
      const SessionScreen screen =
          screen_of(Cast().output("before ").output(output.substr(0, cut)));
      ScreenModel straight(40, 10);
      straight.write("before " + std::string(output));
      ScreenModel attached(40, 10);
      attached.write(screen.redraw);
      attached.write(output.substr(cut));
      CHECK(attached.snapshot() == straight.snapshot());
    }
  }
}

TEST_CASE("a recording that was appended to is read as a whole") {
  const SessionScreen screen = screen_of(Cast(100, 30).output("first\r\n").output("second"));
  CHECK(row(screen.redraw, 0) == "first");
  CHECK(row(screen.redraw, 1) == "second");
}

TEST_CASE("damaged lines are passed over, and the last one that is not written yet") {
  Cast cast;
  cast.output("a").line("[1.0, \"o\"").line(std::string(100, '\0')).output("b");
  CHECK(row(screen_of(cast).redraw, 0) == "ab");
  cast.text += "[9.0, \"o\", \"c";
  CHECK(row(screen_of(cast).redraw, 0) == "ab");
  cast.text += "\"]";
  CHECK(row(screen_of(cast).redraw, 0) == "ab");
}

TEST_CASE("the cursor is told as a terminal would") {
  const SessionScreen screen = screen_of(Cast().output("\x1b[3;8r\x1b[?6h\x1b[2;4H"));
  CHECK(cursor_of(screen).row == 2);
  CHECK(cursor_of(screen).col == 4);
  CHECK(cursor_of(screen_of(Cast().output(std::string(40, 'x')))).col == 40);
}

TEST_CASE("a smaller terminal is shown the rows around the cursor") {
  const SessionScreen screen = screen_of(Cast().output("top\x1b[10;1Hbottom"), kSize, 4);
  CHECK(row(screen.redraw, 3, 40, 4) == "bottom");
  CHECK(cursor_of(screen).row == 10);
}

TEST_CASE("what is no recording and what was cancelled are errors") {
  CHECK(!read_screen("hello\n").ok());
  CHECK(!read_screen("").ok());
  auto pipe = make_pipe();
  REQUIRE(pipe.ok());
  CHECK(read_screen(Cast().text, kSize, 10, pipe->read_end.get()).ok());
  pipe->write_end.reset();
  const auto cancelled = read_screen(Cast().text, kSize, 10, pipe->read_end.get());
  REQUIRE(!cancelled.ok());
  CHECK(cancelled.error().code == Errc::cancelled);
}

TEST_CASE("the usual undoing undoes what programs turn on, and leaves the cursor of a shell") {
  TerminalModes modes;
  modes.observe(
      "\x1b[?1049h\x1b[?25l\x1b[?1002h\x1b[?1006h\x1b[?2004h\x1b[>1u\x1b[?1h\x1b=\x1b[31");
  modes.observe(usual_undo());
  CHECK(modes.undo() == "");
  ScreenModel shell(40, 10);
  shell.write("one\r\n$ \x1b[31m\x1b(0");
  shell.write(usual_undo());
  shell.write("x");
  CHECK(shell.row_text(0) == "one");
  CHECK(shell.row_text(1) == "$ x");
  ScreenModel plain(40, 10);
  plain.write("one\r\n$ x");
  CHECK(shell.redraw_row(1) == plain.redraw_row(1));
}

}  // namespace asciinemad
