#include "common/install_id.h"

#include <doctest/doctest.h>
#include <sys/stat.h>
#include <unistd.h>

#include <filesystem>
#include <set>
#include <thread>
#include <vector>

#include "tests/support/temp_dir.h"

namespace asciinemad {
namespace {

class Fixture {
 public:
  Fixture() {
    variables["XDG_CONFIG_HOME"] = dir / "c";
    variables["XDG_STATE_HOME"] = dir / "s";
  }

  Result<std::string> load() const {
    return load_or_create_install_id(FixedEnvironment(variables), config);
  }

  std::string message() const {
    const auto id = load();
    return id.ok() ? "ok: " + *id : id.error().message;
  }

  test::TempDir dir;
  FixedEnvironment::Variables variables;
  Config config;
};

constexpr std::string_view kFile = "c/asciinema/install-id";

bool is_uuid4(std::string_view id) {
  if (id.size() != 36 || id[14] != '4') return false;
  if (std::string_view("89ab").find(id[19]) == std::string_view::npos) return false;
  for (std::size_t i = 0; i < id.size(); ++i) {
    const bool dash = i == 8 || i == 13 || i == 18 || i == 23;
    if (dash ? id[i] != '-' : std::string_view("0123456789abcdef").find(id[i]) == std::string::npos)
      return false;
  }
  return true;
}

std::size_t files_in(const std::string& directory) {
  std::size_t count = 0;
  for ([[maybe_unused]] const auto& entry : std::filesystem::directory_iterator(directory)) ++count;
  return count;
}

TEST_CASE("install id: a new one is a private UUID file, and stays") {
  const Fixture f;
  const auto id = f.load();
  REQUIRE(id.ok());
  CHECK(is_uuid4(*id));
  CHECK(f.dir.read(kFile) == *id + "\n");
  struct stat info {};
  REQUIRE(::stat((f.dir / kFile).c_str(), &info) == 0);
  CHECK((info.st_mode & 07777U) == 0600);
  CHECK(info.st_nlink == 1);
  CHECK(files_in(f.dir / "c/asciinema") == 1);
  CHECK_FALSE(std::filesystem::exists(f.dir / "s"));
  CHECK(f.load().value() == *id);

  const Fixture other;
  CHECK(other.load().value() != *id);
}

TEST_CASE("install id: order of the sources") {
  Fixture f;
  f.dir.write("s/asciinema/install-id", " from-state\n");
  CHECK(f.load().value() == "from-state");
  CHECK_FALSE(std::filesystem::exists(f.dir / kFile));
  f.dir.write(kFile, "\tfrom-config-dir \r\n");
  CHECK(f.load().value() == "from-config-dir");
  f.config.token = "from-token";
  CHECK(f.load().value() == "from-token");
  f.variables["ASCIINEMA_INSTALL_ID"] = "from-environment";
  CHECK(f.load().value() == "from-environment");
  f.variables["ASCIINEMA_INSTALL_ID"] = "";
  CHECK(f.load().value() == "from-token");
}

TEST_CASE("install id: what cannot be one is refused and says where it is") {
  Fixture f;
  const std::string path = f.dir / kFile;
  const std::string unprintable = ": the install id is not printable ASCII without blanks";
  f.dir.write(kFile, "");
  CHECK(f.message() == path + ": the install id is empty");
  f.dir.write(kFile, " \n");
  CHECK(f.message() == path + ": the install id is empty");
  for (const std::string_view bad : {"a b", "a\nb", "\x1b[2J", "caf\xc3\xa9", "\x7f"}) {
    f.dir.write(kFile, bad);
    CHECK(f.message() == path + unprintable);
  }
  f.dir.write(kFile, std::string(257, 'x'));
  CHECK(f.message() == path + ": the install id is longer than 256 bytes");
  f.dir.write(kFile, std::string(5000, 'x'));
  CHECK(f.message() == "read " + path + ": larger than 4096 bytes");
  f.dir.write(kFile, std::string(256, 'x'));
  CHECK(f.load().ok());

  f.config.token = "a b";
  CHECK(f.message() == "token in the configuration file" + unprintable);
  f.variables["ASCIINEMA_INSTALL_ID"] = "a b";
  CHECK(f.message() == "ASCIINEMA_INSTALL_ID" + unprintable);
}

TEST_CASE("install id: a bad file of asciinema 3 is not papered over with a new id") {
  const Fixture f;
  const std::string path = f.dir.write("s/asciinema/install-id", "");
  CHECK(f.message() == path + ": the install id is empty");
  CHECK_FALSE(std::filesystem::exists(f.dir / kFile));
}

TEST_CASE("install id: places that cannot hold it") {
  Fixture f;
  std::filesystem::create_directories(f.dir / kFile);
  CHECK(f.message() == "read " + (f.dir / kFile) + ": Is a directory");
  std::filesystem::remove(f.dir / kFile);
  std::filesystem::create_symlink("nowhere", f.dir / kFile);
  CHECK(f.message() == "open " + (f.dir / kFile) + ": No such file or directory");
  CHECK(files_in(f.dir / "c/asciinema") == 1);

  f.dir.write("file", "");
  f.variables["XDG_CONFIG_HOME"] = f.dir / "file";
  CHECK(f.message() == "create directory " + (f.dir / "file/asciinema") + ": Not a directory");
  CHECK(load_or_create_install_id(FixedEnvironment{}, Config()).error().code == Errc::not_found);
}

TEST_CASE("install id: first uses that race agree") {
  const Fixture f;
  std::vector<std::string> ids(8);
  std::vector<std::thread> threads;
  for (std::string& id : ids) {
    threads.emplace_back([&f, &id] { id = f.load().value(); });
  }
  for (std::thread& thread : threads) thread.join();
  CHECK(std::set<std::string>(ids.begin(), ids.end()).size() == 1);
  CHECK(files_in(f.dir / "c/asciinema") == 1);
}

}  // namespace
}  // namespace asciinemad
