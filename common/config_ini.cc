// The only user of inih.
//
// It follows Python's configparser, which asciinema 2 reads this file with, but for what is undone
// here: Debian's build cuts lines after 200 bytes and takes " ;" for a comment (commands contain
// it) unless its exported switches say otherwise, has no line numbers for the handler, and takes
// every indented line behind a setting for a continuation, where configparser wants it indented
// more than the setting. The reader callback sees every line first, so it settles the last two.
#include <ini.h>

#include <cerrno>
#include <cstring>
#include <map>
#include <optional>
#include <utility>

#include "common/config_entries.h"
#include "common/config_values.h"

namespace asciinemad {
namespace {

constexpr std::string_view kBlanks = " \t\r\f\v";

// Python's "%%" stands for a percent sign. A lone one, an error there, is meant as it stands;
// "%(name)s" would stand for another setting's value.
Result<std::string> without_percent_escapes(std::string_view text) {
  std::string out;
  for (std::size_t i = 0; i < text.size(); ++i) {
    out += text[i];
    if (text[i] != '%' || i + 1 == text.size()) continue;
    if (text[i + 1] == '(') {
      return Error{Errc::invalid_data, "%(...) references are not supported, write %% for a %"};
    }
    if (text[i + 1] == '%') ++i;
  }
  return out;
}

class IniParser {
 public:
  IniParser(std::string_view text, const std::string& path) : rest_(text), path_(path) {
    constexpr std::string_view kByteOrderMark = "\xef\xbb\xbf";
    if (rest_.starts_with(kByteOrderMark)) rest_.remove_prefix(kByteOrderMark.size());
  }

  Result<std::vector<ConfigEntry>> parse() {
    configure_library(rest_.size());
    const int first_bad_line =
        ini_parse_stream(&IniParser::on_read, this, &IniParser::on_entry, this);
    if (error_) return *std::move(error_);
    if (first_bad_line < 0) return system_error("read " + path_, ENOMEM);
    if (first_bad_line > 0) {
      return at_line("is neither [section] nor name = value nor a comment");
    }
    for (ConfigEntry& entry : entries_) TRY(unescape(entry));
    return std::move(entries_);
  }

 private:
  static void configure_library(std::size_t text_size);
  static char* on_read(char* buffer, int size, void* self) noexcept {
    return static_cast<IniParser*>(self)->read_line(buffer, size);
  }
  static int on_entry(void* self, const char* section, const char* name,
                      const char* value) noexcept {
    return static_cast<IniParser*>(self)->add(section, name, value) ? 1 : 0;
  }

  char* read_line(char* buffer, int size);
  std::string_view normalised(std::string_view line);
  bool add(std::string_view section, std::string_view name, std::string_view value);
  bool fail(std::string_view reason) {
    error_ = at_line(reason);
    return false;
  }
  Error at_line(std::string_view reason) const {
    return Error{Errc::invalid_data,
                 path_ + ":" + std::to_string(line_) + ": " + std::string(reason)};
  }
  Status unescape(ConfigEntry& entry) const;

  std::string_view rest_;
  const std::string& path_;
  std::size_t line_ = 0;

  // The setting that an indented line would continue.
  bool in_setting_ = false;
  bool is_continuation_ = false;
  std::size_t setting_indent_ = 0;
  std::size_t blank_lines_ = 0;

  std::vector<ConfigEntry> entries_;
  std::map<std::pair<std::string, std::string>, std::size_t> lines_;  // by section and key
  std::optional<Error> error_;
};

// The switches are the library's globals; nobody else uses them.
void IniParser::configure_library(std::size_t text_size) {
  ini_allow_inline_comments = false;
  ini_stop_on_first_error = true;
  ini_use_stack = false;
  ini_allow_realloc = false;
  // No line is longer; room for the line end and the NUL.
  ini_initial_alloc = static_cast<int>(text_size) + 4;
}

// Stands in for fgets(), except that the buffer is large enough for any line.
char* IniParser::read_line(char* buffer, int size) {
  if (rest_.empty()) return nullptr;
  ++line_;
  const std::size_t end = rest_.find('\n');
  std::string line(normalised(rest_.substr(0, end)));
  rest_.remove_prefix(end == std::string_view::npos ? rest_.size() : end + 1);
  if (is_continuation_) line.insert(0, 1, ' ');
  line += '\n';
  if (line.size() >= static_cast<std::size_t>(size)) {
    // Not with the switches above; were they without effect, nothing must be lost quietly.
    fail("is too long");
    return nullptr;
  }
  std::memcpy(buffer, line.c_str(), line.size() + 1);
  return buffer;
}

// Strips the line and notes what configparser would make of its indentation.
std::string_view IniParser::normalised(std::string_view line) {
  is_continuation_ = false;
  const std::size_t indent = line.find_first_not_of(kBlanks);
  if (indent == std::string_view::npos) {
    ++blank_lines_;
    return {};
  }
  line = line.substr(indent, line.find_last_not_of(kBlanks) - indent + 1);
  if (line.starts_with('#') || line.starts_with(';')) return line;
  is_continuation_ = in_setting_ && indent > setting_indent_;
  if (is_continuation_) return line;
  in_setting_ = !line.starts_with('[');
  setting_indent_ = indent;
  blank_lines_ = 0;
  return line;
}

bool IniParser::add(std::string_view section, std::string_view name, std::string_view value) {
  if (section.empty()) return fail("stands outside any [section]");
  if (name.empty()) return fail("has no name before the =");
  if (is_continuation_) {
    std::string& text = std::get<std::string>(entries_.back().value);
    text.append(blank_lines_ + 1, '\n').append(value);
    blank_lines_ = 0;
    return true;
  }
  ConfigEntry entry{std::string(section), std::string(name), std::string(value), line_};
  for (char& c : entry.key) {
    if (c >= 'A' && c <= 'Z') c = static_cast<char>(c - 'A' + 'a');
  }
  const auto [first, is_new] = lines_.try_emplace({entry.section, entry.key}, line_);
  if (!is_new) {
    return fail(quoted(entry.key) + " is already set in line " + std::to_string(first->second));
  }
  entries_.push_back(std::move(entry));
  return true;
}

Status IniParser::unescape(ConfigEntry& entry) const {
  auto& text = std::get<std::string>(entry.value);
  Result<std::string> plain = without_percent_escapes(text);
  if (!plain.ok()) {
    return Error{Errc::invalid_data, path_ + ":" + std::to_string(entry.line) + ": " +
                                         quoted(entry.key) + ": " + plain.error().message};
  }
  text = std::move(plain).value();
  return {};
}

}  // namespace

Result<std::vector<ConfigEntry>> parse_ini(const std::string& text, const std::string& path) {
  return IniParser(text, path).parse();
}

}  // namespace asciinemad
