// Messages of playbacks and fetches from bytes.

#include <cmath>

#include "proto/decode_values.h"

namespace asciinemad::wire {
namespace {

double get_speed(double speed) {
  if (!(speed >= 1e-6 && speed <= 1e9)) throw invalid("speed is not between 1e-6 and 1e9");
  return speed;
}

Play::Output get(schema::Play::Output from) {
  switch (from) {
    case schema::Play::Output::SCREEN:
      return Play::Output::screen;
    case schema::Play::Output::ASCIICAST_V2:
      return Play::Output::asciicast_v2;
  }
  throw invalid("unknown output format");
}

Play::Stream get(schema::Play::Stream from) {
  switch (from) {
    case schema::Play::Stream::STANDARD:
      return Play::Stream::standard;
    case schema::Play::Stream::OUTPUT:
      return Play::Stream::output;
    case schema::Play::Stream::INPUT:
      return Play::Stream::input;
  }
  throw invalid("unknown stream");
}

// A kind of trust that is newer than this program must not become too much of it.
Play::Trust get(schema::Play::Trust from) {
  switch (from) {
    case schema::Play::Trust::LOCAL:
      return Play::Trust::local;
    case schema::Play::Trust::TRUSTED:
      return Play::Trust::trusted;
    case schema::Play::Trust::UNTRUSTED:
      break;
  }
  return Play::Trust::untrusted;
}

}  // namespace

Play get(schema::Play::Reader from) {
  Play to;
  to.name = get(from.getName());
  to.terminal = get(from.getTerminal());
  to.size = get(from.getSize());
  to.speed = get_speed(from.getSpeed());
  to.idle_time_limit_s = from.getIdleTimeLimit();
  if (!(to.idle_time_limit_s >= 0 && to.idle_time_limit_s <= 1e9)) {
    throw invalid("idleTimeLimit is not a number of seconds");
  }
  to.loop = from.getLoop();
  to.pause_on_markers = from.getPauseOnMarkers();
  to.start_at_us = from.getStartAt();
  to.output = get(from.getOutput());
  to.stream = get(from.getStream());
  to.trust = get(from.getTrust());
  to.resize_terminal = from.getResizeTerminal();
  to.fit = from.getFit();
  to.follow = from.getFollow();
  to.follow_session = get(from.getFollowSession());
  to.pause_key = get(from.getPauseKey());
  to.step_key = get(from.getStepKey());
  to.next_marker_key = get(from.getNextMarkerKey());
  return to;
}

Control get(schema::Control::Reader from) {
  Control to;
  to.playback = get(from.getPlayback());
  switch (from.which()) {
    case schema::Control::PAUSE:
      to.action = control::Pause{};
      return to;
    case schema::Control::RESUME:
      to.action = control::Resume{};
      return to;
    case schema::Control::TOGGLE:
      to.action = control::Toggle{};
      return to;
    case schema::Control::STEP:
      to.action = control::Step{};
      return to;
    case schema::Control::STEP_BACK:
      to.action = control::StepBack{};
      return to;
    case schema::Control::SEEK_TO:
      to.action = control::SeekTo{from.getSeekTo()};
      return to;
    case schema::Control::SEEK_BY:
      to.action = control::SeekBy{from.getSeekBy()};
      return to;
    case schema::Control::SEEK_TO_FRACTION:
      if (!(from.getSeekToFraction() >= 0 && from.getSeekToFraction() <= 1)) {
        throw invalid("seekToFraction is not between 0 and 1");
      }
      to.action = control::SeekToFraction{from.getSeekToFraction()};
      return to;
    case schema::Control::SPEED:
      to.action = control::SetSpeed{get_speed(from.getSpeed())};
      return to;
    case schema::Control::NEXT_MARKER:
      to.action = control::NextMarker{};
      return to;
    case schema::Control::PREVIOUS_MARKER:
      to.action = control::PreviousMarker{};
      return to;
    case schema::Control::STOP:
      to.action = control::Stop{};
      return to;
  }
  return to;
}

Fetch get(schema::Fetch::Reader from) {
  return {get(from.getUrl()),         from.getMaxBytes(),        get(from.getHttpProxy()),
          get(from.getHttpsProxy()),  get(from.getNoProxy()),    get(from.getCaFile()),
          get(from.getCaDirectory()), get(from.getIpfsGateway())};
}

PlaybackInfo get(schema::PlaybackInfo::Reader from) {
  return {get(from.getPlayback()), get(from.getName()), from.getPosition(),  from.getDuration(),
          from.getSpeed(),         from.getPaused(),    from.getFollowing(), get(from.getSize())};
}

PlaybackFinished get(schema::PlaybackFinished::Reader from) {
  PlaybackFinished to;
  const auto how = from.getHow();
  switch (how.which()) {
    case schema::PlaybackFinished::How::ENDED:
      break;
    case schema::PlaybackFinished::How::INTERRUPTED:
      to.how = PlaybackFinished::How::interrupted;
      break;
    case schema::PlaybackFinished::How::FAILED:
      to.how = PlaybackFinished::How::failed;
      to.reason = get(how.getFailed());
      break;
  }
  for (auto warning : from.getWarnings()) to.warnings.push_back(get(warning));
  return to;
}

}  // namespace asciinemad::wire
