#include "daemon/file_sink.h"

#include <sys/stat.h>
#include <unistd.h>

#include "common/log.h"

namespace asciinemad {
namespace {

bool is_regular(int fd) {
  struct stat info {};
  return ::fstat(fd, &info) == 0 && S_ISREG(info.st_mode);
}

// One fdatasync() on libuv's pool; owns a descriptor of its own, so it may outlive the sink.
struct SyncRequest {
  uv_fs_t request{};
  Fd fd;
};

}  // namespace

FileSink::FileSink(uv::Loop& loop, Fd fd, Unit unit)
    : loop_(loop),
      fd_(std::move(fd)),
      unit_(unit),
      regular_(is_regular(fd_.get())),
      sync_timer_(uv::make_timer(loop)) {}

FileSink::~FileSink() { close(); }

Status FileSink::write(std::string_view bytes, std::size_t& written) {
  TRY(write_unit(fd_.get(), bytes, unit_, written));
  if (regular_ && !uv::is_active(sync_timer_)) schedule_sync();
  return {};
}

std::optional<std::uint64_t> FileSink::position() const {
  if (!regular_) return std::nullopt;
  // The offset belongs to the open file description, which others may share (standard output).
  const off_t offset = ::lseek(fd_.get(), 0, SEEK_CUR);
  return offset < 0 ? std::nullopt : std::optional(static_cast<std::uint64_t>(offset));
}

void FileSink::schedule_sync() {
  const std::uint64_t now_ms = uv_now(loop_.get());
  const std::uint64_t next_ms = last_sync_at_ms_ + kSyncIntervalMs;
  const bool quiet = last_sync_at_ms_ == 0 || now_ms + kFirstSyncDelayMs > next_ms;
  uv::start_timer<&FileSink::on_sync_due>(sync_timer_, quiet ? kFirstSyncDelayMs : next_ms - now_ms,
                                          this);
}

void FileSink::on_sync_due() {
  last_sync_at_ms_ = uv_now(loop_.get());
  sync();
}

void FileSink::sync() {
  Result<Fd> copy = duplicate(fd_.get());
  if (!copy.ok()) return;
  auto sync = std::make_unique<SyncRequest>();
  sync->fd = std::move(copy).value();
  sync->request.data = sync.get();
  const int rc =
      uv_fs_fdatasync(loop_.get(), &sync->request, sync->fd.get(), [](uv_fs_t* request) noexcept {
        const std::unique_ptr<SyncRequest> done(static_cast<SyncRequest*>(request->data));
        if (request->result < 0) {
          log::warn("sync a recording: ", uv_strerror(static_cast<int>(request->result)));
        }
        uv_fs_req_cleanup(request);
      });
  if (rc == 0) static_cast<void>(sync.release());
}

std::uint64_t FileSink::close() {
  if (!fd_) return 0;
  if (regular_) sync();
  sync_timer_.reset();
  fd_.reset();
  return 0;
}

}  // namespace asciinemad
