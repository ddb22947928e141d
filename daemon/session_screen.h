// SessionScreen: what a session's terminal shows, worked out from its recording only when somebody
// wants to see it, so that detached sessions cost nothing.
#pragma once

#include <memory>
#include <string>
#include <string_view>

#include "common/fd.h"
#include "common/result.h"
#include "common/screen_model.h"
#include "proto/message.h"

namespace asciinemad {

struct SessionScreen {
  // Shows the screen on a terminal of `terminal_rows` rows whose modes are all off, clearing it
  // first. It ends in the unfinished sequence that the output so far ends in, if any: the output
  // that follows goes on there.
  std::string redraw;
  // Turns off what a terminal that shows this screen has on (alternate screen, mouse, ...).
  std::string undo;
  // The screen itself, to go on with.
  std::shared_ptr<ScreenModel> model;
};

// Reads `recording`, an asciicast v2 at its whole length, from its beginning; to be run in a thread
// (100 MB/s and more). `size` is the session's: the recording may know an older one, as a resize in
// a pause is written later. Errc::cancelled when `cancel_fd` becomes readable.
Result<SessionScreen> read_session_screen(Fd recording, const wire::WindowSize& size,
                                          int terminal_rows, int cancel_fd);

// For a terminal whose modes are not known: undoes what programs usually turn on.
std::string_view usual_undo();

}  // namespace asciinemad
