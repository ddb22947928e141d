#include "tests/support/fake_resolver.h"

#include <dlfcn.h>
#include <doctest/doctest.h>
#include <netdb.h>

#include <chrono>
#include <condition_variable>
#include <map>
#include <mutex>
#include <string_view>

namespace asciinemad::test {
namespace {

struct State {
  std::mutex mutex;
  std::condition_variable changed;
  bool active = false;
  int hanging = 0;
  std::map<std::string, std::vector<FakeResolver::Address>> names;  // no addresses: hangs
};

State& state() {
  static State the_state;
  return the_state;
}

using Function = int (*)(const char*, const char*, const addrinfo*, addrinfo**);

Function real_getaddrinfo() {
  return reinterpret_cast<Function>(::dlsym(RTLD_NEXT, "getaddrinfo"));
}

// The C library allocates the entries of its lists one by one, so lists may be joined.
int answer(const std::vector<FakeResolver::Address>& addresses, const addrinfo* hints,
           addrinfo** result) {
  addrinfo** end = result;
  for (const FakeResolver::Address& address : addresses) {
    const int rc =
        real_getaddrinfo()(address.ip.c_str(), std::to_string(address.port).c_str(), hints, end);
    if (rc != 0) return rc;
    end = &(*end)->ai_next;
  }
  return 0;
}

}  // namespace

FakeResolver::FakeResolver() {
  const std::lock_guard<std::mutex> lock(state().mutex);
  REQUIRE_FALSE(state().active);
  state().active = true;
}

FakeResolver::~FakeResolver() {
  std::unique_lock<std::mutex> lock(state().mutex);
  state().active = false;
  state().names.clear();
  state().changed.notify_all();
  state().changed.wait(lock, [] { return state().hanging == 0; });
}

void FakeResolver::add(const std::string& name, std::vector<Address> addresses) {
  const std::lock_guard<std::mutex> lock(state().mutex);
  state().names[name] = std::move(addresses);
}

void FakeResolver::add_hanging(const std::string& name) { add(name, {}); }

bool FakeResolver::wait_for_hanging() {
  std::unique_lock<std::mutex> lock(state().mutex);
  return state().changed.wait_for(lock, std::chrono::seconds(10),
                                  [] { return state().hanging > 0; });
}

// Called by getaddrinfo() below.
int resolve_for_test(const char* node, const char* service, const addrinfo* hints,
                     addrinfo** result) {
  if (node == nullptr || !std::string_view(node).ends_with(".test")) {
    return real_getaddrinfo()(node, service, hints, result);
  }
  std::unique_lock<std::mutex> lock(state().mutex);
  const auto found = state().names.find(node);
  if (!state().active || found == state().names.end()) return EAI_NONAME;
  if (!found->second.empty()) return answer(found->second, hints, result);
  ++state().hanging;
  state().changed.notify_all();
  state().changed.wait(lock, [] { return !state().active; });
  --state().hanging;
  state().changed.notify_all();
  return EAI_NONAME;
}

}  // namespace asciinemad::test

// Found before the C library's.
extern "C" int getaddrinfo(const char* node, const char* service, const addrinfo* hints,
                           addrinfo** result) {
  return asciinemad::test::resolve_for_test(node, service, hints, result);
}
