#include "client/files_formats.h"

#include <algorithm>
#include <charconv>
#include <cstddef>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "common/screen_model.h"

namespace asciinemad {
namespace {

constexpr int kMaxSide = 65535;  // struct winsize has no more

struct Size {
  int cols = 0;
  int rows = 0;
};

// "COLSxROWS"; nullopt for what no terminal can be.
std::optional<Size> parse_size(std::string_view text) {
  const char* const end = text.data() + text.size();
  Size size;
  const auto cols = std::from_chars(text.data(), end, size.cols);
  if (cols.ec != std::errc() || cols.ptr == end || *cols.ptr != 'x') return std::nullopt;
  const auto rows = std::from_chars(cols.ptr + 1, end, size.rows);
  if (rows.ec != std::errc() || rows.ptr != end) return std::nullopt;
  if (std::min(size.cols, size.rows) < 1 || std::max(size.cols, size.rows) > kMaxSide) {
    return std::nullopt;
  }
  return size;
}

class RawWriter final : public AsciicastWriter {
 public:
  explicit RawWriter(ScreenPolicy policy) {
    if (policy != ScreenPolicy::trusted) filter_.emplace(policy);
  }

  void header(const RecordingHeader& header, std::string& out) override {
    write_size({header.cols, header.rows}, out);
  }
  void event(const RecordingEvent& event, std::string& out) override {
    if (event.code == "o") write_bytes(event.data, out);
    if (event.code != "r") return;
    if (const std::optional<Size> size = parse_size(event.data)) write_size(*size, out);
  }
  void end(std::string& /*out*/) override {}

 private:
  void write_size(const Size& size, std::string& out) {
    write_bytes("\x1b[8;" + std::to_string(size.rows) + ";" + std::to_string(size.cols) + "t", out);
  }

  void write_bytes(std::string_view bytes, std::string& out) {
    if (filter_.has_value()) {
      filter_->filter(bytes, out);
    } else {
      out.append(bytes);
    }
  }

  std::optional<ScreenFilter> filter_;
};

class TextWriter final : public AsciicastWriter, private ScreenModel::LineListener {
 public:
  void header(const RecordingHeader& header, std::string& out) override {
    const Size size = bounded({header.cols, header.rows});
    screen_ = std::make_unique<ScreenModel>(size.cols, size.rows,
                                            static_cast<ScreenModel::LineListener*>(this));
    out_ = &out;
  }

  void event(const RecordingEvent& event, std::string& out) override {
    out_ = &out;
    if (event.code == "o") screen_->write(event.data);
    if (event.code != "r") return;
    const std::optional<Size> wanted = parse_size(event.data);
    if (!wanted.has_value()) return;
    const Size size = bounded(*wanted);
    screen_->resize(size.cols, size.rows);
  }

  void end(std::string& out) override {
    out_ = &out;
    const bool alternate = screen_->alternate_screen();
    const std::vector<Row> last = alternate ? rows() : std::vector<Row>();
    // CAN: what is unfinished must not swallow it.
    if (alternate) screen_->write("\x18\x1b[?1049l");
    write_rows(rows());
    if (alternate && !empty_) blank_lines_ = 1;
    write_rows(last);
  }

 private:
  struct Row {
    std::string text;
    bool continued = false;
  };

  // A screen of the largest size would need more memory than machines have. Nobody sees so many
  // rows, while very wide screens keep lines from being wrapped.
  static constexpr int kMaxCells = 2'000'000;
  // Nor must a recording of nothing but newlines cost more than others.
  static constexpr std::size_t kMaxHeld = std::size_t{1} << 20;

  static Size bounded(Size size) {
    return {size.cols, std::min(size.rows, std::max(1, kMaxCells / size.cols))};
  }

  void on_line_gone(std::string_view text, bool continued) override { write_row(text, continued); }

  std::vector<Row> rows() const {
    std::vector<Row> rows;
    rows.reserve(static_cast<std::size_t>(screen_->rows()));
    for (int row = 0; row < screen_->rows(); ++row) {
      rows.push_back({screen_->row_text(row), screen_->row_continues(row)});
    }
    return rows;
  }

  void write_rows(const std::vector<Row>& rows) {
    for (const Row& row : rows) write_row(row.text, row.continued);
    if (in_line_) end_line();
  }

  // Blanks and blank lines wait for something that is neither: at the end they are dropped.
  void write_row(std::string_view text, bool continued) {
    const std::size_t used = text.find_last_not_of(' ') + 1;
    if (used > 0 || std::max(blank_lines_, blanks_) >= kMaxHeld) {
      out_->append(blank_lines_, '\n').append(blanks_, ' ').append(text.substr(0, used));
      blank_lines_ = blanks_ = 0;
      in_line_ = true;
    }
    blanks_ += text.size() - used;
    if (!continued) end_line();
  }

  void end_line() {
    if (in_line_) {
      out_->push_back('\n');
      empty_ = false;
    } else {
      ++blank_lines_;
    }
    blanks_ = 0;
    in_line_ = false;
  }

  std::unique_ptr<ScreenModel> screen_;
  std::string* out_ = nullptr;
  std::size_t blank_lines_ = 0;
  std::size_t blanks_ = 0;
  bool in_line_ = false;  // the last line written is not complete
  bool empty_ = true;
};

}  // namespace

std::unique_ptr<AsciicastWriter> make_writer(ConvertFormat format, ScreenPolicy policy) {
  switch (format) {
    case ConvertFormat::asciicast_v1:
      return make_asciicast_writer(1);
    case ConvertFormat::asciicast_v2:
      return make_asciicast_writer(2);
    case ConvertFormat::asciicast_v3:
      return make_asciicast_writer(3);
    case ConvertFormat::raw:
      return std::make_unique<RawWriter>(policy);
    case ConvertFormat::txt:
      break;
  }
  return std::make_unique<TextWriter>();
}

}  // namespace asciinemad
