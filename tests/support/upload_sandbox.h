// UploadSandbox: a sandbox whose uploads go to a server of its own, and what tests look at.
#pragma once

#include <cstdint>
#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "tests/support/api_server.h"
#include "tests/support/player.h"
#include "tests/support/sandbox.h"

namespace asciinemad::test {

// An object of `asciinema uploads --json`.
struct ListedUpload {
  // A string without its quotes, other values as they are. Fails the test when it is not there.
  std::string get(const std::string& key) const;
  std::string number() const { return get("number"); }
  std::string state() const { return get("state"); }

  std::map<std::string, std::string> members;
};

struct UploadSandbox {
  static constexpr const char* kInstallId = "3c6b2a1e-5d84-4f0a-9b57-0d2f6c1e8a43";

  UploadSandbox();

  // `asciinema upload ARGUMENT...`.
  Outcome upload(std::vector<std::string> arguments, std::string_view input = {}) const;
  // `asciinema uploads ARGUMENT...`.
  Outcome uploads(std::vector<std::string> arguments) const;
  // `asciinema upload --background NAME`, which must succeed.
  void enqueue(const std::string& name) const;
  // Fails the test unless the daemon gives it.
  std::vector<ListedUpload> list() const;
  ListedUpload show(const std::string& number) const;
  // Waits until the upload of that number is in that state; false when it did not get there.
  bool reaches(const std::string& number, std::string_view state, int timeout_ms = kWaitMs) const;
  // The contents that the server has, sorted.
  std::vector<std::string> stored() const;
  // Kills the daemon as the kernel would, and waits until it is gone.
  void kill_daemon() const;
  std::string queue_directory() const { return sandbox.dir() / "state/asciinema/queue"; }

  ApiServer server;  // outlives the daemon
  Sandbox sandbox;
};

// A valid recording of about that many bytes; two of different seeds are not the same.
std::string make_recording(std::size_t bytes, std::uint64_t seed = 0);

// Whether the control characters of a terminal are in it, but for line ends.
bool has_control_characters(std::string_view text);

}  // namespace asciinemad::test
