// The daemon as a unit of the user's systemd: installed and switched on, or off again.
//
// All of it asks `systemctl --user`. Errc::unavailable: no user manager can be reached.
#pragma once

#include <string>
#include <vector>

#include "common/paths.h"
#include "common/result.h"

namespace asciinemad {

struct EnabledService {
  std::string program;  // what systemd will start
  std::string socket;   // where it listens
  std::vector<std::string> unit_files;
};

// From now on, and after each login, systemd listens on the control socket and starts the daemon
// when somebody connects. Units that systemd knows are taken as they are; those of a program that
// is where systemd does not look are written into the user's configuration, naming it.
Result<EnabledService> enable_service(const Environment& environment);

// The reverse: ends systemd's daemon, and removes what enable_service() wrote. False: systemd knows
// no such service.
Result<bool> disable_service(const Environment& environment);

}  // namespace asciinemad
