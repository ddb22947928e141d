#include "daemon/playback_mailbox.h"

#include <fcntl.h>
#include <unistd.h>

#include <cerrno>

#include "daemon/platform.h"

namespace asciinemad {
namespace {

std::size_t size_of(const PlaybackFeed::Message& message) {
  const auto* item = std::get_if<PlaybackFeed::Item>(&message);
  if (item == nullptr) return 0;
  return item->data.size() + item->uncover.size() + item->restore.size();
}

}  // namespace

Status PlaybackMailbox::open() {
  TRY_ASSIGN(signal_, make_wake_fd());
  return {};
}

void PlaybackMailbox::signal() const { raise_wake_fd(signal_.get()); }

void PlaybackMailbox::drain_signal() const { drain_wake_fd(signal_.get()); }

void PlaybackMailbox::wake() {
  if (wake_ != nullptr) uv_async_send(wake_);
}

std::optional<PlaybackFeed::Message> PlaybackMailbox::take() {
  const std::lock_guard<std::mutex> lock(mutex_);
  if (messages_.empty()) return std::nullopt;
  std::optional<PlaybackFeed::Message> message = std::move(messages_.front());
  messages_.pop_front();
  bytes_ -= size_of(*message);
  // Not for each: half empty is soon enough.
  if (wants_room_ && bytes_ < PlaybackFeed::kMaxAheadBytes / 2 &&
      messages_.size() < PlaybackFeed::kMaxAheadItems / 2) {
    wants_room_ = false;
    signal();
  }
  return message;
}

std::optional<PlaybackMailbox::MarkerAnswer> PlaybackMailbox::take_marker_answer() {
  const std::lock_guard<std::mutex> lock(mutex_);
  if (marker_answers_.empty()) return std::nullopt;
  const MarkerAnswer answer = marker_answers_.front();
  marker_answers_.pop_front();
  return answer;
}

void PlaybackMailbox::post_jump(std::optional<PlaybackFeed::JumpWish> wish) {
  const std::lock_guard<std::mutex> lock(mutex_);
  // Nobody is there to jump; why not, is on its way.
  if (failed_) return;
  messages_.clear();
  bytes_ = 0;
  std::erase_if(commands_, [](const Command& command) {
    return std::holds_alternative<JumpCommand>(command);
  });
  commands_.emplace_back(JumpCommand{++generation_, wish});
  interrupted = true;
  signal();
}

void PlaybackMailbox::post(Command command) {
  const std::lock_guard<std::mutex> lock(mutex_);
  commands_.push_back(command);
  signal();
}

void PlaybackMailbox::abandon() {
  const std::lock_guard<std::mutex> lock(mutex_);
  wake_ = nullptr;
  messages_.clear();
  stopping = true;
  interrupted = true;
  if (signal_) signal();
}

std::optional<PlaybackMailbox::Command> PlaybackMailbox::next_command() {
  const std::lock_guard<std::mutex> lock(mutex_);
  if (commands_.empty()) return std::nullopt;
  std::optional<Command> command = commands_.front();
  commands_.pop_front();
  if (std::holds_alternative<JumpCommand>(*command)) interrupted = stopping.load();
  return command;
}

bool PlaybackMailbox::has_room() {
  const std::lock_guard<std::mutex> lock(mutex_);
  wants_room_ =
      bytes_ >= PlaybackFeed::kMaxAheadBytes || messages_.size() >= PlaybackFeed::kMaxAheadItems;
  return !wants_room_;
}

void PlaybackMailbox::send(std::uint64_t generation, Messages messages) {
  const std::lock_guard<std::mutex> lock(mutex_);
  if (generation != generation_ || stopping) return;
  for (PlaybackFeed::Message& message : messages) {
    bytes_ += size_of(message);
    messages_.push_back(std::move(message));
  }
  wake();
}

void PlaybackMailbox::send_failure(PlaybackFeed::Failed failure) {
  const std::lock_guard<std::mutex> lock(mutex_);
  if (stopping) return;
  failed_ = true;
  messages_.clear();
  bytes_ = 0;
  messages_.emplace_back(std::move(failure));
  wake();
}

void PlaybackMailbox::send_marker_answer(MarkerAnswer answer) {
  const std::lock_guard<std::mutex> lock(mutex_);
  marker_answers_.push_back(answer);
  wake();
}

}  // namespace asciinemad
