#include "daemon/session_registry_files.h"

#include <dirent.h>
#include <fcntl.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>
#ifdef __linux__
#include <sys/vfs.h>
#endif

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstdio>
#include <ctime>
#include <memory>
#include <utility>

#include "common/fd.h"
#include "common/paths.h"
#include "common/read_file.h"
#include "daemon/platform.h"
#include "daemon/recording_repair.h"

namespace asciinemad {
namespace {

constexpr std::string_view kEntrySuffix = ".session";
constexpr std::string_view kTemporarySuffix = ".tmp";
constexpr const char* kRecoveredName = "/recovered";
constexpr const char* kLockName = "/lock";
constexpr std::size_t kMaxEntryBytes = std::size_t{64} << 10;
constexpr std::size_t kMaxRecoveredBytes = std::size_t{4} << 20;
// Of the newest ones.
constexpr std::size_t kMaxRecovered = 100;

// More files than this are synced all at once: each one's own sync takes milliseconds.
constexpr std::size_t kMaxSyncedAlone = 8;

// Written as a whole and, if wanted, synced, but for its name.
Status write_whole(const std::string& path, const std::string& text, bool synced = true) {
  const std::string temporary = path + std::string(kTemporarySuffix);
  const Fd file(::open(temporary.c_str(), O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600));
  if (!file) return system_error("create " + temporary, errno);
  Status written = write_all(file.get(), text, -1);
  if (synced && written.ok() && ::fsync(file.get()) != 0) written = system_error("sync", errno);
  if (written.ok() && ::rename(temporary.c_str(), path.c_str()) != 0) {
    written = system_error("rename", errno);
  }
  if (written.ok()) return {};
  ::unlink(temporary.c_str());
  return Error{Errc::system, "write " + path + ": " + written.error().message,
               written.error().sys_errno};
}

// What a daemon that died has left, and not what another is writing.
void remove_if_old(const std::string& path) {
  constexpr time_t kOldS = 3600;
  struct stat info {};
  if (::stat(path.c_str(), &info) == 0 && info.st_mtime + kOldS < ::time(nullptr)) {
    ::unlink(path.c_str());
  }
}

// Whether this file system's inode numbers outlive its memory. From statfs(2) and linux/magic.h:
// FAT, exFAT, SMB, CIFS, SMB2, FUSE and 9P make them up, or may.
bool has_lasting_inodes(int fd) {
#ifdef __linux__
  constexpr std::array<std::uint32_t, 7> kMadeUp = {0x4D44,     0x2011BAB0, 0x517B,    0xFF534D42,
                                                    0xFE534D42, 0x65735546, 0x01021997};
  struct statfs info {};
  if (::fstatfs(fd, &info) != 0) return false;
  const auto type = static_cast<std::uint32_t>(info.f_type);
  return std::find(kMadeUp.begin(), kMadeUp.end(), type) == kMadeUp.end();
#else
  static_cast<void>(fd);
  return true;
#endif
}

// What one job does.
class Worker {
 public:
  explicit Worker(const RegistryJob& job) : job_(job) {}

  RegistryOutcome run();

 private:
  enum class Fate { recovered, forgotten, left };

  std::string path_of(std::string_view session) const;
  bool exists() const;
  void make_changes();
  void tend_recovered();
  void scan(std::vector<RecoveredItem>& items);
  std::vector<std::string> find_sessions();
  // nullopt: gone, or damaged.
  std::optional<StoredSession> read_entry(const std::string& session);
  Fate look_at(const StoredSession& stored, std::vector<RecoveredItem>& items);
  bool is_file_of(const StoredSession& stored, int fd) const;
  std::optional<bool> is_written(const StoredSession& stored, int fd) const;
  Fate recover(const StoredSession& stored, std::vector<RecoveredItem>& items);
  void sync_directory(bool with_files = false);
  void warn(const Status& status) {
    if (!status.ok()) outcome_.warnings.push_back(status.error().message);
  }

  const RegistryJob& job_;
  const std::string boot_ = boot_id();
  const std::string machine_ = machine_id();
  RegistryOutcome outcome_;
  std::set<std::string, std::less<>> in_use_;  // paths, perhaps of other machines
  std::vector<std::string> settled_;           // what needs no file any more
};

std::string Worker::path_of(std::string_view session) const {
  return job_.directory + "/" + std::string(session) + std::string(kEntrySuffix);
}

bool Worker::exists() const {
  struct stat info {};
  return ::stat(job_.directory.c_str(), &info) == 0;
}

void Worker::sync_directory(bool with_files) {
  const Fd fd(::open(job_.directory.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC));
  if (!fd || (with_files ? sync_file_system(fd.get()) : ::fsync(fd.get())) != 0)
    warn(system_error("sync " + job_.directory, errno));
}

void Worker::make_changes() {
  bool changed = false;
  bool made = false;
  const bool many = job_.changes.size() > kMaxSyncedAlone;
  for (const auto& [session, entry] : job_.changes) {
    if (!is_session_id(session)) continue;
    if (!entry.has_value()) {
      changed = ::unlink(path_of(session).c_str()) == 0 || changed;
      continue;
    }
    if (!std::exchange(made, true)) warn(ensure_private_directory(job_.directory));
    const Status written =
        write_whole(path_of(session), session_entry_text({*entry, boot_, machine_}), !many);
    warn(written);
    changed = written.ok() || changed;
  }
  if (changed) sync_directory(many);
}

std::vector<std::string> Worker::find_sessions() {
  std::vector<std::string> sessions;
  const std::unique_ptr<DIR, int (*)(DIR*)> entries(::opendir(job_.directory.c_str()), &::closedir);
  if (!entries) {
    warn(system_error("open " + job_.directory, errno));
    return sessions;
  }
  while (const dirent* entry = ::readdir(entries.get())) {
    std::string_view name = entry->d_name;
    if (name.ends_with(kTemporarySuffix)) remove_if_old(job_.directory + "/" + entry->d_name);
    if (!name.ends_with(kEntrySuffix)) continue;
    name.remove_suffix(kEntrySuffix.size());
    if (is_session_id(name)) sessions.emplace_back(name);
  }
  return sessions;
}

// A regular file, and not another one of that name.
bool Worker::is_file_of(const StoredSession& stored, int fd) const {
  const std::optional<FileId> there = file_id(fd);
  const std::optional<FileId>& wanted = stored.entry.file_id;
  if (!there.has_value()) return false;
  if (!wanted.has_value() || *there == *wanted) return true;
  // Devices may get other numbers when the machine starts.
  if (there->inode == wanted->inode && stored.boot != boot_) return true;
  return !has_lasting_inodes(fd);
}

// Whether somebody else writes it; nullopt: perhaps.
std::optional<bool> Worker::is_written(const StoredSession& stored, int fd) const {
  const std::optional<bool> written = job_.ask_for_writers(fd);
  // Later sessions, of any machine, have said so; those of this boot may be this one itself.
  if (!written.has_value() && stored.boot != boot_ && in_use_.contains(stored.entry.file)) {
    return true;
  }
  return written;
}

Worker::Fate Worker::recover(const StoredSession& stored, std::vector<RecoveredItem>& items) {
  const std::string& file = stored.entry.file;
  const bool same_boot = stored.boot == boot_;
  const Fd recording(::open(file.c_str(), O_RDONLY | O_CLOEXEC | O_NOCTTY | O_NONBLOCK));
  if (!recording || !is_file_of(stored, recording.get())) return Fate::forgotten;
  // Of this boot: a shim without a daemon, or another daemon. Else somebody uses it anew.
  const Fate in_use = same_boot ? Fate::left : Fate::forgotten;
  const std::optional<bool> written = is_written(stored, recording.get());
  if (written.value_or(same_boot)) return in_use;
  if (!written.has_value() && job_.scan != RegistryJob::Scan::all) {
    outcome_.found_orphans = true;
    return Fate::left;
  }
  const Result<std::uint64_t> cut =
      repair_recording(recording.get(), file, stored.entry.kept_bytes);
  if (!cut.ok()) {
    warn(Error{cut.error().code, "repair " + file + ": " + cut.error().message});
    if (cut.error().code == Errc::busy) return in_use;
    return cut.error().code == Errc::system ? Fate::left : Fate::forgotten;
  }
  if (same_boot && *cut == 0) {
    outcome_.whole.push_back(file);
    return Fate::forgotten;
  }
  items.push_back({stored.entry.session,
                   {file, stored.entry.started_at_ms, *cut},
                   std::int64_t{::time(nullptr)},
                   false});
  return Fate::recovered;
}

std::optional<StoredSession> Worker::read_entry(const std::string& session) {
  const std::string path = path_of(session);
  const Result<std::optional<std::string>> text = read_small_file(path, kMaxEntryBytes);
  if (text.ok() && !text->has_value()) return std::nullopt;
  std::optional<StoredSession> stored =
      text.ok() ? parse_session_entry(session, **text) : std::optional<StoredSession>();
  if (!stored.has_value()) {
    warn(Error{Errc::invalid_data, "read " + path + ": damaged, removed"});
  }
  return stored;
}

Worker::Fate Worker::look_at(const StoredSession& stored, std::vector<RecoveredItem>& items) {
  if (stored.machine != machine_ || job_.active.contains(stored.entry.session)) return Fate::left;
  if (stored.boot == boot_ && job_.scan != RegistryJob::Scan::all) {
    outcome_.found_orphans = true;
    return Fate::left;
  }
  return recover(stored, items);
}

void Worker::scan(std::vector<RecoveredItem>& items) {
  std::vector<StoredSession> all;
  for (std::string& session : find_sessions()) {
    if (std::optional<StoredSession> stored = read_entry(session)) {
      all.push_back(*std::move(stored));
    } else {
      settled_.push_back(std::move(session));
    }
  }
  for (const auto& [session, file] : job_.active) in_use_.insert(file);
  for (const StoredSession& stored : all) {
    if (stored.machine != machine_ || stored.boot == boot_) in_use_.insert(stored.entry.file);
  }
  for (const StoredSession& stored : all) {
    if (look_at(stored, items) == Fate::left) {
      outcome_.found.insert(stored.entry.session);
    } else {
      settled_.push_back(stored.entry.session);
    }
  }
}

void Worker::tend_recovered() {
  // Held while files are looked at: another daemon may be looking, too.
  const Fd lock(::open((job_.directory + kLockName).c_str(), O_RDWR | O_CREAT | O_CLOEXEC, 0600));
  if (!lock || ::flock(lock.get(), LOCK_EX) != 0) {
    warn(system_error("lock " + job_.directory, errno));
  }
  const std::string path = job_.directory + kRecoveredName;
  const auto text = read_small_file(path, kMaxRecoveredBytes);
  const std::string before = text.ok() ? (*text).value_or("") : "";
  std::vector<RecoveredItem> items = parse_recovered_items(before);
  if (job_.scan != RegistryJob::Scan::none) scan(items);
  for (RecoveredItem& item : items) item.told = item.told || job_.told.contains(item.session);
  const std::int64_t oldest = ::time(nullptr) - std::int64_t{SessionRegistry::kListedForS};
  std::erase_if(items, [&](const RecoveredItem& item) { return item.recovered_at_s < oldest; });
  std::stable_sort(items.begin(), items.end(), [](const RecoveredItem& a, const RecoveredItem& b) {
    return a.what.started_at_ms > b.what.started_at_ms;
  });
  if (items.size() > kMaxRecovered) items.resize(kMaxRecovered);
  const std::string after = recovered_items_text(items);
  if (after != before) {
    warn(write_whole(path, after));
    sync_directory();
  }
  // Not before: the user would never be told.
  for (const std::string& session : settled_) ::unlink(path_of(session).c_str());
  if (!settled_.empty()) sync_directory();
  outcome_.recovered = std::move(items);
}

RegistryOutcome Worker::run() {
  make_changes();
  outcome_.scanned = job_.scan != RegistryJob::Scan::none;
  if ((outcome_.scanned || !job_.told.empty()) && exists()) tend_recovered();
  return std::move(outcome_);
}

}  // namespace

RegistryOutcome run_registry_job(const RegistryJob& job) { return Worker(job).run(); }

}  // namespace asciinemad
