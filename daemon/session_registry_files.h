// The directory of a SessionRegistry: its files, and what is done with them. To be used in threads.
//
// SESSION.session is a file of lines "KEY VALUE" for each recording that is being made; `recovered`
// has a line for each that was repaired. Several daemons of a user, and of several machines, may
// share the directory; each file is written as a whole.
#pragma once

#include <map>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "daemon/platform.h"
#include "daemon/session_registry.h"
#include "daemon/session_registry_text.h"

namespace asciinemad {

// Done in this order.
struct RegistryJob {
  enum class Scan {
    none,
    earlier_boots,  // recovers what is of an earlier boot, if it is certain that nobody writes it
    all,            // and the rest, unless somebody still writes it
  };

  std::string directory;
  // What to write down; nullopt: to remove.
  std::map<std::string, std::optional<SessionRegistry::Entry>, std::less<>> changes;
  Scan scan = Scan::none;
  std::map<std::string, std::string, std::less<>> active;  // sessions not to recover; their files
  std::set<std::string, std::less<>> told;                 // recovered ones that the user knows now
  // Which says nothing elsewhere than on Linux, and of files in network file systems.
  std::optional<bool> (*ask_for_writers)(int fd) = &has_writers;
};

struct RegistryOutcome {
  std::vector<std::string> warnings;
  std::vector<std::string> whole;  // recordings of this boot that were found whole, and forgotten
  bool scanned = false;
  std::set<std::string, std::less<>> found;  // what the scan has left
  bool found_orphans = false;                // that are for a scan of all
  // All there are, when they were read: after a scan and when the user was told.
  std::optional<std::vector<RecoveredItem>> recovered;
};

RegistryOutcome run_registry_job(const RegistryJob& job);

}  // namespace asciinemad
