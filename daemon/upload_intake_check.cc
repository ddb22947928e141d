#include "daemon/upload_intake_check.h"

#include <algorithm>
#include <array>
#include <optional>
#include <span>
#include <string_view>
#include <utility>

#include "common/byte_source.h"
#include "common/recording_reader.h"
#include "common/recording_reader_json.h"

namespace asciinemad {
namespace {

// A file's first bytes; remembers where its last line begins.
class LineSource final : public ByteSource {
 public:
  LineSource(int fd, std::uint64_t bytes) : file_(fd), left_(bytes) { file_.seek(0); }

  Result<std::size_t> read(std::span<char> buffer) override;

  // Behind the last newline.
  std::uint64_t last_line() const { return last_line_; }

 private:
  FdSource file_;
  std::uint64_t left_;
  std::uint64_t bytes_read_ = 0;
  std::uint64_t last_line_ = 0;
};

Result<std::size_t> LineSource::read(std::span<char> buffer) {
  if (left_ == 0) return std::size_t{0};
  if (left_ < buffer.size()) buffer = buffer.first(static_cast<std::size_t>(left_));
  TRY_ASSIGN(const std::size_t size, file_.read(buffer));
  const std::size_t newline = std::string_view(buffer.data(), size).rfind('\n');
  if (newline != std::string_view::npos) last_line_ = bytes_read_ + newline + 1;
  bytes_read_ += size;
  left_ -= size;
  return size;
}

Error invalid(std::string message) { return Error{Errc::invalid_data, std::move(message)}; }

Error damaged(const RecordingDamage::BadLine& where) {
  return invalid("line " + std::to_string(where.line) + ": " + where.reason +
                 "; `asciinema convert FILE NEW` writes a copy without what is damaged");
}

// Why the header is none that can be uploaded.
Error explained(Error error) {
  if (error.code == Errc::invalid_data) return invalid("not an asciicast: " + error.message);
  // Of the newer version the line is no news.
  if (error.code == Errc::unsupported) error.message.erase(0, error.message.find(": ") + 2);
  if (error.code != Errc::system) error.code = Errc::invalid_data;
  return error;
}

bool has_all_colors(std::string_view theme_json) {
  if (!theme_json.starts_with('{')) return false;
  std::array<std::pair<std::string_view, bool>, 3> wanted = {
      {{"\"fg\"", false}, {"\"bg\"", false}, {"\"palette\"", false}}};
  JsonMembers members(theme_json, 0);
  while (members.next() == JsonMembers::Step::member) {
    for (auto& [key, found] : wanted) {
      if (members.key() == key) found = members.value().starts_with('"');
    }
  }
  return std::all_of(wanted.begin(), wanted.end(), [](const auto& key) { return key.second; });
}

// Whether there was an event. An error is that of the first line that is none.
Result<bool> read_events(RecordingReader& reader) {
  const RecordingDamage& damage = reader.damage();
  bool any = false;
  for (;;) {
    Result<std::optional<RecordingEvent>> event = reader.next();
    if (!event.ok()) {
      Error error = event.take_error();
      if (error.code == Errc::limit_exceeded) error.code = Errc::invalid_data;
      return error;
    }
    if (damage.bad_lines > 0) return damaged(damage.first_bad.front());
    if (!event->has_value()) return any;
    any = true;
  }
}

}  // namespace

Result<UploadCheck> check_recording_for_upload(int fd, std::uint64_t bytes) {
  if (bytes == 0) return invalid("it is empty");
  LineSource source(fd, bytes);
  RecordingReader reader(source);
  if (Status opened = reader.open(); !opened.ok()) return explained(opened.take_error());
  const RecordingHeader& header = reader.header();

  TRY_ASSIGN(const bool any, read_events(reader));
  const std::optional<RecordingDamage::BadLine>& cut = reader.damage().cut;
  if (cut.has_value() && header.version == 1) return damaged(*cut);
  if (!any) return invalid("it has no events");

  UploadCheck check;
  check.version = header.version;
  check.kept_bytes = cut.has_value() ? source.last_line() : bytes;
  if (cut.has_value()) {
    check.warnings.push_back("line " + std::to_string(cut->line) +
                             ", the last one, is incomplete and will not be uploaded");
  }
  if (header.version != 1 && !header.theme_json.empty() && !has_all_colors(header.theme_json)) {
    check.warnings.emplace_back(
        "the theme in the header lacks fg, bg or palette; the server may refuse the recording");
  }
  return check;
}

}  // namespace asciinemad
