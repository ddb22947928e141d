// Messages of playbacks and fetches to bytes.

#include "proto/encode_values.h"

namespace asciinemad::wire {
namespace {

schema::Play::Output to_schema(Play::Output output) {
  return output == Play::Output::screen ? schema::Play::Output::SCREEN
                                        : schema::Play::Output::ASCIICAST_V2;
}

schema::Play::Stream to_schema(Play::Stream stream) {
  switch (stream) {
    case Play::Stream::standard:
      return schema::Play::Stream::STANDARD;
    case Play::Stream::output:
      return schema::Play::Stream::OUTPUT;
    case Play::Stream::input:
      return schema::Play::Stream::INPUT;
  }
  return schema::Play::Stream::STANDARD;
}

schema::Play::Trust to_schema(Play::Trust trust) {
  switch (trust) {
    case Play::Trust::local:
      return schema::Play::Trust::LOCAL;
    case Play::Trust::untrusted:
      return schema::Play::Trust::UNTRUSTED;
    case Play::Trust::trusted:
      return schema::Play::Trust::TRUSTED;
  }
  return schema::Play::Trust::UNTRUSTED;
}

}  // namespace

void put(schema::Play::Builder to, const Play& from) {
  to.setName(text(from.name));
  put(to.initTerminal(), from.terminal);
  put(to.initSize(), from.size);
  to.setSpeed(from.speed);
  to.setIdleTimeLimit(from.idle_time_limit_s);
  to.setLoop(from.loop);
  to.setPauseOnMarkers(from.pause_on_markers);
  to.setStartAt(from.start_at_us);
  to.setOutput(to_schema(from.output));
  to.setStream(to_schema(from.stream));
  to.setTrust(to_schema(from.trust));
  to.setResizeTerminal(from.resize_terminal);
  to.setFit(from.fit);
  to.setFollow(from.follow);
  to.setFollowSession(text(from.follow_session));
  to.setPauseKey(text(from.pause_key));
  to.setStepKey(text(from.step_key));
  to.setNextMarkerKey(text(from.next_marker_key));
}

void put(schema::Control::Builder to, const Control& from) {
  to.setPlayback(text(from.playback));
  std::visit(Overloaded{
                 [](control::Unknown) {},
                 [&](control::Pause) { to.setPause(); },
                 [&](control::Resume) { to.setResume(); },
                 [&](control::Toggle) { to.setToggle(); },
                 [&](control::Step) { to.setStep(); },
                 [&](control::StepBack) { to.setStepBack(); },
                 [&](control::SeekTo m) { to.setSeekTo(m.at_us); },
                 [&](control::SeekBy m) { to.setSeekBy(m.by_us); },
                 [&](control::SeekToFraction m) { to.setSeekToFraction(m.fraction); },
                 [&](control::SetSpeed m) { to.setSpeed(m.speed); },
                 [&](control::NextMarker) { to.setNextMarker(); },
                 [&](control::PreviousMarker) { to.setPreviousMarker(); },
                 [&](control::Stop) { to.setStop(); },
             },
             from.action);
}

void put(schema::Fetch::Builder to, const Fetch& from) {
  to.setUrl(text(from.url));
  to.setMaxBytes(from.max_bytes);
  to.setHttpProxy(text(from.http_proxy));
  to.setHttpsProxy(text(from.https_proxy));
  to.setNoProxy(text(from.no_proxy));
  to.setCaFile(text(from.ca_file));
  to.setCaDirectory(text(from.ca_directory));
  to.setIpfsGateway(text(from.ipfs_gateway));
}

void put(schema::PlaybackInfo::Builder to, const PlaybackInfo& from) {
  to.setPlayback(text(from.playback));
  to.setName(text(from.name));
  to.setPosition(from.position_us);
  to.setDuration(from.duration_us);
  to.setSpeed(from.speed);
  to.setPaused(from.paused);
  to.setFollowing(from.following);
  put(to.initSize(), from.size);
}

void put(schema::PlaybackFinished::Builder to, const PlaybackFinished& from) {
  auto how = to.initHow();
  switch (from.how) {
    case PlaybackFinished::How::ended:
      how.setEnded();
      break;
    case PlaybackFinished::How::interrupted:
      how.setInterrupted();
      break;
    case PlaybackFinished::How::failed:
      how.setFailed(text(from.reason));
      break;
  }
  auto warnings = to.initWarnings(static_cast<unsigned>(from.warnings.size()));
  for (unsigned i = 0; i < warnings.size(); ++i) warnings.set(i, text(from.warnings[i]));
}

}  // namespace asciinemad::wire
