#include "daemon/upload_queue.h"

#include <fcntl.h>
#include <sys/file.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <ctime>
#include <optional>
#include <utility>

#include "common/paths.h"
#include "common/read_file.h"
#include "daemon/upload_files.h"
#include "daemon/upload_queue_recovery.h"
#include "daemon/upload_queue_sqlite.h"
#include "daemon/upload_queue_tables.h"

namespace asciinemad {
namespace {

constexpr std::size_t kMaxLockBytes = 4096;

std::int64_t now_ms() {
  timespec now{};
  ::clock_gettime(CLOCK_REALTIME, &now);
  return std::int64_t{now.tv_sec} * 1000 + std::int64_t{now.tv_nsec} / 1'000'000;
}

Error in_context(std::string_view what, Error error) {
  error.message = std::string(what) + ": " + error.message;
  return error;
}

// Held as long as the descriptor is open, and gone with its process however that ends.
Result<Fd> lock(const std::string& path, const std::string& socket_path) {
  Fd file(::open(path.c_str(), O_RDWR | O_CREAT | O_CLOEXEC | O_NOCTTY, 0600));
  if (!file) return system_error("open " + path, errno);
  if (::flock(file.get(), LOCK_EX | LOCK_NB) != 0) {
    if (errno != EWOULDBLOCK) return system_error("lock " + path, errno);
    const Result<std::optional<std::string>> owner = read_small_file(path, kMaxLockBytes);
    return Error{Errc::busy, owner.ok() ? owner->value_or("") : std::string()};
  }
  // Without the path, as on a full disk, others are only told less.
  if (::ftruncate(file.get(), 0) == 0) (void)write_all(file.get(), socket_path, -1);
  return file;
}

// It was finished, and somebody wants it nevertheless.
bool is_tried_again(const UploadItem& item) {
  return item.state == wire::UploadState::queued && item.attempts == 0 &&
         item.changed_at_ms != item.queued_at_ms;
}

std::string count_text(std::size_t count) {
  return count == 1 ? "1 upload" : std::to_string(count) + " uploads";
}

}  // namespace

class UploadQueue::Impl {
 public:
  Impl(std::string directory, Fd lock) : directory_(std::move(directory)), lock_(std::move(lock)) {}

  Status open(Contents& contents);
  Status apply(std::span<const UploadChange> changes);

  const std::string& directory() const { return directory_; }
  std::string path() const { return directory_ + "/queue.db"; }

 private:
  Result<UploadTables> open_tables(const UploadFiles& files, std::string& notice);
  Result<UploadTables> open_database(const UploadFiles& files, bool& made_anew);
  Status make_tables(const UploadFiles& files);
  Status settle_items(UploadTables& tables, const UploadFiles& files);
  Status store(std::span<const UploadChange> changes);
  void bring_files_up_to_date(std::span<const UploadChange> changes) const;

  std::string directory_;
  Fd lock_;
  std::optional<Database> database_;
};

Status UploadQueue::Impl::open(Contents& contents) {
  TRY_ASSIGN(const UploadFiles files, find_upload_files(directory_));
  std::string notice;
  Result<UploadTables> opened = open_tables(files, notice);
  if (!opened.ok()) return in_context("open " + path(), opened.take_error());
  UploadTables& tables = *opened;

  remove_stray_files(directory_, files, tables.items);
  std::uint64_t last_number = tables.last_number;
  for (const auto* numbers : {&files.recordings, &files.descriptions}) {
    if (!numbers->empty()) last_number = std::max(last_number, numbers->back());
  }
  contents.items = std::move(tables.items);
  contents.servers = std::move(tables.servers);
  contents.retention = tables.retention;
  contents.next_number = last_number + 1;
  contents.notice = std::move(notice);
  return {};
}

// `notice` is what the user must be told.
Result<UploadTables> UploadQueue::Impl::open_tables(const UploadFiles& files, std::string& notice) {
  std::string loss = "was missing";
  bool made_anew = false;
  Result<UploadTables> tables = open_database(files, made_anew);
  if (!tables.ok() && tables.error().code == Errc::invalid_data) {
    database_.reset();
    TRY_ASSIGN(const std::string aside, move_database_aside(path()));
    loss = "was unusable (" + tables.error().message + ") and is kept as " + aside;
    tables = open_database(files, made_anew);
  } else if (!tables.ok() || !made_anew || tables->items.empty()) {
    return tables;
  }
  if (tables.ok()) {
    notice = "The database of the upload queue " + loss +
             ". The queue was made anew from the files beside it, with " +
             count_text(tables->items.size()) +
             "; what was under way may reach its server a second time.";
  }
  return tables;
}

Result<UploadTables> UploadQueue::Impl::open_database(const UploadFiles& files, bool& made_anew) {
  TRY_ASSIGN(database_, Database::open(path()));
  TRY_ASSIGN(made_anew, is_blank(*database_));
  if (made_anew) TRY(make_tables(files));
  TRY_ASSIGN(UploadTables tables, load_upload_tables(*database_));
  TRY(database_->trust());
  TRY(settle_items(tables, files));
  return tables;
}

// All in one transaction: tables without the items would make strays of their files.
Status UploadQueue::Impl::make_tables(const UploadFiles& files) {
  TRY(database_->trust());
  TRY_ASSIGN(std::vector<UploadItem> items, items_from_files(directory_, files));
  TRY_ASSIGN(Transaction transaction, Transaction::begin(*database_));
  TRY(create_upload_tables(*database_));
  for (UploadItem& item : items) {
    settle_after_loss(item, files, directory_, now_ms());
    TRY(store_upload_change(*database_, item));
  }
  TRY(transaction.commit());
  // The directory may be as new as the database. Not everybody may open what it is in.
  (void)sync_directory(directory_.substr(0, directory_.rfind('/')));
  return {};
}

Status UploadQueue::Impl::settle_items(UploadTables& tables, const UploadFiles& files) {
  TRY_ASSIGN(Transaction transaction, Transaction::begin(*database_));
  for (UploadItem& item : tables.items) {
    if (!settle_after_end(item, files, directory_, now_ms())) continue;
    TRY(store_upload_change(*database_, item));
  }
  return transaction.commit();
}

Status UploadQueue::Impl::apply(std::span<const UploadChange> changes) {
  Status stored = store(changes);
  if (!stored.ok()) return in_context("store in " + path(), stored.take_error());
  bring_files_up_to_date(changes);
  return {};
}

Status UploadQueue::Impl::store(std::span<const UploadChange> changes) {
  TRY_ASSIGN(Transaction transaction, Transaction::begin(*database_));
  for (const UploadChange& change : changes) TRY(store_upload_change(*database_, change));
  return transaction.commit();
}

void UploadQueue::Impl::bring_files_up_to_date(std::span<const UploadChange> changes) const {
  for (const UploadChange& change : changes) {
    if (const auto* removal = std::get_if<UploadRemoval>(&change)) {
      remove_upload_files(directory_, removal->number);
    }
    const auto* item = std::get_if<UploadItem>(&change);
    if (item == nullptr) continue;
    if (!item->has_file) remove_upload_recording(directory_, item->number);
    // It would be uploaded again after a rebuild, or not any more: no reason to fail what is
    // stored.
    if (item->finished() || is_tried_again(*item)) {
      (void)write_upload_description(directory_, *item, false);
    }
  }
}

UploadQueue::UploadQueue(std::unique_ptr<Impl> impl) : impl_(std::move(impl)) {}
UploadQueue::~UploadQueue() = default;

Result<std::unique_ptr<UploadQueue>> UploadQueue::open(const std::string& directory,
                                                       const std::string& socket_path,
                                                       Contents& contents) {
  TRY(ensure_private_directory(directory));
  TRY_ASSIGN(Fd held, lock(directory + "/lock", socket_path));
  auto impl = std::make_unique<Impl>(directory, std::move(held));
  TRY(impl->open(contents));
  return std::unique_ptr<UploadQueue>(new UploadQueue(std::move(impl)));
}

Status UploadQueue::apply(std::span<const UploadChange> changes) { return impl_->apply(changes); }

const std::string& UploadQueue::directory() const { return impl_->directory(); }

bool UploadQueue::exists(const std::string& directory) {
  if (::access((directory + "/queue.db").c_str(), F_OK) == 0) return true;
  const Result<UploadFiles> files = find_upload_files(directory);
  return files.ok() && (!files->recordings.empty() || !files->descriptions.empty());
}

Status wait_for_upload_queue(const std::string& directory) {
  const std::string path = directory + "/lock";
  const Fd file(::open(path.c_str(), O_RDWR | O_CLOEXEC));
  if (!file) return system_error("open " + path, errno);
  while (::flock(file.get(), LOCK_EX) != 0) {
    if (errno != EINTR) return system_error("lock " + path, errno);
  }
  return {};
}

}  // namespace asciinemad
