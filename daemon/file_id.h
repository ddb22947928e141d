// FileId: which file a descriptor is of.
#pragma once

#include <sys/stat.h>

#include <optional>

namespace asciinemad {

struct FileId {
  dev_t device = 0;
  ino_t inode = 0;
  bool operator==(const FileId&) const = default;
};

// Of regular files only.
inline std::optional<FileId> file_id(int fd) {
  struct stat info {};
  if (::fstat(fd, &info) != 0 || !S_ISREG(info.st_mode)) return std::nullopt;
  return FileId{info.st_dev, info.st_ino};
}

}  // namespace asciinemad
