// UploadVerdict: what follows from an attempt's outcome. Pure; the rules are those of asciinema
// servers' API (docs/ARCHITECTURE.md, "Uploads").
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "daemon/upload_item.h"
#include "daemon/upload_request.h"

namespace asciinemad {

struct UploadVerdict {
  enum class Kind {
    done,
    retry,
    hold,
    fail,
    cancelled,
  };
  Kind kind = Kind::retry;
  // All texts are printable, and bounded: 512 bytes, the message 4096.
  std::string reason;           // unless done
  std::string advice;           // for what is held or failed
  std::string url;              // when done; may be empty
  std::string message;          // when done: the server's lines, separated by LF
  std::string warning;          // the server's, or ours about what it did not take
  bool unauthorized = false;    // hold all of this server's uploads
  bool network_failed = false;  // no answer came
  bool too_large = false;       // for this server
  bool answer_lost = false;     // the server may have it
  std::optional<std::uint64_t> wait_at_least_ms;  // the server's wish
};

// `item` is as it was during the attempt: same_failures and last_status are those before it, and
// the caller counts this answer afterwards. `now_ms` is the time of day, for dates in Retry-After.
// A server's words never reach a text with the install id in them.
UploadVerdict judge_upload(const UploadItem& item, const UploadOutcome& outcome,
                           std::int64_t now_ms);

// "120" or an HTTP date, as milliseconds from now, at most 24 hours; nullopt when it makes no
// sense.
std::optional<std::uint64_t> parse_retry_after(std::string_view text, std::int64_t now_ms);

inline constexpr std::uint64_t kFirstBackoffMs = 2'000;
inline constexpr std::uint64_t kMaxBackoffMs = 15 * 60 * 1000;
// Answers in a row that are all the same 5xx, or a 200 that is no asciinema server's; then it
// fails. Those that ask for patience (408, 425, 429, 503, any with Retry-After) never do.
inline constexpr std::uint32_t kMaxSameFailures = 12;
// Whole requests in a row without an answer; then it is held, or a server could get it without end.
inline constexpr std::uint32_t kMaxLostAnswers = 5;

// Exponential with full jitter: anything from 0 (but see kMinBackoffMs) to min(cap, first *
// 2^(failures - 1)). `failures` >= 1; `random` is uniform in [0, 1).
inline constexpr std::uint64_t kMinBackoffMs = 200;
std::uint64_t backoff_ms(std::uint32_t failures, double random);

}  // namespace asciinemad
