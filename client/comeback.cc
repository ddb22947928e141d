#include "client/comeback.h"

#include <poll.h>

#include "client/status.h"

namespace asciinemad {
namespace {

constexpr int kRetryMs = 5;

Result<wire::StatusReply> ask_once(const Environment& environment, std::optional<SteerLink>& link) {
  if (!link.has_value()) {
    TRY_ASSIGN(SteerLink connected, SteerLink::connect(environment));
    link.emplace(std::move(connected));
  }
  TRY(link->hello());
  return get_status(link->link());
}

}  // namespace

bool Comeback::wait() const {
  if (until_.remaining_ms() == 0) return false;
  ::poll(nullptr, 0, kRetryMs);
  return true;
}

Result<wire::StatusReply> ask_for_status(
    const Environment& environment, std::optional<SteerLink>& link,
    const std::function<bool(const wire::StatusReply&)>& has_it) {
  const Comeback comeback;
  for (;;) {
    Result<wire::StatusReply> status = ask_once(environment, link);
    if (!has_it) return status;
    if (status.ok() && (has_it(*status) || !Comeback::may_go_on(*status))) return status;
    const bool is_gone = link.has_value() ? link->link().ended()
                                          : !status.ok() && status.error().code == Errc::not_found;
    if (!status.ok() && !is_gone) return status;
    if (!comeback.wait()) return status;
    if (is_gone) link.reset();
  }
}

}  // namespace asciinemad
