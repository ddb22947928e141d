// Debian's asciinema uploads to the tests' server, so that is one; and what it refuses.

#include <doctest/doctest.h>
#include <unistd.h>

#include <string>
#include <vector>

#include "tests/support/upload_sandbox.h"

namespace asciinemad {
namespace {

using test::contains;
using test::Outcome;
using test::StoredUpload;
using test::UploadSandbox;
namespace faults = test::faults;

constexpr const char* kDebians = "/usr/bin/asciinema";

bool has_debians() {
  if (::access(kDebians, X_OK) == 0) return true;
  MESSAGE("skipped: no other asciinema is installed");
  return false;
}

// As somebody who changes from one to the other: the same configuration, the same install id.
struct Both : UploadSandbox {
  Both() {
    sandbox.environment.erase("ASCIINEMA_INSTALL_ID");
    sandbox.environment["ASCIINEMA_CONFIG_HOME"] = sandbox.dir() / "config/asciinema";
  }
  Outcome upload_by_debians(const std::string& name) const {
    return sandbox.run({kDebians, "upload", name});
  }
};

TEST_CASE("upload: Debian's asciinema and ours send the same") {
  if (!has_debians()) return;
  const Both both;
  const std::string content = test::make_recording(100'000);
  both.sandbox.write("a.cast", content);
  const Outcome theirs = both.upload_by_debians("a.cast");
  CHECK_MESSAGE(theirs.status == 0, theirs.err);
  const Outcome ours = both.upload({"a.cast"});
  CHECK_MESSAGE(ours.status == 0, ours.err);
  CHECK(both.server.objections().empty());

  const std::vector<StoredUpload> uploads = both.server.uploads();
  REQUIRE(uploads.size() == 2);
  for (const StoredUpload& upload : uploads) {
    CHECK((upload.content == content));
    CHECK(upload.path == "/api/asciicasts");
    CHECK(upload.user == "tester");
  }
  CHECK(uploads[0].install_id == uploads[1].install_id);
  CHECK(contains(theirs.out + theirs.err, uploads[0].url));
  CHECK(contains(ours.out + ours.err, uploads[1].url));
}

TEST_CASE("upload: recordings of both are taken, whatever their version") {
  if (!has_debians()) return;
  const Both both;
  both.sandbox.write(
      "1.cast", R"({"version": 1, "width": 80, "height": 24, "duration": 1.5, "command": null,)"
                R"( "title": null, "env": {}, "stdout": [[0.5, "a"], [1.0, "b"]]})");
  both.sandbox.write("3.cast",
                     "{\"version\": 3, \"term\": {\"cols\": 80, \"rows\": 24}}\n"
                     "[0.5, \"o\", \"a\"]\n[0.1, \"x\", \"0\"]\n");
  for (const char* name : {"1.cast", "3.cast"}) {
    CAPTURE(name);
    CHECK(both.upload_by_debians(name).status == 0);
    CHECK(both.upload({name}).status == 0);
  }
  CHECK(both.server.uploads().size() == 4);
}

TEST_CASE("upload: Debian's asciinema is refused for the same reasons") {
  if (!has_debians()) return;
  Both both;
  both.sandbox.write("a.cast", test::make_recording(100));
  for (const char* flawed : {"", "no header\n", "{\"version\": 4}\n", "{\"version\": 2}\n",
                             "{\"version\": 2, \"width\": 80, \"height\": 24}\n[-1, \"o\", \"\"]\n",
                             "{\"version\": 2, \"width\": 80, \"height\": 24}\n[1, \"o\"]\n"}) {
    CAPTURE(flawed);
    both.sandbox.write("flawed.cast", flawed);
    const Outcome outcome = both.upload_by_debians("flawed.cast");
    CHECK(outcome.status == 1);
    CHECK(contains(outcome.err, "Invalid asciicast"));
  }
  both.server.inject(faults::answer("503 Service Unavailable"));
  CHECK(contains(both.upload_by_debians("a.cast").err, "down for maintenance"));
  CHECK(both.upload_by_debians("a.cast").status == 0);
  both.server.revoke(both.server.uploads().at(0).install_id);
  CHECK(contains(both.upload_by_debians("a.cast").err, "Invalid or revoked install ID"));
  CHECK(both.server.uploads().size() == 1);
  CHECK(both.server.objections().empty());
}

}  // namespace
}  // namespace asciinemad
