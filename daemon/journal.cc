#include "daemon/journal.h"

#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <atomic>
#include <cerrno>
#include <cstring>

#include "common/output_markers.h"
#include "daemon/platform.h"

namespace asciinemad {
namespace {

constexpr std::uint64_t kMagic = 0x31'6c'6e'72'6a'6e'69'63;  // changes with the layout
constexpr char kUnread = '\xff';
constexpr std::uint64_t kNoLength = ~std::uint64_t{0};
constexpr std::size_t kPageBytes = 4096;
constexpr std::size_t kBytes = kPageBytes + Journal::kBatchBytes;

// At most three bytes of an unfinished character.
struct Tail {
  std::uint8_t size = 0;
  std::array<char, 3> bytes{};

  void set(const std::string& from) {
    size = static_cast<std::uint8_t>(std::min(from.size(), bytes.size()));
    std::memcpy(bytes.data(), from.data(), size);
  }
  std::string get() const { return {bytes.data(), std::min<std::size_t>(size, bytes.size())}; }
};

struct RecorderPlace {
  std::uint64_t batch = 0;  // the last one that this place stands behind
  std::uint64_t started_at_us = 0;
  std::uint64_t paused_for_us = 0;
  std::uint64_t paused_at_us = 0;
  std::uint64_t last_event_at_us = 0;
  std::uint64_t lost_bytes = 0;
  std::uint32_t markers = 0;
  std::uint16_t cols = 0;
  std::uint16_t rows = 0;
  std::uint16_t xpixel = 0;
  std::uint16_t ypixel = 0;
  bool paused = false;
  bool resize_pending = false;
  Tail output_tail;
  Tail input_tail;
  std::uint32_t filter_size = 0;
  std::array<char, OutputMarkers::kMaxHeldBytes> filter{};  // what OutputMarkers holds
};

struct KeysPlace {
  std::uint32_t size = 0;
  std::array<char, Journal::kMaxKeysBytes> state{};
};

// The compiler must not move what is stored across these; no other processor looks before this
// process is dead.
void before_what_follows() { std::atomic_signal_fence(std::memory_order_seq_cst); }

}  // namespace

struct Journal::Page {
  std::uint64_t magic;
  std::uint32_t recorder_at;  // which of the two is whole
  std::uint32_t keys_at;
  std::array<RecorderPlace, 2> recorder;
  std::array<KeysPlace, 2> keys;
  std::uint64_t batch;          // number of the one that is in the memory, or of the next one
  std::uint64_t written_batch;  // recorded_bytes is of this one
  std::uint64_t recorded_bytes;
  std::uint64_t queued;
  std::uint32_t screen_behind;
};

Result<std::unique_ptr<Journal>> Journal::create() {
  static_assert(sizeof(Page) <= kPageBytes);
  TRY_ASSIGN(Fd fd, make_shared_memory("asciinema-journal", kBytes));
  void* memory = ::mmap(nullptr, kBytes, PROT_READ | PROT_WRITE, MAP_SHARED, fd.get(), 0);
  if (memory == MAP_FAILED) return system_error("map a journal", errno);
  std::unique_ptr<Journal> journal(new Journal(std::move(fd), memory));
  journal->page().magic = kMagic;
  journal->page().batch = 1;
  std::memset(journal->batch().data(), kUnread, kBatchBytes);
  return journal;
}

Result<std::unique_ptr<Journal>> Journal::adopt(Fd fd) {
  struct stat info {};
  if (::fstat(fd.get(), &info) != 0 || info.st_size != static_cast<off_t>(kBytes) ||
      !is_sealed_memory(fd.get())) {
    return Error{Errc::invalid_data, "the journal is none of this daemon's"};
  }
  void* memory = ::mmap(nullptr, kBytes, PROT_READ | PROT_WRITE, MAP_SHARED, fd.get(), 0);
  if (memory == MAP_FAILED) return system_error("map a journal", errno);
  std::unique_ptr<Journal> journal(new Journal(std::move(fd), memory));
  if (journal->page().magic != kMagic) {
    return Error{Errc::invalid_data, "the journal has another layout"};
  }
  // Died between being done with a batch and being ready for the next one.
  Page& page = journal->page();
  if (page.recorder[page.recorder_at & 1U].batch == page.batch) {
    std::memset(journal->batch().data(), kUnread, kBatchBytes);
    before_what_follows();
    ++page.batch;
  }
  return journal;
}

Journal::~Journal() { ::munmap(memory_, kBytes); }

std::span<char> Journal::batch() { return {static_cast<char*>(memory_) + kPageBytes, kBatchBytes}; }

void Journal::batch_read(std::optional<std::uint64_t> recorded_bytes) {
  Page& page = this->page();
  page.recorded_bytes = recorded_bytes.value_or(kNoLength);
  before_what_follows();
  page.written_batch = page.batch;
  before_what_follows();
}

void Journal::batch_done(std::size_t size, const wire::Checkpoint& recorder) {
  Page& page = this->page();
  put(recorder, page.batch);
  std::memset(batch().data(), kUnread, std::min(size, kBatchBytes));
  before_what_follows();
  ++page.batch;
  before_what_follows();
}

void Journal::save_recorder(const wire::Checkpoint& recorder) {
  put(recorder, page().recorder[page().recorder_at & 1U].batch);
}

void Journal::put(const wire::Checkpoint& recorder, std::uint64_t batch) {
  Page& page = this->page();
  const std::uint32_t other = (page.recorder_at & 1U) ^ 1U;
  RecorderPlace& place = page.recorder[other];
  place.batch = batch;
  place.started_at_us = recorder.started_at_us;
  place.paused_for_us = recorder.paused_for_us;
  place.paused_at_us = recorder.paused_at_us;
  place.last_event_at_us = recorder.last_event_at_us;
  place.lost_bytes = recorder.lost_bytes;
  place.markers = recorder.markers;
  place.cols = recorder.size.cols;
  place.rows = recorder.size.rows;
  place.xpixel = recorder.size.xpixel;
  place.ypixel = recorder.size.ypixel;
  place.paused = recorder.paused;
  place.resize_pending = recorder.resize_pending;
  place.output_tail.set(recorder.output_tail);
  place.input_tail.set(recorder.input_tail);
  const std::size_t held = std::min(recorder.output_filter.size(), place.filter.size());
  place.filter_size = static_cast<std::uint32_t>(held);
  std::memcpy(place.filter.data(), recorder.output_filter.data(), held);
  before_what_follows();
  page.recorder_at = other;
  before_what_follows();
}

void Journal::save_keys(std::string_view state) {
  Page& page = this->page();
  const std::uint32_t other = (page.keys_at & 1U) ^ 1U;
  KeysPlace& place = page.keys[other];
  if (state.size() > place.state.size()) state = {};
  place.size = static_cast<std::uint32_t>(state.size());
  std::copy(state.begin(), state.end(), place.state.begin());
  before_what_follows();
  page.keys_at = other;
}

void Journal::set_queued(std::uint64_t bytes) { page().queued = bytes; }

std::uint64_t Journal::queued() const { return page().queued; }

void Journal::set_screen_behind(bool behind) { page().screen_behind = behind ? 1 : 0; }

void Journal::load(wire::Checkpoint& checkpoint) const {
  const Page& page = this->page();
  const RecorderPlace& place = page.recorder[page.recorder_at & 1U];
  if (place.cols == 0 || place.rows == 0) return;  // nothing was saved yet
  checkpoint.started_at_us = place.started_at_us;
  checkpoint.paused_for_us = place.paused_for_us;
  checkpoint.paused_at_us = place.paused_at_us;
  checkpoint.last_event_at_us = place.last_event_at_us;
  checkpoint.lost_bytes = place.lost_bytes;
  checkpoint.markers = place.markers;
  checkpoint.size = {place.cols, place.rows, place.xpixel, place.ypixel};
  checkpoint.paused = place.paused;
  checkpoint.resize_pending = place.resize_pending;
  checkpoint.output_tail = place.output_tail.get();
  checkpoint.input_tail = place.input_tail.get();
  checkpoint.output_filter.assign(place.filter.data(),
                                  std::min<std::size_t>(place.filter_size, place.filter.size()));
  const KeysPlace& keys = page.keys[page.keys_at & 1U];
  checkpoint.input_parser.assign(keys.state.data(),
                                 std::min<std::size_t>(keys.size, keys.state.size()));
}

std::optional<Journal::Unfinished> Journal::unfinished() const {
  const Page& page = this->page();
  const std::string_view bytes(static_cast<const char*>(memory_) + kPageBytes, kBatchBytes);
  const std::size_t last = bytes.find_last_not_of(kUnread);
  if (last == std::string_view::npos) return std::nullopt;
  Unfinished unfinished{bytes.substr(0, last + 1), std::nullopt};
  if (page.written_batch == page.batch && page.recorded_bytes != kNoLength) {
    unfinished.recorded_bytes = page.recorded_bytes;
  }
  return unfinished;
}

bool Journal::screen_behind() const { return page().screen_behind != 0; }

}  // namespace asciinemad
