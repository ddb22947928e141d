// Whether the queue's write-ahead log lost something that had been stored.
#pragma once

#include <string>

#include "common/result.h"

namespace asciinemad {

// SQLite takes a log for ended at the first frame whose checksum is wrong, as after a write that
// was cut short. Errc::invalid_data when that would pass over a change that is whole, or the log
// has no valid header: then it is damaged. No log is fine. What can't be read is SQLite's to
// report. To be called before the database is opened.
Status check_upload_log(const std::string& path);

}  // namespace asciinemad
