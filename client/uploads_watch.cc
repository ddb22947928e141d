#include <signal.h>
#include <unistd.h>

#include <algorithm>
#include <cstddef>
#include <map>
#include <optional>
#include <string>
#include <utility>

#include "client/command.h"
#include "client/signals.h"
#include "client/tty.h"
#include "client/upload_text.h"
#include "client/upload_watch.h"
#include "client/uploads_follow.h"
#include "common/clock.h"

namespace asciinemad {
namespace {

using Kind = UploadWatch::News::Kind;

constexpr std::uint64_t kDrawIntervalUs = 200'000;
// "in 12 s" and "3 min ago" change also when nothing happens.
constexpr int kTimesIntervalMs = 1000;

// As many characters of UTF-8 text as there are columns; wide ones the terminal has to cut.
std::string_view cut(std::string_view text, std::size_t columns) {
  std::size_t end = 0;
  while (end < text.size() && columns > 0) {
    ++end;
    while (end < text.size() && (static_cast<unsigned char>(text[end]) & 0xc0U) == 0x80) ++end;
    --columns;
  }
  return text.substr(0, end);
}

class UploadsView {
 public:
  // On a terminal the table goes over what it was before.
  explicit UploadsView(bool redraws) : redraws_(redraws) {}

  void take(wire::UploadInfo upload);
  void set_listed(bool listed) { listed_ = listed; }
  // How long news may be waited for until draw() has something to do; -1: for ever.
  int timeout_ms() const;
  void draw();

 private:
  std::vector<wire::UploadInfo> shown(std::size_t rows) const;

  const bool redraws_;
  bool listed_ = false;
  bool dirty_ = true;
  std::uint64_t next_draw_us_ = 0;
  std::size_t drawn_rows_ = 0;
  std::map<std::uint64_t, wire::UploadInfo> uploads_;
  std::map<std::uint64_t, bool> changed_;  // those that changed while we looked on
};

void UploadsView::take(wire::UploadInfo upload) {
  const auto found = uploads_.find(upload.number);
  const bool is_new = found == uploads_.end();
  const bool changed =
      is_new || found->second.state != upload.state || found->second.attempts != upload.attempts;
  dirty_ = true;
  // What was finished before is history.
  const bool interesting = !is_finished(upload.state) || listed_ || !is_new;
  if (changed && interesting) {
    changed_[upload.number] = true;
    if (!redraws_) print_out(upload_change_text(upload) + "\n");
  }
  uploads_.insert_or_assign(upload.number, std::move(upload));
}

int UploadsView::timeout_ms() const {
  if (!redraws_) return -1;
  if (!dirty_) return uploads_.empty() ? -1 : kTimesIntervalMs;
  const std::uint64_t now_us = SystemClock().now_us();
  return now_us >= next_draw_us_ ? 0 : static_cast<int>((next_draw_us_ - now_us) / 1000) + 1;
}

// The last ones, where there is not room for all.
std::vector<wire::UploadInfo> UploadsView::shown(std::size_t rows) const {
  std::vector<wire::UploadInfo> shown;
  for (auto entry = uploads_.rbegin(); entry != uploads_.rend() && shown.size() < rows; ++entry) {
    const bool unfinished = !is_finished(entry->second.state);
    if (unfinished || changed_.contains(entry->first)) shown.push_back(entry->second);
  }
  std::reverse(shown.begin(), shown.end());
  return shown;
}

void UploadsView::draw() {
  const std::uint64_t now_us = SystemClock().now_us();
  if (!redraws_ || !listed_ || now_us < next_draw_us_) return;
  next_draw_us_ = now_us + kDrawIntervalUs;
  dirty_ = false;
  const wire::WindowSize size = terminal_size(STDOUT_FILENO).value_or(wire::WindowSize());
  const std::size_t rows = size.rows > 1 ? size.rows - 1U : 1U;
  std::vector<std::string> lines = upload_lines(shown(rows), time_of_day_ms());
  if (lines.empty()) lines.emplace_back("nothing is being uploaded");
  // Back over the old table, which a smaller window may have scrolled in part; without wrapping, so
  // that each line takes one row.
  std::string text = "\x1b[?7l";
  const std::size_t up = std::min(drawn_rows_, rows);
  if (up > 0) text += "\x1b[" + std::to_string(up) + "A";
  text += "\r";
  for (const std::string& line : lines) text.append(cut(line, size.cols)).append("\x1b[K\n");
  print_out(text + "\x1b[J\x1b[?7h");
  drawn_rows_ = lines.size();
}

int follow(UploadWatch& watch, const Messages& messages) {
  UploadsView view(::isatty(STDOUT_FILENO) != 0);
  for (;;) {
    Result<UploadWatch::News> news = watch.wait(view.timeout_ms());
    if (!news.ok()) {
      messages.error(news.error().message);
      return kExitNoDaemon;
    }
    switch (news->kind) {
      case Kind::signal:
        // There is no other end.
        return news->signum == SIGINT ? kExitOk : 128 + news->signum;
      case Kind::upload:
        view.take(std::move(news->upload));
        break;
      case Kind::listed:
        view.set_listed(true);
        break;
      case Kind::restarted:
        view.set_listed(false);
        break;
      case Kind::nothing:
        break;
    }
    view.draw();
  }
}

}  // namespace

int watch_uploads(const Environment& environment, const Messages& messages) {
  Result<Signals> signals = Signals::watch({SIGINT, SIGTERM});
  if (!signals.ok()) {
    messages.error(signals.error().message);
    return kExitFailure;
  }
  UploadWatch watch(environment, *signals, 0);
  if (const Status begun = watch.begin(); !begun.ok()) {
    messages.error(begun.error().message);
    return kExitNoDaemon;
  }
  return follow(watch, messages);
}

}  // namespace asciinemad
