// What requests of several kinds are made of, and how they are answered.
#pragma once

#include <cstddef>
#include <cstdint>
#include <initializer_list>
#include <string>
#include <vector>

#include "common/fd.h"
#include "common/result.h"
#include "daemon/connection.h"
#include "daemon/terminal.h"
#include "proto/message.h"

namespace asciinemad {

// `id` 0: nobody waits for it.
void reply_ok(Connection& connection, std::uint32_t id);

// A peer that breaks the protocol is told so and sent away.
void refuse(Connection& connection, std::uint32_t id, wire::ErrorCode code, std::string message);

// How many descriptors come with it.
std::size_t fds_of(const wire::Terminal& terminal);

// Takes them out of `fds`, of which the first is at `first`.
Terminal::Resources take_terminal(const wire::Terminal& terminal, std::vector<Fd>& fds,
                                  std::size_t first);

// What a session refuses or fails with.
wire::ErrorCode code_of(const Error& error);

// Errc::invalid_argument for one that is neither empty nor a key.
Status check_keys(std::initializer_list<const std::string*> texts);

}  // namespace asciinemad
