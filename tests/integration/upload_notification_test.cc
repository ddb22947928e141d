// What users are told about uploads that nobody looks at.

#include <doctest/doctest.h>

#include <string>

#include "tests/support/upload_sandbox.h"

namespace asciinemad {
namespace {

using test::contains;
using test::UploadSandbox;
namespace faults = test::faults;

struct Notified : UploadSandbox {
  Notified() {
    sandbox.configure("[notifications]\nenabled = yes\ncommand = echo \"$TEXT\" >>" +
                      (sandbox / "notes") + "\n");
    sandbox.write("notes", "");
    sandbox.write("a.cast", test::make_recording(1000));
  }
  std::string notes() const { return sandbox.read("notes"); }
  bool told(const std::string& text) const {
    return test::eventually([&] { return contains(notes(), text); });
  }
};

TEST_CASE("upload: a notification says what has become of one in the background") {
  Notified f;
  f.enqueue("a.cast");
  CHECK(f.told("Upload #1 is done: " + f.server.url("/a/1") + "\n"));

  f.server.inject(faults::answer("422 Unprocessable", "Content-Type: application/json\r\n",
                                 R"({"type": "x", "message": "too \u001b[31mred"})"));
  f.enqueue("a.cast");
  CHECK(f.told("Upload #2 failed: the server rejects the recording as invalid (422)"));

  f.server.revoke(UploadSandbox::kInstallId);
  f.enqueue("a.cast");
  CHECK(f.told("Upload #3 is held: the server does not accept this machine's install id (401)"));
  CHECK_FALSE(contains(f.notes(), UploadSandbox::kInstallId));
  CHECK_FALSE(test::has_control_characters(f.notes()));
}

TEST_CASE("upload: no notification for what somebody looks at, nor for what is tried again") {
  Notified f;
  CHECK(f.upload({"a.cast"}).status == 0);
  f.server.inject(faults::answer("503 Busy"));
  f.enqueue("a.cast");
  CHECK(f.told("Upload #2 is done"));
  CHECK_FALSE(contains(f.notes(), "#1"));
  CHECK(f.notes() == "Upload #2 is done: " + f.server.url("/a/2") + "\n");
}

TEST_CASE("upload: once its client has gone, an upload has a notification") {
  Notified f;
  f.server.inject(faults::answer("503 Busy"));
  CHECK(f.upload({"a.cast"}).status == 1);
  CHECK(f.told("Upload #1 is done"));
}

TEST_CASE("upload: a notification after the daemon has started again") {
  Notified f;
  f.server.inject(faults::answer("503 Busy", "Retry-After: 3600\r\n"));
  f.enqueue("a.cast");
  REQUIRE(test::eventually([&] { return f.show("1").get("reason") != "null"; }));
  f.kill_daemon();
  CHECK(f.uploads({"retry", "1"}).status == 0);
  CHECK(f.told("Upload #1 is done"));
}

TEST_CASE("upload: no notifications for those who do not want any") {
  Notified f;
  f.sandbox.configure("[notifications]\nenabled = no\ncommand = echo \"$TEXT\" >>" +
                      (f.sandbox / "notes") + "\n");
  f.enqueue("a.cast");
  CHECK(f.reaches("1", "done"));
  // Had there been one, its command would have been started before this one's.
  f.sandbox.configure("[notifications]\nenabled = yes\ncommand = echo \"$TEXT\" >>" +
                      (f.sandbox / "notes") + "\n");
  f.enqueue("a.cast");
  CHECK(f.told("Upload #2 is done"));
  CHECK_FALSE(contains(f.notes(), "#1"));
}

}  // namespace
}  // namespace asciinemad
