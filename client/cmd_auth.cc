// asciinema auth: link this machine's install id to an account on the server.

#include <unistd.h>

#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <variant>

#include "client/command.h"
#include "client/json_object.h"
#include "client/messages.h"
#include "client/upload_link.h"
#include "client/upload_settings.h"
#include "client/upload_text.h"
#include "client/usage.h"
#include "common/bytes_text.h"
#include "common/clock.h"
#include "common/config.h"
#include "common/paths.h"
#include "common/printable.h"
#include "common/url.h"

namespace asciinemad {
namespace {

constexpr const char* kUsage = "usage: asciinema auth [-h] [--status] [--json]\n";

constexpr const char* kHelp =
    "\n"
    "Link this machine to your account on the server: prints an address to open in a web\n"
    "browser. What you upload from here, and have uploaded, becomes yours then.\n"
    "\n"
    "options:\n"
    "  -h, --help  show this help and exit\n"
    "  --status    show how the server has answered, and what waits to be uploaded to it\n"
    "  --json      the same as a JSON object; times are seconds since 1970-01-01 UTC\n"
    "\n"
    "The exit status is 4 when --status finds no daemon and can't start one.\n";

void print_address(const wire::UploadServer& server) {
  const std::string host = server_host(server.url);
  print_err("To link this machine to your account at " + host +
            ", open this address in a web browser:\n\n" +
            printable(server.url + "/connect/" + server.install_id) +
            "\n\nAll that is uploaded from here, before or after that, then belongs to your "
            "account, and you\ncan manage it at " +
            host + ".\n");
}

// What was held since the server did not know the install id may pass now. Without a queue there is
// nothing to do.
void release_held(const Environment& environment, const wire::UploadServer& server) {
  const std::optional<std::string> state = state_directory(environment);
  const bool has_queue =
      state.has_value() && ::access((*state + "/queue/queue.db").c_str(), F_OK) == 0;
  Result<DaemonLink> link =
      connect_to_upload_queue(environment, has_queue ? StartDaemon::if_needed : StartDaemon::never);
  if (!link.ok()) return;
  static_cast<void>(link->call(wire::Request{0, 0, wire::AskUploadServer{server, true}}, {}));
}

// "accepted", "rejected" or "unknown".
std::string_view install_id_state(const wire::UploadServerInfo& info) {
  if (info.last_success_at_ms == 0 && info.last_rejected_at_ms == 0) return "unknown";
  return info.last_success_at_ms > info.last_rejected_at_ms ? "accepted" : "rejected";
}

std::string describe(const std::string& url, const wire::UploadServerInfo& info) {
  const std::int64_t now_ms = time_of_day_ms();
  const std::string_view state = install_id_state(info);
  std::string text = "server: " + presentable_url(url) + "\n";
  if (state == "unknown") {
    text += "install id: not known whether the server accepts it, nothing was uploaded yet\n";
  } else if (state == "accepted") {
    text += "install id: accepted " + ago_text(info.last_success_at_ms, now_ms) + "\n";
  } else {
    text += "install id: rejected " + ago_text(info.last_rejected_at_ms, now_ms) +
            "; `asciinema auth` links this machine\n";
  }
  if (info.last_success_at_ms > 0) {
    text += "last upload: " + ago_text(info.last_success_at_ms, now_ms) + "\n";
  }
  text += "uploads: " + std::to_string(info.waiting) + " waiting, " + std::to_string(info.held) +
          " held\n";
  if (info.refused_bytes > 0) {
    text += "too large: a recording of " + bytes_text(info.refused_bytes) + " was refused\n";
  }
  return text;
}

std::string describe_json(const std::string& url, const wire::UploadServerInfo& info) {
  return JsonObject()
             .text("server", presentable_url(url))
             .text("install_id", install_id_state(info))
             .raw("last_success_at", time_json(info.last_success_at_ms))
             .raw("last_rejected_at", time_json(info.last_rejected_at_ms))
             .raw("waiting", std::to_string(info.waiting))
             .raw("held", std::to_string(info.held))
             .raw("refused_bytes",
                  info.refused_bytes == 0 ? "null" : std::to_string(info.refused_bytes))
             .done() +
         "\n";
}

int print_status(const Environment& environment, const wire::UploadServer& server, bool json,
                 const Messages& messages) {
  Result<DaemonLink> link = connect_to_upload_queue(environment, StartDaemon::if_needed);
  if (!link.ok()) {
    messages.error(link.error().message);
    return kExitNoDaemon;
  }
  const Result<wire::Reply> reply =
      link->call(wire::Request{0, 0, wire::AskUploadServer{server, false}}, {});
  const auto* info = reply.ok() ? std::get_if<wire::UploadServerInfo>(&reply->body) : nullptr;
  if (info == nullptr) {
    messages.error(reply.ok() ? "asciinemad told nothing about the server" : reply.error().message);
    return kExitFailure;
  }
  print_out(json ? describe_json(server.url, *info) : describe(server.url, *info));
  return kExitOk;
}

}  // namespace

int run_auth(int argc, char** argv) {
  bool status = false;
  bool json = false;
  for (int i = 1; i < argc; ++i) {
    const std::string_view argument = argv[i];
    if (argument == "-h" || argument == "--help") {
      print_out(std::string(kUsage) + kHelp);
      return kExitOk;
    }
    if (argument == "--status") {
      status = true;
    } else if (argument == "--json") {
      json = status = true;
    } else {
      return usage_error(kUsage, "auth", "unrecognized arguments: " + std::string(argument));
    }
  }
  const Messages messages(false);
  const ProcessEnvironment environment;
  const Result<LoadedConfig> loaded = load_config(environment);
  if (!loaded.ok()) {
    messages.error(loaded.error().message);
    return kExitFailure;
  }
  for (const std::string& warning : loaded->warnings) messages.warn(warning);
  const Result<wire::UploadServer> server = find_upload_server(environment, loaded->config);
  if (!server.ok()) {
    messages.error(server.error().message);
    return kExitFailure;
  }
  if (status) return print_status(environment, *server, json, messages);
  print_address(*server);
  release_held(environment, *server);
  return kExitOk;
}

}  // namespace asciinemad
