// Connections that break, servers that are slow or silent, daemons that die meanwhile.

#include "tests/support/upload_faults.h"

#include <doctest/doctest.h>

#include <atomic>
#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "common/bytes_text.h"
#include "tests/support/process_facts.h"
#include "tests/support/sanitized.h"

namespace asciinemad {
namespace {

using test::ApiServer;
using test::contains;
using test::Exchange;
using test::ListedUpload;
using test::Outcome;
using Faults = test::UploadFaults;
namespace faults = test::faults;

// More than all the buffers between a client and a server hold.
constexpr std::size_t kLargeBytes = std::size_t{16} << 20;

TEST_CASE("upload: connections that end before the recording was sent") {
  Faults f;
  const std::string large = test::make_recording(kLargeBytes);
  f.sandbox.write("large.cast", large);
  for (const auto& fault : {faults::reset_at(0), faults::reset_at(100'000), faults::close_at(0),
                            faults::close_at(100'000)}) {
    const Outcome outcome = f.upload_with(fault, "large.cast");
    CHECK(outcome.status == 1);
    CHECK(contains(outcome.err, "will be retried"));
    f.expect_arrival(large);
    CHECK(f.show(f.last()).get("ambiguous") == "false");
  }
}

TEST_CASE("upload: answers that are lost leave a doubt") {
  Faults f;
  for (const auto& [fault, copies] :
       std::vector<std::pair<ApiServer::Fault, std::size_t>>{{faults::reset_at(UINT64_MAX), 1},
                                                             {faults::close_at(UINT64_MAX), 1},
                                                             {faults::lose_answer(), 2},
                                                             {faults::cut_answer(), 2}}) {
    const Outcome outcome = f.upload_with(fault);
    CHECK(outcome.status == 1);
    CHECK(contains(outcome.err, "will be retried"));
    CHECK(f.show(f.last()).get("ambiguous") == "true");
    f.expect_arrival(f.content, copies);
    CHECK(f.show(f.last()).get("ambiguous") == "true");
  }
  // Two of them had it already; each attempt said by its key that it was the same upload.
  const auto uploads = f.server.uploads();
  REQUIRE(uploads.size() == 6);
  CHECK(uploads[0].key != uploads[1].key);
  CHECK(uploads[2].key == uploads[3].key);
  CHECK(uploads[4].key == uploads[5].key);
}

// Takes all and says nothing; the test sees when all is there.
struct Mute {
  ApiServer::Fault fault() const {
    return [has_all = has_all](ApiServer&, Exchange& exchange) {
      *has_all = exchange.skip_body();
      exchange.client_leaves(-1);
    };
  }
  bool comes_to_have_all() const {
    return test::eventually([&] { return has_all->load(); });
  }

  std::shared_ptr<std::atomic<bool>> has_all = std::make_shared<std::atomic<bool>>(false);
};

TEST_CASE("upload: a server that says nothing") {
  Faults f;
  const Mute mute;
  f.server.inject(mute.fault());
  f.enqueue("a.cast");
  REQUIRE(mute.comes_to_have_all());
  CHECK(f.show("1").state() == "uploading");
  CHECK(f.uploads({"cancel", "1"}).status == 0);
  const ListedUpload cancelled = f.show("1");
  CHECK(cancelled.state() == "cancelled");
  CHECK(cancelled.get("ambiguous") == "true");
  CHECK(f.uploads({"retry", "1"}).status == 0);
  CHECK(f.uploads({"wait", "1"}).status == 0);
  CHECK(f.server.uploads().size() == 1);
}

TEST_CASE(
    "upload: a daemon that dies before the end was sent leaves no doubt, afterwards it does") {
  Faults f;
  f.sandbox.write("large.cast", test::make_recording(kLargeBytes));
  f.server.inject([](ApiServer&, Exchange& exchange) { exchange.client_leaves(-1); });
  f.enqueue("large.cast");
  REQUIRE(test::eventually([&] { return f.server.requests() == 1; }));
  f.kill_daemon();
  CHECK(f.uploads({"wait", "1"}).status == 0);
  CHECK(f.show("1").get("ambiguous") == "false");

  const Mute mute;
  f.server.inject(mute.fault());
  f.enqueue("a.cast");
  REQUIRE(mute.comes_to_have_all());
  f.kill_daemon();
  CHECK(f.uploads({"wait", "2"}).status == 0);
  CHECK(f.show("2").get("ambiguous") == "true");
}

TEST_CASE("upload: a server that takes and gives a little at a time") {
  Faults f;
  const Outcome outcome = f.upload_with(faults::drip());
  CHECK(outcome.status == 0);
  CHECK(contains(outcome.err, "http://127.0.0.1/a/drop"));
  CHECK((f.stored() == std::vector<std::string>{f.content}));
}

TEST_CASE("upload: a server that finds it too large does not wait for its end") {
  Faults f;
  f.sandbox.write("large.cast", test::make_recording(kLargeBytes));
  f.server.set_max_bytes(1'000'000);
  const Outcome outcome = f.upload({"large.cast"});
  CHECK(outcome.status == 1);
  CHECK(contains(outcome.err, "the recording is larger than the server allows (413)"));
  CHECK(f.show("1").state() == "failed");
  CHECK(f.server.requests() == 1);
  // It is remembered.
  const Outcome again = f.upload({"large.cast"});
  const std::string host = f.server.url().substr(std::string("http://").size());
  const std::string size = bytes_text(std::filesystem::file_size(f.sandbox / "large.cast"));
  CHECK(contains(again.err, host + " has refused a recording of " + size +
                                " as too large before; this one has " + size));
  CHECK(f.upload({"a.cast"}).status == 0);
}

TEST_CASE("upload: an early answer other than that counts, too") {
  Faults f;
  f.sandbox.write("large.cast", test::make_recording(kLargeBytes));
  const Outcome outcome = f.upload_with(
      faults::early("503 Busy", "Retry-After: 3600\r\nConnection: close\r\n"), "large.cast");
  CHECK(contains(outcome.err, "the server is down or overloaded (503)"));
  CHECK(contains(outcome.err, "will be retried"));
  CHECK(f.show("1").get("ambiguous") == "false");
}

TEST_CASE("upload: a server has at most two of ours at a time") {
  constexpr std::size_t kAtATime = 2;
  Faults f;
  f.server.choose_faults([] { return faults::stay_mute(); });
  for (int i = 0; i < 5; ++i) f.enqueue("a.cast");
  REQUIRE(test::eventually([&] { return f.server.requests() == kAtATime; }));
  CHECK(test::comes_to_rest(f.sandbox.daemon_pid()));
  CHECK(f.server.requests() == kAtATime);
  CHECK(f.show("3").state() == "queued");
  f.server.heal();
  CHECK(f.uploads({"cancel", "1"}).status == 0);
  CHECK(f.uploads({"wait", "3", "4", "5"}).status == 0);
  CHECK(f.show("2").state() == "uploading");
  CHECK(f.server.uploads().size() == 3);
}

TEST_CASE("upload: neither a large recording nor a large answer takes memory") {
  if (test::kSanitized) return;
  constexpr std::size_t kMoreKib = 16 * 1024;
  Faults f;
  f.sandbox.write("large.cast", test::make_recording(std::size_t{60} << 20));
  CHECK(f.upload({"a.cast"}).status == 0);
  const pid_t daemon = f.sandbox.daemon_pid();
  REQUIRE(test::comes_to_rest(daemon));
  const std::size_t before_kib = test::resident_kib(daemon);
  test::forget_peak(daemon);
  CHECK(f.upload({"large.cast"}).status == 0);
  CHECK(f.upload_with(faults::flood(std::uint64_t{200} << 20)).status == 0);
  CHECK(f.sandbox.daemon_pid() == daemon);
  CHECK(test::peak_resident_kib(daemon) < before_kib + kMoreKib);
}

TEST_CASE("upload: failures leave nothing open, and what waits does not run") {
  Faults f;
  CHECK(f.upload({"a.cast"}).status == 0);
  const pid_t daemon = f.sandbox.daemon_pid();
  REQUIRE(test::comes_to_rest(daemon));
  const std::size_t before = test::open_descriptors(daemon);
  for (int i = 0; i < 5; ++i) {
    for (const auto& fault :
         {faults::reset_at(0), faults::reset_at(UINT64_MAX), faults::close_at(10),
          faults::cut_answer(), faults::answer("422 Bad"), faults::early("413 Too Large")}) {
      CHECK(f.upload_with(fault).status == 1);
      static_cast<void>(f.uploads({"cancel", "all"}));
    }
  }
  f.server.inject(faults::stay_mute(), 2);
  const std::size_t requests = f.server.requests();
  f.enqueue("a.cast");
  f.enqueue("a.cast");
  REQUIRE(test::eventually([&] { return f.server.requests() == requests + 2; }));
  CHECK(f.uploads({"cancel", "all"}).status == 0);
  f.server.inject(faults::answer("503 Busy", "Retry-After: 3600\r\n"));
  CHECK(f.upload({"a.cast"}).status == 1);
  CHECK(test::comes_to_rest(daemon));
  CHECK(f.sandbox.daemon_pid() == daemon);
  CHECK(test::eventually([&] { return test::open_descriptors(daemon) <= before; }));
}

}  // namespace
}  // namespace asciinemad
