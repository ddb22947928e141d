// The install id: the secret that ties uploads from this machine to an account.
#pragma once

#include <string>

#include "common/config.h"
#include "common/paths.h"
#include "common/result.h"

namespace asciinemad {

// The first there is of: $ASCIINEMA_INSTALL_ID, config.token, the file install-id in
// config_directory(), asciinema 3's in state_directory(); else a new random one, kept in
// config_directory() with mode 0600. Callers that race for the new one get the same, provided that
// the filesystem has hard links. What is not printable ASCII without blanks, up to 256 bytes, is an
// error that names where it came from.
Result<std::string> load_or_create_install_id(const Environment& environment, const Config& config);

}  // namespace asciinemad
