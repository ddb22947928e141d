#include "daemon/journal.h"

#include <doctest/doctest.h>
#include <fcntl.h>
#include <sys/mman.h>
#include <unistd.h>

#include <cstring>
#include <string>

namespace asciinemad {
namespace {

wire::Checkpoint some_place() {
  wire::Checkpoint place;
  place.started_at_us = 11;
  place.paused_for_us = 22;
  place.paused = true;
  place.paused_at_us = 33;
  place.last_event_at_us = 44;
  place.size = {100, 30, 5, 6};
  place.resize_pending = true;
  place.output_tail = "\xe2\x82";
  place.input_tail = "\xf0";
  place.lost_bytes = 55;
  place.markers = 66;
  return place;
}

// As the kernel does for read().
void read_into(Journal& journal, std::string_view bytes) {
  std::memcpy(journal.batch().data(), bytes.data(), bytes.size());
}

std::unique_ptr<Journal> successor(const Journal& journal) {
  Result<Fd> copy = duplicate(journal.fd());
  REQUIRE(copy.ok());
  Result<std::unique_ptr<Journal>> adopted = Journal::adopt(*std::move(copy));
  REQUIRE(adopted.ok());
  return *std::move(adopted);
}

TEST_CASE("a successor finds the place of recorder and scanner") {
  const auto journal = Journal::create();
  REQUIRE(journal.ok());
  (*journal)->save_recorder(some_place());
  (*journal)->save_keys("half a key");
  wire::Checkpoint checkpoint;
  checkpoint.title = "from the message";
  checkpoint.attached = true;
  successor(**journal)->load(checkpoint);
  wire::Checkpoint expected = some_place();
  expected.input_parser = "half a key";
  expected.title = "from the message";
  expected.attached = true;
  CHECK(checkpoint == expected);
}

TEST_CASE("without a saved place the checkpoint stays as it is") {
  const auto journal = Journal::create();
  REQUIRE(journal.ok());
  wire::Checkpoint checkpoint = some_place();
  successor(**journal)->load(checkpoint);
  CHECK(checkpoint == some_place());
}

TEST_CASE("the later of two places counts, whichever half it went to") {
  const auto journal = Journal::create();
  REQUIRE(journal.ok());
  for (std::uint64_t i = 1; i < 6; ++i) {
    wire::Checkpoint place = some_place();
    place.last_event_at_us = i;
    (*journal)->save_recorder(place);
    (*journal)->save_keys(std::string(i, 'k'));
    wire::Checkpoint found;
    successor(**journal)->load(found);
    CHECK(found.last_event_at_us == i);
    CHECK(found.input_parser == std::string(i, 'k'));
  }
}

TEST_CASE("a batch is unfinished from the read on until it is done with") {
  const auto journal = Journal::create();
  REQUIRE(journal.ok());
  Journal& first = **journal;
  CHECK_FALSE(successor(first)->unfinished().has_value());

  // Killed within read(): nobody was told how much came.
  read_into(first, "some output\r\n");
  const auto second = successor(first);  // which maps the same memory
  auto unfinished = second->unfinished();
  REQUIRE(unfinished.has_value());
  CHECK(unfinished->bytes == "some output\r\n");
  CHECK_FALSE(unfinished->recorded_bytes.has_value());

  first.batch_read(4711);
  unfinished = second->unfinished();
  REQUIRE(unfinished.has_value());
  CHECK(unfinished->recorded_bytes == 4711);

  first.save_recorder(some_place());  // a marker amid it
  CHECK(successor(first)->unfinished().has_value());

  first.batch_done(13, some_place());
  CHECK_FALSE(successor(first)->unfinished().has_value());

  // The length noted for an earlier batch says nothing about this one.
  read_into(first, "more");
  unfinished = second->unfinished();
  REQUIRE(unfinished.has_value());
  CHECK(unfinished->bytes == "more");
  CHECK_FALSE(unfinished->recorded_bytes.has_value());
}

TEST_CASE("of a recording without a length none is known") {
  const auto journal = Journal::create();
  REQUIRE(journal.ok());
  read_into(**journal, "x");
  (*journal)->batch_read(std::nullopt);
  const auto unfinished = (*journal)->unfinished();
  REQUIRE(unfinished.has_value());
  CHECK_FALSE(unfinished->recorded_bytes.has_value());
}

TEST_CASE("a batch may fill the memory, and end in zeros") {
  const auto journal = Journal::create();
  REQUIRE(journal.ok());
  const std::string full(Journal::kBatchBytes, '\0');
  read_into(**journal, full);
  auto unfinished = (*journal)->unfinished();
  REQUIRE(unfinished.has_value());
  CHECK(unfinished->bytes == full);
  (*journal)->batch_read(0);
  (*journal)->batch_done(full.size(), some_place());
  CHECK_FALSE((*journal)->unfinished().has_value());
}

TEST_CASE("a scanner state that is too long is left out") {
  const auto journal = Journal::create();
  REQUIRE(journal.ok());
  (*journal)->save_recorder(some_place());
  (*journal)->save_keys(std::string(Journal::kMaxKeysBytes + 1, 'k'));
  wire::Checkpoint found;
  (*journal)->load(found);
  CHECK(found.input_parser.empty());
}

TEST_CASE("whether the screen is behind is known to the successor") {
  const auto journal = Journal::create();
  REQUIRE(journal.ok());
  (*journal)->set_screen_behind(true);
  CHECK(successor(**journal)->screen_behind());
  (*journal)->set_screen_behind(false);
  CHECK_FALSE(successor(**journal)->screen_behind());
}

TEST_CASE("what is no journal is refused") {
  SUBCASE("memory that could be cut under the mapping") {
    Fd fd(::memfd_create("test", MFD_CLOEXEC | MFD_ALLOW_SEALING));
    REQUIRE(::ftruncate(fd.get(), 4096 + static_cast<off_t>(Journal::kBatchBytes)) == 0);
    CHECK_FALSE(Journal::adopt(std::move(fd)).ok());
  }
  SUBCASE("too small") {
    Fd fd(::memfd_create("test", MFD_CLOEXEC | MFD_ALLOW_SEALING));
    REQUIRE(::ftruncate(fd.get(), 4096) == 0);
    REQUIRE(::fcntl(fd.get(), F_ADD_SEALS, F_SEAL_SHRINK) == 0);
    CHECK_FALSE(Journal::adopt(std::move(fd)).ok());
  }
  SUBCASE("another layout") {
    Fd fd(::memfd_create("test", MFD_CLOEXEC | MFD_ALLOW_SEALING));
    REQUIRE(::ftruncate(fd.get(), 4096 + static_cast<off_t>(Journal::kBatchBytes)) == 0);
    REQUIRE(::fcntl(fd.get(), F_ADD_SEALS, F_SEAL_SHRINK) == 0);
    CHECK_FALSE(Journal::adopt(std::move(fd)).ok());
  }
  SUBCASE("no memory at all") {
    CHECK_FALSE(Journal::adopt(Fd(::open("/dev/null", O_RDWR | O_CLOEXEC))).ok());
  }
}

}  // namespace
}  // namespace asciinemad
