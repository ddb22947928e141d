// The only user of toml++, whose exceptions end here.
#include <toml++/toml.h>

#include "common/config_entries.h"

namespace asciinemad {
namespace {

ConfigValue value_of(const toml::node& node) {
  if (const auto* text = node.as_string()) return text->get();
  if (const auto* flag = node.as_boolean()) return flag->get();
  if (const auto* number = node.as_floating_point()) return number->get();
  if (const auto* number = node.as_integer()) return static_cast<double>(number->get());
  if (node.is_table()) return OtherValue{"a table"};
  const toml::array* array = node.as_array();
  if (array == nullptr) return OtherValue{"a date or time"};
  std::vector<std::string> texts;
  for (const toml::node& element : *array) {
    const auto* text = element.as_string();
    if (text == nullptr) return OtherValue{"a list with something else than texts"};
    texts.push_back(text->get());
  }
  return texts;
}

void add_entry(std::string_view section, const toml::key& key, const toml::node& node,
               std::vector<ConfigEntry>& entries) {
  entries.push_back(ConfigEntry{std::string(section), std::string(key.str()), value_of(node),
                                key.source().begin.line});
}

std::vector<ConfigEntry> entries_of(const toml::table& root) {
  std::vector<ConfigEntry> entries;
  for (const auto& [name, node] : root) {
    const toml::table* section = node.as_table();
    if (section == nullptr) {
      add_entry("", name, node, entries);
      continue;
    }
    for (const auto& [key, value] : *section) add_entry(name.str(), key, value, entries);
  }
  return entries;
}

}  // namespace

Result<std::vector<ConfigEntry>> parse_toml(const std::string& text, const std::string& path) {
  try {
    return entries_of(toml::parse(std::string_view(text), std::string_view(path)));
  } catch (const toml::parse_error& error) {
    return Error{Errc::invalid_data, path + ":" + std::to_string(error.source().begin.line) + ": " +
                                         std::string(error.description())};
  } catch (const std::exception& error) {
    return Error{Errc::invalid_data, path + ": " + error.what()};
  }
}

}  // namespace asciinemad
