// Following a session: what `play --follow` and `attach --read-only` have in common.
#pragma once

#include <string>

namespace asciinemad {

// Shows the session with that id, from now on, until it ends or the user leaves. Prints what goes
// wrong; returns the process's exit status.
int follow_session(const std::string& session);

}  // namespace asciinemad
