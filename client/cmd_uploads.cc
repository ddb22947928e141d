// asciinema uploads: look at and steer the upload queue.

#include <optional>
#include <string>
#include <utility>
#include <variant>
#include <vector>

#include "client/command.h"
#include "client/messages.h"
#include "client/upload_link.h"
#include "client/upload_settings.h"
#include "client/upload_text.h"
#include "client/uploads_follow.h"
#include "client/uploads_options.h"
#include "common/clock.h"
#include "common/config.h"
#include "common/paths.h"

namespace asciinemad {
namespace {

using Change = decltype(wire::ChangeUpload::change);

std::string no_such_upload(std::uint64_t number) {
  return "there is no upload #" + std::to_string(number);
}

int list(DaemonLink& link, bool json, const Messages& messages) {
  const Result<wire::Uploads> listed = list_uploads(link);
  if (!listed.ok()) {
    messages.error(listed.error().message);
    return kExitFailure;
  }
  const std::vector<wire::UploadInfo>& uploads = listed->uploads;
  if (!listed->notice.empty()) messages.warn(listed->notice);
  if (json) {
    print_out(uploads_json(uploads));
    return kExitOk;
  }
  if (uploads.empty()) messages.info("there are no uploads");
  for (const std::string& line : upload_lines(uploads, time_of_day_ms())) print_out(line + "\n");
  return kExitOk;
}

int show(DaemonLink& link, const UploadsOptions& options, const Messages& messages) {
  int status = kExitOk;
  std::vector<wire::UploadInfo> found;
  for (const std::uint64_t number : options.numbers) {
    Result<std::optional<wire::UploadInfo>> upload = find_upload(link, number);
    if (!upload.ok()) {
      messages.error(upload.error().message);
      return kExitFailure;
    }
    if (upload->has_value()) {
      found.push_back(**std::move(upload));
    } else {
      messages.error(no_such_upload(number));
      status = kExitNotFound;
    }
  }
  if (options.json) {
    print_out(uploads_json(found));
    return status;
  }
  for (const wire::UploadInfo& upload : found) print_out(upload_details(upload, time_of_day_ms()));
  return status;
}

Result<Change> make_change(UploadsVerb verb, const Environment& environment) {
  if (verb == UploadsVerb::cancel) return Change(wire::upload_change::Cancel{});
  if (verb == UploadsVerb::forget) return Change(wire::upload_change::Forget{});
  TRY_ASSIGN(const LoadedConfig loaded, load_config(environment));
  wire::upload_change::Retry retry;
  TRY_ASSIGN(retry.server, find_upload_server(environment, loaded.config));
  return Change(std::move(retry));
}

// Whether `all` of the verb means one in that state.
bool is_meant(UploadsVerb verb, wire::UploadState state) {
  using wire::UploadState;
  if (verb == UploadsVerb::forget) return is_finished(state);
  if (verb == UploadsVerb::cancel) return !is_finished(state);
  return state == UploadState::queued || state == UploadState::held || state == UploadState::failed;
}

Result<std::vector<std::uint64_t>> meant_by_all(DaemonLink& link, UploadsVerb verb) {
  TRY_ASSIGN(const wire::Uploads listed, list_uploads(link));
  std::vector<std::uint64_t> numbers;
  for (const wire::UploadInfo& upload : listed.uploads) {
    if (is_meant(verb, upload.state)) numbers.push_back(upload.number);
  }
  return numbers;
}

int change(DaemonLink& link, const UploadsOptions& options, const Environment& environment,
           const Messages& messages) {
  const Result<Change> wish = make_change(options.verb, environment);
  const Result<std::vector<std::uint64_t>> numbers =
      options.all ? meant_by_all(link, options.verb) : options.numbers;
  if (!wish.ok() || !numbers.ok()) {
    messages.error(wish.ok() ? numbers.error().message : wish.error().message);
    return kExitFailure;
  }
  int status = kExitOk;
  for (const std::uint64_t number : *numbers) {
    const Result<wire::Reply> reply =
        link.call(wire::Request{0, 0, wire::ChangeUpload{number, *wish}}, {});
    if (reply.ok()) continue;
    const Errc code = reply.error().code;
    // It has gone on since it was listed.
    if (options.all && (code == Errc::not_found || code == Errc::invalid_argument)) continue;
    if (code == Errc::not_found) {
      messages.error(no_such_upload(number));
      if (status == kExitOk) status = kExitNotFound;
    } else {
      messages.error(reply.error().message);
      status = kExitFailure;
    }
  }
  return status;
}

}  // namespace

int run_uploads(int argc, char** argv) {
  auto parsed = parse_uploads_options(argc, argv);
  if (const auto* status = std::get_if<ExitStatus>(&parsed)) return status->value;
  const UploadsOptions& options = *std::get_if<UploadsOptions>(&parsed);
  const Messages messages(false);
  const ProcessEnvironment environment;
  if (options.verb == UploadsVerb::wait) {
    return wait_for_uploads(environment, messages, options.numbers);
  }
  if (options.verb == UploadsVerb::watch) return watch_uploads(environment, messages);
  Result<DaemonLink> link = connect_to_upload_queue(environment, StartDaemon::if_needed);
  if (!link.ok()) {
    messages.error(link.error().message);
    return kExitNoDaemon;
  }
  if (options.verb == UploadsVerb::list) return list(*link, options.json, messages);
  if (options.verb == UploadsVerb::show) return show(*link, options, messages);
  return change(*link, options, environment, messages);
}

}  // namespace asciinemad
