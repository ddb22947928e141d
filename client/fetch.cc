#include "client/fetch.h"

#include <poll.h>
#include <signal.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <optional>

#include "client/daemon_start.h"
#include "client/deadline.h"
#include "client/messages.h"
#include "client/network_settings.h"
#include "client/signals.h"
#include "common/config.h"
#include "common/url.h"

namespace asciinemad {
namespace {

// The daemon gives up after 10 minutes.
constexpr int kFetchTimeoutMs = 11 * 60 * 1000;
constexpr int kNoticeAfterMs = 1000;

bool starts_with_scheme(std::string_view name, std::string_view scheme) {
  return name.size() >= scheme.size() &&
         std::equal(scheme.begin(), scheme.end(), name.begin(), [](char expected, char c) {
           return expected == (c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c);
         });
}

// Until the daemon says something; nullopt: `deadline` is over.
Result<std::optional<wire::Reply>> wait_for_reply(DaemonLink& link, Signals& signals,
                                                  const Deadline& deadline) {
  for (;;) {
    std::array<pollfd, 2> waiting = {{{link.fd(), POLLIN, 0}, {signals.fd(), POLLIN, 0}}};
    const int ready = ::poll(waiting.data(), waiting.size(), deadline.remaining_ms());
    if (ready == 0) return std::optional<wire::Reply>();
    if (ready < 0) continue;
    // Closing the connection, as the caller does then, cancels.
    if (signals.next().has_value()) return Error{Errc::cancelled, "interrupted"};
    TRY_ASSIGN(std::optional<wire::Reply> reply, link.next_event());
    if (reply.has_value()) return reply;
  }
}

Result<Fd> take_recording(DaemonLink& link, const wire::Reply& reply) {
  if (const auto* error = std::get_if<wire::ErrorReply>(&reply.body)) return to_error(*error);
  Fd recording = link.take_fd();
  if (!std::holds_alternative<wire::Fetched>(reply.body) || !recording) {
    return Error{Errc::invalid_data, "asciinemad gave no recording"};
  }
  return recording;
}

Result<Fd> fetch_with(DaemonLink& link, const wire::Fetch& fetch) {
  TRY_ASSIGN(Signals signals, Signals::watch({SIGINT, SIGTERM}));
  const Deadline deadline(kFetchTimeoutMs);
  TRY(link.send(wire::Request{0, 0, fetch}, {}));
  TRY_ASSIGN(std::optional<wire::Reply> reply,
             wait_for_reply(link, signals, Deadline(kNoticeAfterMs)));
  if (reply.has_value()) return take_recording(link, *reply);
  if (::isatty(STDERR_FILENO) != 0) {
    Messages(false).info("fetching " + without_credentials(fetch.url) + "...");
  }
  TRY_ASSIGN(reply, wait_for_reply(link, signals, deadline));
  if (reply.has_value()) return take_recording(link, *reply);
  return link.no_answer();
}

bool is_fetchable(std::string_view url) {
  for (const std::string_view scheme : {"http://", "https://", "ipfs:", "dweb:"}) {
    if (starts_with_scheme(url, scheme)) return true;
  }
  return false;
}

bool is_letter(char c) { return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z'); }

// "ftp://...".
bool has_scheme(std::string_view name) {
  const std::string_view scheme = name.substr(0, std::min(name.find("://"), name.size()));
  return scheme.size() < name.size() && !scheme.empty() && is_letter(scheme.front()) &&
         std::all_of(scheme.begin(), scheme.end(), [](char c) {
           return is_letter(c) || (c >= '0' && c <= '9') || c == '+' || c == '-' || c == '.';
         });
}

}  // namespace

bool is_url(std::string_view name) { return is_fetchable(name) || has_scheme(name); }

std::string without_credentials(std::string_view url) {
  const Result<Url> parsed = parse_url(url);
  return parsed.ok() ? parsed->shown() : presentable_url(url);
}

wire::Fetch make_fetch(const Environment& environment, std::uint64_t max_bytes,
                       const std::string& url) {
  wire::Fetch fetch;
  fetch.url = url;
  fetch.max_bytes = max_bytes;
  NetworkSettings network = find_network_settings(environment);
  fetch.http_proxy = std::move(network.http_proxy);
  fetch.https_proxy = std::move(network.https_proxy);
  fetch.no_proxy = std::move(network.no_proxy);
  fetch.ca_file = std::move(network.ca_file);
  fetch.ca_directory = std::move(network.ca_directory);
  fetch.ipfs_gateway = environment.find("IPFS_GATEWAY").value_or("");
  return fetch;
}

Result<Fd> fetch_recording(const Environment& environment, const std::string& url) {
  if (!is_fetchable(url)) {
    return Error{Errc::invalid_argument,
                 "only http, https, ipfs and dweb addresses can be fetched"};
  }
  TRY_ASSIGN(const LoadedConfig loaded, load_config(environment));
  const wire::Fetch fetch = make_fetch(environment, loaded.config.play.max_download_bytes, url);
  std::optional<DaemonLink> link;
  Result<Fd> recording = Error{Errc::unavailable, "asciinemad was not asked"};
  TRY(use_daemon(environment, Messages(false), link, "fetching", [&](DaemonLink& daemon) -> Status {
    recording = fetch_with(daemon, fetch);
    if (recording.ok() || !another_daemon_may_help(recording.error())) return {};
    return recording.error();
  }));
  if (recording.ok()) return recording;
  // The caller knows the address; the daemon said it, too.
  Error error = recording.take_error();
  const std::string place = without_credentials(url) + ": ";
  if (error.message.starts_with(place)) error.message.erase(0, place.size());
  return error;
}

}  // namespace asciinemad
