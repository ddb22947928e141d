// What the files of a SessionRegistry say, as text and back. No I/O.
//
// Values may be any bytes but NUL: blanks, control characters and '%' are written as %XX.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "daemon/session_registry.h"

namespace asciinemad {

// What may be a file's name: letters and digits.
bool is_session_id(std::string_view text);

struct StoredSession {
  SessionRegistry::Entry entry;
  std::string boot;
  std::string machine;
};

// A line "KEY VALUE" for each member.
std::string session_entry_text(const StoredSession& stored);
// Keys of newer versions are passed over; nullopt: damaged.
std::optional<StoredSession> parse_session_entry(std::string_view session, std::string_view text);

struct RecoveredItem {
  std::string session;
  wire::Recovered what;
  std::int64_t recovered_at_s = 0;  // since 1970
  bool told = false;
};

// A line for each.
std::string recovered_items_text(const std::vector<RecoveredItem>& items);
// Damaged lines are passed over.
std::vector<RecoveredItem> parse_recovered_items(std::string_view text);

}  // namespace asciinemad
