// Database, Statement, Transaction: SQLite as the upload queue needs it.
//
// Errors say only the reason. Errc::invalid_data: the file's content is not what it must be.
// Anything else (system, unavailable) is trouble with the disk, memory or permissions, and says
// nothing about the content. No message has values in it.
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>

#include "common/result.h"

struct sqlite3;
struct sqlite3_stmt;

namespace asciinemad {

class Database {
 public:
  // Makes an empty file, mode 0600, where there is none. Only the file's holder may call this: it
  // must not be open anywhere in this process.
  static Result<Database> open(const std::string& path);

  // `sql` without results.
  Status run(const char* sql);

  // A fault is suspected until this is called: then closing leaves the file and its log as found,
  // for whoever wants to rescue something. Afterwards it is in WAL mode, and durable.
  Status trust();

  // Ends a transaction that failed; nothing happens when SQLite has ended it already.
  void roll_back();

 private:
  friend class Statement;
  struct Close {
    void operator()(sqlite3* database) const;
  };

  explicit Database(sqlite3* database) : database_(database) {}
  Error error(int code) const;

  std::unique_ptr<sqlite3, Close> database_;
};

class Statement {
 public:
  static Result<Statement> prepare(Database& database, const std::string& sql);

  // For the parameters in their order. A failure is reported by step().
  void bind(std::int64_t value);
  void bind_text(std::string_view value);
  void bind_bytes(std::string_view value);

  // Whether there is a row; at the end the statement is ready to be bound anew.
  Result<bool> step();
  // step() where no row can come.
  Status run();

  // Of the row, in the columns' order; false when the value is of another type. Valid until the
  // next step().
  bool read(std::int64_t& value);
  bool read_text(std::string_view& value);
  bool read_bytes(std::string_view& value);

 private:
  struct Finalize {
    void operator()(sqlite3_stmt* statement) const;
  };

  Statement(Database& database, sqlite3_stmt* statement)
      : database_(&database), statement_(statement) {}
  void note(int code);

  Database* database_;
  std::unique_ptr<sqlite3_stmt, Finalize> statement_;
  int parameter_ = 0;
  int column_ = 0;
  int bind_code_ = 0;
};

// Rolled back unless committed.
class Transaction {
 public:
  static Result<Transaction> begin(Database& database);
  Transaction(Transaction&& other) noexcept : database_(std::exchange(other.database_, nullptr)) {}
  Transaction& operator=(Transaction&&) = delete;
  ~Transaction();

  Status commit();

 private:
  explicit Transaction(Database& database) : database_(&database) {}

  Database* database_;
};

}  // namespace asciinemad
