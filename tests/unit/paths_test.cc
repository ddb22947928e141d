#include "common/paths.h"

#include <doctest/doctest.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cstdlib>
#include <filesystem>
#include <fstream>

#include "tests/support/temp_dir.h"

namespace asciinemad {
namespace {

using test::TempDir;

unsigned mode_of(const std::string& path) {
  struct stat info {};
  return ::lstat(path.c_str(), &info) == 0 ? info.st_mode & 07777U : 0;
}

TEST_CASE("an empty variable counts as unset") {
  const FixedEnvironment environment{{"A", ""}, {"B", "b"}};
  CHECK(environment.find("A") == std::nullopt);
  CHECK(environment.find("B") == "b");
  CHECK(environment.find("C") == std::nullopt);
}

TEST_CASE("the process's environment is read") {
  ::setenv("ASCIINEMAD_PATHS_TEST", "value", 1);
  const ProcessEnvironment environment;
  CHECK(environment.find("ASCIINEMAD_PATHS_TEST") == "value");
  ::unsetenv("ASCIINEMAD_PATHS_TEST");
  CHECK(environment.find("ASCIINEMAD_PATHS_TEST") == std::nullopt);
}

TEST_CASE("home directory: HOME, else the user database's") {
  CHECK(home_directory(FixedEnvironment({{"HOME", "/h"}}, "/db")) == "/h");
  CHECK(home_directory(FixedEnvironment({}, "/db")) == "/db");
  CHECK(home_directory(FixedEnvironment({{"HOME", ""}}, "/db")) == "/db");
  CHECK(home_directory(FixedEnvironment({{"HOME", "h"}}, "/db")) == "/db");
  CHECK(home_directory(FixedEnvironment({}, "relative")) == std::nullopt);
  CHECK(home_directory(FixedEnvironment{}) == std::nullopt);
}

TEST_CASE("config directory: order of the rules") {
  FixedEnvironment::Variables variables = {
      {"ASCIINEMA_CONFIG_HOME", "/a"}, {"XDG_CONFIG_HOME", "/x"}, {"HOME", "/nonexistent"}};
  CHECK(config_directory(FixedEnvironment(variables)) == "/a");
  variables["ASCIINEMA_CONFIG_HOME"] = "relative/dir";
  CHECK(config_directory(FixedEnvironment(variables)) == "relative/dir");
  variables["ASCIINEMA_CONFIG_HOME"] = "";
  CHECK(config_directory(FixedEnvironment(variables)) == "/x/asciinema");
  variables["XDG_CONFIG_HOME"] = "relative";
  CHECK(config_directory(FixedEnvironment(variables)) == "/nonexistent/.config/asciinema");
  CHECK(config_directory(FixedEnvironment{}) == std::nullopt);
}

TEST_CASE("config directory: ~/.asciinema only when it holds a file named config") {
  const TempDir home;
  const FixedEnvironment environment{{"HOME", home.path()}};
  std::filesystem::create_directories(home / ".asciinema/config");
  CHECK(config_directory(environment) == home / ".config/asciinema");
  std::filesystem::remove(home / ".asciinema/config");
  CHECK(config_directory(environment) == home / ".config/asciinema");
  std::ofstream(home / ".asciinema/config") << "";
  CHECK(config_directory(environment) == home / ".asciinema");
  CHECK(config_directory(FixedEnvironment{{"HOME", home.path()}, {"XDG_CONFIG_HOME", "/x"}}) ==
        "/x/asciinema");
}

TEST_CASE("state, library and log") {
  const FixedEnvironment with_xdg{{"XDG_STATE_HOME", "/s"}, {"HOME", "/h"}};
  CHECK(state_directory(with_xdg) == "/s/asciinema");
  CHECK(library_directory(with_xdg) == "/s/asciinema/recordings");
  CHECK(daemon_log_path(with_xdg) == "/s/asciinema/asciinemad.log");
  CHECK(state_directory(FixedEnvironment{{"XDG_STATE_HOME", "s"}, {"HOME", "/h"}}) ==
        "/h/.local/state/asciinema");
  CHECK(state_directory(FixedEnvironment({}, "/db")) == "/db/.local/state/asciinema");
  CHECK(state_directory(FixedEnvironment{}) == std::nullopt);
  CHECK(library_directory(FixedEnvironment{}) == std::nullopt);
  CHECK(daemon_log_path(FixedEnvironment{}) == std::nullopt);
}

TEST_CASE("control socket: order of the rules") {
  const std::string fallback = "/tmp/asciinemad-" + std::to_string(::geteuid()) + "/socket";
  const auto path = [](FixedEnvironment::Variables variables) {
    return control_socket_path(FixedEnvironment(std::move(variables))).value();
  };
  CHECK(path({{"ASCIINEMAD_SOCKET", "/s"}, {"XDG_RUNTIME_DIR", "/run/user/7"}}) == "/s");
  CHECK(path({{"XDG_RUNTIME_DIR", "/run/user/7"}}) == "/run/user/7/asciinemad/socket");
  CHECK(path({{"ASCIINEMAD_SOCKET", ""}, {"XDG_RUNTIME_DIR", "run"}}) == fallback);
  CHECK(path({}) == fallback);

  const auto relative = control_socket_path(FixedEnvironment{{"ASCIINEMAD_SOCKET", "s"}});
  REQUIRE_FALSE(relative.ok());
  CHECK(relative.error().message == "ASCIINEMAD_SOCKET: \"s\" is not an absolute path");
}

TEST_CASE("a socket path of 107 bytes fits, one of 108 does not") {
  const std::string fits = "/" + std::string(106, 'a');
  CHECK(check_socket_path(fits).ok());
  const Status status = check_socket_path(fits + "b");
  REQUIRE_FALSE(status.ok());
  CHECK(status.error().code == Errc::limit_exceeded);
  CHECK(status.error().message == "socket path " + fits + "b is 108 bytes long, the limit is 107");
}

TEST_CASE("private directory: created with 0700 below parents that follow the umask") {
  const TempDir temp;
  const mode_t before = ::umask(022);
  CHECK(ensure_private_directory(temp / "a/b/private/").ok());
  ::umask(before);
  CHECK(mode_of(temp / "a") == 0755);
  CHECK(mode_of(temp / "a/b") == 0755);
  CHECK(mode_of(temp / "a/b/private") == 0700);
  CHECK(ensure_private_directory(temp / "a/b/private").ok());
}

TEST_CASE("private directory: refuses what others can enter or has put there") {
  const TempDir temp;
  const auto refusal = [&](std::string_view name) {
    const Status status = ensure_private_directory(temp / name);
    return status.ok() ? std::string("accepted") : status.error().message;
  };
  std::filesystem::create_directory(temp / "open");
  ::chmod((temp / "open").c_str(), 0755);
  CHECK(refusal("open") ==
        "use directory " + (temp / "open") + ": it is accessible to others (mode 0755)");
  CHECK(mode_of(temp / "open") == 0755);
  ::chmod((temp / "open").c_str(), 0701);
  CHECK(refusal("open").ends_with("(mode 0701)"));
  ::chmod((temp / "open").c_str(), 0710);
  CHECK(refusal("open").ends_with("(mode 0710)"));

  CHECK(ensure_private_directory(temp / "real").ok());
  std::filesystem::create_directory_symlink(temp / "real", temp / "link");
  CHECK(refusal("link").ends_with("it is a symbolic link"));
  CHECK(refusal("link/").ends_with("it is a symbolic link"));
  std::filesystem::create_symlink("nowhere", temp / "dangling");
  CHECK(refusal("dangling").ends_with("it is a symbolic link"));

  std::ofstream(temp / "file") << "";
  CHECK(refusal("file").ends_with("it is not a directory"));
  CHECK(refusal("file/below") == "create directory " + (temp / "file/below") + ": Not a directory");
}

TEST_CASE("private directory: refuses another user's") {
  const TempDir temp;
  std::filesystem::create_directory(temp / "foreign");
  ::chmod((temp / "foreign").c_str(), 0700);
  std::string directory = temp / "foreign";
  std::string owner = "4242";
  if (::chown(directory.c_str(), 4242, static_cast<gid_t>(-1)) != 0) {
    directory = "/";  // not root: somebody else's for sure
    owner = "0";
  }
  const Status status = ensure_private_directory(directory);
  REQUIRE_FALSE(status.ok());
  CHECK(status.error().message == "use directory " + directory + ": it is owned by uid " + owner);
}

TEST_CASE("parent directories: the last component is left alone") {
  const TempDir temp;
  CHECK(make_parent_directories(temp / "x/y/file").ok());
  CHECK(mode_of(temp / "x/y") != 0);
  CHECK(mode_of(temp / "x/y/file") == 0);
  CHECK(make_parent_directories("file").ok());
}

}  // namespace
}  // namespace asciinemad
