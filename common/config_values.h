// Turning one configuration value into a field of Config. For config*.cc only.
//
// A failed set_ function's error message is only the reason ("is not a key: ..."); the caller
// knows file, line and setting. What the target is afterwards does not matter then.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "common/config_entries.h"
#include "common/keys.h"
#include "common/log.h"
#include "common/result.h"

namespace asciinemad {

Status set_text(std::optional<std::string>& target, const ConfigValue& value);  // blank: nullopt
Status set_url(std::string& target, const ConfigValue& value);
Status set_flag(bool& target, const ConfigValue& value);
Status set_seconds(std::optional<double>& target, const ConfigValue& value);
Status set_speed(double& target, const ConfigValue& value);
Status set_mebibytes(std::uint64_t& target_bytes, const ConfigValue& value);
Status set_days(std::uint64_t& target_s, const ConfigValue& value);
Status set_whole_seconds(std::uint64_t& target_s, const ConfigValue& value);
Status set_log_level(log::Level& target, const ConfigValue& value);
Status set_key(std::optional<Key>& target, const ConfigValue& value);  // "none" or empty: nullopt
Status set_label(std::string& target, const ConfigValue& value);
// "detach" or "hang-up".
Status set_on_disconnect(bool& target_detaches, const ConfigValue& value);
Status set_env_names(std::vector<std::string>& target, const ConfigValue& value);

// http or https, a host, no blanks, query or fragment; slashes at the end are dropped. The error's
// message is only the reason.
Result<std::string> parse_server_url(std::string_view text);

// `text` in quotes, shortened and without control characters, for a message.
std::string quoted(std::string_view text);

// What the user wrote, as a message shows it.
std::string described(const ConfigValue& value);

}  // namespace asciinemad
