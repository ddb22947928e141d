#include "client/usage.h"

#include <optional>
#include <vector>

#include "client/command.h"
#include "client/messages.h"
#include "common/printable.h"
#include "common/suggest.h"

namespace asciinemad {

int usage_error(std::string_view usage, std::string_view command, const std::string& message) {
  print_err(std::string(usage) + "asciinema " + std::string(command) +
            ": error: " + printable(message) + "\n");
  return kExitUsage;
}

std::string stumbling_block(char** argv) {
  return optopt != 0 && optopt < 256 ? std::string("-") + static_cast<char>(optopt)
                                     : std::string(argv[optind - 1]);
}

std::string unrecognized_option(char** argv, std::span<const option> known) {
  const std::string given = stumbling_block(argv);
  std::string message = "unrecognized or ambiguous option: " + given;
  if (!given.starts_with("--")) return message;
  std::vector<std::string_view> names;
  for (const option& each : known) {
    if (each.name != nullptr) names.emplace_back(each.name);
  }
  const std::string_view word = std::string_view(given).substr(2);
  const std::optional<std::string_view> meant = nearest_name(word.substr(0, word.find('=')), names);
  if (meant.has_value()) message += ", did you mean --" + std::string(*meant) + "?";
  return message;
}

}  // namespace asciinemad
