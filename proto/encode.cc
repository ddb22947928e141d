#include <capnp/message.h>
#include <capnp/serialize.h>
#include <kj/exception.h>

#include "proto/asciinemad.capnp.h"
#include "proto/codec.h"
#include "proto/encode_values.h"

namespace asciinemad::wire {
namespace {

using wire::put;

schema::Error::Code to_schema(ErrorCode code) {
  switch (code) {
    case ErrorCode::internal:
      return schema::Error::Code::INTERNAL;
    case ErrorCode::invalid:
      return schema::Error::Code::INVALID;
    case ErrorCode::unsupported:
      return schema::Error::Code::UNSUPPORTED;
    case ErrorCode::version:
      return schema::Error::Code::VERSION;
    case ErrorCode::busy:
      return schema::Error::Code::BUSY;
    case ErrorCode::no_session:
      return schema::Error::Code::NO_SESSION;
    case ErrorCode::limit:
      return schema::Error::Code::LIMIT;
    case ErrorCode::not_found:
      return schema::Error::Code::NOT_FOUND;
    case ErrorCode::elsewhere:
      return schema::Error::Code::ELSEWHERE;
  }
  return schema::Error::Code::INTERNAL;
}

void put(schema::Status::Builder to, const StatusReply& from) {
  to.setSoftware(text(from.software));
  to.setPid(from.pid);
  to.setSocket(text(from.socket));
  to.setLogPath(text(from.log_path));
  to.setUptime(from.uptime_us);
  to.setOnDemand(from.on_demand);
  auto sessions = to.initSessions(static_cast<unsigned>(from.sessions.size()));
  for (unsigned i = 0; i < sessions.size(); ++i) put(sessions[i], from.sessions[i]);
  auto playbacks = to.initPlaybacks(static_cast<unsigned>(from.playbacks.size()));
  for (unsigned i = 0; i < playbacks.size(); ++i) put(playbacks[i], from.playbacks[i]);
  to.setUploadsWaiting(from.uploads_waiting);
  to.setUploadsHeld(from.uploads_held);
  auto recovered = to.initRecovered(static_cast<unsigned>(from.recovered.size()));
  for (unsigned i = 0; i < recovered.size(); ++i) {
    recovered[i].setFile(text(from.recovered[i].file));
    recovered[i].setStartedAt(from.recovered[i].started_at_ms);
    recovered[i].setCutBytes(from.recovered[i].cut_bytes);
  }
  to.setSystemd(from.systemd);
}

void put(schema::Exited::Builder to, const Exited& from) {
  switch (from.exit.kind) {
    case Exit::Kind::unknown:
    case Exit::Kind::code:
      to.setCode(static_cast<std::uint8_t>(from.exit.value));
      break;
    case Exit::Kind::signal:
      to.setSignal(static_cast<std::uint8_t>(from.exit.value));
      break;
    case Exit::Kind::exec_failed:
      to.setExecErrno(from.exit.value);
      break;
  }
}

void put(schema::Started::Builder to, const Started& from) {
  to.setSession(text(from.session));
  auto recovered = to.initRecovered(static_cast<unsigned>(from.recovered.size()));
  for (unsigned i = 0; i < recovered.size(); ++i) recovered.set(i, text(from.recovered[i]));
}

void put_body(schema::Request::Builder to, const Request& from) {
  std::visit(Overloaded{
                 [](const Unknown&) {},
                 [&](const Hello& m) {
                   auto hello = to.initHello();
                   hello.setProtocolMin(m.protocol_min);
                   hello.setProtocolMax(m.protocol_max);
                   hello.setSoftware(text(m.software));
                 },
                 [&](const Start& m) { put(to.initStart(), m); },
                 [&](const Resume& m) { put(to.initResume(), m); },
                 [&](const AttachTerminal& m) {
                   auto attach = to.initAttachTerminal();
                   put(attach.initTerminal(), m.terminal);
                   put(attach.initSize(), m.size);
                 },
                 [&](const ReleaseTerminal&) { to.setReleaseTerminal(); },
                 [&](const Resize& m) { put(to.initResize(), m.size); },
                 [&](const Stop&) { to.setStop(); },
                 [&](const Exited& m) { put(to.initExited(), m); },
                 [&](const GetStatus&) { to.setStatus(); },
                 [&](const Shutdown& m) {
                   auto shutdown = to.initShutdown();
                   shutdown.setForce(m.force);
                   shutdown.setHandOver(m.hand_over);
                 },
                 [&](const Play& m) { put(to.initPlay(), m); },
                 [&](const Control& m) { put(to.initControl(), m); },
                 [&](const Fetch& m) { put(to.initFetch(), m); },
                 [&](const Upload& m) { put(to.initUpload(), m); },
                 [&](const ListUploads& m) { put(to.initListUploads(), m); },
                 [&](const ChangeUpload& m) { put(to.initChangeUpload(), m); },
                 [&](const WatchUploads& m) { to.initWatchUploads().setNumber(m.number); },
                 [&](const AskUploadServer& m) { put(to.initUploadServer(), m); },
                 [&](const Steer& m) { put(to.initSteer(), m); },
                 [&](const WatchSessions& m) { put(to.initWatchSessions(), m); },
                 [&](const Attach& m) { put(to.initAttach(), m); },
                 [&](const Reload&) { to.setReload(); },
             },
             from.body);
}

void put_body(schema::Reply::Builder to, const Reply& from) {
  std::visit(Overloaded{
                 [](const Unknown&) {},
                 [&](const ErrorReply& m) {
                   auto error = to.initError();
                   error.setCode(to_schema(m.code));
                   error.setMessage(text(m.message));
                   error.setSocket(text(m.socket));
                 },
                 [&](const Ok&) { to.setOk(); },
                 [&](const HelloReply& m) {
                   auto hello = to.initHello();
                   hello.setProtocol(m.protocol);
                   hello.setSoftware(text(m.software));
                   hello.setPid(m.pid);
                 },
                 [&](const Started& m) { put(to.initStarted(), m); },
                 [&](const StatusReply& m) { put(to.initStatus(), m); },
                 [&](const Checkpoint& m) { put(to.initCheckpoint(), m); },
                 [&](const Terminate&) { to.setTerminate(); },
                 [&](const Finished& m) { put(to.initFinished(), m); },
                 [&](const Playing& m) { to.initPlaying().setPlayback(text(m.playback)); },
                 [&](const PlaybackFinished& m) { put(to.initPlaybackFinished(), m); },
                 [&](const ScreenUndo& m) { to.setScreenUndo(data(m.bytes)); },
                 [&](const Fetched& m) {
                   auto fetched = to.initFetched();
                   fetched.setUrl(text(m.url));
                   fetched.setBytes(m.bytes);
                 },
                 [&](const Queued& m) { put(to.initQueued(), m); },
                 [&](const Uploads& m) { put(to.initUploads(), m); },
                 [&](const UploadInfo& m) { put(to.initUploadChanged(), m); },
                 [&](const UploadServerInfo& m) { put(to.initUploadServer(), m); },
                 [&](const Journal&) { to.setJournal(); },
                 [&](const Attached& m) { put(to.initAttached().initSession(), m.session); },
                 [&](const SessionEvent& m) { put(to.initSessionEvent(), m); },
                 [&](const Detached& m) { to.initDetached().setReason(text(m.reason)); },
             },
             from.body);
}

Result<std::string> flatten(capnp::MessageBuilder& builder) {
  const kj::Array<capnp::word> words = capnp::messageToFlatArray(builder);
  const auto bytes = words.asBytes();
  if (bytes.size() > kMaxMessageBytes) {
    return Error{Errc::limit_exceeded, "message of " + std::to_string(bytes.size()) +
                                           " bytes; at most " + std::to_string(kMaxMessageBytes) +
                                           " can be sent"};
  }
  return std::string(reinterpret_cast<const char*>(bytes.begin()), bytes.size());
}

void put(schema::Request::Builder to, const Request& from) {
  to.setId(from.id);
  to.setFds(from.fds);
  put_body(to, from);
}

void put(schema::Reply::Builder to, const Reply& from) {
  to.setId(from.id);
  to.setFds(from.fds);
  put_body(to, from);
}

template <typename Root, typename Plain>
Result<std::string> encode_root(const Plain& plain) {
  if (std::holds_alternative<Unknown>(plain.body)) {
    return Error{Errc::invalid_argument, "encode message: it has no body"};
  }
  try {
    capnp::MallocMessageBuilder builder;
    put(builder.initRoot<Root>(), plain);
    return flatten(builder);
  } catch (const kj::Exception& e) {
    return Error{Errc::invalid_argument,
                 std::string("encode message: ") + e.getDescription().cStr()};
  }
}

}  // namespace

Result<std::string> encode(const Request& request) { return encode_root<schema::Request>(request); }

Result<std::string> encode(const Reply& reply) { return encode_root<schema::Reply>(reply); }

}  // namespace asciinemad::wire
