// OutputMarkers: finds the markers that programs set in their output, and takes them out of it.
//
// A program on the far side of an ssh connection reaches no socket of this machine; its output gets
// here. The form is a private OSC, which terminals ignore: ESC ] 7717 ; marker ; LABEL, ended by
// BEL or ESC \. Everything else passes as it is, also such a sequence with a control character in
// its label, and one behind another ESC, as tmux's passthrough has it. No I/O.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>

namespace asciinemad {

class OutputMarkers {
 public:
  class Listener {
   public:
    // In order; never empty, valid during the call.
    virtual void on_plain_output(std::string_view bytes) = 0;
    // `label` is valid UTF-8 without control characters, at most kMaxLabelBytes.
    virtual void on_output_marker(std::string_view label) = 0;

   protected:
    ~Listener() = default;
  };

  // What is longer sets no marker; it is taken out all the same, up to kMaxHeldBytes.
  static constexpr std::size_t kMaxLabelBytes = 1024;
  // A sequence that is not complete by then was none: it passes as it is.
  static constexpr std::size_t kMaxHeldBytes = 1200;

  // In any portions. What may be the beginning of a marker is held until that is known.
  void feed(std::string_view bytes, Listener& listener);
  // The output has ended: what is held passes.
  void finish(Listener& listener);

  // The bytes held, for a checkpoint; a new one goes on from there. Not longer than kMaxHeldBytes.
  const std::string& held() const { return held_; }
  void restore(std::string_view held) { held_ = held; }

 private:
  std::string held_;
};

}  // namespace asciinemad
