// A file without a name, for what must be kept while somebody uses it and no longer.
#pragma once

#include <string>

#include "common/fd.h"
#include "common/result.h"

namespace asciinemad {

// Readable and writable, empty, in `directory`; in memory where that is
// impossible.
Result<Fd> open_unlinked_file(const std::string& directory);

}  // namespace asciinemad
