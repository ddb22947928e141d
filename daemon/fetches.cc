#include "daemon/fetches.h"

#include <algorithm>

#include "daemon/http_loader.h"

namespace asciinemad {
namespace {

FetchRequest request_of(wire::Fetch&& fetch) {
  FetchRequest request;
  request.url = std::move(fetch.url);
  request.max_bytes = fetch.max_bytes;
  request.http_proxy = std::move(fetch.http_proxy);
  request.https_proxy = std::move(fetch.https_proxy);
  request.no_proxy = std::move(fetch.no_proxy);
  request.ca_file = std::move(fetch.ca_file);
  request.ca_directory = std::move(fetch.ca_directory);
  if (!fetch.ipfs_gateway.empty()) request.ipfs_gateway = std::move(fetch.ipfs_gateway);
  return request;
}

}  // namespace

Status Fetches::start(Connection& connection, std::uint32_t request_id, wire::Fetch fetch) {
  if (fetches_.contains(connection.id())) {
    return Error{Errc::busy, "this connection is fetching something already"};
  }
  if (fetches_.size() >= kMaxFetches) {
    return Error{Errc::busy,
                 "the daemon is fetching " + std::to_string(kMaxFetches) + " recordings already"};
  }
  TRY_ASSIGN(auto started, Fetch::start(loop_, fetch_with_module, request_of(std::move(fetch)),
                                        spool_directory_, *this));
  fetches_.emplace(connection.id(), Pending{connection, request_id, std::move(started)});
  return {};
}

void Fetches::on_fetched(Fetch& fetch, Result<Fetched> outcome) {
  const auto found = std::find_if(fetches_.begin(), fetches_.end(), [&](const auto& entry) {
    return entry.second.fetch.get() == &fetch;
  });
  if (found == fetches_.end()) return;
  Connection& connection = found->second.connection;
  const std::uint32_t id = found->second.request_id;
  graveyard_.bury(std::move(found->second.fetch));
  fetches_.erase(found);
  if (outcome.ok()) {
    connection.send_with_fd({id, wire::Fetched{std::move(outcome->url), outcome->bytes}},
                            std::move(outcome->file));
  } else {
    connection.send_error(id, wire::ErrorCode::invalid, outcome.error().message);
  }
}

}  // namespace asciinemad
