#include "common/uuid.h"

#include <sys/random.h>

#include <array>
#include <cerrno>
#include <cstdio>

namespace asciinemad {

Result<std::string> make_uuid() {
  std::array<unsigned char, 16> bytes{};
  ssize_t n = 0;
  do {
    n = ::getrandom(bytes.data(), bytes.size(), 0);
  } while (n < 0 && errno == EINTR);
  if (n != static_cast<ssize_t>(bytes.size())) {
    return system_error("read random bytes", n < 0 ? errno : EIO);
  }
  bytes[6] = static_cast<unsigned char>((bytes[6] & 0x0fU) | 0x40U);
  bytes[8] = static_cast<unsigned char>((bytes[8] & 0x3fU) | 0x80U);
  std::string uuid;
  for (std::size_t i = 0; i < bytes.size(); ++i) {
    if (i == 4 || i == 6 || i == 8 || i == 10) uuid += '-';
    std::array<char, 3> digits{};
    std::snprintf(digits.data(), digits.size(), "%02x", bytes[i]);
    uuid += digits.data();
  }
  return uuid;
}

}  // namespace asciinemad
