// The fields of an UploadItem by name: the one list that the columns of the queue's database and
// the members of a description are made from.
//
// A change to it needs a new version of the database (upload_queue_tables.h). Descriptions have no
// version: a member that is not there keeps its default, one without a field is passed over.
#pragma once

#include <algorithm>
#include <array>
#include <cstddef>
#include <optional>
#include <string_view>

#include "daemon/upload_item.h"

namespace asciinemad {

// `visit(const char* name, field)` for each, `number` first. `Item` may be const.
template <typename Item, typename Visitor>
void for_each_field(Item& item, Visitor&& visit) {
  visit("number", item.number);
  visit("state", item.state);
  visit("server_url", item.server.url);
  visit("server_user", item.server.user);
  visit("install_id", item.server.install_id);
  visit("http_proxy", item.server.http_proxy);
  visit("https_proxy", item.server.https_proxy);
  visit("no_proxy", item.server.no_proxy);
  visit("ca_file", item.server.ca_file);
  visit("ca_directory", item.server.ca_directory);
  visit("name", item.name);
  visit("title", item.title);
  visit("visibility", item.visibility);
  visit("interactive", item.interactive);
  visit("notify", item.notifications.enabled);
  visit("notify_command", item.notifications.command);
  visit("notify_icon", item.notifications.icon_path);
  visit("notify_environment", item.notifications.environment);
  visit("key", item.key);
  visit("bytes", item.bytes);
  visit("has_file", item.has_file);
  visit("queued_at_ms", item.queued_at_ms);
  visit("changed_at_ms", item.changed_at_ms);
  visit("next_attempt_at_ms", item.next_attempt_at_ms);
  visit("wait_ms", item.wait_ms);
  visit("attempts", item.attempts);
  visit("same_failures", item.same_failures);
  visit("last_status", item.last_status);
  visit("network_failed", item.network_failed);
  visit("completing", item.completing);
  visit("ambiguous", item.ambiguous);
  visit("unauthorized", item.unauthorized);
  visit("reason", item.reason);
  visit("advice", item.advice);
  visit("url", item.url);
  visit("message", item.message);
  visit("warning", item.warning);
}

// Enumerators are kept by name, in the order of their declaration.
inline constexpr std::array<std::string_view, 6> names_of(wire::UploadState) {
  return {"queued", "uploading", "done", "held", "failed", "cancelled"};
}
inline constexpr std::array<std::string_view, 4> names_of(wire::Visibility) {
  return {"by_server", "public", "unlisted", "private"};
}

template <typename Enum>
std::string_view name_of(Enum value) {
  return names_of(value).at(static_cast<std::size_t>(value));
}

template <typename Enum>
std::optional<Enum> find_by_name(std::string_view name) {
  const auto names = names_of(Enum());
  const auto found = std::find(names.begin(), names.end(), name);
  if (found == names.end()) return std::nullopt;
  return static_cast<Enum>(found - names.begin());
}

}  // namespace asciinemad
