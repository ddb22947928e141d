#include "proto/codec.h"

#include <doctest/doctest.h>

#include <cmath>
#include <concepts>
#include <limits>
#include <string>
#include <string_view>
#include <tuple>
#include <variant>

#include "tests/support/message_samples.h"

namespace asciinemad {
namespace {

using namespace wire;  // NOLINT(google-build-using-namespace): the messages are what this is about

// What two messages of a kind must agree in.
auto fields(const Unknown& m) { return std::tie(m.member); }
auto fields(const Exit& m) { return std::tie(m.kind, m.value); }
auto fields(const Terminal& m) {
  return std::tie(m.has_input, m.has_output, m.input_is_terminal, m.saved_termios);
}
auto fields(const Notifications& m) {
  return std::tie(m.enabled, m.command, m.icon_path, m.environment);
}
auto fields(const Hello& m) { return std::tie(m.protocol_min, m.protocol_max, m.software); }
auto fields(const Start& m) {
  return std::tuple_cat(
      std::tie(m.format, m.append, m.time_offset_us, m.size, m.timestamp_s, m.idle_time_limit_s,
               m.title, m.command, m.captured_env, m.capture_input, m.prefix_key, m.pause_key,
               m.add_marker_key, m.path),
      std::tie(m.session, m.name, m.file, m.kept_bytes, m.pause_at_start, m.marker_label,
               m.pause_markers, m.output_markers, m.paused_title, m.on_disconnect, m.detach_key,
               m.has_upload, m.upload, m.detached),
      fields(m.terminal), fields(m.notifications));
}
auto fields(const Resume& m) {
  return std::tuple_cat(std::tie(m.session, m.checkpoint, m.has_journal), fields(m.start));
}
auto fields(const AttachTerminal& m) {
  return std::tuple_cat(std::tie(m.size), fields(m.terminal));
}
auto fields(const Resize& m) { return std::tie(m.size); }
auto fields(const Exited& m) { return fields(m.exit); }
auto fields(const Shutdown& m) { return std::tie(m.force, m.hand_over); }
auto fields(const ErrorReply& m) { return std::tie(m.code, m.message, m.socket); }
auto fields(const HelloReply& m) { return std::tie(m.protocol, m.software, m.pid); }
auto fields(const Started& m) { return std::tie(m.session, m.recovered); }
auto fields(const StatusReply& m) {
  return std::tie(m.software, m.pid, m.socket, m.log_path, m.uptime_us, m.on_demand,
                  m.uploads_waiting, m.uploads_held, m.sessions, m.recovered, m.systemd);
}
auto fields(const Finished& m) {
  return std::tuple_cat(std::tie(m.lost_bytes, m.loss_reason, m.discarded, m.uploading, m.paused),
                        fields(m.exit));
}
auto fields(const Play& m) {
  return std::tuple_cat(
      std::tie(m.name, m.size, m.speed, m.idle_time_limit_s, m.loop, m.pause_on_markers,
               m.start_at_us, m.output, m.stream, m.trust, m.resize_terminal, m.follow,
               m.follow_session, m.pause_key, m.step_key, m.next_marker_key, m.fit),
      fields(m.terminal));
}
auto fields(const Fetch& m) {
  return std::tie(m.url, m.max_bytes, m.http_proxy, m.https_proxy, m.no_proxy, m.ca_file,
                  m.ca_directory, m.ipfs_gateway);
}
// Which action, and its number if it has one.
std::tuple<std::string, std::size_t, std::uint64_t, std::int64_t, double> fields(const Control& m) {
  const auto* to = std::get_if<control::SeekTo>(&m.action);
  const auto* by = std::get_if<control::SeekBy>(&m.action);
  const auto* part = std::get_if<control::SeekToFraction>(&m.action);
  const auto* speed = std::get_if<control::SetSpeed>(&m.action);
  return {m.playback, m.action.index(), to != nullptr ? to->at_us : 0,
          by != nullptr ? by->by_us : 0,
          part != nullptr    ? part->fraction
          : speed != nullptr ? speed->speed
                             : 0};
}
auto fields(const Playing& m) { return std::tie(m.playback); }
auto fields(const PlaybackFinished& m) { return std::tie(m.how, m.reason, m.warnings); }
auto fields(const ScreenUndo& m) { return std::tie(m.bytes); }
auto fields(const Fetched& m) { return std::tie(m.url, m.bytes); }
auto fields(const PlaybackInfo& m) {
  return std::tie(m.playback, m.name, m.position_us, m.duration_us, m.speed, m.paused, m.following,
                  m.size);
}
auto fields(const Attach& m) {
  return std::tuple_cat(std::tie(m.session, m.size, m.force, m.rejoin), fields(m.terminal));
}
auto fields(const WatchSessions& m) { return std::tie(m.session, m.present); }
auto fields(const Attached& m) { return std::tie(m.session); }
auto fields(const Detached& m) { return std::tie(m.reason); }
auto fields(const Steer& m) { return std::tie(m.session); }
auto fields(const steer::Mark& m) { return std::tie(m.label); }
auto fields(const steer::Resize& m) { return std::tie(m.size); }
auto fields(const steer::Send& m) { return std::tie(m.bytes); }
auto fields(const steer::Title& m) { return std::tie(m.title); }
auto fields(const SessionEvent& m) { return std::tie(m.session, m.name, m.at_ms, m.time_us); }
auto fields(const event::Present& m) { return std::tie(m.info); }
auto fields(const event::Started& m) { return std::tie(m.info); }
auto fields(const event::Marker& m) { return std::tie(m.label); }
auto fields(const event::Resized& m) { return std::tie(m.size); }
auto fields(const event::Titled& m) { return std::tie(m.title); }
auto fields(const event::Exited& m) { return fields(m.finished); }
auto fields(const event::PresentPlayback& m) { return fields(m.info); }
auto fields(const event::PlaybackStarted& m) { return fields(m.info); }
auto fields(const event::PlaybackEnded& m) { return fields(m.finished); }

template <typename... Members>
bool same_member(const std::variant<Members...>& a, const std::variant<Members...>& b);

template <typename Message>
bool same(const Message& a, const Message& b) {
  if constexpr (std::is_same_v<Message, StatusReply>) {
    if (a.playbacks.size() != b.playbacks.size()) return false;
    for (std::size_t i = 0; i < a.playbacks.size(); ++i) {
      if (fields(a.playbacks[i]) != fields(b.playbacks[i])) return false;
    }
  }
  if constexpr (std::is_same_v<Message, Steer>) {
    if (!same_member(a.action, b.action)) return false;
  }
  if constexpr (std::is_same_v<Message, SessionEvent>) {
    if (!same_member(a.what, b.what)) return false;
  }
  if constexpr (std::is_empty_v<Message>) {
    return true;
  } else if constexpr (std::equality_comparable<Message>) {
    return a == b;
  } else {
    return fields(a) == fields(b);
  }
}

template <typename... Members>
bool same_member(const std::variant<Members...>& a, const std::variant<Members...>& b) {
  return a.index() == b.index() &&
         std::visit(
             [&](const auto& left) {
               return same(left, std::get<std::decay_t<decltype(left)>>(b));
             },
             a);
}

template <typename Message>
std::string encoded(const Message& message) {
  Result<std::string> bytes = encode(message);
  REQUIRE(bytes.ok());
  return std::move(bytes).value();
}

std::string encoded_start(const Start& start) { return encoded(Request{1, 3, start}); }

// `like` with the 16 bits in which `other` first differs from it set to `value`.
std::string patched(std::string like, const std::string& other, std::uint16_t value) {
  REQUIRE(like.size() == other.size());
  std::size_t at = 0;
  while (at < like.size() && like[at] == other[at]) ++at;
  REQUIRE(at < like.size());
  at -= at % 2;
  like[at] = static_cast<char>(value);
  like[at + 1] = static_cast<char>(value >> 8);
  return like;
}

std::string reason_against(const std::string& bytes) {
  const auto request = decode_request(bytes);
  if (request.ok()) return "accepted";
  CHECK(request.error().code == Errc::invalid_data);
  return request.error().message;
}

bool mentions(const std::string& reason, std::string_view what) {
  INFO(reason);
  return reason.find(what) != std::string::npos;
}

TEST_CASE("codec: every request comes back as it was") {
  for (const Request& request : test::sample_requests()) {
    CAPTURE(request.body.index());
    const auto back = decode_request(encoded(request));
    REQUIRE(back.ok());
    CHECK(back->id == request.id);
    CHECK(back->fds == request.fds);
    CHECK(same_member(back->body, request.body));
  }
}

TEST_CASE("codec: every reply comes back as it was") {
  for (const Reply& reply : test::sample_replies()) {
    CAPTURE(reply.body.index());
    const auto back = decode_reply(encoded(reply));
    REQUIRE(back.ok());
    CHECK(back->id == reply.id);
    CHECK(back->fds == reply.fds);
    CHECK(same_member(back->body, reply.body));
  }
}

TEST_CASE("codec: the samples leave no kind of message out") {
  std::vector<bool> requests(std::variant_size_v<decltype(Request::body)>);
  for (const Request& request : test::sample_requests()) requests[request.body.index()] = true;
  std::vector<bool> replies(std::variant_size_v<decltype(Reply::body)>);
  for (const Reply& reply : test::sample_replies()) replies[reply.body.index()] = true;
  requests[0] = replies[0] = true;  // Unknown
  CHECK(requests == std::vector<bool>(requests.size(), true));
  CHECK(replies == std::vector<bool>(replies.size(), true));
}

TEST_CASE("codec: the samples leave no action and no event out") {
  std::vector<bool> actions(std::variant_size_v<decltype(Steer::action)>);
  for (const Steer& steer : test::sample_steers()) actions[steer.action.index()] = true;
  std::vector<bool> events(std::variant_size_v<decltype(SessionEvent::what)>);
  for (const SessionEvent& event : test::sample_session_events()) events[event.what.index()] = true;
  actions[0] = events[0] = true;  // Unknown
  CHECK(actions == std::vector<bool>(actions.size(), true));
  CHECK(events == std::vector<bool>(events.size(), true));
}

TEST_CASE("codec: extreme numbers of seconds") {
  for (const double limit : {0.0, std::numeric_limits<double>::denorm_min(), 1e-9, 2.5,
                             std::numeric_limits<double>::max()}) {
    Start start;
    start.idle_time_limit_s = limit;
    const auto back = decode_request(encoded_start(start));
    REQUIRE(back.ok());
    CHECK(std::get<Start>(back->body).idle_time_limit_s == limit);
  }
}

TEST_CASE("codec: a union member of a newer schema is Unknown, and its id is kept") {
  const std::string stop = encoded(Request{77, 2, Stop{}});
  const std::string release = encoded(Request{77, 2, ReleaseTerminal{}});
  const std::string ok = encoded(Reply{78, Ok{}});
  const std::string terminate = encoded(Reply{78, Terminate{}});
  for (const int member : {100, 101, 255, 256, 32768, 65535}) {
    const auto number = static_cast<std::uint16_t>(member);
    const auto request = decode_request(patched(stop, release, number));
    REQUIRE(request.ok());
    CHECK(request->id == 77);
    CHECK(request->fds == 2);
    REQUIRE(std::holds_alternative<Unknown>(request->body));
    CHECK(std::get<Unknown>(request->body).member == number);

    const auto reply = decode_reply(patched(ok, terminate, number));
    REQUIRE(reply.ok());
    CHECK(reply->id == 78);
    REQUIRE(std::holds_alternative<Unknown>(reply->body));
    CHECK(std::get<Unknown>(reply->body).member == number);
  }
}

TEST_CASE("codec: an action of a newer schema is Unknown, trust of a newer kind is none") {
  const auto action =
      decode_request(patched(encoded(Request{1, 0, Control{"x", control::Pause{}}}),
                             encoded(Request{1, 0, Control{"x", control::Resume{}}}), 4711));
  REQUIRE(action.ok());
  CHECK(std::holds_alternative<control::Unknown>(std::get<Control>(action->body).action));

  Play trusted;
  trusted.trust = Play::Trust::trusted;
  Play local;
  local.trust = Play::Trust::local;
  const auto play =
      decode_request(patched(encoded(Request{1, 1, trusted}), encoded(Request{1, 1, local}), 99));
  REQUIRE(play.ok());
  CHECK(std::get<Play>(play->body).trust == Play::Trust::untrusted);
}

TEST_CASE("codec: an action or an event of a session of a newer schema is Unknown") {
  const auto steer = decode_request(patched(encoded(Request{1, 0, Steer{"x", steer::Pause{}}}),
                                            encoded(Request{1, 0, Steer{"x", steer::Stop{}}}), 99));
  REQUIRE(steer.ok());
  CHECK(std::get<Steer>(steer->body).session == "x");
  CHECK(std::holds_alternative<steer::Unknown>(std::get<Steer>(steer->body).action));

  const auto happened = [](const auto& what) {
    return encoded(Reply{0, SessionEvent{"x", "n", 1, 2, what}});
  };
  const auto event =
      decode_reply(patched(happened(event::Paused{}), happened(event::Resumed{}), 99));
  REQUIRE(event.ok());
  CHECK(std::get<SessionEvent>(event->body).time_us == 2);
  CHECK(std::holds_alternative<event::Unknown>(std::get<SessionEvent>(event->body).what));
}

TEST_CASE("codec: what to do on a disconnect by a newer schema is to hang up") {
  Start detaching;
  detaching.on_disconnect = OnDisconnect::detach;
  const auto start = decode_request(patched(encoded_start({}), encoded_start(detaching), 99));
  REQUIRE(start.ok());
  CHECK(std::get<Start>(start->body).on_disconnect == OnDisconnect::hang_up);
}

TEST_CASE("codec: an upload travels in a start only if it has one") {
  Start start;
  start.upload = test::sample_upload();
  const auto without = decode_request(encoded_start(start));
  REQUIRE(without.ok());
  CHECK(std::get<Start>(without->body).upload == Upload{});
  CHECK(encoded_start(start) == encoded_start({}));

  start.has_upload = true;
  start.upload.key = "no key";
  CHECK(mentions(reason_against(encoded_start(start)), "key"));
}

TEST_CASE("codec: numbers of a playback that make no sense are refused and named") {
  constexpr double kInfinity = std::numeric_limits<double>::infinity();
  for (const double speed : {0.0, -1.0, 9e-7, 1.1e9, kInfinity, std::nan("")}) {
    Play play;
    play.speed = speed;
    CHECK(mentions(reason_against(encoded(Request{1, 1, play})), "speed"));
    const Control control{"x", control::SetSpeed{speed}};
    CHECK(mentions(reason_against(encoded(Request{1, 0, control})), "speed"));
  }
  for (const double limit : {-1.0, 1.1e9, kInfinity, std::nan("")}) {
    Play play;
    play.idle_time_limit_s = limit;
    CHECK(mentions(reason_against(encoded(Request{1, 1, play})), "idleTimeLimit"));
  }
  for (const double part : {-0.1, 1.1, kInfinity, std::nan("")}) {
    const Control control{"x", control::SeekToFraction{part}};
    CHECK(mentions(reason_against(encoded(Request{1, 0, control})), "seekToFraction"));
  }
}

TEST_CASE("codec: an error code or a kind of exit of a newer schema") {
  const auto error = decode_reply(patched(encoded(Reply{1, ErrorReply{ErrorCode::invalid, "x"}}),
                                          encoded(Reply{1, ErrorReply{ErrorCode::busy, "x"}}), 99));
  REQUIRE(error.ok());
  CHECK(std::get<ErrorReply>(error->body).code == ErrorCode::internal);
  CHECK(std::get<ErrorReply>(error->body).message == "x");

  const auto exited =
      decode_request(patched(encoded(Request{1, 0, Exited{{Exit::Kind::code, 3}}}),
                             encoded(Request{1, 0, Exited{{Exit::Kind::signal, 3}}}), 99));
  REQUIRE(exited.ok());
  CHECK(std::get<Exited>(exited->body).exit.kind == Exit::Kind::unknown);
}

TEST_CASE("codec: values out of range are refused and named") {
  Start raw;
  raw.format = Format::raw;
  CHECK(mentions(reason_against(patched(encoded_start({}), encoded_start(raw), 2)),
                 "recording format"));
  for (const double limit : {-1.0, -1e-300, std::numeric_limits<double>::infinity(),
                             -std::numeric_limits<double>::infinity(), std::nan("")}) {
    Start start;
    start.idle_time_limit_s = limit;
    CHECK(mentions(reason_against(encoded_start(start)), "idleTimeLimit"));
  }
  for (const WindowSize& size : {WindowSize{0, 24, 0, 0}, {80, 0, 0, 0}, {0, 0, 0, 0}}) {
    Start start;
    start.size = size;
    CHECK(mentions(reason_against(encoded_start(start)), "window size"));
    CHECK(mentions(reason_against(encoded(Request{1, 0, Resize{size}})), "window size"));
    CHECK(
        mentions(reason_against(encoded(Request{1, 0, AttachTerminal{{}, size}})), "window size"));
    CHECK(mentions(reason_against(encoded(Request{1, 0, Steer{"", steer::Resize{size}}})),
                   "window size"));
    CHECK(mentions(reason_against(encoded(Request{1, 0, Attach{"", {}, size}})), "window size"));
  }
}

TEST_CASE("codec: data longer than its bound is refused and named, at the bound it passes") {
  const auto with = [](auto member, std::size_t size) {
    Resume resume;
    resume.checkpoint.*member = std::string(size, '\x01');
    return reason_against(encoded(Request{1, 2, resume}));
  };
  CHECK(with(&Checkpoint::output_tail, 3) == "accepted");
  CHECK(mentions(with(&Checkpoint::output_tail, 4), "outputTail"));
  CHECK(with(&Checkpoint::input_tail, 3) == "accepted");
  CHECK(mentions(with(&Checkpoint::input_tail, 4), "inputTail"));
  CHECK(with(&Checkpoint::input_parser, 8192) == "accepted");
  CHECK(mentions(with(&Checkpoint::input_parser, 8193), "inputParser"));
  CHECK(with(&Checkpoint::output_filter, 4096) == "accepted");
  CHECK(mentions(with(&Checkpoint::output_filter, 4097), "outputFilter"));
  Start start;
  start.terminal.saved_termios = std::string(256, 'x');
  CHECK(reason_against(encoded_start(start)) == "accepted");
  start.terminal.saved_termios += 'x';
  CHECK(mentions(reason_against(encoded_start(start)), "savedTermios"));
}

TEST_CASE("codec: texts of a session longer than their bounds are refused and named") {
  const auto start_with = [](auto member) {
    return [member](const std::string& s) {
      Start start;
      start.*member = s;
      return Request{1, 3, start};
    };
  };
  const auto check = [](const char* field, std::size_t bytes, const auto& make) {
    CAPTURE(field);
    CHECK(reason_against(encoded(make(std::string(bytes, 'x')))) == "accepted");
    CHECK(mentions(reason_against(encoded(make(std::string(bytes + 1, 'x')))), field));
  };
  check("session", 64, start_with(&Start::session));
  check("name", 256, start_with(&Start::name));
  check("markerLabel", 1024, start_with(&Start::marker_label));
  check("pausedTitle", 1024, start_with(&Start::paused_title));
  using Text = std::string;
  check("session", 64, [](const Text& s) { return Request{1, 2, Resume{s, {}, {}}}; });
  check("session", 256, [](const Text& s) { return Request{1, 0, Steer{s, steer::Stop{}}}; });
  check("session", 256, [](const Text& s) { return Request{1, 0, WatchSessions{s}}; });
  check("session", 256, [](const Text& s) { return Request{1, 0, Attach{s, {}, {}}}; });
  check("mark", 1024, [](const Text& s) { return Request{1, 0, Steer{"", steer::Mark{s}}}; });
  check("title", 1024, [](const Text& s) { return Request{1, 0, Steer{"", steer::Title{s}}}; });
  check("send", 65536, [](const Text& s) { return Request{1, 0, Steer{"", steer::Send{s}}}; });
}

TEST_CASE("codec: an id or a name of a session longer than its bound is refused in a reply") {
  const auto accepted = [](auto member, std::size_t size) {
    SessionInfo info;
    info.*member = std::string(size, 'x');
    return decode_reply(encoded(Reply{1, Attached{info}})).ok();
  };
  CHECK(accepted(&SessionInfo::session, 64));
  CHECK_FALSE(accepted(&SessionInfo::session, 65));
  CHECK(accepted(&SessionInfo::name, 256));
  CHECK_FALSE(accepted(&SessionInfo::name, 257));
  const SessionEvent event{std::string(65, 'x'), "", 0, 0, event::Paused{}};
  CHECK_FALSE(decode_reply(encoded(Reply{0, event})).ok());
}

TEST_CASE("codec: the largest message passes, a larger one is not even made") {
  Start start;
  // With its final NUL a whole number of words, and too long for Cap'n Proto's first segment, as
  // the final one will be.
  start.title = std::string(799'999, 't');
  start.title.append(kMaxMessageBytes - encoded_start(start).size(), 't');
  const std::string largest = encoded_start(start);
  CHECK(largest.size() == kMaxMessageBytes);
  const auto back = decode_request(largest);
  REQUIRE(back.ok());
  CHECK((std::get<Start>(back->body).title == start.title));

  start.title += 't';
  const auto larger = encode(Request{1, 3, start});
  REQUIRE_FALSE(larger.ok());
  CHECK(larger.error().code == Errc::limit_exceeded);
}

}  // namespace
}  // namespace asciinemad
