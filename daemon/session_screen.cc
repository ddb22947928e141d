#include "daemon/session_screen.h"

#include <poll.h>

#include <algorithm>
#include <optional>

#include "common/recording_reader.h"
#include "common/screen_model.h"
#include "common/terminal_modes.h"
#include "common/vt_parser.h"
#include "daemon/screen_replay.h"

namespace asciinemad {
namespace {

// A longer sequence is given up: what follows it is shown as it comes.
constexpr std::size_t kMaxTailBytes = std::size_t{256} << 10;

// A recording, read from its beginning; the position of its writer, who may share the open file
// description, stays where it is.
class RecordingSource final : public ByteSource {
 public:
  RecordingSource(int fd, int cancel_fd) : file_(fd), cancel_fd_(cancel_fd) { file_.seek(0); }

  Result<std::size_t> read(std::span<char> buffer) override {
    pollfd cancelled{cancel_fd_, POLLIN, 0};
    if (::poll(&cancelled, 1, 0) > 0) return Error{Errc::cancelled, "interrupted"};
    return file_.read(buffer);
  }

 private:
  FdSource file_;
  const int cancel_fd_;
};

class Silent final : public VtParser::Listener {
  void on_text(std::string_view /*run*/) override {}
  void on_control(char /*c*/, bool /*inside*/) override {}
  void on_escape(const VtSequence& /*sequence*/) override {}
  void on_csi(const VtSequence& /*sequence*/) override {}
  void on_string_begin(VtString /*kind*/, std::string_view /*introducer*/) override {}
  void on_string_data(std::string_view /*data*/) override {}
  void on_string_end(std::string_view /*terminator*/) override {}
};

// The unfinished sequence at the end of output that begins outside of one.
std::string_view unfinished_end(std::string_view output) {
  VtParser parser;
  Silent silent;
  std::size_t begin = 0;
  for (std::size_t at = 0; at != output.size(); ++at) {
    parser.feed(output.substr(at, 1), silent);
    if (parser.at_rest()) begin = at + 1;
  }
  return output.substr(begin);
}

struct Replay {
  std::shared_ptr<ScreenModel> screen;
  std::string tail;  // what came since the output was last at rest

  void show(const RecordingEvent& event);
};

void Replay::show(const RecordingEvent& event) {
  if (event.code == "o") {
    screen->write(event.data);
    if (tail.size() <= kMaxTailBytes) tail += event.data;
    if (screen->at_rest()) tail.clear();
  } else if (event.code == "r") {
    if (const auto size = parse_size(event.data)) screen->resize(size->first, size->second);
  }
}

}  // namespace

Result<SessionScreen> read_session_screen(Fd recording, const wire::WindowSize& size,
                                          int terminal_rows, int cancel_fd) {
  RecordingSource source(recording.get(), cancel_fd);
  RecordingReader reader(source, RecordingReader::Growth::growing);
  TRY(reader.open());
  Replay replay{std::make_shared<ScreenModel>(reader.header().cols, reader.header().rows), {}};
  for (;;) {
    TRY_ASSIGN(const std::optional<RecordingEvent> event, reader.next());
    if (!event.has_value()) break;
    replay.show(*event);
  }
  ScreenModel& screen = *replay.screen;
  // Also to the same size, a terminal's resizing ends its scroll region.
  const bool same = size.cols == screen.cols() && size.rows == screen.rows();
  if (!same && size.cols != 0 && size.rows != 0) screen.resize(size.cols, size.rows);

  SessionScreen shown;
  shown.redraw = screen.snapshot(terminal_rows);
  if (replay.tail.size() <= kMaxTailBytes) shown.redraw += unfinished_end(replay.tail);
  TerminalModes modes;
  modes.observe(shown.redraw);
  shown.undo = modes.undo();
  shown.model = std::move(replay.screen);
  return shown;
}

std::string_view usual_undo() {
  static const std::string kUndo = [] {
    TerminalModes modes;
    modes.observe(
        "\x1b[1;31m\x1b(0\x1b[?1049h\x1b[?25l\x1b[2;3r\x1b[?1h\x1b=\x1b[?7l\x1b[4h\x1b[?5h\x1b[2 q"
        "\x1b[?1000h\x1b[?1002h\x1b[?1003h\x1b[?1005h\x1b[?1006h\x1b[?1015h\x1b[?1004h"
        "\x1b[?2004h\x1b[?2026h\x1b[?2031h\x1b[>1u\x1b[>4;2m");
    // Where the alternate screen is not on, leaving it puts the cursor where this saves it.
    return "\x18\x1b\x37" + modes.undo();
  }();
  return kUndo;
}

}  // namespace asciinemad
