// Messages of the upload queue to bytes.

#include "proto/encode_values.h"

namespace asciinemad::wire {
namespace {

using wire::put;

schema::Upload::Visibility to_schema(Visibility visibility) {
  switch (visibility) {
    case Visibility::by_server:
      return schema::Upload::Visibility::BY_SERVER;
    case Visibility::public_:
      return schema::Upload::Visibility::PUBLIC;
    case Visibility::unlisted:
      return schema::Upload::Visibility::UNLISTED;
    case Visibility::private_:
      return schema::Upload::Visibility::PRIVATE;
  }
  return schema::Upload::Visibility::PRIVATE;
}

schema::UploadState to_schema(UploadState state) {
  switch (state) {
    case UploadState::queued:
      return schema::UploadState::QUEUED;
    case UploadState::uploading:
      return schema::UploadState::UPLOADING;
    case UploadState::done:
      return schema::UploadState::DONE;
    case UploadState::held:
      return schema::UploadState::HELD;
    case UploadState::failed:
      return schema::UploadState::FAILED;
    case UploadState::cancelled:
      return schema::UploadState::CANCELLED;
  }
  return schema::UploadState::QUEUED;
}

void put(schema::UploadServer::Builder to, const UploadServer& from) {
  to.setUrl(text(from.url));
  to.setUser(text(from.user));
  to.setInstallId(text(from.install_id));
  to.setHttpProxy(text(from.http_proxy));
  to.setHttpsProxy(text(from.https_proxy));
  to.setNoProxy(text(from.no_proxy));
  to.setCaFile(text(from.ca_file));
  to.setCaDirectory(text(from.ca_directory));
}

}  // namespace

void put(schema::Upload::Builder to, const Upload& from) {
  to.setName(text(from.name));
  put(to.initServer(), from.server);
  to.setTitle(text(from.title));
  to.setVisibility(to_schema(from.visibility));
  to.setInteractive(from.interactive);
  to.setWatch(from.watch);
  put(to.initNotifications(), from.notifications);
  to.setKeepFor(from.keep_for_s);
  to.setKeepBytes(from.keep_bytes);
  to.setKey(text(from.key));
}

void put(schema::ListUploads::Builder to, const ListUploads& from) {
  to.setAfter(from.after);
  to.setNumber(from.number);
}

void put(schema::ChangeUpload::Builder to, const ChangeUpload& from) {
  to.setNumber(from.number);
  std::visit(Overloaded{
                 [](const upload_change::Unknown&) {},
                 [&](const upload_change::Retry& m) { put(to.initRetry(), m.server); },
                 [&](const upload_change::Cancel&) { to.setCancel(); },
                 [&](const upload_change::Forget&) { to.setForget(); },
             },
             from.change);
}

void put(schema::AskUploadServer::Builder to, const AskUploadServer& from) {
  put(to.initServer(), from.server);
  to.setRelease(from.release);
}

void put(schema::Queued::Builder to, const Queued& from) {
  to.setNumber(from.number);
  auto warnings = to.initWarnings(static_cast<unsigned>(from.warnings.size()));
  for (unsigned i = 0; i < warnings.size(); ++i) warnings.set(i, text(from.warnings[i]));
}

void put(schema::Uploads::Builder to, const Uploads& from) {
  auto uploads = to.initUploads(static_cast<unsigned>(from.uploads.size()));
  for (unsigned i = 0; i < uploads.size(); ++i) put(uploads[i], from.uploads[i]);
  to.setMore(from.more);
  to.setNotice(text(from.notice));
}

void put(schema::UploadInfo::Builder to, const UploadInfo& from) {
  to.setNumber(from.number);
  to.setState(to_schema(from.state));
  to.setName(text(from.name));
  to.setServerUrl(text(from.server_url));
  to.setTitle(text(from.title));
  to.setVisibility(to_schema(from.visibility));
  to.setBytes(from.bytes);
  to.setSentBytes(from.sent_bytes);
  to.setQueuedAt(from.queued_at_ms);
  to.setChangedAt(from.changed_at_ms);
  to.setNextAttemptAt(from.next_attempt_at_ms);
  to.setAttempts(from.attempts);
  to.setAmbiguous(from.ambiguous);
  to.setReason(text(from.reason));
  to.setAdvice(text(from.advice));
  to.setUrl(text(from.url));
  to.setMessage(text(from.message));
  to.setWarning(text(from.warning));
  to.setFile(text(from.file));
}

void put(schema::UploadServerInfo::Builder to, const UploadServerInfo& from) {
  to.setWaiting(from.waiting);
  to.setHeld(from.held);
  to.setLastSuccessAt(from.last_success_at_ms);
  to.setLastRejectedAt(from.last_rejected_at_ms);
  to.setRefusedBytes(from.refused_bytes);
}

}  // namespace asciinemad::wire
