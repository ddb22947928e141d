#include "daemon/session_registry_files.h"

#include <dirent.h>
#include <fcntl.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
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
  Fate look_at(const std::string& session, std::vector<RecoveredItem>& items);
  Fate recover(const StoredSession& stored, bool same_boot, std::vector<RecoveredItem>& items);
  void sync_directory(bool with_files = false);
  void warn(const Status& status) {
    if (!status.ok()) outcome_.warnings.push_back(status.error().message);
  }

  const RegistryJob& job_;
  const std::string boot_ = boot_id();
  const std::string machine_ = machine_id();
  RegistryOutcome outcome_;
  std::vector<std::string> settled_;  // what needs no file any more
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

Worker::Fate Worker::recover(const StoredSession& stored, bool same_boot,
                             std::vector<RecoveredItem>& items) {
  constexpr int kFlags = O_CLOEXEC | O_NOCTTY | O_NONBLOCK;
  const std::string& file = stored.entry.file;
  {
    const Fd reading(::open(file.c_str(), O_RDONLY | kFlags));
    if (!reading) return Fate::forgotten;
    // Of this boot: a shim without a daemon, or another daemon. Else somebody uses it anew.
    const std::optional<bool> written = has_writers(reading.get());
    if (same_boot && written.value_or(true)) return Fate::left;
    if (written.value_or(false)) return Fate::forgotten;
  }
  const Fd recording(::open(file.c_str(), O_RDWR | kFlags));
  if (!recording) {
    warn(system_error("repair " + file, errno));
    return Fate::forgotten;
  }
  const Result<std::uint64_t> cut = repair_recording(recording.get(), stored.entry.kept_bytes);
  if (!cut.ok()) {
    warn(Error{cut.error().code, "repair " + file + ": " + cut.error().message});
    return cut.error().code == Errc::system ? Fate::left : Fate::forgotten;
  }
  items.push_back({stored.entry.session,
                   {file, stored.entry.started_at_ms, *cut},
                   std::int64_t{::time(nullptr)},
                   false});
  return Fate::recovered;
}

Worker::Fate Worker::look_at(const std::string& session, std::vector<RecoveredItem>& items) {
  const std::string path = path_of(session);
  const Result<std::optional<std::string>> text = read_small_file(path, kMaxEntryBytes);
  if (text.ok() && !text->has_value()) return Fate::forgotten;  // removed meanwhile
  const std::optional<StoredSession> stored =
      text.ok() ? parse_session_entry(session, **text) : std::optional<StoredSession>();
  if (!stored.has_value()) {
    warn(Error{Errc::invalid_data, "read " + path + ": damaged, removed"});
    return Fate::forgotten;
  }
  if (stored->machine != machine_ || job_.active.contains(session)) return Fate::left;
  const bool same_boot = stored->boot == boot_;
  if (same_boot && job_.scan != RegistryJob::Scan::all) {
    outcome_.found_orphans = true;
    return Fate::left;
  }
  return recover(*stored, same_boot, items);
}

void Worker::scan(std::vector<RecoveredItem>& items) {
  for (std::string& session : find_sessions()) {
    if (look_at(session, items) == Fate::left) {
      outcome_.found.insert(std::move(session));
    } else {
      settled_.push_back(std::move(session));
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
