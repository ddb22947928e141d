// The files of the upload queue, besides its database: each item has its copy of the recording and
// a description, from which the queue can be rebuilt when the database is lost.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "common/result.h"
#include "daemon/upload_item.h"

namespace asciinemad {

// Far more than anybody uploads; whatever claims to have a larger one is not the queue's.
inline constexpr std::uint64_t kMaxUploadNumber = 999'999'999'999'999;

// "DIRECTORY/12.cast", "DIRECTORY/12.json".
std::string upload_recording_path(const std::string& directory, std::uint64_t number);
std::string upload_description_path(const std::string& directory, std::uint64_t number);

// Replaces the description as a whole; mode 0600, since it holds the install id. `durable`: synced
// before its name appears (the directory is the caller's to sync).
Status write_upload_description(const std::string& directory, const UploadItem& item, bool durable);
// Errc::invalid_data for one that makes no sense, with the path; Errc::not_found.
Result<UploadItem> read_upload_description(const std::string& path);

// Makes names in it durable.
Status sync_directory(const std::string& directory);

// Neither is an error when it is gone already.
void remove_upload_recording(const std::string& directory, std::uint64_t number);
void remove_upload_files(const std::string& directory, std::uint64_t number);

// What a directory has of such files.
struct UploadFiles {
  std::vector<std::uint64_t> recordings;    // numbers ascend
  std::vector<std::uint64_t> descriptions;  // numbers ascend
  std::vector<std::string> temporary;       // names that end in ".tmp"

  bool has_recording(std::uint64_t number) const;
};
Result<UploadFiles> find_upload_files(const std::string& directory);

}  // namespace asciinemad
