#include "client/fetch.h"

#include <poll.h>
#include <signal.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <initializer_list>
#include <optional>

#include "client/daemon_start.h"
#include "client/deadline.h"
#include "client/messages.h"
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

std::string first_set(const Environment& environment,
                      std::initializer_list<std::string_view> names) {
  for (const std::string_view name : names) {
    if (std::optional<std::string> value = environment.find(name)) return *std::move(value);
  }
  return {};
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
  return Error{Errc::timed_out, "asciinemad does not answer"};
}

// The daemon works in another directory.
std::string absolute_path(std::string_view path) {
  std::array<char, 4096> directory;
  const bool complete = path.empty() || path.starts_with('/');
  if (complete || ::getcwd(directory.data(), directory.size()) == nullptr) return std::string(path);
  return std::string(directory.data()).append("/").append(path);
}

// OpenSSL takes several, with colons between them.
std::string absolute_paths(std::string_view list) {
  std::string paths;
  for (;;) {
    const std::size_t colon = list.find(':');
    paths += absolute_path(list.substr(0, colon));
    if (colon == std::string_view::npos) return paths;
    paths += ':';
    list.remove_prefix(colon + 1);
  }
}

}  // namespace

bool is_url(std::string_view name) {
  for (const std::string_view scheme : {"http://", "https://", "ipfs:", "dweb:"}) {
    if (starts_with_scheme(name, scheme)) return true;
  }
  return false;
}

std::string without_credentials(std::string_view url) {
  const Result<Url> parsed = parse_url(url);
  return parsed.ok() ? parsed->shown() : presentable_url(url);
}

wire::Fetch make_fetch(const Environment& environment, std::uint64_t max_bytes,
                       const std::string& url) {
  wire::Fetch fetch;
  fetch.url = url;
  fetch.max_bytes = max_bytes;
  // Not HTTP_PROXY: in a CGI program that is what a client's Proxy header says.
  fetch.http_proxy = first_set(environment, {"http_proxy", "all_proxy", "ALL_PROXY"});
  fetch.https_proxy =
      first_set(environment, {"https_proxy", "HTTPS_PROXY", "all_proxy", "ALL_PROXY"});
  fetch.no_proxy = first_set(environment, {"no_proxy", "NO_PROXY"});
  fetch.ca_file = absolute_path(first_set(environment, {"SSL_CERT_FILE"}));
  fetch.ca_directory = absolute_paths(first_set(environment, {"SSL_CERT_DIR"}));
  fetch.ipfs_gateway = first_set(environment, {"IPFS_GATEWAY"});
  return fetch;
}

Result<Fd> fetch_recording(const Environment& environment, const std::string& url) {
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
