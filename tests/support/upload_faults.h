// UploadFaults: uploads to a server that does something wrong, and their second attempts.
#pragma once

#include <doctest/doctest.h>

#include <cstddef>
#include <string>

#include "tests/support/upload_sandbox.h"

namespace asciinemad::test {

struct UploadFaults : UploadSandbox {
  UploadFaults() { sandbox.write("a.cast", content); }

  // Uploads to a server that does this, and returns what the client said.
  Outcome upload_with(const ApiServer::Fault& fault, const std::string& name = "a.cast") {
    stored_before = server.uploads().size();
    server.inject(fault);
    ++count;
    return upload({name});
  }
  std::string last() const { return std::to_string(count); }
  // The last one is tried again, if that has not happened yet, and arrives; then the server has so
  // many copies of it.
  void expect_arrival(const std::string& expected, std::size_t copies = 1) {
    static_cast<void>(uploads({"retry", last()}));
    CHECK(uploads({"wait", last()}).status == 0);
    REQUIRE(server.uploads().size() == stored_before + copies);
    CHECK((server.uploads().back().content == expected));
  }

  const std::string content = make_recording(1000);
  int count = 0;
  std::size_t stored_before = 0;
};

}  // namespace asciinemad::test
