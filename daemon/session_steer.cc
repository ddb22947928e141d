// What peers ask of a session: scripts, and people at another terminal.
#include <sys/stat.h>

#include <ctime>
#include <variant>

#include "common/utf8.h"
#include "daemon/session.h"

namespace asciinemad {
namespace {

std::string time_of_day() {
  const std::time_t now = std::time(nullptr);
  std::tm parts{};
  ::localtime_r(&now, &parts);
  std::string text(16, '\0');
  text.resize(std::strftime(text.data(), text.size(), "%H:%M:%S", &parts));
  return text;
}

void replace_all(std::string& text, std::string_view what, const std::string& by) {
  for (std::size_t at = 0; (at = text.find(what, at)) != std::string::npos; at += by.size()) {
    text.replace(at, what.size(), by);
  }
}

// As valid UTF-8, as everything in a recording.
std::string clean_text(std::string_view text) {
  Utf8Decoder decoder;
  std::string clean(decoder.decode(text));
  clean += decoder.finish();
  return clean;
}

}  // namespace

Result<bool> Session::steer(wire::Steer& steer, Connection& peer, std::uint32_t request_id) {
  const bool ends = std::holds_alternative<wire::steer::Stop>(steer.action) ||
                    std::holds_alternative<wire::steer::Discard>(steer.action);
  if (phase_ == Phase::handing_over || (phase_ != Phase::running && !ends))
    return Error{Errc::busy, "the session is about to end"};
  const Waiting waiting{&peer, request_id};
  return std::visit([&](const auto& action) { return run(action, waiting); }, steer.action);
}

void Session::forget(const Connection& peer) {
  for (auto* list : {&waiting_for_resumption_, &waiting_for_end_}) {
    std::erase_if(*list, [&](const Waiting& waiting) { return waiting.peer == &peer; });
  }
}

// More than the terminal takes is left where it is: a peer's requests must not fill the memory.
void Session::catch_up() {
  if (can_show()) pty_->catch_up();
}

Result<bool> Session::run(const wire::steer::Unknown& /*unknown*/, const Waiting& /*waiting*/) {
  return Error{Errc::unsupported, "this asciinemad does not know that action"};
}

Result<bool> Session::run(const wire::steer::Pause& /*pause*/, const Waiting& /*waiting*/) {
  if (!recorder_.paused()) catch_up();
  pause();
  return true;
}

Result<bool> Session::run(const wire::steer::Resume& /*resume*/, const Waiting& waiting) {
  if (!recorder_.paused()) return true;
  // What was shown in the pause and still is in the PTY would be recorded.
  if (!can_show()) {
    return Error{Errc::busy,
                 "the terminal takes no output at present, so the recording cannot go on"};
  }
  waiting_for_resumption_.push_back(waiting);
  begin_resuming(kPassageMs);
  return false;
}

Result<bool> Session::run(const wire::steer::Toggle& /*toggle*/, const Waiting& waiting) {
  if (recorder_.paused() && !resuming_) return run(wire::steer::Resume{}, waiting);
  return run(wire::steer::Pause{}, waiting);
}

Result<bool> Session::run(const wire::steer::Mark& mark, const Waiting& /*waiting*/) {
  catch_up();
  TRY(add_marker(clean_text(mark.label)));
  return true;
}

Status Session::add_marker(std::string_view label) {
  if (start_.format == wire::Format::raw) {
    return Error{Errc::invalid_argument, "a raw recording has no markers"};
  }
  if (recorder_.paused()) return Error{Errc::busy, "recording is paused"};
  if (!recorder_.marker(label)) return Error{Errc::busy, recorder_.loss_reason()};
  ++markers_;
  save_place();
  tell(wire::event::Marker{std::string(label)});
  return {};
}

std::string Session::label_of_key() const {
  std::string label = start_.marker_label;
  replace_all(label, "{n}", std::to_string(markers_ + 1));
  replace_all(label, "{time}", time_of_day());
  return clean_text(label);
}

Result<bool> Session::run(const wire::steer::Stop& /*stop*/, const Waiting& waiting) {
  waiting_for_end_.push_back(waiting);
  stop();
  return false;
}

Result<bool> Session::run(const wire::steer::Discard& /*discard*/, const Waiting& waiting) {
  // Standard output may be a file with more in it.
  if (!recording_file_.has_value() || start_.file.empty()) {
    return Error{
        Errc::invalid_argument,
        start_.path + " is no file of this recording: what it has taken can't be taken back"};
  }
  if (phase_ >= Phase::flushing) return Error{Errc::busy, "the session has ended already"};
  discarding_ = true;
  send_checkpoint();
  return run(wire::steer::Stop{}, {waiting.peer, waiting.request_id, true});
}

Result<bool> Session::run(const wire::steer::Resize& resize, const Waiting& /*waiting*/) {
  this->resize(resize.size);
  return true;
}

Result<bool> Session::run(const wire::steer::Send& send, const Waiting& /*waiting*/) {
  if (!can_type()) return Error{Errc::busy, "the program does not read what is typed"};
  if (send.bytes.empty()) return true;
  // Behind what the scanner still holds of the user's keys.
  on_hold_timeout();
  on_typed(send.bytes);
  on_input(send.bytes);
  record_typed();
  update_flow();
  return true;
}

Result<bool> Session::run(const wire::steer::Title& title, const Waiting& /*waiting*/) {
  title_ = clean_text(title.title);
  send_checkpoint();
  tell(wire::event::Titled{title_});
  return true;
}

Result<bool> Session::run(const wire::steer::Detach& /*detach*/, const Waiting& /*waiting*/) {
  if (client_ == nullptr) return Error{Errc::busy, "nobody is attached"};
  if (!survives_) {
    return Error{Errc::busy, "the client of this session is older and knows no detaching"};
  }
  begin_detaching();
  return true;
}

}  // namespace asciinemad
