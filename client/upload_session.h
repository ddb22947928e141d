// UploadSession: hands a recording to the upload queue and tells the user what becomes of it.
#pragma once

#include <cstdint>
#include <optional>
#include <string>

#include "client/messages.h"
#include "client/progress_line.h"
#include "client/progress_text.h"
#include "client/signals.h"
#include "client/upload_watch.h"
#include "common/fd.h"
#include "common/paths.h"
#include "common/result.h"
#include "proto/message.h"

namespace asciinemad {

struct UploadWish {
  wire::Upload upload;      // `watch` and `interactive` are set here
  Fd recording;             // open for reading
  std::string file;         // the recording's path, for advice; empty: it can't be had again
  bool background = false;  // leave as soon as it is queued
  bool wait = false;        // stay also when the first attempt fails
};

// Opens the recording at `path` for an upload; "-" is standard input. Errors begin with
// "open PATH: ".
Status open_for_upload(const std::string& path, UploadWish& wish);

// Prints a failure and, where it makes sense, how to go on; the process's exit status.
int report_failed_upload(const Messages& messages, const Error& error, const std::string& file);

// Once it is queued nothing ends the upload but the user's wish: neither signals nor a daemon's
// death.
class UploadSession {
 public:
  UploadSession(const Environment& environment, const Messages& messages, UploadWish wish,
                bool show_progress)
      : environment_(environment),
        messages_(messages),
        wish_(std::move(wish)),
        progress_(show_progress) {}

  // Returns the process's exit status.
  int run();

 private:
  Result<wire::Queued> queue(Signals& signals);
  Result<wire::Queued> queue_once(Signals& signals);
  Result<wire::Queued> wait_for_queued(Signals& signals, std::uint32_t id);
  int follow(Signals& signals);
  // The exit status when that was the end.
  std::optional<int> on_news(UploadWatch::News& news);
  std::optional<int> on_change();
  std::optional<int> on_queued_again();
  int conclude_done();
  int conclude_failed(const std::string& how_to_go_on);
  int leave(int signum);
  void show_progress();
  // "#12".
  std::string place() const { return "#" + std::to_string(number_); }

  const Environment& environment_;
  const Messages& messages_;
  UploadWish wish_;
  std::optional<DaemonLink> link_;
  bool connection_lost_ = false;
  bool asked_ = false;         // a daemon may have begun to read the recording
  std::optional<int> signal_;  // came before it was queued
  std::uint64_t number_ = 0;
  std::optional<wire::UploadInfo> state_;  // nullopt: not known
  std::string told_reason_;
  ProgressLine progress_;
  RateMeter rate_;
};

}  // namespace asciinemad
