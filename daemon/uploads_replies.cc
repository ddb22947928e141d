// What peers and users are told about uploads.

#include <algorithm>
#include <utility>

#include "common/url.h"
#include "daemon/upload_files.h"
#include "daemon/uploads.h"

namespace asciinemad {
namespace {

constexpr int kUnauthorized = 401;

// Events of progress, not counting changes of state.
constexpr std::uint64_t kProgressPauseUs = 200'000;

// What an answer with a list holds at most.
constexpr std::size_t kMaxListed = 200;
constexpr std::size_t kMaxListedBytes = std::size_t{256} << 10;

std::size_t text_bytes(const wire::UploadInfo& info) {
  return info.name.size() + info.server_url.size() + info.title.size() + info.reason.size() +
         info.advice.size() + info.url.size() + info.message.size() + info.warning.size() +
         info.file.size();
}

std::string notification_text(const UploadItem& item) {
  const std::string subject = "Upload #" + std::to_string(item.number);
  switch (item.state) {
    case wire::UploadState::done:
      return subject + " is done" + (item.url.empty() ? "" : ": " + item.url);
    case wire::UploadState::held:
      return subject + " is held: " + item.reason;
    case wire::UploadState::failed:
      return subject + " failed: " + item.reason;
    default:
      return {};
  }
}

}  // namespace

wire::UploadInfo Uploads::info_of(const UploadItem& item) const {
  wire::UploadInfo info;
  info.number = item.number;
  info.state = item.state;
  info.name = item.name;
  const Result<Url> server = parse_url(item.server.url);
  if (server.ok()) info.server_url = server->text();  // without a user and password
  if (info.server_url.ends_with('/')) info.server_url.pop_back();
  info.title = item.title;
  info.visibility = item.visibility;
  info.bytes = item.bytes;
  info.sent_bytes = engine_.sent_bytes(item.number);
  info.queued_at_ms = item.queued_at_ms;
  info.changed_at_ms = item.changed_at_ms;
  info.next_attempt_at_ms = engine_.next_attempt_at_ms(item.number);
  info.attempts = item.attempts;
  info.ambiguous = item.ambiguous;
  info.reason = item.reason;
  info.advice = item.advice;
  info.url = item.url;
  info.message = item.message;
  info.warning = item.warning;
  if (item.has_file) info.file = upload_recording_path(context_.engine.directory, item.number);
  return info;
}

void Uploads::run(const Call& call, const wire::ListUploads& list, std::vector<Fd>& /*fds*/) {
  wire::Uploads answer;
  answer.notice = engine_.notice();
  std::size_t bytes = 0;
  for (const UploadItem* item : engine_.items()) {
    if (item->number <= list.after || (list.number != 0 && item->number != list.number)) continue;
    if (answer.uploads.size() >= kMaxListed || bytes >= kMaxListedBytes) {
      answer.more = true;
      break;
    }
    answer.uploads.push_back(info_of(*item));
    bytes += text_bytes(answer.uploads.back());
  }
  call.connection->send({call.id, std::move(answer)});
}

void Uploads::run(const Call& call, const wire::ChangeUpload& change, std::vector<Fd>& /*fds*/) {
  Result<std::uint64_t> ticket = Error{Errc::unsupported, ""};
  if (const auto* retry = std::get_if<wire::upload_change::Retry>(&change.change)) {
    ticket = engine_.retry(change.number, retry->server);
  } else if (std::holds_alternative<wire::upload_change::Cancel>(change.change)) {
    ticket = engine_.cancel(change.number);
  } else if (std::holds_alternative<wire::upload_change::Forget>(change.change)) {
    ticket = engine_.forget(change.number);
  } else {
    answer_error(call, wire::ErrorCode::unsupported, "this change of an upload is not known here");
    return;
  }
  if (!ticket.ok()) {
    const bool absent = ticket.error().code == Errc::not_found;
    answer_error(call, absent ? wire::ErrorCode::not_found : wire::ErrorCode::invalid,
                 ticket.error().message);
    return;
  }
  answers_[*ticket] = {call, {call.id, wire::Ok{}}, false};
}

void Uploads::run(const Call& call, const wire::WatchUploads& watch, std::vector<Fd>& /*fds*/) {
  if (watch.number != 0 && engine_.find(watch.number) == nullptr) {
    answer_error(call, wire::ErrorCode::not_found,
                 "there is no upload #" + std::to_string(watch.number));
    return;
  }
  this->watch(*call.connection, watch.number);
  call.connection->send({call.id, wire::Ok{}});
}

void Uploads::watch(Connection& connection, std::uint64_t number) {
  Watch& watch = watches_[connection.id()];
  watch.connection = &connection;
  if (number == 0) {
    watch.all = true;
  } else {
    watch.numbers.insert(number);
  }
}

void Uploads::run(const Call& call, const wire::AskUploadServer& ask, std::vector<Fd>& /*fds*/) {
  if (ask.release) engine_.release(ask.server);
  wire::UploadServerInfo info;
  for (const UploadItem* item : engine_.items()) {
    if (item->server.url != ask.server.url) continue;
    if (item->waiting()) ++info.waiting;
    if (item->state == wire::UploadState::held) ++info.held;
  }
  if (const UploadServerFacts* facts = engine_.facts(ask.server.url)) {
    info.last_success_at_ms = facts->last_success_at_ms;
    info.last_rejected_at_ms = facts->last_rejected_at_ms;
    info.refused_bytes = facts->refused_bytes;
  }
  call.connection->send({call.id, info});
}

void Uploads::on_upload_changed(const UploadItem& item) {
  const auto told = told_.find(item.number);
  const bool news = told == told_.end() || told->second != item.state;
  told_[item.number] = item.state;
  bool attended = false;
  for (auto& [id, watch] : watches_) {
    if (!watch.all && !watch.numbers.contains(item.number)) continue;
    attended = true;
    tell(watch, item, news);
  }
  // Of those that are held because of another one's answer, that one speaks for all.
  const bool own = !item.unauthorized || item.last_status == kUnauthorized;
  const std::string text = news && own && !attended ? notification_text(item) : "";
  if (!text.empty()) context_.notifier.notify(item.notifications, text);
}

void Uploads::tell(Watch& watch, const UploadItem& item, bool news) {
  const std::uint64_t now_us = context_.engine.clock.now_us();
  std::uint64_t& last_us = watch.progress_at_us[item.number];
  if (!news && item.state == wire::UploadState::uploading && now_us - last_us < kProgressPauseUs) {
    return;
  }
  last_us = now_us;
  if (item.finished()) watch.progress_at_us.erase(item.number);
  watch.connection->send({0, info_of(item)});
}

std::uint32_t Uploads::waiting() const {
  const auto items = engine_.items();
  return static_cast<std::uint32_t>(std::count_if(
      items.begin(), items.end(), [](const UploadItem* item) { return item->waiting(); }));
}

std::uint32_t Uploads::held() const {
  const auto items = engine_.items();
  return static_cast<std::uint32_t>(
      std::count_if(items.begin(), items.end(),
                    [](const UploadItem* item) { return item->state == wire::UploadState::held; }));
}

}  // namespace asciinemad
