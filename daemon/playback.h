// Playback: one recording shown on a client's terminal: its time, keys, jumps and end.
#pragma once

#include <cstdint>
#include <deque>
#include <memory>
#include <optional>
#include <span>
#include <string>

#include "common/asciicast_convert.h"
#include "common/clock.h"
#include "common/terminal_modes.h"
#include "daemon/connection.h"
#include "daemon/file_id.h"
#include "daemon/playback_feed.h"
#include "daemon/playback_keys.h"
#include "daemon/playback_overlay.h"
#include "daemon/playback_view.h"
#include "daemon/session_watches.h"
#include "daemon/terminal.h"
#include "daemon/terminal_user.h"
#include "daemon/uv_loop.h"
#include "daemon/uv_precise_timer.h"
#include "proto/message.h"

namespace asciinemad {

class Playback final : public uv::Mortal,
                       public TerminalUser,
                       private PlaybackFeed::Listener,
                       private PlaybackView::Listener,
                       private Terminal::Listener,
                       private uv::PreciseTimer::Listener {
 public:
  class Listener {
   public:
    // The terminal is clean and released, the client told. The last call; the listener disposes of
    // the playback.
    virtual void on_playback_ended(Playback& playback) = 0;

   protected:
    ~Listener() = default;
  };

  // What all playbacks of a daemon share.
  struct Context {
    uv::Loop& loop;
    const Clock& clock;
    std::span<char> input_scratch;
    std::string spool_directory;
    SessionWatches& watches;
  };

  // How long the end waits for a terminal that does not take the last bytes: at the recording's
  // end, and when somebody wants to leave.
  static constexpr std::uint64_t kFlushTimeoutMs = 10'000;
  static constexpr std::uint64_t kLeaveTimeoutMs = 2'000;

  // The connection becomes the playback's.
  static Result<std::unique_ptr<Playback>> create(const Context& context, std::string id,
                                                  wire::Play play, Fd recording,
                                                  Terminal::Resources terminal, Connection& client,
                                                  Listener& listener);

  const std::string& id() const { return id_; }
  wire::PlaybackInfo info() const;
  // Of the file that is played.
  const std::optional<FileId>& source() const { return source_; }

  // Whether its client goes on with the next daemon when this one ends.
  bool goes_on_elsewhere() const {
    return !play_.follow_session.empty() && play_.output == wire::Play::Output::screen;
  }

  // Errc::invalid_argument: not of this playback.
  Status control(const wire::Control& control);
  // The recording that is followed has got its last event.
  void on_recording_ended() { feed_->finish_growing(); }

  Status attach_terminal(Terminal::Resources resources, const wire::WindowSize& size) override;
  void release_terminal() override;
  void resize(const wire::WindowSize& size) override;
  void stop() override;
  void on_client_lost() override;

 private:
  enum class Phase { opening, playing, ending, ended };
  using How = wire::PlaybackFinished::How;

  Playback(const Context& context, std::string id, wire::Play play, Connection& client,
           Listener& listener);
  Status open(Fd recording, Terminal::Resources terminal);

  // playback.cc: time, and what is shown when.
  void on_feed_ready() override { advance(); }
  void on_precise_timer() override { advance(); }
  void on_terminal_drained() override;
  void advance();
  bool take_next();
  void take(PlaybackFeed::Opened& opened);
  void take(PlaybackFeed::Item& item);
  void take(PlaybackFeed::CaughtUp& caught_up);
  void take(PlaybackFeed::Ended& ended);
  void take(PlaybackFeed::Failed& failed);
  void show(PlaybackFeed::Item item);
  void count_step(const PlaybackFeed::Item& item);
  void show_output(PlaybackFeed::Item& item);
  void print_event(const PlaybackFeed::Item& item);
  void flush_batch();
  void write_recorded(std::string_view bytes);
  void tell_undo();
  bool can_show() const;
  bool can_write() const;
  ScreenPolicy policy() const;
  std::uint64_t position_us() const;
  void set_position(std::uint64_t position_us);
  // 0: not known, or still growing.
  std::uint64_t duration_us() const { return play_.follow ? 0 : feed_->duration_us(); }
  std::uint64_t due_us(const PlaybackFeed::Item& item) const;
  void arm_timer(std::uint64_t now_us);
  void on_all_shown();
  void tell(decltype(wire::SessionEvent::what) what) const;
  void finish(How how, std::string reason);
  void end();

  // playback_screen.cc: the screen as a whole, and the part of it that a small terminal shows.
  void take(PlaybackFeed::Jump& jump);
  void show_screen(PlaybackFeed::Jump& jump);
  void make_screen_ready();
  void on_view_ready() override;
  bool can_draw() const override { return can_write() && !help_ && !jumping_; }
  bool fits(const wire::WindowSize& recorded) const;
  ScreenView::Size view_size() const;
  void begin_view(std::string snapshot);
  void draw_view();
  void show_resize();
  bool adapt_view();

  // playback_control.cc: what people and peers ask for.
  void on_marker_found(std::optional<std::uint64_t> events) override;
  void on_terminal_input(std::string_view bytes) override;
  void on_terminal_input_end() override {}
  void run(const wire::control::Unknown&) {}
  void run(const wire::control::Pause&) { set_paused(true); }
  void run(const wire::control::Resume&) { set_paused(false); }
  void run(const wire::control::Toggle&) { set_paused(!paused_); }
  void run(const wire::control::Step& step);
  void run(const wire::control::StepBack& step);
  void run(const wire::control::SeekTo& seek);
  void run(const wire::control::SeekBy& seek);
  void run(const wire::control::SeekToFraction& seek);
  void run(const wire::control::SetSpeed& speed);
  void run(const wire::control::NextMarker& marker);
  void run(const wire::control::PreviousMarker& marker);
  void run(const wire::control::Stop&) { stop(); }
  void run(const PlaybackKeys::Other&) {}
  void run(const PlaybackKeys::Interrupt&) { leave(How::interrupted); }
  void run(const PlaybackKeys::Quit&) { leave(How::ended); }
  void run(const PlaybackKeys::ToggleStatus& toggle);
  void run(const PlaybackKeys::ToggleHelp& toggle);
  void run(const PlaybackKeys::ChangeSpeed& change);
  void run(const PlaybackKeys::StepIfPaused& step);
  void set_paused(bool paused);
  void find_marker(bool forwards);
  void go_on_with_markers();
  PlaybackFeed::JumpWish jump_wish() const;
  // Whether what is shown is a screen, which can be redrawn.
  bool can_jump() const { return play_.output == wire::Play::Output::screen; }
  void jump(decltype(PlaybackFeed::JumpWish::target) target, bool waits = false);
  // Shows the present screen anew.
  void redraw();
  void close_help();
  void leave(How how, bool at_end = false);
  void remove_overlays();
  void draw_status();
  void on_status_timer();
  std::string resize_request(int cols, int rows) const;

  const Context context_;
  const std::string id_;
  const wire::Play play_;
  Connection* client_;
  Listener& listener_;
  const PlaybackKeys::Bindings bindings_;
  std::optional<FileId> source_;

  std::unique_ptr<PlaybackFeed> feed_;
  std::unique_ptr<Terminal> terminal_;  // null: released for a while
  std::unique_ptr<uv::PreciseTimer> timer_;
  uv::Handle<uv_timer_t> status_timer_;
  uv::Handle<uv_timer_t> deadline_;
  PlaybackKeys keys_;
  std::unique_ptr<PlaybackView> view_;       // null: the terminal gets what was recorded
  std::unique_ptr<AsciicastWriter> writer_;  // null: the screen is shown

  Phase phase_ = Phase::opening;
  wire::WindowSize size_;            // the terminal's
  wire::WindowSize recorded_size_;   // the recording's, as of now
  wire::WindowSize first_size_;      // at its beginning
  bool on_terminal_ = false;         // or, for example, a pipe
  TerminalModes modes_;              // of the terminal, as what was shown has set them
  std::uint64_t told_revision_ = 0;  // of modes_, known to the client

  // Time: at clock time anchor_us_ the playback was at position_us_; paused, it stays there.
  double speed_;
  bool paused_ = false;
  std::uint64_t steps_ = 0;  // frames still to be shown though it is paused
  bool live_ = false;        // everything is shown as soon as it is read
  std::uint64_t anchor_us_ = 0;
  std::uint64_t position_us_ = 0;

  std::optional<PlaybackFeed::Item> next_;
  std::string batch_;  // recorded bytes about to be written
  std::string line_;
  bool batch_begun_ = false;
  std::uint64_t events_ = 0;         // shown or passed
  std::uint64_t frames_ = 0;         // shown
  std::uint64_t skip_until_us_ = 0;  // printing events: those before are left out
  bool all_read_ = false;
  std::vector<std::string> warnings_;

  bool jumping_ = false;
  decltype(PlaybackFeed::JumpWish::target) target_ = PlaybackFeed::ToTime{};
  bool target_waits_ = false;
  std::optional<std::uint64_t> kept_position_us_;  // what a jump must not change
  bool goes_live_ = false;                         // after the jump
  bool cleared_ = false;  // what stood on the terminal before has been scrolled away

  bool status_ = false;
  std::string status_restore_;
  bool help_ = false;
  std::optional<bool> paused_before_release_;
  bool finding_marker_ = false;
  std::deque<bool> waiting_markers_;  // forwards; asked for during a jump

  bool at_end_ = false;         // it ends since all was shown
  std::optional<How> leaving_;  // as soon as the screen is redrawn
  wire::PlaybackFinished finished_;
};

}  // namespace asciinemad
