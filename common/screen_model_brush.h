// Brush: draws cells with as few changes of attributes as it takes.
#pragma once

#include <string>

#include "common/screen_model_cells.h"

namespace asciinemad {

// Row and column count from 0.
std::string cursor_to(int row, int col);

// Begins with whatever attributes there are. Protection is in the end as it was.
class Brush {
 public:
  // `is_protected`: whether the terminal protects what is printed.
  Brush(std::string& out, bool is_protected);
  ~Brush() { protect(was_protected_); }
  Brush(const Brush&) = delete;
  Brush& operator=(const Brush&) = delete;

  void set(const Pen& pen);
  void put(const Cell& cell);

 private:
  void protect(bool on);

  std::string& out_;
  const bool was_protected_;
  Pen pen_;
  bool set_ = false;
};

}  // namespace asciinemad
