#include <signal.h>

#include <algorithm>
#include <map>
#include <string>
#include <utility>

#include "client/command.h"
#include "client/signals.h"
#include "client/upload_text.h"
#include "client/upload_watch.h"
#include "client/uploads_follow.h"

namespace asciinemad {
namespace {

using Kind = UploadWatch::News::Kind;

class UploadsWait {
 public:
  UploadsWait(const Messages& messages, const std::vector<std::uint64_t>& numbers)
      : messages_(messages), all_(numbers.empty()) {
    for (const std::uint64_t number : numbers) wanted_.try_emplace(number);
  }

  // The exit status when that was the last piece of news to wait for.
  std::optional<int> on_news(UploadWatch::News& news);

 private:
  void take(wire::UploadInfo upload);
  bool is_over() const;
  int conclude() const;

  const Messages& messages_;
  const bool all_;
  bool listed_ = false;
  bool restarted_ = false;
  std::map<std::uint64_t, std::optional<wire::UploadInfo>> wanted_;
};

std::optional<int> UploadsWait::on_news(UploadWatch::News& news) {
  switch (news.kind) {
    case Kind::signal:
      return 128 + news.signum;
    case Kind::upload:
      take(std::move(news.upload));
      break;
    case Kind::listed:
      listed_ = true;
      break;
    case Kind::restarted:
      listed_ = false;
      restarted_ = true;
      break;
    case Kind::nothing:
      break;
  }
  return is_over() ? std::optional(conclude()) : std::nullopt;
}

void UploadsWait::take(wire::UploadInfo upload) {
  const auto found = wanted_.find(upload.number);
  if (found != wanted_.end()) {
    found->second = std::move(upload);
    return;
  }
  // Those that come later are not waited for.
  const bool counts = all_ && !listed_ && !restarted_ && !is_decided(upload.state);
  if (counts) wanted_.emplace(upload.number, std::move(upload));
}

bool UploadsWait::is_over() const {
  return listed_ && std::all_of(wanted_.begin(), wanted_.end(), [](const auto& entry) {
           return !entry.second.has_value() || is_decided(entry.second->state);
         });
}

int UploadsWait::conclude() const {
  int status = kExitOk;
  for (const auto& [number, upload] : wanted_) {
    if (!upload.has_value()) {
      messages_.error("there is no upload #" + std::to_string(number));
      status = kExitNotFound;
    } else if (upload->state != wire::UploadState::done) {
      messages_.error(upload_change_text(*upload));
      if (status == kExitOk) status = kExitFailure;
    }
  }
  return status;
}

}  // namespace

int wait_for_uploads(const Environment& environment, const Messages& messages,
                     const std::vector<std::uint64_t>& numbers) {
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
  UploadsWait wait(messages, numbers);
  for (;;) {
    Result<UploadWatch::News> news = watch.wait(-1);
    if (!news.ok()) {
      messages.error(news.error().message);
      return kExitNoDaemon;
    }
    if (const std::optional<int> status = wait.on_news(*news)) return *status;
  }
}

}  // namespace asciinemad
