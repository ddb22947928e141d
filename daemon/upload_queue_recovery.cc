#include "daemon/upload_queue_recovery.h"

#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <iterator>
#include <utility>

namespace asciinemad {
namespace {

// The file itself comes first: logs that stay behind without one are of no effect, a file that
// stays behind without its log would look whole and lack what was stored last.
constexpr const char* kDatabaseSuffixes[] = {"", "-journal", "-wal", "-shm"};

bool exists(const std::string& path) {
  struct stat info {};
  return ::lstat(path.c_str(), &info) == 0;
}

// Of the copy; a time that is unknown is the epoch.
void describe_by_file(UploadItem& item, const std::string& path) {
  struct stat info {};
  if (::stat(path.c_str(), &info) != 0) return;
  item.bytes = static_cast<std::uint64_t>(info.st_size);
  item.queued_at_ms =
      std::int64_t{info.st_mtim.tv_sec} * 1000 + std::int64_t{info.st_mtim.tv_nsec} / 1'000'000;
  item.changed_at_ms = item.queued_at_ms;
}

UploadItem item_without_description(const std::string& directory, std::uint64_t number) {
  const std::string path = upload_recording_path(directory, number);
  UploadItem item;
  item.number = number;
  item.state = wire::UploadState::held;
  item.name = path;
  item.reason = "its description is lost, and with it the server it was for";
  item.advice = "asciinema upload " + path;
  describe_by_file(item, path);
  return item;
}

void fail_without_recording(UploadItem& item, const std::string& directory, std::int64_t now_ms) {
  item.state = wire::UploadState::failed;
  item.has_file = false;
  item.changed_at_ms = now_ms;
  item.reason = "the queue's copy is gone: " + upload_recording_path(directory, item.number);
  item.advice = "upload the recording again";
}

std::vector<std::uint64_t> all_numbers(const UploadFiles& files) {
  std::vector<std::uint64_t> numbers;
  std::set_union(files.recordings.begin(), files.recordings.end(), files.descriptions.begin(),
                 files.descriptions.end(), std::back_inserter(numbers));
  return numbers;
}

const UploadItem* find_item(const std::vector<UploadItem>& items, std::uint64_t number) {
  const auto found =
      std::lower_bound(items.begin(), items.end(), number,
                       [](const UploadItem& item, std::uint64_t n) { return item.number < n; });
  return found == items.end() || found->number != number ? nullptr : &*found;
}

}  // namespace

Result<std::string> move_database_aside(const std::string& database) {
  const auto is_taken = [](const std::string& path) {
    return std::any_of(std::begin(kDatabaseSuffixes), std::end(kDatabaseSuffixes),
                       [&](const char* suffix) { return exists(path + suffix); });
  };
  std::string aside;
  for (int n = 1; aside.empty() || is_taken(aside); ++n) {
    aside = database + ".damaged-" + std::to_string(n);
  }
  for (const char* suffix : kDatabaseSuffixes) {
    if (::rename((database + suffix).c_str(), (aside + suffix).c_str()) != 0 && errno != ENOENT) {
      return system_error("rename " + database + suffix, errno);
    }
  }
  TRY(sync_directory(database.substr(0, database.rfind('/'))));
  return aside;
}

Result<std::vector<UploadItem>> items_from_files(const std::string& directory,
                                                 const UploadFiles& files) {
  std::vector<UploadItem> items;
  for (const std::uint64_t number : all_numbers(files)) {
    Result<UploadItem> item = read_upload_description(upload_description_path(directory, number));
    if (item.ok() && item->number == number) {
      items.push_back(*std::move(item));
      continue;
    }
    // Too many open files, say, is no reason to forget where a recording was to go.
    if (!item.ok() && item.error().code == Errc::system && item.error().sys_errno != EIO) {
      return item.take_error();
    }
    if (files.has_recording(number)) items.push_back(item_without_description(directory, number));
  }
  return items;
}

bool settle_after_end(UploadItem& item, const UploadFiles& files, const std::string& directory,
                      std::int64_t now_ms) {
  const bool has_recording = files.has_recording(item.number);
  if (item.finished()) {
    if (!item.has_file || has_recording) return false;
    item.has_file = false;
    return true;
  }
  const bool was_under_way = item.state == wire::UploadState::uploading || item.completing;
  if (item.completing) item.ambiguous = true;
  item.completing = false;
  if (item.state == wire::UploadState::uploading) {
    item.state = wire::UploadState::queued;
    item.next_attempt_at_ms = 0;
    item.wait_ms = 0;
  }
  if (!item.has_file || !has_recording) {
    fail_without_recording(item, directory, now_ms);
    return true;
  }
  return was_under_way;
}

void settle_after_loss(UploadItem& item, const UploadFiles& files, const std::string& directory,
                       std::int64_t now_ms) {
  if (!item.finished()) {
    item.ambiguous = true;
    item.next_attempt_at_ms = 0;
    item.wait_ms = 0;
  }
  settle_after_end(item, files, directory, now_ms);
}

void remove_stray_files(const std::string& directory, const UploadFiles& files,
                        const std::vector<UploadItem>& items) {
  const std::string prefix = directory + "/";
  for (const std::string& name : files.temporary) ::unlink((prefix + name).c_str());
  for (const std::uint64_t number : all_numbers(files)) {
    const UploadItem* item = find_item(items, number);
    if (item == nullptr) {
      remove_upload_files(directory, number);
    } else if (!item->has_file) {
      remove_upload_recording(directory, number);
    }
  }
}

}  // namespace asciinemad
