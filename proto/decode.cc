#include <capnp/message.h>
#include <capnp/serialize.h>
#include <kj/exception.h>

#include "proto/asciinemad.capnp.h"
#include "proto/codec.h"
#include "proto/decode_values.h"

namespace asciinemad::wire {
namespace {

using wire::get;

constexpr int kNestingLimit = 16;
constexpr std::size_t kMaxUndoBytes = 4096;

ErrorCode get(schema::Error::Code code) {
  switch (code) {
    case schema::Error::Code::INTERNAL:
      return ErrorCode::internal;
    case schema::Error::Code::INVALID:
      return ErrorCode::invalid;
    case schema::Error::Code::UNSUPPORTED:
      return ErrorCode::unsupported;
    case schema::Error::Code::VERSION:
      return ErrorCode::version;
    case schema::Error::Code::BUSY:
      return ErrorCode::busy;
    case schema::Error::Code::NO_SESSION:
      return ErrorCode::no_session;
    case schema::Error::Code::LIMIT:
      return ErrorCode::limit;
    case schema::Error::Code::NOT_FOUND:
      return ErrorCode::not_found;
    case schema::Error::Code::ELSEWHERE:
      return ErrorCode::elsewhere;
  }
  return ErrorCode::internal;
}

StatusReply get(schema::Status::Reader from) {
  StatusReply to;
  to.software = get(from.getSoftware());
  to.pid = from.getPid();
  to.socket = get(from.getSocket());
  to.log_path = get(from.getLogPath());
  to.uptime_us = from.getUptime();
  to.on_demand = from.getOnDemand();
  for (auto session : from.getSessions()) to.sessions.push_back(get(session));
  for (auto playback : from.getPlaybacks()) to.playbacks.push_back(get(playback));
  to.uploads_waiting = from.getUploadsWaiting();
  to.uploads_held = from.getUploadsHeld();
  for (auto recording : from.getRecovered()) {
    to.recovered.push_back(
        {get(recording.getFile()), recording.getStartedAt(), recording.getCutBytes()});
  }
  to.systemd = from.getSystemd();
  return to;
}

Exit get(schema::Exited::Reader from) {
  switch (from.which()) {
    case schema::Exited::CODE:
      return {Exit::Kind::code, from.getCode()};
    case schema::Exited::SIGNAL:
      return {Exit::Kind::signal, from.getSignal()};
    case schema::Exited::EXEC_ERRNO:
      return {Exit::Kind::exec_failed, from.getExecErrno()};
  }
  return {};
}

Started get(schema::Started::Reader from) {
  Started to{get(from.getSession()), {}};
  for (auto file : from.getRecovered()) to.recovered.push_back(get(file));
  return to;
}

Request get(schema::Request::Reader from) {
  Request to;
  to.id = from.getId();
  to.fds = from.getFds();
  switch (from.which()) {
    case schema::Request::HELLO: {
      const auto hello = from.getHello();
      to.body = Hello{hello.getProtocolMin(), hello.getProtocolMax(), get(hello.getSoftware())};
      break;
    }
    case schema::Request::ATTACH_TERMINAL: {
      const auto attach = from.getAttachTerminal();
      to.body = AttachTerminal{get(attach.getTerminal()), get(attach.getSize())};
      break;
    }
    case schema::Request::RELEASE_TERMINAL:
      to.body = ReleaseTerminal{};
      break;
    case schema::Request::RESIZE:
      to.body = Resize{get(from.getResize())};
      break;
    case schema::Request::STOP:
      to.body = Stop{};
      break;
    case schema::Request::EXITED:
      to.body = Exited{get(from.getExited())};
      break;
    case schema::Request::STATUS:
      to.body = GetStatus{};
      break;
    case schema::Request::SHUTDOWN:
      to.body = Shutdown{from.getShutdown().getForce(), from.getShutdown().getHandOver()};
      break;
    case schema::Request::PLAY:
      to.body = get(from.getPlay());
      break;
    case schema::Request::CONTROL:
      to.body = get(from.getControl());
      break;
    case schema::Request::FETCH:
      to.body = get(from.getFetch());
      break;
    case schema::Request::RELOAD:
      to.body = Reload{};
      break;
    default:
      to.body = get_about_sessions(from);
      if (std::holds_alternative<Unknown>(to.body)) to.body = get_about_uploads(from);
  }
  return to;
}

Reply get(schema::Reply::Reader from) {
  Reply to;
  to.id = from.getId();
  to.fds = from.getFds();
  switch (from.which()) {
    case schema::Reply::ERROR: {
      const auto error = from.getError();
      to.body = ErrorReply{get(error.getCode()), get(error.getMessage()), get(error.getSocket())};
      break;
    }
    case schema::Reply::OK:
      to.body = Ok{};
      break;
    case schema::Reply::HELLO: {
      const auto hello = from.getHello();
      to.body = HelloReply{hello.getProtocol(), get(hello.getSoftware()), hello.getPid()};
      break;
    }
    case schema::Reply::STARTED:
      to.body = get(from.getStarted());
      break;
    case schema::Reply::STATUS:
      to.body = get(from.getStatus());
      break;
    case schema::Reply::TERMINATE:
      to.body = Terminate{};
      break;
    case schema::Reply::PLAYING:
      to.body = Playing{get(from.getPlaying().getPlayback())};
      break;
    case schema::Reply::PLAYBACK_FINISHED:
      to.body = get(from.getPlaybackFinished());
      break;
    case schema::Reply::SCREEN_UNDO:
      to.body = ScreenUndo{get(from.getScreenUndo(), kMaxUndoBytes, "screenUndo")};
      break;
    case schema::Reply::FETCHED:
      to.body = Fetched{get(from.getFetched().getUrl()), from.getFetched().getBytes()};
      break;
    case schema::Reply::JOURNAL:
      to.body = Journal{};
      break;
    default:
      to.body = get_about_sessions(from);
      if (std::holds_alternative<Unknown>(to.body)) to.body = get_about_uploads(from);
  }
  return to;
}

// kj and the range checks above throw; nothing leaves this file.
template <typename Plain, typename Root>
Result<Plain> decode(std::string_view message) {
  capnp::ReaderOptions options;
  options.nestingLimit = kNestingLimit;
  options.traversalLimitInWords = kMaxMessageBytes / sizeof(capnp::word);
  try {
    const kj::ArrayPtr<const capnp::word> words(
        reinterpret_cast<const capnp::word*>(message.data()), message.size() / sizeof(capnp::word));
    capnp::FlatArrayMessageReader reader(words, options);
    return get(reader.getRoot<Root>());
  } catch (const kj::Exception& e) {
    return Error{Errc::invalid_data,
                 std::string("malformed message: ") + e.getDescription().cStr()};
  } catch (const OutOfRange& e) {
    return Error{Errc::invalid_data, "invalid message: " + e.reason};
  }
}

}  // namespace

Result<Request> decode_request(std::string_view message) {
  return decode<Request, schema::Request>(message);
}

Result<Reply> decode_reply(std::string_view message) {
  return decode<Reply, schema::Reply>(message);
}

}  // namespace asciinemad::wire
