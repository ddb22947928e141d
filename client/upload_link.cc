#include "client/upload_link.h"

#include <poll.h>

#include <limits>
#include <string>
#include <utility>
#include <variant>

#include "client/daemon_start.h"
#include "client/deadline.h"

namespace asciinemad {
namespace {

// A daemon that ends has its socket no more, but the queue as long as it waits for servers'
// answers.
constexpr int kHandOverTimeoutMs = 8000;
constexpr int kHandOverPauseMs = 50;

Result<wire::Uploads> ask(DaemonLink& link, const wire::ListUploads& question) {
  TRY_ASSIGN(wire::Reply reply, link.call(wire::Request{0, 0, question}, {}));
  auto* uploads = std::get_if<wire::Uploads>(&reply.body);
  if (uploads == nullptr) return Error{Errc::invalid_data, "asciinemad gave no list of uploads"};
  return std::move(*uploads);
}

// Asks for nothing, to learn whether this is the one; nullopt: it is, else what it said.
Result<std::optional<wire::ErrorReply>> refusal(DaemonLink& link) {
  const wire::ListUploads nothing{std::numeric_limits<std::uint64_t>::max(), 0};
  TRY_ASSIGN(const std::uint32_t id, link.send(wire::Request{0, 0, nothing}, {}));
  TRY_ASSIGN(wire::Reply reply, link.answer(id, DaemonLink::kAnswerTimeoutMs));
  auto* error = std::get_if<wire::ErrorReply>(&reply.body);
  return error == nullptr ? std::nullopt : std::optional(std::move(*error));
}

Error to_queue_error(const wire::ErrorReply& reply) {
  if (reply.code != wire::ErrorCode::unsupported) return to_error(reply);
  return Error{Errc::unsupported,
               "the asciinemad that runs is too old to upload; replace it by `asciinema daemon "
               "restart`"};
}

Result<DaemonLink> connect_elsewhere(const wire::ErrorReply& refused) {
  if (refused.socket.empty()) return to_error(refused);
  Result<DaemonLink> link = DaemonLink::connect(refused.socket);
  if (!link.ok()) {
    return Error{link.error().code,
                 "another asciinemad has the upload queue: " + link.error().message};
  }
  TRY(link->hello(DaemonLink::kHelloTimeoutMs));
  TRY_ASSIGN(const std::optional<wire::ErrorReply> also_refused, refusal(*link));
  if (also_refused.has_value()) return to_queue_error(*also_refused);
  return link;
}

}  // namespace

Result<DaemonLink> connect_to_upload_queue(const Environment& environment, StartDaemon start) {
  const Deadline deadline(kHandOverTimeoutMs);
  for (;;) {
    TRY_ASSIGN(DaemonLink link, start == StartDaemon::never
                                    ? connect_to_running_daemon(environment)
                                    : connect_to_shared_daemon(environment, Niceness::accepted));
    TRY_ASSIGN(const std::optional<wire::ErrorReply> refused, refusal(link));
    if (!refused.has_value()) return link;
    if (refused->code != wire::ErrorCode::elsewhere) return to_queue_error(*refused);
    Result<DaemonLink> other = connect_elsewhere(*refused);
    if (other.ok() || deadline.remaining_ms() == 0) return other;
    ::poll(nullptr, 0, kHandOverPauseMs);
  }
}

Result<wire::Uploads> list_uploads(DaemonLink& link) {
  TRY_ASSIGN(wire::Uploads all, ask(link, {}));
  while (all.more) {
    const std::uint64_t after = all.uploads.empty() ? 0 : all.uploads.back().number;
    TRY_ASSIGN(wire::Uploads page, ask(link, {after, 0}));
    if (page.uploads.empty() || page.uploads.front().number <= after) {
      return Error{Errc::invalid_data, "asciinemad's list of uploads does not end"};
    }
    for (wire::UploadInfo& upload : page.uploads) all.uploads.push_back(std::move(upload));
    all.more = page.more;
  }
  return all;
}

Result<std::optional<wire::UploadInfo>> find_upload(DaemonLink& link, std::uint64_t number) {
  TRY_ASSIGN(wire::Uploads found, ask(link, {0, number}));
  if (found.uploads.empty()) return std::optional<wire::UploadInfo>();
  return std::optional(std::move(found.uploads.front()));
}

}  // namespace asciinemad
