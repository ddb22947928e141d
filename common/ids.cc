#include "daemon/ids.h"

#include <sys/random.h>

#include <array>
#include <cerrno>
#include <string_view>

namespace asciinemad {

Result<std::string> make_id() {
  constexpr std::string_view kAlphabet = "abcdefghijklmnopqrstuvwxyz234567";
  std::array<unsigned char, 8> random{};
  if (::getrandom(random.data(), random.size(), 0) != static_cast<ssize_t>(random.size())) {
    return system_error("read random bytes", errno);
  }
  std::string id;
  for (const unsigned char byte : random) id += kAlphabet[byte % kAlphabet.size()];
  return id;
}

}  // namespace asciinemad
