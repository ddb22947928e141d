// Fetches: recordings that are being downloaded, one for each peer that asked.
#pragma once

#include <cstdint>
#include <map>
#include <memory>
#include <string>

#include "daemon/connection.h"
#include "daemon/fetcher.h"
#include "daemon/uv_loop.h"
#include "proto/message.h"

namespace asciinemad {

class Fetches final : private Fetch::Listener {
 public:
  // More are refused; each has a thread.
  static constexpr std::size_t kMaxFetches = 32;

  Fetches(uv::Loop& loop, uv::Graveyard& graveyard, std::string spool_directory)
      : loop_(loop), graveyard_(graveyard), spool_directory_(std::move(spool_directory)) {}

  // Answers the request when the recording is there. Errc::busy: the peer has one under way, or
  // there are too many.
  Status start(Connection& connection, std::uint32_t request_id, wire::Fetch fetch);
  // The peer is gone.
  void cancel(Connection& connection) { fetches_.erase(connection.id()); }

 private:
  struct Pending {
    Connection& connection;
    std::uint32_t request_id;
    std::unique_ptr<Fetch> fetch;
  };

  void on_fetched(Fetch& fetch, Result<Fetched> outcome) override;

  uv::Loop& loop_;
  uv::Graveyard& graveyard_;
  const std::string spool_directory_;
  std::map<std::uint64_t, Pending> fetches_;  // by connection
};

}  // namespace asciinemad
