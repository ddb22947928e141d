// RecordingTarget: the file (or FIFO, device, standard output) a recording goes to, opened by the
// rules of asciinema 2 before anything is started.
#pragma once

#include <sys/types.h>

#include <cstdint>
#include <string>
#include <vector>

#include "common/fd.h"
#include "common/paths.h"
#include "common/result.h"

namespace asciinemad {

class RecordingTarget {
 public:
  struct Wish {
    std::string path;  // "-": standard output
    bool append = false;
    bool overwrite = false;
    bool raw = false;
  };

  // Opens the target; an existing recording stays as it is until begin(). An error's message may
  // have several lines, the further ones being hints.
  static Result<RecordingTarget> open(const Wish& wish);

  // A new private file in the library.
  static Result<RecordingTarget> create_in_library(const Environment& environment);

  // The same; where that is not possible, in the directory for temporary files, with a warning that
  // says so.
  static Result<RecordingTarget> create_unnamed(const Environment& environment);

  const std::string& path() const { return path_; }
  // The absolute path of a regular file, for whoever shall find it without this process; empty for
  // all else, and for standard output.
  const std::string& file() const { return file_; }
  bool appending() const { return appending_; }
  // Of the last event of the recording that is continued.
  std::uint64_t time_offset_us() const { return time_offset_us_; }
  const std::vector<std::string>& warnings() const { return warnings_; }
  // True: standard output can't be given away and must be fed from a pipe.
  bool needs_pump() const { return needs_pump_; }
  int fd() const { return fd_.get(); }

  // The session starts: drops what is to be overwritten, or what is cut behind the last whole
  // event.
  Status begin();
  // After begin(): the size of what the session adds to.
  std::uint64_t kept_bytes() const;
  // No session came about: leaves the target as it was found.
  void abandon();
  // Deletes the recording.
  Status remove();

 private:
  Status examine_existing(const Wish& wish);
  void find_file();
  Status prepare_appending();
  Status open_standard_output();

  std::string path_;
  std::string file_;
  Fd fd_;
  bool created_ = false;
  bool begun_ = false;
  bool regular_ = false;
  bool appending_ = false;
  bool needs_pump_ = false;
  bool needs_newline_ = false;
  off_t original_bytes_ = 0;
  off_t kept_bytes_ = 0;
  std::uint64_t time_offset_us_ = 0;
  std::vector<std::string> warnings_;
};

}  // namespace asciinemad
