#include "daemon/request_parts.h"

#include <utility>

#include "common/keys.h"

namespace asciinemad {

void reply_ok(Connection& connection, std::uint32_t id) {
  if (id != 0) connection.send({id, wire::Ok{}});
}

void refuse(Connection& connection, std::uint32_t id, wire::ErrorCode code, std::string message) {
  connection.send_error(id, code, std::move(message));
  connection.close_after_sending();
}

std::size_t fds_of(const wire::Terminal& terminal) {
  return (terminal.has_input ? 1U : 0U) + (terminal.has_output ? 1U : 0U);
}

Terminal::Resources take_terminal(const wire::Terminal& terminal, std::vector<Fd>& fds,
                                  std::size_t first) {
  Terminal::Resources resources;
  resources.input_is_terminal = terminal.input_is_terminal;
  resources.saved_termios = terminal.saved_termios;
  if (terminal.has_input) resources.input = std::move(fds[first++]);
  if (terminal.has_output) resources.output = std::move(fds[first]);
  return resources;
}

wire::ErrorCode code_of(const Error& error) {
  switch (error.code) {
    case Errc::limit_exceeded:
    case Errc::busy:
      return wire::ErrorCode::busy;
    case Errc::invalid_argument:
    case Errc::invalid_data:
      return wire::ErrorCode::invalid;
    case Errc::unsupported:
      return wire::ErrorCode::unsupported;
    default:
      return wire::ErrorCode::internal;
  }
}

Status check_keys(std::initializer_list<const std::string*> texts) {
  for (const std::string* text : texts) {
    if (text->empty()) continue;
    Result<Key> key = parse_key(*text);
    if (!key.ok()) return key.take_error();
  }
  return {};
}

}  // namespace asciinemad
