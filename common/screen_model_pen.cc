#include "common/screen_model_pen.h"

#include <algorithm>
#include <array>
#include <cstdint>
#include <initializer_list>
#include <optional>

#include "common/vt_parser.h"

namespace asciinemad {
namespace {

constexpr unsigned kMaxUnderline = 5;

std::uint8_t to_byte(std::uint32_t value) {
  return static_cast<std::uint8_t>(std::min<std::uint32_t>(value, 255));
}

// The numbers of one attribute; further ones mean nothing.
struct Numbers {
  std::array<std::uint32_t, 8> values{};
  std::size_t count = 0;

  void add(std::uint32_t value) {
    if (count < values.size()) values[count++] = value;
  }
};

// Those of `38:2::1:2:3` behind the first colon; what is missing counts as 0.
Numbers sub_numbers(std::string_view sub) {
  Numbers numbers;
  while (!sub.empty()) {
    sub.remove_prefix(1);
    const std::size_t end = std::min(sub.find(':'), sub.size());
    numbers.add(VtParams(sub.substr(0, end)).next()->value);
    sub.remove_prefix(end);
  }
  return numbers;
}

std::optional<Color> color_of(const Numbers& numbers) {
  const auto& values = numbers.values;
  if (numbers.count >= 2 && values[0] == 5) {
    return Color{Color::Kind::indexed, to_byte(values[1]), 0, 0};
  }
  if (numbers.count >= 4 && values[0] == 2) {
    // With a colour space, it stands in front.
    const std::size_t at = numbers.count > 4 ? 2 : 1;
    return Color{Color::Kind::rgb, to_byte(values[at]), to_byte(values[at + 1]),
                 to_byte(values[at + 2])};
  }
  return std::nullopt;
}

// The colour of 38, 48 and 58, in either of its forms; takes the parameters that belong to it.
std::optional<Color> extended_color(const VtParam& param, VtParams& params) {
  if (!param.sub.empty()) return color_of(sub_numbers(param.sub));
  Numbers numbers;
  std::size_t wanted = 1;
  while (numbers.count < wanted) {
    const std::optional<VtParam> next = params.next();
    if (!next.has_value()) return std::nullopt;
    numbers.add(next->value);
    if (numbers.count == 1) wanted = next->value == 2 ? 4 : next->value == 5 ? 2 : 1;
  }
  return color_of(numbers);
}

Color indexed(std::uint32_t index) {
  return {Color::Kind::indexed, static_cast<std::uint8_t>(index), 0, 0};
}

struct Switch {
  std::uint32_t on;
  std::uint32_t off;
  Pen::Attribute attribute;
};

constexpr std::array<Switch, 8> kSwitches = {{{1, 22, Pen::bold},
                                              {2, 22, Pen::faint},
                                              {3, 23, Pen::italic},
                                              {5, 25, Pen::blink},
                                              {7, 27, Pen::reverse},
                                              {8, 28, Pen::conceal},
                                              {9, 29, Pen::strike},
                                              {53, 55, Pen::overline}}};

void apply_attribute(Pen& pen, const VtParam& param) {
  const std::uint32_t value = param.value;
  for (const Switch& entry : kSwitches) {
    if (value == entry.on) pen.set(entry.attribute, true);
    if (value == entry.off) pen.set(entry.attribute, false);
  }
  if (value == 4) {
    const Numbers style = sub_numbers(param.sub);
    pen.set_underline(style.count == 0 ? 1 : std::min(style.values[0], kMaxUnderline));
  }
  if (value == 6) pen.set(Pen::blink, true);
  if (value == 21) pen.set_underline(2);
  if (value == 24) pen.set_underline(0);
}

void apply_color(Pen& pen, const VtParam& param, VtParams& params) {
  const std::uint32_t value = param.value;
  if (value == 38 || value == 48 || value == 58) {
    const std::optional<Color> color = extended_color(param, params);
    if (!color.has_value()) return;
    (value == 38 ? pen.foreground : value == 48 ? pen.background : pen.underline_color) = *color;
  } else if (value >= 30 && value <= 37) {
    pen.foreground = indexed(value - 30);
  } else if (value >= 40 && value <= 47) {
    pen.background = indexed(value - 40);
  } else if (value >= 90 && value <= 97) {
    pen.foreground = indexed(value - 90 + 8);
  } else if (value >= 100 && value <= 107) {
    pen.background = indexed(value - 100 + 8);
  } else if (value == 39) {
    pen.foreground = {};
  } else if (value == 49) {
    pen.background = {};
  } else if (value == 59) {
    pen.underline_color = {};
  }
}

void append_numbers(std::string& out, char between, std::initializer_list<unsigned> numbers) {
  for (const unsigned& number : numbers) {
    out += &number == numbers.begin() ? ';' : between;
    out += std::to_string(number);
  }
}

void append_color(std::string& out, const Color& color, unsigned base) {
  // Terminals that do not know colours of underlines must not take them for other attributes.
  const char between = base == 58 ? ':' : ';';
  switch (color.kind) {
    case Color::Kind::normal:
      return;
    case Color::Kind::indexed:
      if (base == 58 || color.red >= 16) return append_numbers(out, between, {base, 5, color.red});
      return append_numbers(out, between,
                            {color.red < 8 ? base - 8 + color.red : base + 52U + color.red - 8});
    case Color::Kind::rgb:
      append_numbers(out, between, {base, 2, color.red, color.green, color.blue});
  }
}

}  // namespace

void apply_sgr(Pen& pen, std::string_view text) {
  VtParams params(text);
  while (const std::optional<VtParam> param = params.next()) {
    if (param->value == 0) {
      // DECSCA is no part of it.
      const bool is_protected = pen.has(Pen::protected_cell);
      pen = Pen();
      pen.set(Pen::protected_cell, is_protected);
    } else {
      apply_attribute(pen, *param);
      apply_color(pen, *param, params);
    }
  }
}

void append_sgr(std::string& out, const Pen& pen) {
  out += "\x1b[0";
  for (const Switch& entry : kSwitches) {
    if (pen.has(entry.attribute)) out += ";" + std::to_string(entry.on);
  }
  if (pen.underline() == 1) out += ";4";
  if (pen.underline() > 1) out += ";4:" + std::to_string(pen.underline());
  append_color(out, pen.foreground, 38);
  append_color(out, pen.background, 48);
  append_color(out, pen.underline_color, 58);
  out += "m";
}

}  // namespace asciinemad
