// Bringing the upload queue back to a state it can go on from, after an end without warning or the
// loss of its database.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "common/result.h"
#include "daemon/upload_files.h"
#include "daemon/upload_item.h"

namespace asciinemad {

// Renames the database and its logs to the first of DATABASE.damaged-1, -2... that is free, and
// makes that durable. Returns the new path.
Result<std::string> move_database_aside(const std::string& database);

// An item for each number that has a file; numbers ascend. One without a readable description is
// held. The states are as old as the descriptions: not yet settled.
Result<std::vector<UploadItem>> items_from_files(const std::string& directory,
                                                 const UploadFiles& files);

// Of an item that may have been in the middle of anything. Returns whether it was changed.
bool settle_after_end(UploadItem& item, const UploadFiles& files, const std::string& directory,
                      std::int64_t now_ms);
// The same where the item is from its description: what it has done since is unknown.
void settle_after_loss(UploadItem& item, const UploadFiles& files, const std::string& directory,
                       std::int64_t now_ms);

// Removes what belongs to none of `items`, whose numbers ascend, and copies these have no more.
void remove_stray_files(const std::string& directory, const UploadFiles& files,
                        const std::vector<UploadItem>& items);

}  // namespace asciinemad
