// Messages about the upload queue; proto/asciinemad.capnp says what each means.
#pragma once

#include <cstdint>
#include <string>
#include <variant>
#include <vector>

#include "proto/message_terminal.h"

namespace asciinemad::wire {

struct UploadServer {
  std::string url;
  std::string user;
  std::string install_id;
  std::string http_proxy;
  std::string https_proxy;
  std::string no_proxy;
  std::string ca_file;
  std::string ca_directory;
  bool operator==(const UploadServer&) const = default;
};

// NOLINTNEXTLINE(readability-identifier-naming): public and private are keywords
enum class Visibility { by_server, public_, unlisted, private_ };

struct Upload {
  std::string name;
  UploadServer server;
  std::string title;
  Visibility visibility = Visibility::by_server;
  bool interactive = false;
  bool watch = false;
  Notifications notifications;
  std::uint64_t keep_for_s = 0;
  std::uint64_t keep_bytes = 0;
  std::string key;
  bool operator==(const Upload&) const = default;
};

struct ListUploads {
  std::uint64_t after = 0;
  std::uint64_t number = 0;
  bool operator==(const ListUploads&) const = default;
};

// What may be done to an upload.
namespace upload_change {
// From a newer schema.
struct Unknown {
  bool operator==(const Unknown&) const = default;
};
struct Retry {
  UploadServer server;
  bool operator==(const Retry&) const = default;
};
struct Cancel {
  bool operator==(const Cancel&) const = default;
};
struct Forget {
  bool operator==(const Forget&) const = default;
};
}  // namespace upload_change

struct ChangeUpload {
  std::uint64_t number = 0;
  std::variant<upload_change::Unknown, upload_change::Retry, upload_change::Cancel,
               upload_change::Forget>
      change;
  bool operator==(const ChangeUpload&) const = default;
};

struct WatchUploads {
  std::uint64_t number = 0;
  bool operator==(const WatchUploads&) const = default;
};

struct AskUploadServer {
  UploadServer server;
  bool release = false;
  bool operator==(const AskUploadServer&) const = default;
};

struct Queued {
  std::uint64_t number = 0;
  std::vector<std::string> warnings;
  bool operator==(const Queued&) const = default;
};

enum class UploadState { queued, uploading, done, held, failed, cancelled };

struct UploadInfo {
  std::uint64_t number = 0;
  UploadState state = UploadState::queued;
  std::string name;
  std::string server_url;
  std::string title;
  Visibility visibility = Visibility::by_server;
  std::uint64_t bytes = 0;
  std::uint64_t sent_bytes = 0;
  std::int64_t queued_at_ms = 0;
  std::int64_t changed_at_ms = 0;
  std::int64_t next_attempt_at_ms = 0;
  std::uint32_t attempts = 0;
  bool ambiguous = false;
  std::string reason;
  std::string advice;
  std::string url;
  std::string message;
  std::string warning;
  std::string file;
  bool operator==(const UploadInfo&) const = default;
};

struct Uploads {
  std::vector<UploadInfo> uploads;
  bool more = false;
  std::string notice;
  bool operator==(const Uploads&) const = default;
};

struct UploadServerInfo {
  std::uint32_t waiting = 0;
  std::uint32_t held = 0;
  std::int64_t last_success_at_ms = 0;
  std::int64_t last_rejected_at_ms = 0;
  std::uint64_t refused_bytes = 0;
  bool operator==(const UploadServerInfo&) const = default;
};

}  // namespace asciinemad::wire
