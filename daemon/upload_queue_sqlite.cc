#include "daemon/upload_queue_sqlite.h"

#include <fcntl.h>
#include <sqlite3.h>
#include <sys/stat.h>

#include <cerrno>
#include <cstring>
#include <utility>

#include "common/fd.h"
#include "daemon/upload_queue_log.h"

namespace asciinemad {
namespace {

constexpr int kBusyTimeoutMs = 2'000;
constexpr off_t kPageBytes = 4096;  // SQLite's default

// Nobody else may use the file, so the index of the log needs no shared memory: one file less, and
// no mapping that a full disk turns into SIGBUS. Memory is for one item at a time.
constexpr const char* kSettings =
    "PRAGMA locking_mode = EXCLUSIVE;"
    "PRAGMA cache_size = -64;"
    "PRAGMA mmap_size = 0;"
    "PRAGMA temp_store = MEMORY;"
    "PRAGMA cell_size_check = ON;";

// The log is written back every MiB and does not stay larger than that for long.
constexpr const char* kDurableSettings =
    "PRAGMA journal_mode = WAL;"
    "PRAGMA synchronous = FULL;"
    "PRAGMA wal_autocheckpoint = 256;"
    "PRAGMA journal_size_limit = 1048576;";

// Here, because SQLite says neither why it can't open a file nor that a file may not be written.
Status make_file(const std::string& path) {
  const Fd file(::open(path.c_str(), O_RDWR | O_CREAT | O_CLOEXEC | O_NOCTTY, 0600));
  struct stat info {};
  if (!file || ::fstat(file.get(), &info) != 0) {
    return Error{Errc::system, std::strerror(errno), errno};
  }
  // SQLite takes what is missing of a page for zeros. Only a log can make up for it: then the disk
  // was full when that was written back.
  struct stat log {};
  const bool has_log = ::stat((path + "-wal").c_str(), &log) == 0 && log.st_size > 0;
  if (info.st_size % kPageBytes != 0 && !has_log) {
    return Error{Errc::invalid_data, "it is cut off"};
  }
  return {};
}

}  // namespace

void Database::Close::operator()(sqlite3* database) const { sqlite3_close_v2(database); }

Result<Database> Database::open(const std::string& path) {
  TRY(make_file(path));
  TRY(check_upload_log(path + "-wal"));
  sqlite3* opened = nullptr;
  const int code =
      sqlite3_open_v2(path.c_str(), &opened,
                      SQLITE_OPEN_READWRITE | SQLITE_OPEN_NOMUTEX | SQLITE_OPEN_EXRESCODE, nullptr);
  Database database(opened);
  if (opened == nullptr) return Error{Errc::unavailable, sqlite3_errstr(code)};
  if (code != SQLITE_OK) return database.error(code);
  sqlite3_busy_timeout(opened, kBusyTimeoutMs);
  sqlite3_db_config(opened, SQLITE_DBCONFIG_NO_CKPT_ON_CLOSE, 1, nullptr);
  sqlite3_db_config(opened, SQLITE_DBCONFIG_DEFENSIVE, 1, nullptr);
  TRY(database.run(kSettings));
  return database;
}

Status Database::trust() {
  if (sqlite3_db_readonly(database_.get(), "main") != 0) {
    return Error{Errc::invalid_data, "its header says that it can't be written"};
  }
  sqlite3_db_config(database_.get(), SQLITE_DBCONFIG_NO_CKPT_ON_CLOSE, 0, nullptr);
  return run(kDurableSettings);
}

Status Database::run(const char* sql) {
  const int code = sqlite3_exec(database_.get(), sql, nullptr, nullptr, nullptr);
  if (code != SQLITE_OK) return error(code);
  return {};
}

void Database::roll_back() {
  if (sqlite3_get_autocommit(database_.get()) == 0) {
    sqlite3_exec(database_.get(), "ROLLBACK", nullptr, nullptr, nullptr);
  }
}

Error Database::error(int code) const {
  if (code == SQLITE_IOERR_SHORT_READ) return Error{Errc::invalid_data, sqlite3_errstr(code)};
  switch (code & 0xff) {
    case SQLITE_FULL:
      return Error{Errc::system, std::strerror(ENOSPC), ENOSPC};
    case SQLITE_CANTOPEN:
      if (const int system = sqlite3_system_errno(database_.get()); system != 0) {
        return Error{Errc::system, std::strerror(system), system};
      }
      [[fallthrough]];
    case SQLITE_IOERR:  // its errno is lost, or another's
    case SQLITE_BUSY:
    case SQLITE_LOCKED:
    case SQLITE_NOMEM:
    case SQLITE_PERM:
    case SQLITE_AUTH:
    case SQLITE_PROTOCOL:
    case SQLITE_INTERRUPT:
      return Error{Errc::unavailable, sqlite3_errmsg(database_.get())};
    default:
      return Error{Errc::invalid_data, sqlite3_errmsg(database_.get())};
  }
}

void Statement::Finalize::operator()(sqlite3_stmt* statement) const { sqlite3_finalize(statement); }

Result<Statement> Statement::prepare(Database& database, const std::string& sql) {
  sqlite3_stmt* statement = nullptr;
  const int code = sqlite3_prepare_v2(database.database_.get(), sql.c_str(),
                                      static_cast<int>(sql.size() + 1), &statement, nullptr);
  if (code != SQLITE_OK) return database.error(code);
  return Statement(database, statement);
}

void Statement::note(int code) {
  if (bind_code_ == SQLITE_OK) bind_code_ = code;
}

void Statement::bind(std::int64_t value) {
  note(sqlite3_bind_int64(statement_.get(), ++parameter_, value));
}

void Statement::bind_text(std::string_view value) {
  // A null pointer would be NULL and not the empty text.
  note(sqlite3_bind_text64(statement_.get(), ++parameter_, value.empty() ? "" : value.data(),
                           value.size(), SQLITE_TRANSIENT, SQLITE_UTF8));
}

void Statement::bind_bytes(std::string_view value) {
  note(sqlite3_bind_blob64(statement_.get(), ++parameter_, value.empty() ? "" : value.data(),
                           value.size(), SQLITE_TRANSIENT));
}

Result<bool> Statement::step() {
  parameter_ = 0;
  column_ = 0;
  if (const int code = std::exchange(bind_code_, SQLITE_OK); code != SQLITE_OK) {
    return database_->error(code);
  }
  const int code = sqlite3_step(statement_.get());
  if (code == SQLITE_ROW) return true;
  if (code == SQLITE_DONE) {
    sqlite3_reset(statement_.get());
    return false;
  }
  Error error = database_->error(code);
  sqlite3_reset(statement_.get());
  return error;
}

Status Statement::run() {
  TRY_ASSIGN([[maybe_unused]] const bool row, step());
  return {};
}

bool Statement::read(std::int64_t& value) {
  const int column = column_++;
  value = sqlite3_column_int64(statement_.get(), column);
  return sqlite3_column_type(statement_.get(), column) == SQLITE_INTEGER;
}

bool Statement::read_text(std::string_view& value) {
  const int column = column_++;
  if (sqlite3_column_type(statement_.get(), column) != SQLITE_TEXT) return false;
  const auto* text = sqlite3_column_text(statement_.get(), column);
  if (text == nullptr) return false;
  const int size = sqlite3_column_bytes(statement_.get(), column);
  value = {reinterpret_cast<const char*>(text), static_cast<std::size_t>(size)};
  return true;
}

bool Statement::read_bytes(std::string_view& value) {
  const int column = column_++;
  if (sqlite3_column_type(statement_.get(), column) != SQLITE_BLOB) return false;
  const auto* bytes = static_cast<const char*>(sqlite3_column_blob(statement_.get(), column));
  const int size = sqlite3_column_bytes(statement_.get(), column);
  value = {bytes == nullptr ? "" : bytes, static_cast<std::size_t>(size)};
  return true;
}

Result<Transaction> Transaction::begin(Database& database) {
  TRY(database.run("BEGIN IMMEDIATE"));
  return Transaction(database);
}

Transaction::~Transaction() {
  if (database_ != nullptr) database_->roll_back();
}

Status Transaction::commit() {
  TRY(database_->run("COMMIT"));
  database_ = nullptr;
  return {};
}

}  // namespace asciinemad
