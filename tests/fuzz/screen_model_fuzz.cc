// Fuzzes ScreenModel. The first three bytes of the input choose the size and how the rest, which is
// terminal output, is cut into portions; 0xfe in it, which UTF-8 has not, resizes to what the next
// two bytes say.
#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <string>
#include <string_view>

#include "common/screen_model.h"

namespace {

using asciinemad::ScreenModel;

constexpr char kResize = '\xfe';

void check(bool holds) {
  if (!holds) std::abort();
}

struct Lines final : ScreenModel::LineListener {
  void on_line_gone(std::string_view text, bool continued) override {
    all += text;
    all += continued ? "\\\n" : "\n";
  }
  std::string all;
};

int side(char byte) { return static_cast<unsigned char>(byte) % 64; }

std::string text_of(const ScreenModel& model) {
  std::string text;
  for (int row = 0; row < model.rows(); ++row) {
    text += model.row_text(row) + (model.row_continues(row) ? "\\\n" : "\n");
  }
  return text;
}

void check_snapshot(const ScreenModel& model) {
  const std::string snapshot = model.snapshot();
  Lines lines;
  ScreenModel fresh(model.cols(), model.rows(), &lines);
  fresh.write(snapshot);
  check(fresh.at_rest() && lines.all.empty());
  check(fresh.snapshot() == snapshot && text_of(fresh) == text_of(model));
  // What was drawn over comes back.
  const int row = model.rows() / 2;
  const std::string again = model.redraw_row(row);
  const bool continues = model.row_continues(row) || (row > 0 && model.row_continues(row - 1));
  fresh.write(again + model.restore_cursor());
  if (!continues) check(fresh.snapshot() == snapshot);
  for (const int rows : {1, model.rows() - 1, model.rows(), model.rows() + 3}) {
    if (rows < 1) continue;
    ScreenModel other(model.cols(), rows, &lines);
    other.write(model.snapshot(rows));
    check(lines.all.empty());
  }
}

void write_part(ScreenModel& model, std::string_view bytes, std::size_t portion) {
  while (!bytes.empty()) {
    const std::size_t size = std::min({portion, bytes.size(), bytes.find(kResize)});
    if (size == 0) {
      if (bytes.size() < 3) return;
      model.resize(side(bytes[1]), side(bytes[2]));
      check(model.cols() >= 1 && model.rows() >= 1);
      bytes.remove_prefix(3);
      continue;
    }
    model.write(bytes.substr(0, size));
    bytes.remove_prefix(size);
  }
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data,  // NOLINT: libFuzzer's name
                                      std::size_t size) {
  if (size < 3) return 0;
  const std::string_view bytes(reinterpret_cast<const char*>(data), size);
  const std::string_view output = bytes.substr(3);
  const std::size_t portion = 1 + static_cast<std::size_t>(side(bytes[2]));
  Lines lines;
  ScreenModel model(side(bytes[0]), side(bytes[1]), &lines);
  Lines whole_lines;
  ScreenModel whole(side(bytes[0]), side(bytes[1]), &whole_lines);
  const std::string_view half = output.substr(0, output.size() / 2);
  write_part(model, half, portion);
  if (model.at_rest()) check_snapshot(model);
  // From where the first half ended: a resize may have been cut in two there.
  write_part(model, output.substr(half.size()), portion);
  write_part(whole, half, output.size());
  write_part(whole, output.substr(half.size()), output.size());
  check(model.snapshot() == whole.snapshot() && text_of(model) == text_of(whole));
  check(lines.all == whole_lines.all);
  if (model.at_rest()) check_snapshot(model);
  return 0;
}
