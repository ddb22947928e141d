// Url: an http or https address, split up (RFC 3986).
//
// Whatever text() and the errors show leaves out user names and passwords.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "common/result.h"

namespace asciinemad {

struct Url {
  bool is_https() const { return scheme == "https"; }
  // Whether both are served by the same scheme, host and port.
  bool same_origin(const Url& other) const;
  // For the Host header: the port only if it is not the scheme's.
  std::string authority() const;
  // Without user_info. The fragment is gone, too.
  std::string text() const;
  // text() for a message: shortened.
  std::string shown() const;

  std::string scheme;        // "http" or "https"
  std::string user_info;     // "USER" or "USER:PASSWORD", still percent-encoded
  std::string host;          // lower case; an IPv6 address without brackets
  std::uint16_t port = 0;    // never 0 in what parse_url() returns
  std::string target = "/";  // path and query: ASCII without spaces, begins with '/'
};

// Errc::invalid_argument when `text` cannot be used, with `text`, shortened, in the message.
Result<Url> parse_url(std::string_view text);

// What `reference`, of a Location header or a page, means in a document at `base`. Spaces around it
// are dropped, those within encoded. Errors as parse_url(), also for other schemes.
Result<Url> resolve_url(const Url& base, std::string_view reference);

// "ipfs://HASH...", "ipfs:/ipfs/HASH..." and "dweb:/ipfs/HASH..." become "GATEWAY/ipfs/HASH...";
// all else stays as it is.
std::string through_ipfs_gateway(std::string_view url, std::string_view gateway);

// A '%' without two digits stands for itself.
std::string percent_decode(std::string_view text);

// A URL nobody has checked, for a message: printable, without a user and password, shortened.
std::string presentable_url(std::string_view text);

}  // namespace asciinemad
