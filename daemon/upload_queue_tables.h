// The tables of the upload queue's database.
#pragma once

#include <cstdint>
#include <vector>

#include "common/result.h"
#include "daemon/upload_item.h"
#include "daemon/upload_queue_sqlite.h"

namespace asciinemad {

// PRAGMA user_version; 0 is that of a database without tables.
inline constexpr std::int64_t kUploadTablesVersion = 1;

// What they hold.
struct UploadTables {
  std::vector<UploadItem> items;  // numbers ascend
  std::vector<UploadServerFacts> servers;
  UploadRetention retention;
  std::uint64_t last_number = 0;  // the largest ever used
};

// Whether nobody has ever made tables in it, because it is new or the making was cut short.
Result<bool> is_blank(Database& database);

// Within a transaction.
Status create_upload_tables(Database& database);
Status store_upload_change(Database& database, const UploadChange& change);

// Looks at all of it. Errc::invalid_data: damaged, of another version, or values that make no
// sense.
Result<UploadTables> load_upload_tables(Database& database);

}  // namespace asciinemad
