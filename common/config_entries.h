// The way from a configuration file's text to Config: the two syntaxes give the same flat list of
// entries, and one table knows what they mean. For config*.cc only.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include "common/config.h"
#include "common/result.h"

namespace asciinemad {

enum class ConfigFormat { ini, toml };

// A value of a type that no setting has: a table, a date.
struct OtherValue {
  std::string_view type_name;  // "a table"; a literal
};

// INI knows only strings.
using ConfigValue = std::variant<std::string, bool, double, std::vector<std::string>, OtherValue>;

struct ConfigEntry {
  std::string section;  // "" for what stands outside any
  std::string key;
  ConfigValue value;
  std::size_t line = 0;
};

// Both expect valid UTF-8 without NUL. Errors begin with "PATH:LINE: ".
Result<std::vector<ConfigEntry>> parse_ini(const std::string& text, const std::string& path);
Result<std::vector<ConfigEntry>> parse_toml(const std::string& text, const std::string& path);

// Puts the entries into loaded.config. What is unknown becomes a warning, a value that cannot be
// used an error, and so does a key that two hotkeys share.
Status apply_entries(const std::vector<ConfigEntry>& entries, ConfigFormat format,
                     const std::string& path, LoadedConfig& loaded);

}  // namespace asciinemad
