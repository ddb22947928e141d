#include "daemon/playback_feed.h"

#include <system_error>
#include <thread>

#include "daemon/playback_mailbox.h"
#include "daemon/playback_worker.h"

namespace asciinemad {

Result<std::unique_ptr<PlaybackFeed>> PlaybackFeed::start(uv::Loop& loop, Fd recording,
                                                          Options options, Listener& listener) {
  std::unique_ptr<PlaybackFeed> feed(new PlaybackFeed(listener));
  feed->mailbox_ = std::make_shared<PlaybackMailbox>();  // before any return: the destructor's
  TRY(feed->mailbox_->open());
  auto async = std::make_unique<uv_async_t>();
  if (const int rc = uv_async_init(loop.get(), async.get(),
                                   [](uv_async_t* handle) noexcept {
                                     auto* owner = static_cast<PlaybackFeed*>(handle->data);
                                     if (owner != nullptr) owner->on_wake();
                                   });
      rc != 0) {
    return uv::uv_error("start a reader thread", rc);
  }
  feed->wake_.reset(async.release());
  feed->wake_->data = feed.get();
  feed->mailbox_->set_wake(feed->wake_.get());
  try {
    auto worker =
        std::make_shared<PlaybackWorker>(feed->mailbox_, std::move(recording), std::move(options));
    std::thread([worker] { worker->run(); }).detach();
  } catch (const std::system_error& e) {
    return system_error("start a reader thread", e.code().value());
  }
  return feed;
}

PlaybackFeed::~PlaybackFeed() { mailbox_->abandon(); }

void PlaybackFeed::on_wake() {
  // The listener may end the playback, and this object with it, but not before it returns.
  while (const auto answer = mailbox_->take_marker_answer()) {
    listener_.on_marker_found(answer->events);
  }
  listener_.on_feed_ready();
}

std::optional<PlaybackFeed::Message> PlaybackFeed::take() { return mailbox_->take(); }

void PlaybackFeed::jump(JumpWish wish) { mailbox_->post_jump(wish); }

void PlaybackFeed::rewind() { mailbox_->post_jump(std::nullopt); }

void PlaybackFeed::find_marker(MarkerWish wish) { mailbox_->post(wish); }

void PlaybackFeed::finish_growing() { mailbox_->post(PlaybackMailbox::FinishGrowing{}); }

void PlaybackFeed::measure() { mailbox_->post(PlaybackMailbox::Measure{}); }

std::uint64_t PlaybackFeed::duration_us() const { return mailbox_->duration_us; }

}  // namespace asciinemad
