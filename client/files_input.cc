#include "client/files_input.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <optional>

#include "common/damage_report.h"
#include "common/decompress.h"

namespace asciinemad {
namespace {

Error about(const std::string& name, Error error) {
  error.message = name + ": " + error.message;
  return error;
}

}  // namespace

class OpenedRecording::FlushingSource final : public ByteSource {
 public:
  explicit FlushingSource(int fd) : source_(fd) {}

  void set_output(BlockOutput& output) { output_ = &output; }
  const BlockOutput* output() const { return output_; }

  Result<std::size_t> read(std::span<char> buffer) override {
    if (output_ != nullptr) TRY(output_->flush());
    return source_.read(buffer);
  }

 private:
  FdSource source_;
  BlockOutput* output_ = nullptr;
};

OpenedRecording::OpenedRecording(std::string name) : name_(std::move(name)) {}
OpenedRecording::~OpenedRecording() = default;

Result<std::unique_ptr<OpenedRecording>> OpenedRecording::open(RecordingInput input) {
  std::unique_ptr<OpenedRecording> recording(new OpenedRecording(input.name));
  TRY(recording->open_file(std::move(input)));
  if (Status started = recording->start(); !started.ok()) {
    return about(recording->name_, started.take_error());
  }
  return recording;
}

void OpenedRecording::flush_before_reads(BlockOutput& output) { file_source_->set_output(output); }

Status OpenedRecording::open_file(RecordingInput input) {
  switch (input.kind) {
    case RecordingInput::Kind::failed:
      return Error{Errc::unavailable, name_ + ": " + input.problem};
    case RecordingInput::Kind::fetched:
      file_ = std::move(input.file);
      break;
    case RecordingInput::Kind::standard_input: {
      TRY_ASSIGN(file_, duplicate(STDIN_FILENO));
      break;
    }
    case RecordingInput::Kind::path:
      file_.reset(::open(name_.c_str(), O_RDONLY | O_CLOEXEC | O_NOCTTY));
      break;
  }
  if (!file_) return system_error("open " + name_, errno);
  struct stat info {};
  if (::fstat(file_.get(), &info) != 0) return system_error("examine " + name_, errno);
  if (S_ISDIR(info.st_mode)) return system_error("open " + name_, EISDIR);
  local_ =
      input.kind == RecordingInput::Kind::path && is_local_recording(name_, S_ISREG(info.st_mode));
  return {};
}

Status OpenedRecording::start() {
  auto source = std::make_unique<FlushingSource>(file_.get());
  file_source_ = source.get();
  TRY_ASSIGN(source_, open_decompressed(std::move(source)));
  reader_ = std::make_unique<RecordingReader>(*source_);
  return reader_->open();
}

Result<std::optional<RecordingEvent>> OpenedRecording::next() {
  Result<std::optional<RecordingEvent>> event = reader_->next();
  if (event.ok()) return event;
  const BlockOutput* const output = file_source_->output();
  if (output != nullptr && output->failure().has_value()) return *output->failure();
  return about(name_, event.take_error());
}

ScreenPolicy OpenedRecording::policy_for(int fd) const {
  if (::isatty(fd) == 0) return ScreenPolicy::trusted;
  return local_ ? ScreenPolicy::local : ScreenPolicy::untrusted;
}

void OpenedRecording::warn_of_damage(const Messages& messages) const {
  for (const std::string& sentence : describe_damage(reader_->damage())) {
    messages.warn(name_ + ": " + sentence);
  }
}

}  // namespace asciinemad
