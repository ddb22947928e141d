#include "client/upload_watch.h"

#include <poll.h>

#include <array>
#include <cerrno>
#include <utility>
#include <variant>

#include "client/deadline.h"
#include "client/upload_link.h"

namespace asciinemad {
namespace {

constexpr int kReconnectTimeoutMs = 10'000;
constexpr int kReconnectIntervalMs = 200;

}  // namespace

Status UploadWatch::begin() {
  TRY_ASSIGN(DaemonLink link, connect_to_upload_queue(environment_, StartDaemon::if_needed));
  link_.emplace(std::move(link));
  // What is listed is newer than the changes told before it.
  TRY(link_->send(wire::Request{0, 0, wire::WatchUploads{number_}}, {}));
  return list_after(0);
}

Status UploadWatch::list_after(std::uint64_t number) {
  TRY(link_->send(wire::Request{0, 0, wire::ListUploads{number, number_}}, {}));
  return {};
}

Result<UploadWatch::News> UploadWatch::wait(int timeout_ms) {
  const Deadline deadline(timeout_ms);
  for (;;) {
    if (const std::optional<int> signum = signals_.next()) {
      return News{News::Kind::signal, {}, *signum};
    }
    Result<std::optional<News>> news = next_news();
    if (!news.ok()) {
      if (news.error().code != Errc::unavailable || link_.has_value()) return news.take_error();
      return begin_again();
    }
    if (news->has_value()) return **std::move(news);
    std::array<pollfd, 2> waiting = {{{link_->fd(), POLLIN, 0}, {signals_.fd(), POLLIN, 0}}};
    const int remaining_ms = timeout_ms < 0 ? -1 : deadline.remaining_ms();
    const int ready = ::poll(waiting.data(), waiting.size(), remaining_ms);
    if (ready == 0) return News{};
    if (ready < 0 && errno != EINTR) return system_error("poll", errno);
  }
}

// An error with link_ empty: the connection has ended.
Result<std::optional<UploadWatch::News>> UploadWatch::next_news() {
  for (;;) {
    if (!news_.empty()) {
      std::optional<News> next = std::move(news_.front());
      news_.pop_front();
      return next;
    }
    if (!link_.has_value()) return Error{Errc::unavailable, "asciinemad has died"};
    Result<std::optional<wire::Reply>> reply = link_->next_event();
    if (!reply.ok()) {
      link_.reset();
      if (reply.error().code == Errc::unavailable) continue;
      return Error{Errc::unavailable, "asciinemad has died: " + reply.error().message};
    }
    if (!reply->has_value()) return std::optional<News>();
    TRY(take(**reply));
  }
}

Status UploadWatch::take(wire::Reply& reply) {
  if (auto* upload = std::get_if<wire::UploadInfo>(&reply.body)) {
    news_.push_back({News::Kind::upload, std::move(*upload)});
  } else if (auto* page = std::get_if<wire::Uploads>(&reply.body)) {
    std::uint64_t last = 0;
    for (wire::UploadInfo& listed : page->uploads) {
      last = listed.number;
      news_.push_back({News::Kind::upload, std::move(listed)});
    }
    if (page->more && last > 0) {
      // When that fails the connection has ended, which the next look at it tells.
      static_cast<void>(list_after(last));
      return {};
    }
    news_.push_back({News::Kind::listed});
  } else if (const auto* error = std::get_if<wire::ErrorReply>(&reply.body)) {
    // To watch it, that is; it is not listed either.
    if (error->code == wire::ErrorCode::not_found) return {};
    return to_error(*error);
  }
  return {};
}

// A daemon that goes, as for an upgrade, is followed by another one.
Result<UploadWatch::News> UploadWatch::begin_again() {
  const Deadline deadline(kReconnectTimeoutMs);
  for (;;) {
    const Status begun = begin();
    if (begun.ok()) return News{News::Kind::restarted};
    link_.reset();
    if (deadline.remaining_ms() == 0) return begun.error();
    pollfd waiting{signals_.fd(), POLLIN, 0};
    ::poll(&waiting, 1, kReconnectIntervalMs);
    if (const std::optional<int> signum = signals_.next()) {
      return News{News::Kind::signal, {}, *signum};
    }
  }
}

}  // namespace asciinemad
