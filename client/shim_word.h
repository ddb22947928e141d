// ShimWord: what a shim tells its client over the socket pair between them, at most one word each
// way a session can end without the daemon.
//
// Both are forks of one program, so values travel as they are in memory.
#pragma once

#include <optional>
#include <string>

#include "common/fd.h"
#include "common/result.h"
#include "proto/message.h"

namespace asciinemad {

struct ShimWord {
  enum class Kind : char {
    gave_up = 'g',  // no daemon can be had: the command is the client's now
    ended = 'e',    // the daemon has said that everything is recorded
  };
  Kind kind = Kind::ended;
  wire::Finished finished = {};  // when ended; the reason of a loss is cut at 1000 bytes
  std::string reason = {};       // when gave_up; cut likewise
  Fd master = {};                // when gave_up: the PTY's
};

// An error: nobody is there any more.
Status send_word(int socket, const ShimWord& word);

// A word that has come; nullopt: not yet. Errc::unavailable: the shim is gone.
Result<std::optional<ShimWord>> receive_word(int socket);

}  // namespace asciinemad
