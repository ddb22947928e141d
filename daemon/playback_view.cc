#include "daemon/playback_view.h"

#include <algorithm>
#include <atomic>
#include <condition_variable>
#include <mutex>
#include <system_error>
#include <thread>
#include <utility>
#include <variant>
#include <vector>

namespace asciinemad {
namespace {

// So often the thread looks whether it is still needed.
constexpr std::size_t kPortionBytes = std::size_t{4} << 10;

struct Begin {
  ScreenView::Size recorded;
  ScreenView::Size terminal;
  std::string snapshot;
};
struct Write {
  std::string bytes;
};
struct Resize {
  ScreenView::Size recorded;
};
struct SetTerminal {
  ScreenView::Size terminal;
};
using Change = std::variant<Begin, Write, Resize, SetTerminal>;

struct Work {
  std::vector<Change> changes;
  bool draws = false;  // after them
  std::uint64_t generation = 0;
};

}  // namespace

struct PlaybackView::Shared {
  explicit Shared(ScreenPolicy p) : policy(p) {}

  const ScreenPolicy policy;
  std::atomic<bool> hurries = false;  // what the thread is at is not wanted any more

  std::mutex mutex;  // guards what follows
  std::condition_variable came;
  Work work;
  std::size_t bytes = 0;  // of its changes
  bool wants_room = false;
  bool stopping = false;
  std::optional<ScreenView::Frame> frame;
  uv_async_t* wake = nullptr;

  // The thread's.
  std::optional<ScreenView> view;

  void add(Change change, std::size_t size);
  void run();
  std::optional<Work> next();
  void apply(Begin& begin);
  void apply(Write& write) { show(write.bytes); }
  void apply(Resize& resize) { view->resize(resize.recorded); }
  void apply(SetTerminal& set) { view->set_terminal(set.terminal); }
  void show(std::string_view bytes);
  void draw(std::uint64_t generation);
};

void PlaybackView::Shared::add(Change change, std::size_t size) {
  const std::lock_guard<std::mutex> lock(mutex);
  work.changes.push_back(std::move(change));
  bytes += size + sizeof(Change);
  came.notify_one();
}

std::optional<Work> PlaybackView::Shared::next() {
  std::unique_lock<std::mutex> lock(mutex);
  came.wait(lock, [this] { return stopping || work.draws || !work.changes.empty(); });
  if (stopping) return std::nullopt;
  hurries = false;
  bytes = 0;
  if (std::exchange(wants_room, false)) uv_async_send(wake);
  std::optional<Work> next(Work{{}, std::exchange(work.draws, false), work.generation});
  next->changes.swap(work.changes);
  return next;
}

void PlaybackView::Shared::run() {
  while (std::optional<Work> now = next()) {
    for (Change& change : now->changes) {
      if (hurries) break;
      std::visit([this](auto& c) { apply(c); }, change);
    }
    if (now->draws && !hurries) draw(now->generation);
  }
}

void PlaybackView::Shared::apply(Begin& begin) {
  view.emplace(begin.recorded, begin.terminal);
  show(begin.snapshot);
}

void PlaybackView::Shared::show(std::string_view bytes_left) {
  while (!bytes_left.empty() && !hurries) {
    view->write(bytes_left.substr(0, kPortionBytes));
    bytes_left.remove_prefix(std::min(bytes_left.size(), kPortionBytes));
  }
}

void PlaybackView::Shared::draw(std::uint64_t generation) {
  ScreenView::Frame drawn = view->draw();
  // Its modes are the recording's, and as little to be trusted.
  std::string filtered;
  ScreenFilter(policy).filter(drawn.bytes, filtered);
  drawn.bytes = std::move(filtered);
  const std::lock_guard<std::mutex> lock(mutex);
  if (stopping || generation != work.generation) return;
  frame = std::move(drawn);
  uv_async_send(wake);
}

Result<std::unique_ptr<PlaybackView>> PlaybackView::start(uv::Loop& loop, ScreenPolicy policy,
                                                          Listener& listener) {
  std::unique_ptr<PlaybackView> view(new PlaybackView(loop, listener));
  view->shared_ = std::make_shared<Shared>(policy);  // before any return: the destructor's
  TRY_ASSIGN(view->wake_, (uv::make_async<&PlaybackView::on_wake>(loop, view.get())));
  view->shared_->wake = view->wake_.get();
  try {
    std::thread([shared = view->shared_] { shared->run(); }).detach();
  } catch (const std::system_error& e) {
    return system_error("start a drawing thread", e.code().value());
  }
  return view;
}

PlaybackView::~PlaybackView() {
  const std::lock_guard<std::mutex> lock(shared_->mutex);
  shared_->stopping = shared_->hurries = true;
  shared_->came.notify_one();
}

void PlaybackView::begin(ScreenView::Size recorded, ScreenView::Size terminal,
                         std::string snapshot) {
  {
    const std::lock_guard<std::mutex> lock(shared_->mutex);
    ++shared_->work.generation;
    shared_->work.changes.clear();
    shared_->work.draws = false;
    shared_->frame.reset();
    shared_->bytes = 0;
    shared_->hurries = true;
  }
  asked_ = false;
  const std::size_t size = snapshot.size();
  shared_->add(Begin{recorded, terminal, std::move(snapshot)}, size);
  changed();
}

void PlaybackView::write(std::string bytes) {
  const std::size_t size = bytes.size();
  shared_->add(Write{std::move(bytes)}, size);
  changed();
}

void PlaybackView::resize(ScreenView::Size recorded) {
  shared_->add(Resize{recorded}, 0);
  changed();
}

void PlaybackView::set_terminal(ScreenView::Size terminal) {
  shared_->add(SetTerminal{terminal}, 0);
  changed();
}

bool PlaybackView::full() const {
  const std::lock_guard<std::mutex> lock(shared_->mutex);
  shared_->wants_room = shared_->bytes >= kMaxWaitingBytes;
  return shared_->wants_room;
}

void PlaybackView::changed() {
  changed_ = true;
  schedule();
}

void PlaybackView::schedule() {
  if (!changed_ || asked_ || !listener_.can_draw() || uv::is_active(timer_)) return;
  uv::start_timer<&PlaybackView::on_timer>(timer_, kSettleMs, this);
}

void PlaybackView::on_timer() {
  if (!changed_ || asked_ || !listener_.can_draw()) return;
  changed_ = false;
  asked_ = true;
  const std::lock_guard<std::mutex> lock(shared_->mutex);
  shared_->work.draws = true;
  shared_->came.notify_one();
}

std::optional<ScreenView::Frame> PlaybackView::take_frame() {
  std::optional<ScreenView::Frame> frame;
  {
    const std::lock_guard<std::mutex> lock(shared_->mutex);
    frame.swap(shared_->frame);
  }
  if (!frame.has_value()) return frame;
  asked_ = false;
  uv::start_timer<&PlaybackView::on_timer>(timer_, kFrameIntervalMs, this);
  return frame;
}

}  // namespace asciinemad
