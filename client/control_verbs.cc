#include "client/control_verbs.h"

#include <array>

namespace asciinemad {
namespace {

template <typename Action>
Result<ControlAction> control(const VerbWords& given) {
  TRY(check_no_word(given));
  return ControlAction(Action{});
}

template <typename Action>
Result<SteerWish> steer(const VerbWords& given) {
  TRY(check_no_word(given));
  return SteerWish{Action{}};
}

constexpr std::array<ControlVerb, 14> kVerbs = {
    {{"pause", "", "", "Pause a recording or a playback.", control<wire::control::Pause>,
      steer<wire::steer::Pause>},
     {"resume", "", "", "Let what is paused go on, a recording or a playback.",
      control<wire::control::Resume>, steer<wire::steer::Resume>},
     {"toggle", "", "", "Pause a recording or a playback, or let it go on.",
      control<wire::control::Toggle>, steer<wire::steer::Toggle>},
     {"stop", "", "",
      "End a playback, or a recording: its command is hung up as by a terminal that is\nclosed.",
      control<wire::control::Stop>, steer<wire::steer::Stop>},
     {"mark", "[LABEL]", "", "Set a marker in a recording.", nullptr, parse_mark},
     {"title", "TEXT", "", "Give a recording a title, for lists and for an upload at its end.",
      nullptr, parse_title},
     {"send", "{TEXT,-,--keys KEY...}", "--keys",
      "Type something into a recorded terminal: TEXT as it is, what standard input has (-),\n"
      "or keys: Enter, Tab, Escape, Space, Backspace, Up, Down, Left, Right, Home, End, PageUp,\n"
      "PageDown, Insert, Delete, F1 to F12, a character, and these with C- (control), M- (alt)\n"
      "or S- (shift) before them, such as C-c, M-x or S-Tab.",
      nullptr, parse_send},
     {"resize", "COLSxROWS", "",
      "Give a recorded terminal another size, until its window's changes.", nullptr, parse_resize},
     {"detach", "", "", "Send the client of a recording away; the recording goes on without it.",
      nullptr, steer<wire::steer::Detach>},
     {"discard", "", "", "End a recording, and remove it.", nullptr, steer<wire::steer::Discard>},
     {"step", "[--back]", "--back",
      "Go to the next frame of a playback, or the one before, and pause.", parse_step, nullptr},
     {"seek", "TIME", "",
      "Go to another place in a playback: 90, 90.5, 1:30 or 1:01:30 from its\n"
      "beginning, so much further (+5) or back (-5), or a part of the whole (50%).",
      parse_seek, nullptr},
     {"speed", "FACTOR", "", "Play so many times as fast as it was recorded.", parse_speed,
      nullptr},
     {"marker", "{next,previous}", "", "Go to a marker of a playback, and pause.", parse_marker,
      nullptr}}};

}  // namespace

const ControlVerb* find_control_verb(std::string_view name) {
  for (const ControlVerb& verb : kVerbs) {
    if (verb.name == name) return &verb;
  }
  return nullptr;
}

}  // namespace asciinemad
