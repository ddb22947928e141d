#include "client/shim_resume.h"

#include <algorithm>
#include <string>

namespace asciinemad {
namespace {

constexpr std::uint64_t kFirstRetryUs = 5000;
constexpr std::uint64_t kMaxRetryUs = 500'000;

}  // namespace

Status NextDaemon::begin() {
  const std::uint64_t now_us = clock_.now_us();
  if (!resumes_.take(now_us)) {
    return Error{Errc::limit_exceeded,
                 "asciinemad died " + std::to_string(kMaxResumes + 1) + " times within a minute"};
  }
  search_.reset();
  retry_at_us_ = 0;
  retry_us_ = kFirstRetryUs;
  give_up_at_us_ = now_us + kPatienceUs;
  return {};
}

Status NextDaemon::refused(const Error& why) {
  const std::uint64_t now_us = clock_.now_us();
  const bool for_ever = why.code == Errc::unsupported || why.code == Errc::invalid_argument;
  if (for_ever || now_us >= give_up_at_us_) return why;
  search_.reset();
  retry_at_us_ = now_us + retry_us_;
  retry_us_ = std::min(retry_us_ * 2, kMaxRetryUs);
  return {};
}

void NextDaemon::begin_after(std::uint64_t wait_us) {
  resumes_.reset();
  search_.reset();
  retry_at_us_ = clock_.now_us() + wait_us;
  retry_us_ = kFirstRetryUs;
  give_up_at_us_ = retry_at_us_ + kPatienceUs;
}

pollfd NextDaemon::waits_for() const {
  return search_.has_value() ? search_->waits_for() : pollfd{-1, 0, 0};
}

int NextDaemon::timeout_ms() const {
  if (search_.has_value()) return search_->timeout_ms();
  const std::uint64_t now_us = clock_.now_us();
  return now_us >= retry_at_us_ ? 0 : static_cast<int>((retry_at_us_ - now_us) / 1000) + 1;
}

Result<std::optional<DaemonLink>> NextDaemon::step() {
  if (!search_.has_value()) {
    if (clock_.now_us() < retry_at_us_) return std::optional<DaemonLink>();
    // A recording that is cut short is worse than a daemon of low priority.
    search_.emplace(environment_, Niceness::accepted, DaemonSearch::kPatientHelloTimeoutMs);
  }
  Result<std::optional<DaemonLink>> found = search_->step();
  if (!found.ok()) {
    TRY(refused(found.error()));
    return std::optional<DaemonLink>();
  }
  if (!found->has_value()) return found;
  search_.reset();
  if ((*found)->protocol() >= wire::kProtocolSurvival) return found;
  return Error{Errc::unsupported, "the asciinemad that runs now takes no sessions over"};
}

}  // namespace asciinemad
