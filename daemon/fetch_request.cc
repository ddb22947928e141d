#include "daemon/fetch_request.h"

namespace asciinemad {

Result<Url> first_url(const FetchRequest& request) {
  return parse_url(through_ipfs_gateway(request.url, request.ipfs_gateway));
}

}  // namespace asciinemad
