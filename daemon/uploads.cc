#include "daemon/uploads.h"

#include <algorithm>
#include <utility>

#include "common/bytes_text.h"
#include "common/clock.h"
#include "common/log.h"
#include "common/url.h"
#include "common/uuid.h"
#include "daemon/platform.h"

namespace asciinemad {
namespace {

// What servers are known to refuse now and then.
constexpr std::uint64_t kLargeBytes = std::uint64_t{100} << 20;

std::string host_of(const std::string& server_url) {
  const Result<Url> url = parse_url(server_url);
  return url.ok() ? url->authority() : server_url;
}

wire::ErrorCode code_for(const Error& error) {
  switch (error.code) {
    case Errc::not_found:
      return wire::ErrorCode::not_found;
    case Errc::invalid_argument:
    case Errc::invalid_data:
    case Errc::limit_exceeded:
    case Errc::cancelled:
      return wire::ErrorCode::invalid;
    default:
      return wire::ErrorCode::internal;
  }
}

}  // namespace

Uploads::Uploads(Context context, Listener& listener)
    : context_(std::move(context)), listener_(listener), engine_(context_.engine, *this) {}

void Uploads::start() {
  if (UploadQueue::exists(context_.engine.directory)) engine_.open();
}

void Uploads::wind_down() {
  for (const Copying& copying : std::exchange(copying_, {})) {
    answer_error(copying.call, wire::ErrorCode::busy, "asciinemad is about to end");
  }
  for (const Deferred& deferred : std::exchange(deferred_, {})) {
    if (deferred.call.own) finish_own(deferred.call.id, "another asciinemad has the upload queue");
  }
  engine_.wind_down();
}

void Uploads::answer_error(const Call& call, wire::ErrorCode code, const std::string& message) {
  if (call.own) {
    finish_own(call.id, message);
  } else {
    call.connection->send_error(call.id, code, message);
  }
}

void Uploads::answer_elsewhere(const Call& call, const std::string& socket) {
  const std::string owner = socket.empty() ? "a private one" : "the one at " + socket;
  call.connection->send(
      {call.id,
       wire::ErrorReply{wire::ErrorCode::elsewhere,
                        "another asciinemad, " + owner + ", has the upload queue", socket}});
}

bool Uploads::taking_recordings() const {
  const auto waits = [](const Deferred& d) { return d.call.own; };
  return own_.size() >
         static_cast<std::size_t>(std::count_if(deferred_.begin(), deferred_.end(), waits));
}

void Uploads::add(const std::string& session, wire::Upload upload, Fd recording) {
  const Call call{nullptr, next_own_++, true};
  own_[call.id] = {session, upload.name, upload.notifications};
  std::vector<Fd> fds;
  fds.push_back(std::move(recording));
  if (engine_.phase() == UploadEngine::Phase::open) {
    run(call, upload, fds);
  } else {
    deferred_.push_back({call, std::move(upload), std::move(fds)});
    if (engine_.phase() == UploadEngine::Phase::closed) engine_.open();
  }
}

// `error` is empty when it is in the queue.
void Uploads::finish_own(std::uint32_t id, const std::string& error) {
  const auto found = own_.find(id);
  if (found == own_.end()) return;
  const Own own = std::move(found->second);
  own_.erase(found);
  if (!error.empty()) {
    log::error("upload of ", own.name, ": not queued: ", error);
    context_.notifier.notify(own.notifications, own.name + " is not queued for upload: " + error);
  }
  listener_.on_recording_queued(own.session, error.empty());
  if (own_.empty() && engine_.phase() == UploadEngine::Phase::open) run_deferred({});
  listener_.on_uploads_changed();
}

void Uploads::handle(Connection& connection, std::uint32_t id, Body body, std::vector<Fd> fds) {
  const Call call{&connection, id};
  // Who has just recorded wants to find that in the queue.
  const bool complete = own_.empty() || std::holds_alternative<wire::Upload>(body) ||
                        std::holds_alternative<wire::ChangeUpload>(body);
  if (engine_.phase() == UploadEngine::Phase::open && complete) {
    std::visit([&](auto& request) { run(call, request, fds); }, body);
    return;
  }
  const auto of_this = [&](const Deferred& d) { return d.call.connection == &connection; };
  if (static_cast<std::size_t>(std::count_if(deferred_.begin(), deferred_.end(), of_this)) >=
      kMaxDeferred) {
    answer_error(call, wire::ErrorCode::busy, "the upload queue is not ready yet");
    return;
  }
  deferred_.push_back({call, std::move(body), std::move(fds)});
  if (engine_.phase() == UploadEngine::Phase::closed) engine_.open();
}

void Uploads::on_uploads_opened(const Status& status) {
  if (status.ok()) {
    for (const UploadItem* item : engine_.items()) told_[item->number] = item->state;
  }
  run_deferred(status);
  listener_.on_uploads_changed();
}

void Uploads::run_deferred(const Status& status) {
  std::deque<Deferred> deferred = std::exchange(deferred_, {});
  for (Deferred& d : deferred) {
    if (!d.call.own && !d.call.connection->open()) continue;
    if (status.ok()) {
      std::visit([&](auto& request) { run(d.call, request, d.fds); }, d.body);
    } else if (status.error().code == Errc::busy && d.call.own) {
      deferred_.push_back(std::move(d));  // the engine waits for the queue, too
    } else if (status.error().code == Errc::busy) {
      answer_elsewhere(d.call, status.error().message);
    } else {
      answer_error(d.call, wire::ErrorCode::internal, status.error().message);
    }
  }
}

void Uploads::forget(const Connection& connection) {
  std::erase_if(deferred_, [&](const Deferred& d) { return d.call.connection == &connection; });
  std::erase_if(copying_, [&](const Copying& c) { return c.call.connection == &connection; });
  for (auto& [ticket, answer] : answers_) {
    if (answer.call.connection == &connection) answer.call.connection = nullptr;
  }
  watches_.erase(connection.id());
  start_copying();
}

void Uploads::run(const Call& call, wire::Upload& upload, std::vector<Fd>& fds) {
  if (fds.size() != 1) {
    answer_error(call, wire::ErrorCode::invalid, "upload came with a wrong number of descriptors");
    return;
  }
  if (Result<Url> url = parse_url(upload.server.url); !url.ok()) {
    answer_error(call, wire::ErrorCode::invalid, "the server's address " + url.error().message);
    return;
  }
  if (const UploadItem* known = upload.key.empty() ? nullptr : engine_.find_by_key(upload.key)) {
    if (call.own) {
      finish_own(call.id, {});
      return;
    }
    if (upload.watch) watch(*call.connection, known->number);
    call.connection->send({call.id, wire::Queued{known->number, {}}});
    return;
  }
  const auto of_this = [&](const Copying& c) {
    return !call.own && c.call.connection == call.connection;
  };
  if (std::any_of(copying_.begin(), copying_.end(), of_this)) {
    answer_error(call, wire::ErrorCode::busy,
                 "this connection is putting something into the upload queue already");
    return;
  }
  copying_.push_back({call, std::move(upload), std::move(fds.front()), nullptr});
  start_copying();
}

void Uploads::start_copying() {
  std::size_t running = 0;
  for (const Copying& copying : copying_) running += copying.job != nullptr ? 1 : 0;
  for (std::size_t i = 0; i < copying_.size() && running < kMaxCopying;) {
    Copying& copying = copying_[i];
    Status started = copying.job == nullptr ? start_copy(copying) : Status();
    if (started.ok()) {
      ++i;
      ++running;
      continue;
    }
    answer_error(copying.call, code_for(started.error()), started.error().message);
    copying_.erase(copying_.begin() + static_cast<std::ptrdiff_t>(i));
  }
}

Status Uploads::start_copy(Copying& copying) {
  const wire::Upload& upload = copying.upload;
  std::string key = upload.key;
  if (key.empty()) {
    TRY_ASSIGN(key, make_uuid());
  }
  UploadItem item;
  item.number = engine_.take_number();
  item.server = upload.server;
  item.name = upload.name;
  item.title = upload.title;
  item.visibility = upload.visibility;
  item.interactive = upload.interactive;
  item.notifications = upload.notifications;
  item.key = std::move(key);
  item.queued_at_ms = item.changed_at_ms = time_of_day_ms();
  const auto work = [source = std::make_shared<Fd>(std::move(copying.source)),
                     own = copying.call.own, directory = context_.engine.directory,
                     item = std::move(item)](int cancel_fd) -> Result<UploadCopy> {
    if (own) {
      TRY_ASSIGN(*source, reopen_for_reading(source->get()));
    }
    return take_upload(std::move(*source), directory, item, cancel_fd);
  };
  TRY_ASSIGN(copying.job, CopyJob::start(context_.engine.loop, "copy a recording", work, *this));
  return {};
}

void Uploads::on_job_done(CopyJob& job, Result<UploadCopy> outcome) {
  const auto found = std::find_if(copying_.begin(), copying_.end(),
                                  [&](const Copying& c) { return c.job.get() == &job; });
  if (found == copying_.end()) return;
  Copying copying = std::move(*found);
  copying_.erase(found);
  context_.engine.graveyard.bury(std::move(copying.job));
  if (outcome.ok()) {
    add(copying, std::move(outcome).value());
  } else {
    answer_error(copying.call, code_for(outcome.error()), outcome.error().message);
    listener_.on_uploads_changed();
  }
  start_copying();
}

std::vector<std::string> Uploads::size_warnings(const UploadItem& item) const {
  const UploadServerFacts* facts = engine_.facts(item.server.url);
  const std::string host = host_of(item.server.url);
  if (facts != nullptr && facts->refused_bytes != 0 && item.bytes >= facts->refused_bytes) {
    return {host + " has refused a recording of " + bytes_text(facts->refused_bytes) +
            " as too large before; this one has " + bytes_text(item.bytes)};
  }
  if (item.bytes >= kLargeBytes) {
    return {"this recording has " + bytes_text(item.bytes) + "; " + host +
            " may refuse one as large as that"};
  }
  return {};
}

void Uploads::add(const Copying& copying, UploadCopy copy) {
  const UploadItem& item = copy.item();
  wire::Queued queued{item.number, copy.warnings()};
  for (std::string& warning : size_warnings(item)) queued.warnings.push_back(std::move(warning));
  const wire::Upload& upload = copying.upload;
  const std::uint64_t ticket = engine_.add(item, {upload.keep_for_s, upload.keep_bytes});
  // From here on the queue says whether the files are somebody's: should it not get that far, the
  // next start removes them.
  copy.keep();
  answers_[ticket] = {copying.call, {copying.call.id, std::move(queued)}, upload.watch};
}

void Uploads::on_upload_stored(std::uint64_t ticket, const Status& status) {
  const auto found = answers_.find(ticket);
  if (found == answers_.end()) return;
  Answer answer = std::move(found->second);
  answers_.erase(found);
  if (answer.call.own) {
    finish_own(answer.call.id, status.ok() ? std::string() : status.error().message);
    return;
  }
  const auto* queued = std::get_if<wire::Queued>(&answer.reply.body);
  if (answer.call.connection == nullptr) {
    // Whoever has left before the answer did not want it any more.
    if (queued != nullptr && status.ok() && engine_.cancel(queued->number).ok()) {
      static_cast<void>(engine_.forget(queued->number));
    }
    return;
  }
  if (!status.ok()) {
    answer_error(answer.call, wire::ErrorCode::internal, status.error().message);
    return;
  }
  if (queued != nullptr && answer.watch) watch(*answer.call.connection, queued->number);
  answer.call.connection->send(std::move(answer.reply));
}

}  // namespace asciinemad
