// OpenedRecording: a RecordingInput that is open and turned out to be a recording.
#pragma once

#include <memory>
#include <string>

#include "client/files_output.h"
#include "client/messages.h"
#include "client/recording_input.h"
#include "common/byte_source.h"
#include "common/fd.h"
#include "common/recording_reader.h"
#include "common/result.h"
#include "common/screen_filter.h"

namespace asciinemad {

class OpenedRecording {
 public:
  // Opens and, if need be, decompresses it, and reads the header. Errors name the input.
  static Result<std::unique_ptr<OpenedRecording>> open(RecordingInput input);
  OpenedRecording(const OpenedRecording&) = delete;
  OpenedRecording& operator=(const OpenedRecording&) = delete;
  ~OpenedRecording();

  // From now on, so that what comes slowly goes out at once. `output` must outlive this.
  void flush_before_reads(BlockOutput& output);

  int fd() const { return file_.get(); }
  const RecordingHeader& header() const { return reader_->header(); }
  // What of it may be written to `fd`: everything unless that is a terminal.
  ScreenPolicy policy_for(int fd) const;

  // As RecordingReader does, but errors name the input; those of the output are as they are.
  Result<std::optional<RecordingEvent>> next();

  // Tells the user what was passed over.
  void warn_of_damage(const Messages& messages) const;

 private:
  class FlushingSource;

  explicit OpenedRecording(std::string name);
  Status open_file(RecordingInput input);
  Status start();

  const std::string name_;
  Fd file_;
  bool local_ = false;  // a file that the user chose, not what came from elsewhere just now
  FlushingSource* file_source_ = nullptr;  // at the bottom of source_
  std::unique_ptr<ByteSource> source_;
  std::unique_ptr<RecordingReader> reader_;
};

}  // namespace asciinemad
