// UploadItem: one recording on its way to a server, as the upload queue keeps it; and what else the
// queue keeps.
#pragma once

#include <cstdint>
#include <string>
#include <variant>
#include <vector>

#include "proto/message.h"

namespace asciinemad {

// Times of day are milliseconds since 1970-01-01 UTC; 0: never.
struct UploadItem {
  std::uint64_t number = 0;  // from 1; never used again
  wire::UploadState state = wire::UploadState::queued;

  // As asked for.
  wire::UploadServer server;
  std::string name;
  std::string title;
  wire::Visibility visibility = wire::Visibility::by_server;
  bool interactive = false;
  wire::Notifications notifications;

  std::string key;  // sent with each attempt as Idempotency-Key; a UUID
  std::uint64_t bytes = 0;
  bool has_file = true;  // the queue still has its copy
  std::int64_t queued_at_ms = 0;
  std::int64_t changed_at_ms = 0;  // of the state

  // While queued: not before then; and how long that was when it was decided, so that a clock set
  // back can't make it longer.
  std::int64_t next_attempt_at_ms = 0;
  std::uint64_t wait_ms = 0;

  std::uint32_t attempts = 0;
  std::uint32_t same_failures = 0;  // answers in a row that were all last_status
  int last_status = 0;              // of the last answer; 0: none came; kAnswerLost
  bool network_failed = false;      // the last attempt got no answer: a new network may help

  // An attempt is about to send, or has sent, the end of the recording, and has no answer yet. If
  // the daemon dies now, the server may have it.
  bool completing = false;
  bool ambiguous = false;     // that has happened
  bool unauthorized = false;  // held because the server rejected the install id

  std::string reason;   // of the last failure
  std::string advice;   // what a person can do about it
  std::string url;      // when done
  std::string message;  // the server's, when done
  std::string warning;  // the server's

  static constexpr int kAnswerLost = -1;

  bool finished() const {
    return state == wire::UploadState::done || state == wire::UploadState::failed ||
           state == wire::UploadState::cancelled;
  }
  bool waiting() const {
    return state == wire::UploadState::queued || state == wire::UploadState::uploading;
  }
};

// What was learned about a server.
struct UploadServerFacts {
  std::string url;
  std::int64_t last_success_at_ms = 0;
  std::int64_t last_rejected_at_ms = 0;  // an answer 401
  std::uint64_t refused_bytes = 0;       // of the smallest recording that got an answer 413
};

// How long copies of recordings that are done are kept.
struct UploadRetention {
  std::uint64_t keep_for_s = std::uint64_t{30} * 24 * 3600;
  std::uint64_t keep_bytes = std::uint64_t{2} << 30;
  bool operator==(const UploadRetention&) const = default;
};

struct UploadRemoval {
  std::uint64_t number = 0;
};

// One step of what the queue keeps; an item or server replaces the one of its number or URL.
using UploadChange = std::variant<UploadItem, UploadRemoval, UploadServerFacts, UploadRetention>;

}  // namespace asciinemad
