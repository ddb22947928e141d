#include "common/ids.h"

#include <sys/random.h>

#include <array>
#include <cerrno>
#include <string_view>

namespace asciinemad {
namespace {

constexpr std::string_view kAlphabet = "abcdefghijklmnopqrstuvwxyz234567";
constexpr std::size_t kIdBytes = 8;

}  // namespace

bool is_id(std::string_view text) {
  return text.size() == kIdBytes && text.find_first_not_of(kAlphabet) == std::string_view::npos;
}

Result<std::string> make_id() {
  std::array<unsigned char, kIdBytes> random{};
  if (::getrandom(random.data(), random.size(), 0) != static_cast<ssize_t>(random.size())) {
    return system_error("read random bytes", errno);
  }
  std::string id;
  for (const unsigned char byte : random) id += kAlphabet[byte % kAlphabet.size()];
  return id;
}

}  // namespace asciinemad
