// What users read: notices, warnings and errors on standard error, in the style of asciinema 2.
#pragma once

#include <string_view>

namespace asciinemad {

// Text as it is, for help, answers and questions. Not iostreams: setting those up takes a fifth of
// the time that the program takes to start.
void print_out(std::string_view text);
void print_err(std::string_view text);

// Each line begins with "asciinema: ", is coloured when standard error is a terminal, and ends in
// CR LF, since the terminal may be in raw mode.
class Messages {
 public:
  explicit Messages(bool quiet);

  void set_quiet(bool quiet) { quiet_ = quiet; }
  // Nothing when quiet.
  void info(std::string_view text) const;
  void warn(std::string_view text) const;
  // Always.
  void error(std::string_view text) const;

  // A server's lines as they are, but for control characters. Nothing when quiet.
  void print_lines(std::string_view text) const;

 private:
  void print(std::string_view colour, std::string_view text) const;

  bool quiet_;
  bool colours_;
};

}  // namespace asciinemad
