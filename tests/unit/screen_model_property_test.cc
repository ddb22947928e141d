// Whatever a terminal was told, a snapshot of its screen carries all that counts for what follows.
#include <doctest/doctest.h>

#include <chrono>
#include <cstdlib>
#include <functional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "common/screen_model.h"
#include "tests/support/screens.h"
#include "tests/support/seed.h"
#include "tests/support/terminal_program.h"

namespace asciinemad {
namespace {

using test::Lines;
using test::random_number;
using test::Step;
using test::TerminalProgram;

void apply(ScreenModel& model, const Step& step) {
  if (step.cols > 0) {
    model.resize(step.cols, step.rows);
  } else {
    model.write(step.bytes);
  }
}

std::string state_of(const ScreenModel& model) {
  std::string state = model.snapshot();
  for (int row = 0; row < model.rows(); ++row) {
    state += "\n" + model.row_text(row) + (model.row_continues(row) ? "\\" : "");
  }
  return state;
}

std::string readable(const std::vector<Step>& steps) {
  std::string text;
  for (const Step& step : steps) {
    if (step.cols > 0)
      text += "<" + std::to_string(step.cols) + "x" + std::to_string(step.rows) + ">";
    for (const char c : step.bytes) {
      const bool plain = c >= ' ' && c < 0x7f && c != '\\';
      static constexpr std::string_view kHex = "0123456789abcdef";
      const auto byte = static_cast<unsigned char>(c);
      if (plain) text += c;
      if (!plain) (text += "\\x") += {kHex[byte >> 4], kHex[byte & 15]};
    }
    text += ' ';
  }
  return text;
}

struct Round {
  int cols;
  int rows;
  std::vector<Step> before;
  std::vector<Step> after;
};

// Whether a fresh screen that is told the snapshot goes on as the one does that it was taken from.
bool goes_on_alike(const Round& round) {
  Lines lines;
  ScreenModel whole(round.cols, round.rows, &lines);
  for (const Step& step : round.before) apply(whole, step);
  if (!whole.at_rest()) return true;
  Lines fresh_lines;
  ScreenModel fresh(whole.cols(), whole.rows(), &fresh_lines);
  fresh.write(whole.snapshot());
  if (state_of(fresh) != state_of(whole) || !fresh_lines.all.empty()) return false;
  lines.all.clear();
  for (const Step& step : round.after) {
    apply(whole, step);
    apply(fresh, step);
  }
  return state_of(fresh) == state_of(whole) && fresh_lines.all == lines.all;
}

// With what does not matter for failing left out.
void shrink(Round& round, const std::function<bool(const Round&)>& holds) {
  for (bool smaller = true; smaller;) {
    smaller = false;
    for (std::vector<Step> Round::*part : {&Round::before, &Round::after}) {
      for (std::size_t i = (round.*part).size(); i-- > 0;) {
        Round less = round;
        (less.*part).erase((less.*part).begin() + static_cast<std::ptrdiff_t>(i));
        if (holds(less)) continue;
        round = std::move(less);
        smaller = true;
      }
    }
  }
}

Round random_round(std::mt19937& random) {
  Round round{static_cast<int>(random_number(random, 1, 30)),
              static_cast<int>(random_number(random, 1, 10)),
              {},
              {}};
  TerminalProgram program(random, round.cols, round.rows);
  const std::size_t count = random_number(random, 1, 60);
  for (std::size_t i = 0; i < count; ++i) round.before.push_back(program.step());
  for (std::size_t i = 0; i < count; ++i) round.after.push_back(program.step());
  // Also in the middle of a step.
  std::string& last = round.before.back().bytes;
  const std::size_t cut = random_number(random, 0, last.size());
  if (!last.empty() && cut < last.size()) {
    round.after.insert(round.after.begin(), Step{last.substr(cut)});
    last.resize(cut);
    if (last.empty()) round.before.pop_back();
  }
  return round;
}

bool portions_alike(const Round& round) {
  ScreenModel whole(round.cols, round.rows);
  ScreenModel bytewise(round.cols, round.rows);
  for (const std::vector<Step>* part : {&round.before, &round.after}) {
    for (const Step& step : *part) {
      apply(whole, step);
      if (step.cols > 0) apply(bytewise, step);
      for (const char c : step.bytes) bytewise.write({&c, 1});
    }
  }
  return state_of(whole) == state_of(bytewise);
}

void check_rounds(const std::function<bool(const Round&)>& holds, std::chrono::milliseconds time) {
  std::mt19937 random = test::seeded_random();
  const auto end = std::chrono::steady_clock::now() + time;
  while (std::chrono::steady_clock::now() < end) {
    Round round = random_round(random);
    if (holds(round)) continue;
    shrink(round, holds);
    CAPTURE(round.cols);
    CAPTURE(round.rows);
    CAPTURE(readable(round.before));
    CAPTURE(readable(round.after));
    FAIL_CHECK("differs");
    return;
  }
}

std::chrono::milliseconds seconds_of_testing(int usual) {
  const char* wanted = std::getenv("ASCIINEMAD_TEST_SECONDS");
  return std::chrono::seconds(wanted != nullptr ? std::atoi(wanted) : usual);
}

TEST_CASE("screen_model: a screen made from a snapshot goes on as the one it was taken from") {
  check_rounds(goes_on_alike, seconds_of_testing(2));
}

TEST_CASE("screen_model: it does not matter in what portions bytes come") {
  check_rounds(portions_alike, seconds_of_testing(1));
}

}  // namespace
}  // namespace asciinemad
