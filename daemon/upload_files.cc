#include "daemon/upload_files.h"

#include <dirent.h>
#include <fcntl.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstdio>
#include <memory>
#include <optional>
#include <string_view>
#include <utility>

#include "common/fd.h"
#include "common/read_file.h"
#include "daemon/upload_description.h"

namespace asciinemad {
namespace {

constexpr std::string_view kRecordingSuffix = ".cast";
constexpr std::string_view kDescriptionSuffix = ".json";
constexpr std::string_view kTemporarySuffix = ".tmp";

// A message of the control protocol has at most 1 MiB, and JSON makes at most six bytes of one.
constexpr std::size_t kMaxDescriptionBytes = std::size_t{8} << 20;

std::string path_of(const std::string& directory, std::uint64_t number, std::string_view suffix) {
  return directory + "/" + std::to_string(number) + std::string(suffix);
}

// The number of a name that path_of() gives.
std::optional<std::uint64_t> find_number(std::string_view name, std::string_view suffix) {
  constexpr std::size_t kMaxDigits = 15;  // of kMaxUploadNumber
  if (!name.ends_with(suffix)) return std::nullopt;
  name.remove_suffix(suffix.size());
  if (name.empty() || name.size() > kMaxDigits || name.front() == '0') return std::nullopt;
  std::uint64_t number = 0;
  for (const char c : name) {
    if (c < '0' || c > '9') return std::nullopt;
    number = number * 10 + static_cast<std::uint64_t>(c - '0');
  }
  return number;
}

Status write_new_file(const std::string& path, const std::string& content, bool durable) {
  const Fd file(::open(path.c_str(), O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600));
  if (!file) return system_error("create " + path, errno);
  const Status written = write_all(file.get(), content, -1);
  if (!written.ok()) return system_error("write " + path, written.error().sys_errno);
  if (durable && ::fsync(file.get()) != 0) return system_error("sync " + path, errno);
  return {};
}

}  // namespace

std::string upload_recording_path(const std::string& directory, std::uint64_t number) {
  return path_of(directory, number, kRecordingSuffix);
}

std::string upload_description_path(const std::string& directory, std::uint64_t number) {
  return path_of(directory, number, kDescriptionSuffix);
}

Status write_upload_description(const std::string& directory, const UploadItem& item,
                                bool durable) {
  const std::string path = upload_description_path(directory, item.number);
  const std::string temporary = path + std::string(kTemporarySuffix);
  Status written = write_new_file(temporary, upload_description(item), durable);
  if (written.ok() && ::rename(temporary.c_str(), path.c_str()) != 0) {
    written = system_error("create " + path, errno);
  }
  if (!written.ok()) ::unlink(temporary.c_str());
  return written;
}

Result<UploadItem> read_upload_description(const std::string& path) {
  TRY_ASSIGN(const std::optional<std::string> json, read_small_file(path, kMaxDescriptionBytes));
  if (!json) return Error{Errc::not_found, "open " + path + ": there is no such file"};
  Result<UploadItem> item = parse_upload_description(*json);
  if (!item.ok()) return Error{Errc::invalid_data, "read " + path + ": " + item.error().message};
  return item;
}

Status sync_directory(const std::string& directory) {
  const Fd fd(::open(directory.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC));
  if (!fd) return system_error("open " + directory, errno);
  if (::fsync(fd.get()) != 0) return system_error("sync " + directory, errno);
  return {};
}

void remove_upload_recording(const std::string& directory, std::uint64_t number) {
  ::unlink(upload_recording_path(directory, number).c_str());
}

void remove_upload_files(const std::string& directory, std::uint64_t number) {
  // In this order: a recording without a description would ask for attention after a rebuild.
  remove_upload_recording(directory, number);
  ::unlink(upload_description_path(directory, number).c_str());
}

bool UploadFiles::has_recording(std::uint64_t number) const {
  return std::binary_search(recordings.begin(), recordings.end(), number);
}

Result<UploadFiles> find_upload_files(const std::string& directory) {
  const std::unique_ptr<DIR, int (*)(DIR*)> entries(::opendir(directory.c_str()), &::closedir);
  if (!entries) return system_error("open " + directory, errno);
  UploadFiles files;
  for (;;) {
    errno = 0;
    const dirent* entry = ::readdir(entries.get());
    if (entry == nullptr && errno != 0) return system_error("read " + directory, errno);
    if (entry == nullptr) break;
    const std::string_view name = entry->d_name;
    if (const auto recording = find_number(name, kRecordingSuffix)) {
      files.recordings.push_back(*recording);
    } else if (const auto description = find_number(name, kDescriptionSuffix)) {
      files.descriptions.push_back(*description);
    } else if (name.ends_with(kTemporarySuffix)) {
      files.temporary.emplace_back(name);
    }
  }
  std::sort(files.recordings.begin(), files.recordings.end());
  std::sort(files.descriptions.begin(), files.descriptions.end());
  return files;
}

}  // namespace asciinemad
