// Messages of the upload queue from bytes.

#include "proto/decode_values.h"

namespace asciinemad::wire {
namespace {

using wire::get;

constexpr std::size_t kMaxNameBytes = 4096;
constexpr std::size_t kMaxTitleBytes = 1024;
constexpr std::size_t kMaxKeyBytes = 64;

Visibility get(schema::Upload::Visibility visibility) {
  switch (visibility) {
    case schema::Upload::Visibility::BY_SERVER:
      return Visibility::by_server;
    case schema::Upload::Visibility::PUBLIC:
      return Visibility::public_;
    case schema::Upload::Visibility::UNLISTED:
      return Visibility::unlisted;
    case schema::Upload::Visibility::PRIVATE:
      return Visibility::private_;
  }
  throw invalid("unknown visibility");
}

UploadState get(schema::UploadState state) {
  switch (state) {
    case schema::UploadState::QUEUED:
      return UploadState::queued;
    case schema::UploadState::UPLOADING:
      return UploadState::uploading;
    case schema::UploadState::DONE:
      return UploadState::done;
    case schema::UploadState::HELD:
      return UploadState::held;
    case schema::UploadState::FAILED:
      return UploadState::failed;
    case schema::UploadState::CANCELLED:
      return UploadState::cancelled;
  }
  throw invalid("unknown state of an upload");
}

UploadServer get(schema::UploadServer::Reader from) {
  return {get(from.getUrl()),       get(from.getUser()),       get(from.getInstallId()),
          get(from.getHttpProxy()), get(from.getHttpsProxy()), get(from.getNoProxy()),
          get(from.getCaFile()),    get(from.getCaDirectory())};
}

std::string get_key(capnp::Text::Reader from) {
  std::string key = get(from, kMaxKeyBytes, "key");
  // It becomes part of an HTTP header.
  for (const char c : key) {
    const bool letter = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');
    if (!letter && !(c >= '0' && c <= '9') && c != '-') {
      throw invalid("key has other characters than letters, digits and '-'");
    }
  }
  return key;
}

ChangeUpload get(schema::ChangeUpload::Reader from) {
  ChangeUpload to;
  to.number = from.getNumber();
  switch (from.which()) {
    case schema::ChangeUpload::RETRY:
      to.change = upload_change::Retry{get(from.getRetry())};
      break;
    case schema::ChangeUpload::CANCEL:
      to.change = upload_change::Cancel{};
      break;
    case schema::ChangeUpload::FORGET:
      to.change = upload_change::Forget{};
      break;
  }
  return to;
}

AskUploadServer get(schema::AskUploadServer::Reader from) {
  return {get(from.getServer()), from.getRelease()};
}

Queued get(schema::Queued::Reader from) {
  Queued to;
  to.number = from.getNumber();
  for (auto warning : from.getWarnings()) to.warnings.push_back(get(warning));
  return to;
}

UploadInfo get(schema::UploadInfo::Reader from) {
  UploadInfo to;
  to.number = from.getNumber();
  to.state = get(from.getState());
  to.name = get(from.getName());
  to.server_url = get(from.getServerUrl());
  to.title = get(from.getTitle());
  to.visibility = get(from.getVisibility());
  to.bytes = from.getBytes();
  to.sent_bytes = from.getSentBytes();
  to.queued_at_ms = from.getQueuedAt();
  to.changed_at_ms = from.getChangedAt();
  to.next_attempt_at_ms = from.getNextAttemptAt();
  to.attempts = from.getAttempts();
  to.ambiguous = from.getAmbiguous();
  to.reason = get(from.getReason());
  to.advice = get(from.getAdvice());
  to.url = get(from.getUrl());
  to.message = get(from.getMessage());
  to.warning = get(from.getWarning());
  to.file = get(from.getFile());
  return to;
}

Uploads get(schema::Uploads::Reader from) {
  Uploads to;
  for (auto upload : from.getUploads()) to.uploads.push_back(get(upload));
  to.more = from.getMore();
  to.notice = get(from.getNotice());
  return to;
}

UploadServerInfo get(schema::UploadServerInfo::Reader from) {
  return {from.getWaiting(), from.getHeld(), from.getLastSuccessAt(), from.getLastRejectedAt(),
          from.getRefusedBytes()};
}

}  // namespace

Upload get(schema::Upload::Reader from) {
  Upload to;
  to.name = get(from.getName(), kMaxNameBytes, "name");
  to.server = get(from.getServer());
  to.title = get(from.getTitle(), kMaxTitleBytes, "title");
  to.visibility = get(from.getVisibility());
  to.interactive = from.getInteractive();
  to.watch = from.getWatch();
  to.notifications = get(from.getNotifications());
  to.keep_for_s = from.getKeepFor();
  to.keep_bytes = from.getKeepBytes();
  to.key = get_key(from.getKey());
  return to;
}

decltype(Request::body) get_about_uploads(schema::Request::Reader from) {
  switch (from.which()) {
    case schema::Request::UPLOAD:
      return get(from.getUpload());
    case schema::Request::LIST_UPLOADS:
      return ListUploads{from.getListUploads().getAfter(), from.getListUploads().getNumber()};
    case schema::Request::CHANGE_UPLOAD:
      return get(from.getChangeUpload());
    case schema::Request::WATCH_UPLOADS:
      return WatchUploads{from.getWatchUploads().getNumber()};
    case schema::Request::UPLOAD_SERVER:
      return get(from.getUploadServer());
    default:
      return Unknown{static_cast<std::uint16_t>(from.which())};
  }
}

decltype(Reply::body) get_about_uploads(schema::Reply::Reader from) {
  switch (from.which()) {
    case schema::Reply::QUEUED:
      return get(from.getQueued());
    case schema::Reply::UPLOADS:
      return get(from.getUploads());
    case schema::Reply::UPLOAD_CHANGED:
      return get(from.getUploadChanged());
    case schema::Reply::UPLOAD_SERVER:
      return get(from.getUploadServer());
    default:
      return Unknown{static_cast<std::uint16_t>(from.which())};
  }
}

}  // namespace asciinemad::wire
