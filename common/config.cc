#include "common/config.h"

#include <unistd.h>

#include <algorithm>
#include <cstddef>

#include "common/config_entries.h"
#include "common/config_values.h"
#include "common/read_file.h"
#include "common/utf8.h"

namespace asciinemad {
namespace {

constexpr std::size_t kMaxFileBytes = std::size_t{1} << 20;

bool is_utf8(std::string_view bytes) {
  Utf8Decoder decoder;
  const std::string_view decoded = decoder.decode(bytes);
  return decoded == bytes && decoder.pending().empty();
}

Status check_is_text(std::string_view text, const std::string& path) {
  std::size_t line = 1;
  while (!text.empty()) {
    const std::size_t length = std::min(text.find('\n'), text.size() - 1) + 1;
    const std::string_view current = text.substr(0, length);
    const std::string place = path + ":" + std::to_string(line);
    if (current.find('\0') != std::string_view::npos) {
      return Error{Errc::invalid_data, place + ": contains a NUL byte, this is not a text file"};
    }
    if (!is_utf8(current)) return Error{Errc::invalid_data, place + ": is not valid UTF-8"};
    text.remove_prefix(length);
    ++line;
  }
  return {};
}

// Whether there was such a file.
Result<bool> load_file(const std::string& path, ConfigFormat format, LoadedConfig& loaded) {
  TRY_ASSIGN(std::optional<std::string> text, read_small_file(path, kMaxFileBytes));
  if (!text) return false;
  TRY(check_is_text(*text, path));
  TRY_ASSIGN(const std::vector<ConfigEntry> entries,
             format == ConfigFormat::ini ? parse_ini(*text, path) : parse_toml(*text, path));
  TRY(apply_entries(entries, format, path, loaded));
  return true;
}

Status load_files(const std::string& directory, LoadedConfig& loaded) {
  const std::string toml = directory + "/config.toml";
  const std::string ini = directory + "/config";
  TRY_ASSIGN(const bool found, load_file(toml, ConfigFormat::toml, loaded));
  if (found) {
    if (::access(ini.c_str(), F_OK) == 0) {
      loaded.warnings.push_back(ini + " is ignored, because " + toml + " exists");
    }
    return {};
  }
  TRY_ASSIGN([[maybe_unused]] const bool found_ini, load_file(ini, ConfigFormat::ini, loaded));
  return {};
}

Status apply_environment(const Environment& environment, LoadedConfig& loaded) {
  if (environment.find("ASCIINEMA_API_TOKEN")) {
    return Error{Errc::invalid_argument,
                 "ASCIINEMA_API_TOKEN is no longer supported, use ASCIINEMA_INSTALL_ID instead"};
  }
  const std::optional<std::string> old_url = environment.find("ASCIINEMA_API_URL");
  const std::optional<std::string> new_url = environment.find("ASCIINEMA_SERVER_URL");
  const std::optional<std::string>& url = new_url ? new_url : old_url;
  if (!url) return {};
  if (old_url && *old_url != *url) {
    loaded.warnings.emplace_back(
        "ASCIINEMA_API_URL is ignored, because ASCIINEMA_SERVER_URL is set to something else");
  }
  Result<std::string> parsed = parse_server_url(*url);
  if (!parsed.ok()) {
    const std::string name = new_url ? "ASCIINEMA_SERVER_URL" : "ASCIINEMA_API_URL";
    return Error{Errc::invalid_argument, name + ": " + quoted(*url) + " " + parsed.error().message};
  }
  loaded.config.server.url = std::move(parsed).value();
  return {};
}

}  // namespace

Result<LoadedConfig> load_config(const Environment& environment) {
  LoadedConfig loaded;
  if (const std::optional<std::string> directory = config_directory(environment)) {
    TRY(load_files(*directory, loaded));
  }
  TRY(apply_environment(environment, loaded));
  return loaded;
}

}  // namespace asciinemad
