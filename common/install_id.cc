#include "common/install_id.h"

#include <fcntl.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstdlib>
#include <string_view>

#include "common/fd.h"
#include "common/read_file.h"
#include "common/uuid.h"

namespace asciinemad {
namespace {

constexpr std::size_t kMaxIdBytes = 256;
constexpr std::size_t kMaxFileBytes = 4096;

std::string_view trimmed(std::string_view text) {
  constexpr std::string_view kBlanks = " \t\r\n\f\v";
  const std::size_t first = text.find_first_not_of(kBlanks);
  if (first == std::string_view::npos) return {};
  return text.substr(first, text.find_last_not_of(kBlanks) - first + 1);
}

// The id without surrounding blanks. It is a secret: no message shows it.
Result<std::string> checked(std::string_view text, std::string_view origin) {
  const std::string_view id = trimmed(text);
  const auto refuse = [origin](std::string_view reason) {
    return Error{Errc::invalid_data, std::string(origin) + ": " + std::string(reason)};
  };
  if (id.empty()) return refuse("the install id is empty");
  if (id.size() > kMaxIdBytes) {
    return refuse("the install id is longer than " + std::to_string(kMaxIdBytes) + " bytes");
  }
  if (!std::all_of(id.begin(), id.end(), [](char c) { return c > ' ' && c < '\x7f'; })) {
    return refuse("the install id is not printable ASCII without blanks");
  }
  return std::string(id);
}

Result<std::optional<std::string>> read_id(const std::string& path) {
  TRY_ASSIGN(const std::optional<std::string> text, read_small_file(path, kMaxFileBytes));
  if (!text) return std::optional<std::string>();
  TRY_ASSIGN(std::string id, checked(*text, path));
  return std::optional<std::string>(std::move(id));
}

// A file of this name is complete from its first moment on. False when somebody else's is there.
Result<bool> publish(const std::string& temporary, const std::string& path) {
  // link(), because unlike rename() it does not replace the id that another process just made.
  if (::link(temporary.c_str(), path.c_str()) == 0) return true;
  if (errno == EEXIST) return false;
  // No hard links on this filesystem (FAT, some FUSE): there the last of racing first uses wins.
  if (::rename(temporary.c_str(), path.c_str()) == 0) return true;
  return system_error("create " + path, errno);
}

Result<bool> write_new_file(const std::string& path, std::string_view content) {
  TRY(make_parent_directories(path));
  std::string temporary = path + ".XXXXXX";
  const Fd file(::mkostemp(temporary.data(), O_CLOEXEC));  // mode 0600
  if (!file) return system_error("create " + path, errno);
  Result<bool> published = [&]() -> Result<bool> {
    Status written = write_all(file.get(), content, -1);
    if (!written.ok()) return system_error("write " + path, written.error().sys_errno);
    // A file that a crash left empty would lock the user out of their account.
    if (::fsync(file.get()) != 0) return system_error("sync " + path, errno);
    return publish(temporary, path);
  }();
  ::unlink(temporary.c_str());
  return published;
}

Result<std::string> create_id(const std::string& path) {
  TRY_ASSIGN(std::string id, make_uuid());
  TRY_ASSIGN(const bool is_ours, write_new_file(path, id + "\n"));
  if (is_ours) return id;
  TRY_ASSIGN(std::optional<std::string> other, read_id(path));
  if (!other) return system_error("open " + path, ENOENT);  // a dangling symbolic link
  return *std::move(other);
}

}  // namespace

Result<std::string> load_or_create_install_id(const Environment& environment,
                                              const Config& config) {
  if (const auto id = environment.find("ASCIINEMA_INSTALL_ID")) {
    return checked(*id, "ASCIINEMA_INSTALL_ID");
  }
  if (config.token) return checked(*config.token, "token in the configuration file");

  const std::optional<std::string> config_home = config_directory(environment);
  if (!config_home) {
    return Error{Errc::not_found,
                 "find the install id: HOME is not set, and neither is ASCIINEMA_INSTALL_ID"};
  }
  const std::string path = *config_home + "/install-id";
  TRY_ASSIGN(std::optional<std::string> id, read_id(path));
  if (id) return *std::move(id);
  if (const auto state_home = state_directory(environment)) {
    TRY_ASSIGN(std::optional<std::string> newer, read_id(*state_home + "/install-id"));
    if (newer) return *std::move(newer);
  }
  return create_id(path);
}

}  // namespace asciinemad
