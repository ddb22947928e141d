// Taking a recording into the upload queue's directory: copied, checked, repaired, on the disk. For
// a blocking thread.
#pragma once

#include <cstdint>
#include <string>
#include <utility>
#include <vector>

#include "common/fd.h"
#include "common/result.h"
#include "daemon/upload_item.h"

namespace asciinemad {

// The files of one item; deletes them unless they are kept.
class UploadCopy {
 public:
  UploadCopy(std::string directory, UploadItem item)
      : directory_(std::move(directory)), item_(std::move(item)), owned_(true) {}
  UploadCopy(UploadCopy&& other) noexcept
      : directory_(std::move(other.directory_)),
        item_(std::move(other.item_)),
        warnings_(std::move(other.warnings_)),
        owned_(std::exchange(other.owned_, false)) {}
  // What was here goes the way of `other`.
  UploadCopy& operator=(UploadCopy&& other) noexcept {
    std::swap(directory_, other.directory_);
    std::swap(item_, other.item_);
    std::swap(warnings_, other.warnings_);
    std::swap(owned_, other.owned_);
    return *this;
  }
  ~UploadCopy();

  void keep() { owned_ = false; }
  const UploadItem& item() const { return item_; }
  // What was repaired; a line each.
  const std::vector<std::string>& warnings() const { return warnings_; }

  // Larger ones, as far as that can only be known by reading them, are refused: something else than
  // a recording comes out of that pipe.
  static constexpr std::uint64_t kMaxStreamBytes = std::uint64_t{8} << 30;

 private:
  friend Result<UploadCopy> take_upload(Fd source, const std::string& directory, UploadItem item,
                                        int cancel_fd);

  // Everything until the files have their names.
  Status make(int source, int cancel_fd);
  Status check(int copy);

  std::string directory_;
  UploadItem item_;
  std::vector<std::string> warnings_;
  bool owned_;
};

// Copies what `source` holds (a regular file from its beginning, else from where it stands;
// decompressed), validates it, and gives it and the description of `item` their names, both synced,
// as is the directory. Sets the item's `bytes`. Shares the blocks of the original where the file
// system can. Errc::invalid_data for what servers would not take; Errc::system, limit_exceeded,
// cancelled. Errors do not name the recording.
Result<UploadCopy> take_upload(Fd source, const std::string& directory, UploadItem item,
                               int cancel_fd);

}  // namespace asciinemad
