// Messages about recording to bytes.

#include "proto/encode_values.h"

namespace asciinemad::wire {

void put(schema::Start::Builder to, const Start& from) {
  to.setFormat(from.format == Format::raw ? schema::Format::RAW : schema::Format::ASCIICAST_V2);
  to.setAppend(from.append);
  to.setTimeOffset(from.time_offset_us);
  put(to.initSize(), from.size);
  to.setTimestamp(from.timestamp_s);
  to.setIdleTimeLimit(from.idle_time_limit_s);
  to.setTitle(text(from.title));
  to.setCommand(text(from.command));
  auto env = to.initCapturedEnv(static_cast<unsigned>(from.captured_env.size()));
  for (unsigned i = 0; i < env.size(); ++i) {
    env[i].setName(text(from.captured_env[i].first));
    env[i].setValue(text(from.captured_env[i].second));
  }
  to.setCaptureInput(from.capture_input);
  to.setPrefixKey(text(from.prefix_key));
  to.setPauseKey(text(from.pause_key));
  to.setAddMarkerKey(text(from.add_marker_key));
  put(to.initTerminal(), from.terminal);
  put(to.initNotifications(), from.notifications);
  to.setPath(text(from.path));
  to.setSession(text(from.session));
  to.setName(text(from.name));
  to.setFile(text(from.file));
  to.setKeptBytes(from.kept_bytes);
  to.setPauseAtStart(from.pause_at_start);
  to.setMarkerLabel(text(from.marker_label));
  to.setPauseMarkers(from.pause_markers);
  to.setOutputMarkers(from.output_markers);
  to.setPausedTitle(text(from.paused_title));
  to.setOnDisconnect(from.on_disconnect == OnDisconnect::detach ? schema::OnDisconnect::DETACH
                                                                : schema::OnDisconnect::HANG_UP);
  to.setDetachKey(text(from.detach_key));
  to.setHasUpload(from.has_upload);
  if (from.has_upload) put(to.initUpload(), from.upload);
  to.setDetached(from.detached);
}

void put(schema::Checkpoint::Builder to, const Checkpoint& from) {
  to.setStartedAt(from.started_at_us);
  to.setPausedFor(from.paused_for_us);
  to.setPaused(from.paused);
  to.setPausedAt(from.paused_at_us);
  to.setLastEventAt(from.last_event_at_us);
  put(to.initSize(), from.size);
  to.setResizePending(from.resize_pending);
  to.setOutputTail(data(from.output_tail));
  to.setInputTail(data(from.input_tail));
  to.setInputParser(data(from.input_parser));
  to.setLostBytes(from.lost_bytes);
  to.setLossReason(text(from.loss_reason));
  to.setAttached(from.attached);
  to.setMarkers(from.markers);
  to.setTitle(text(from.title));
  to.setOutputFilter(data(from.output_filter));
  to.setTerminating(from.terminating);
  to.setDiscarding(from.discarding);
  to.setClient(from.client);
  to.setHandedOver(from.handed_over);
  to.setGoesOn(from.goes_on);
  to.setUploading(from.uploading);
}

void put(schema::Resume::Builder to, const Resume& from) {
  to.setSession(text(from.session));
  put(to.initStart(), from.start);
  put(to.initCheckpoint(), from.checkpoint);
  to.setHasJournal(from.has_journal);
}

void put(schema::SessionInfo::Builder to, const SessionInfo& from) {
  to.setSession(text(from.session));
  to.setCommand(text(from.command));
  to.setPath(text(from.path));
  to.setPaused(from.paused);
  to.setDuration(from.duration_us);
  put(to.initSize(), from.size);
  to.setLostBytes(from.lost_bytes);
  to.setName(text(from.name));
  to.setTitle(text(from.title));
  to.setAttached(from.attached);
  to.setMarkers(from.markers);
  to.setTerminal(text(from.terminal));
  to.setStartedAt(from.started_at_ms);
  to.setDetachable(from.detachable);
  to.setFile(text(from.file));
}

void put(schema::Finished::Builder to, const Finished& from) {
  auto exit = to.initExit();
  switch (from.exit.kind) {
    case Exit::Kind::unknown:
      exit.setUnknown();
      break;
    case Exit::Kind::code:
      exit.setCode(static_cast<std::uint8_t>(from.exit.value));
      break;
    case Exit::Kind::signal:
      exit.setSignal(static_cast<std::uint8_t>(from.exit.value));
      break;
    case Exit::Kind::exec_failed:
      exit.setExecErrno(from.exit.value);
      break;
  }
  to.setLostBytes(from.lost_bytes);
  to.setLossReason(text(from.loss_reason));
  to.setDiscarded(from.discarded);
  to.setUploading(from.uploading);
  to.setPaused(from.paused);
}

void put(schema::Steer::Builder to, const Steer& from) {
  to.setSession(text(from.session));
  std::visit(Overloaded{
                 [](const steer::Unknown&) {},
                 [&](const steer::Pause&) { to.setPause(); },
                 [&](const steer::Resume&) { to.setResume(); },
                 [&](const steer::Toggle&) { to.setToggle(); },
                 [&](const steer::Mark& m) { to.setMark(text(m.label)); },
                 [&](const steer::Stop&) { to.setStop(); },
                 [&](const steer::Discard&) { to.setDiscard(); },
                 [&](const steer::Resize& m) { put(to.initResize(), m.size); },
                 [&](const steer::Send& m) { to.setSend(data(m.bytes)); },
                 [&](const steer::Title& m) { to.setTitle(text(m.title)); },
                 [&](const steer::Detach&) { to.setDetach(); },
             },
             from.action);
}

void put(schema::WatchSessions::Builder to, const WatchSessions& from) {
  to.setSession(text(from.session));
  to.setPresent(from.present);
}

void put(schema::Attach::Builder to, const Attach& from) {
  to.setSession(text(from.session));
  put(to.initTerminal(), from.terminal);
  put(to.initSize(), from.size);
  to.setForce(from.force);
  to.setRejoin(from.rejoin);
}

void put(schema::SessionEvent::Builder to, const SessionEvent& from) {
  to.setSession(text(from.session));
  to.setName(text(from.name));
  to.setAt(from.at_ms);
  to.setTime(from.time_us);
  std::visit(Overloaded{
                 [](const event::Unknown&) {},
                 [&](const event::Present& m) { put(to.initPresent(), m.info); },
                 [&](const event::Started& m) { put(to.initStarted(), m.info); },
                 [&](const event::Paused&) { to.setPaused(); },
                 [&](const event::Resumed&) { to.setResumed(); },
                 [&](const event::Marker& m) { to.setMarker(text(m.label)); },
                 [&](const event::Resized& m) { put(to.initResized(), m.size); },
                 [&](const event::Titled& m) { to.setTitled(text(m.title)); },
                 [&](const event::Attached&) { to.setAttached(); },
                 [&](const event::Detached&) { to.setDetached(); },
                 [&](const event::Exited& m) { put(to.initExited(), m.finished); },
                 [&](const event::PresentPlayback& m) { put(to.initPresentPlayback(), m.info); },
                 [&](const event::PlaybackStarted& m) { put(to.initPlaybackStarted(), m.info); },
                 [&](const event::PlaybackEnded& m) { put(to.initPlaybackEnded(), m.finished); },
             },
             from.what);
}

}  // namespace asciinemad::wire
