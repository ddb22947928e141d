// FakeResolver: what getaddrinfo() says, in this process, about names that end in ".test".
#pragma once

#include <cstdint>
#include <string>
#include <vector>

namespace asciinemad::test {

// One at a time. Without it, and for other names, the system answers. The port asked for does not
// count.
class FakeResolver {
 public:
  struct Address {
    std::string ip;
    std::uint16_t port = 0;
  };

  FakeResolver();
  ~FakeResolver();
  FakeResolver(const FakeResolver&) = delete;
  FakeResolver& operator=(const FakeResolver&) = delete;

  // In that order.
  void add(const std::string& name, std::vector<Address> addresses);
  // Whoever asks for that name gets an answer, that it is unknown, when this object goes.
  void add_hanging(const std::string& name);
  // Waits until somebody is left hanging; false when that does not happen in time.
  bool wait_for_hanging();
};

}  // namespace asciinemad::test
