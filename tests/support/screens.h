// What tests of ScreenModel look at.
#pragma once

#include <doctest/doctest.h>

#include <string>
#include <string_view>

#include "common/screen_model.h"

namespace asciinemad::test {

// Rows with | between them, without the empty ones at the end.
inline std::string text_of(const ScreenModel& model) {
  std::string text;
  for (int row = 0; row < model.rows(); ++row) {
    if (row > 0) text += '|';
    text += model.row_text(row);
  }
  while (!text.empty() && text.back() == '|') text.pop_back();
  return text;
}

inline std::string shown(int cols, int rows, std::string_view bytes) {
  ScreenModel model(cols, rows);
  model.write(bytes);
  return text_of(model);
}

inline bool contains(const std::string& text, std::string_view part) {
  return text.find(part) != std::string::npos;
}

inline std::string snapshot_of(std::string_view bytes) {
  ScreenModel model(10, 3);
  model.write(bytes);
  return model.snapshot();
}

// Whether a screen made from the snapshot is the same.
inline void check_carried(const ScreenModel& model) {
  ScreenModel fresh(model.cols(), model.rows());
  fresh.write(model.snapshot());
  CHECK(fresh.snapshot() == model.snapshot());
  CHECK(text_of(fresh) == text_of(model));
}

// What it is told: lines that end with |, or \ when they go on in the next one.
struct Lines final : ScreenModel::LineListener {
  void on_line_gone(std::string_view text, bool continued) override {
    all += text;
    all += continued ? "\\" : "|";
  }
  std::string all;
};

}  // namespace asciinemad::test
