// TerminalAnswers: what a terminal would answer to a program's queries, for a session that nobody
// is attached to: fish and vim wait for such answers.
//
// Sources: ECMA-48, xterm's ctlseqs, the kitty keyboard protocol. No I/O.
#pragma once

#include <memory>
#include <string>
#include <string_view>

namespace asciinemad {

class TerminalAnswers {
 public:
  class Listener {
   public:
    // To be typed into the PTY.
    virtual void on_answer(std::string_view bytes) = 0;
    // The program asks where the cursor is (DSR 6; `dec`: its DEC form), after the output up to
    // there. cursor_report() has the answer's form.
    virtual void on_cursor_query(bool dec) = 0;

   protected:
    ~Listener() = default;
  };

  TerminalAnswers();
  ~TerminalAnswers();
  TerminalAnswers(TerminalAnswers&&) noexcept;
  TerminalAnswers& operator=(TerminalAnswers&&) noexcept;

  // Output of the program, in any portions. The answers to one have 4 KiB at most; the rest are
  // dropped. None of them, echoed, is a query.
  void feed(std::string_view output, int cols, int rows, Listener& listener);
  // Forgets an unfinished sequence: somebody else has answered meanwhile.
  void reset();

 private:
  class Impl;
  std::unique_ptr<Impl> impl_;
};

// Row and column count from 1.
std::string cursor_report(int row, int col, bool dec);

}  // namespace asciinemad
