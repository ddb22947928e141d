#include "daemon/upload_queue_tables.h"

#include <concepts>
#include <limits>
#include <string>
#include <string_view>
#include <type_traits>
#include <utility>

#include "daemon/upload_fields.h"
#include "daemon/upload_files.h"

namespace asciinemad {
namespace {

constexpr const char* kOtherTables =
    "CREATE TABLE servers("
    "  url TEXT PRIMARY KEY NOT NULL,"
    "  last_success_at_ms INTEGER NOT NULL,"
    "  last_rejected_at_ms INTEGER NOT NULL,"
    "  refused_bytes INTEGER NOT NULL"
    ") STRICT;"
    "CREATE TABLE settings("
    "  only_row INTEGER PRIMARY KEY CHECK(only_row = 1),"
    "  last_number INTEGER NOT NULL,"
    "  keep_for_s INTEGER NOT NULL,"
    "  keep_bytes INTEGER NOT NULL"
    ") STRICT;";

Error invalid(std::string_view reason) { return Error{Errc::invalid_data, std::string(reason)}; }

// The columns of the table `items` as SQL has them in several places.
class ColumnLists {
 public:
  template <typename T>
  void operator()(const char* name, const T&) {
    const std::string separator = names.empty() ? "" : ", ";
    names += separator + name;
    marks += separator + "?";
    definitions += separator + name + type_of<T>();
    definitions += names == name ? " PRIMARY KEY" : " NOT NULL";
  }

  std::string names;
  std::string marks;
  std::string definitions;

 private:
  template <typename T>
  static const char* type_of() {
    if constexpr (std::is_integral_v<T>) return " INTEGER";
    if constexpr (std::is_same_v<T, std::vector<std::string>>) return " BLOB";
    return " TEXT";
  }
};

ColumnLists item_columns() {
  const UploadItem item;
  ColumnLists columns;
  for_each_field(item, columns);
  return columns;
}

class RowWriter {
 public:
  explicit RowWriter(Statement& statement) : statement_(statement) {}

  void operator()(const char*, const std::string& value) { statement_.bind_text(value); }
  void operator()(const char*, std::integral auto value) {
    statement_.bind(static_cast<std::int64_t>(value));
  }
  void operator()(const char*, wire::UploadState value) { statement_.bind_text(name_of(value)); }
  void operator()(const char*, wire::Visibility value) { statement_.bind_text(name_of(value)); }
  // Each ends in NUL, and at the first one, as in the environment of a process.
  void operator()(const char*, const std::vector<std::string>& values) {
    std::string bytes;
    for (const std::string& value : values) bytes.append(value.c_str()).push_back('\0');
    statement_.bind_bytes(bytes);
  }

 private:
  Statement& statement_;
};

class RowReader {
 public:
  explicit RowReader(Statement& statement) : statement_(statement) {}

  template <typename T>
  void operator()(const char* name, T& field) {
    if (!read(field) && bad_ == nullptr) bad_ = name;
  }

  // Of the first column without a value that makes sense; else null.
  const char* bad() const { return bad_; }

 private:
  bool read(std::string& field) {
    std::string_view text;
    const bool good = statement_.read_text(text);
    field = text;
    return good;
  }

  template <std::integral T>
  bool read(T& field) {
    std::int64_t value = 0;
    if (!statement_.read(value)) return false;
    field = static_cast<T>(value);
    // 64 bits without a sign are kept as the same bits with one.
    return static_cast<std::int64_t>(field) == value;
  }

  template <typename Enum>
  requires std::is_enum_v<Enum>
  bool read(Enum& field) {
    std::string_view name;
    if (!statement_.read_text(name)) return false;
    const std::optional<Enum> value = find_by_name<Enum>(name);
    if (value) field = *value;
    return value.has_value();
  }

  bool read(std::vector<std::string>& field) {
    std::string_view bytes;
    if (!statement_.read_bytes(bytes)) return false;
    while (!bytes.empty()) {
      const std::size_t end = bytes.find('\0');
      if (end == std::string_view::npos) return false;
      field.emplace_back(bytes.substr(0, end));
      bytes.remove_prefix(end + 1);
    }
    return true;
  }

  Statement& statement_;
  const char* bad_ = nullptr;
};

template <typename Facts, typename Visitor>
void for_each_fact(Facts& facts, Visitor&& visit) {
  visit("url", facts.url);
  visit("last_success_at_ms", facts.last_success_at_ms);
  visit("last_rejected_at_ms", facts.last_rejected_at_ms);
  visit("refused_bytes", facts.refused_bytes);
}

Status store(Database& database, const UploadItem& item) {
  const ColumnLists columns = item_columns();
  TRY_ASSIGN(Statement insert,
             Statement::prepare(database, "INSERT OR REPLACE INTO items(" + columns.names +
                                              ") VALUES(" + columns.marks + ")"));
  for_each_field(item, RowWriter(insert));
  TRY(insert.run());
  TRY_ASSIGN(Statement count,
             Statement::prepare(database, "UPDATE settings SET last_number = max(last_number, ?)"));
  count.bind(static_cast<std::int64_t>(item.number));
  return count.run();
}

Status store(Database& database, const UploadRemoval& removal) {
  TRY_ASSIGN(Statement remove, Statement::prepare(database, "DELETE FROM items WHERE number = ?"));
  remove.bind(static_cast<std::int64_t>(removal.number));
  return remove.run();
}

Status store(Database& database, const UploadServerFacts& facts) {
  TRY_ASSIGN(Statement insert,
             Statement::prepare(database,
                                "INSERT OR REPLACE INTO servers(url, last_success_at_ms, "
                                "last_rejected_at_ms, refused_bytes) VALUES(?, ?, ?, ?)"));
  for_each_fact(facts, RowWriter(insert));
  return insert.run();
}

Status store(Database& database, const UploadRetention& retention) {
  TRY_ASSIGN(Statement update,
             Statement::prepare(database, "UPDATE settings SET keep_for_s = ?, keep_bytes = ?"));
  update.bind(static_cast<std::int64_t>(retention.keep_for_s));
  update.bind(static_cast<std::int64_t>(retention.keep_bytes));
  return update.run();
}

Result<std::int64_t> query_integer(Database& database, const std::string& sql) {
  TRY_ASSIGN(Statement query, Statement::prepare(database, sql));
  TRY_ASSIGN(const bool row, query.step());
  std::int64_t value = 0;
  if (!row || !query.read(value)) return invalid("it has no answer to \"" + sql + "\"");
  return value;
}

Status check(Database& database) {
  TRY_ASSIGN(const std::int64_t version, query_integer(database, "PRAGMA user_version"));
  if (version > kUploadTablesVersion) {
    return invalid("it is of a newer version of asciinemad: " + std::to_string(version));
  }
  if (version != kUploadTablesVersion) return invalid("it is not an upload queue");
  TRY_ASSIGN(Statement query, Statement::prepare(database, "PRAGMA quick_check(1)"));
  TRY_ASSIGN(const bool row, query.step());
  std::string_view answer;
  if (!row || !query.read_text(answer)) return invalid("it could not be checked");
  if (answer != "ok") return invalid(answer);
  return {};
}

Status load_items(Database& database, UploadTables& tables) {
  TRY_ASSIGN(Statement query, Statement::prepare(database, "SELECT " + item_columns().names +
                                                               " FROM items ORDER BY number"));
  for (;;) {
    TRY_ASSIGN(const bool row, query.step());
    if (!row) return {};
    UploadItem& item = tables.items.emplace_back();
    RowReader reader(query);
    for_each_field(item, reader);
    if (item.number == 0 || item.number > kMaxUploadNumber) return invalid("an item's number");
    if (reader.bad() != nullptr) {
      return invalid("item " + std::to_string(item.number) + " has no sensible " + reader.bad());
    }
  }
}

Status load_servers(Database& database, UploadTables& tables) {
  TRY_ASSIGN(Statement query,
             Statement::prepare(database,
                                "SELECT url, last_success_at_ms, last_rejected_at_ms, "
                                "refused_bytes FROM servers ORDER BY url"));
  for (;;) {
    TRY_ASSIGN(const bool row, query.step());
    if (!row) return {};
    RowReader reader(query);
    for_each_fact(tables.servers.emplace_back(), reader);
    if (reader.bad() != nullptr) {
      return invalid("a server has no sensible " + std::string(reader.bad()));
    }
  }
}

Status load_settings(Database& database, UploadTables& tables) {
  TRY_ASSIGN(Statement query, Statement::prepare(database,
                                                 "SELECT last_number, keep_for_s, keep_bytes "
                                                 "FROM settings"));
  TRY_ASSIGN(const bool row, query.step());
  RowReader reader(query);
  if (!row) return invalid("it has no settings");
  reader("last_number", tables.last_number);
  reader("keep_for_s", tables.retention.keep_for_s);
  reader("keep_bytes", tables.retention.keep_bytes);
  if (reader.bad() != nullptr || tables.last_number > kMaxUploadNumber) {
    return invalid("its settings make no sense");
  }
  return {};
}

}  // namespace

Result<bool> is_blank(Database& database) {
  TRY_ASSIGN(const std::int64_t version, query_integer(database, "PRAGMA user_version"));
  TRY_ASSIGN(const std::int64_t tables,
             query_integer(database, "SELECT count(*) FROM sqlite_schema"));
  return version == 0 && tables == 0;
}

Status create_upload_tables(Database& database) {
  const std::string items = "CREATE TABLE items(" + item_columns().definitions + ") STRICT";
  TRY(database.run(items.c_str()));
  TRY(database.run(kOtherTables));
  const UploadRetention retention;
  const std::string rest = "INSERT INTO settings VALUES(1, 0, " +
                           std::to_string(retention.keep_for_s) + ", " +
                           std::to_string(retention.keep_bytes) +
                           "); PRAGMA user_version = " + std::to_string(kUploadTablesVersion);
  return database.run(rest.c_str());
}

Status store_upload_change(Database& database, const UploadChange& change) {
  return std::visit([&](const auto& one) { return store(database, one); }, change);
}

Result<UploadTables> load_upload_tables(Database& database) {
  TRY(check(database));
  UploadTables tables;
  TRY(load_items(database, tables));
  TRY(load_servers(database, tables));
  TRY(load_settings(database, tables));
  return tables;
}

}  // namespace asciinemad
