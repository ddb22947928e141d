#include "daemon/session_registry_text.h"

#include <algorithm>
#include <charconv>
#include <utility>

namespace asciinemad {
namespace {

// Splits off what comes before the next `separator`.
std::string_view take(std::string_view& rest, char separator) {
  const std::size_t end = std::min(rest.find(separator), rest.size());
  const std::string_view part = rest.substr(0, end);
  rest.remove_prefix(std::min(end + 1, rest.size()));
  return part;
}

template <typename Number>
bool parse_number(std::string_view text, Number& number) {
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number);
  return error == std::errc() && end == text.data() + text.size();
}

std::string encode(std::string_view text) {
  constexpr std::string_view kHex = "0123456789abcdef";
  std::string encoded;
  for (const char c : text) {
    const auto byte = static_cast<unsigned char>(c);
    if (byte > 0x20 && byte != '%' && byte != 0x7f) {
      encoded += c;
    } else {
      encoded += {'%', kHex[byte >> 4], kHex[byte & 0xf]};
    }
  }
  return encoded;
}

std::optional<std::string> decode(std::string_view text) {
  std::string decoded;
  while (!text.empty()) {
    std::size_t size = 1;
    char c = text[0];
    if (c == '%') {
      unsigned value = 0;
      size = 3;
      if (text.size() < size) return std::nullopt;
      const auto [end, error] = std::from_chars(text.data() + 1, text.data() + 3, value, 16);
      if (error != std::errc() || end != text.data() + 3 || value == 0) return std::nullopt;
      c = static_cast<char>(value);
    }
    decoded += c;
    text.remove_prefix(size);
  }
  return decoded;
}

}  // namespace

bool is_session_id(std::string_view text) {
  return !text.empty() && text.size() <= 64 && std::all_of(text.begin(), text.end(), [](char c) {
    return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9');
  });
}

std::string session_entry_text(const StoredSession& stored) {
  std::string text = "boot " + encode(stored.boot) + "\nmachine " + encode(stored.machine) +
                     "\nfile " + encode(stored.entry.file) + "\nstarted " +
                     std::to_string(stored.entry.started_at_ms) + "\nkept " +
                     std::to_string(stored.entry.kept_bytes) + "\n";
  if (const std::optional<FileId>& id = stored.entry.file_id) {
    text += "id " + std::to_string(id->device) + " " + std::to_string(id->inode) + "\n";
  }
  return text;
}

std::optional<StoredSession> parse_session_entry(std::string_view session, std::string_view text) {
  StoredSession stored;
  stored.entry.session = session;
  bool valid = text.ends_with('\n');
  while (!text.empty()) {
    std::string_view value = take(text, '\n');
    const std::string_view key = take(value, ' ');
    if (key == "started") {
      valid = valid && parse_number(value, stored.entry.started_at_ms);
    } else if (key == "kept") {
      valid = valid && parse_number(value, stored.entry.kept_bytes);
    } else if (key == "id") {
      FileId& id = stored.entry.file_id.emplace();
      valid = parse_number(take(value, ' '), id.device) && parse_number(value, id.inode) && valid;
    } else if (key == "file" || key == "boot" || key == "machine") {
      std::optional<std::string> decoded = decode(value);
      valid = valid && decoded.has_value();
      std::string& member = key == "file"   ? stored.entry.file
                            : key == "boot" ? stored.boot
                                            : stored.machine;
      member = std::move(decoded).value_or("");
    }
  }
  if (!valid || !stored.entry.file.starts_with('/')) return std::nullopt;
  return stored;
}

std::string recovered_items_text(const std::vector<RecoveredItem>& items) {
  std::string text;
  for (const RecoveredItem& item : items) {
    text += item.session + " " + std::to_string(item.what.started_at_ms) + " " +
            std::to_string(item.what.cut_bytes) + " " + std::to_string(item.recovered_at_s) +
            (item.told ? " told " : " new ") + encode(item.what.file) + "\n";
  }
  return text;
}

std::vector<RecoveredItem> parse_recovered_items(std::string_view text) {
  std::vector<RecoveredItem> items;
  while (!text.empty()) {
    std::string_view line = take(text, '\n');
    RecoveredItem item;
    item.session = take(line, ' ');
    bool valid = is_session_id(item.session);
    valid = parse_number(take(line, ' '), item.what.started_at_ms) && valid;
    valid = parse_number(take(line, ' '), item.what.cut_bytes) && valid;
    valid = parse_number(take(line, ' '), item.recovered_at_s) && valid;
    item.told = take(line, ' ') == "told";
    std::optional<std::string> file = decode(line);
    if (!valid || !file.has_value() || file->empty()) continue;
    item.what.file = std::move(*file);
    items.push_back(std::move(item));
  }
  return items;
}

}  // namespace asciinemad
