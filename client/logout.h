// What the end of the login does to a daemon.
#pragma once

#include <string>

#include "common/paths.h"

namespace asciinemad {

// A line to tell the user whose daemon does not outlive the last logout as it might; empty where it
// does, or where no systemd-logind watches over logins. Reads a few files and asks nobody.
std::string logout_hint(const Environment& environment, bool started_by_systemd);

}  // namespace asciinemad
