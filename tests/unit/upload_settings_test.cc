#include "client/upload_settings.h"

#include <doctest/doctest.h>

#include <string>
#include <vector>

namespace asciinemad {
namespace {

TEST_CASE("an upload is sent with the caller's settings") {
  Config config;
  config.server.url = "https://example.com/x";
  config.upload.keep_for_s = 5;
  config.upload.keep_bytes = 6;
  const FixedEnvironment environment{{"ASCIINEMA_INSTALL_ID", "an-id"},
                                     {"USER", "me"},
                                     {"https_proxy", "proxy"},
                                     {"SSL_CERT_FILE", "/ca.pem"}};
  const Result<wire::Upload> upload = make_upload(environment, config);
  REQUIRE(upload.ok());
  wire::UploadServer server;
  server.url = "https://example.com/x";
  server.user = "me";
  server.install_id = "an-id";
  server.https_proxy = "proxy";
  server.ca_file = "/ca.pem";
  CHECK(upload->server == server);
  CHECK(upload->keep_for_s == 5);
  CHECK(upload->keep_bytes == 6);
}

TEST_CASE("nobody's name is nobody's") {
  const Result<wire::UploadServer> server =
      find_upload_server(FixedEnvironment{{"ASCIINEMA_INSTALL_ID", "an-id"}}, Config());
  REQUIRE(server.ok());
  CHECK(server->user.empty());
}

TEST_CASE("what is stored with an upload holds no secrets") {
  Config config;
  config.notifications.command = "notify";
  const FixedEnvironment environment{{"ASCIINEMA_INSTALL_ID", "an-id"},
                                     {"AWS_SECRET_ACCESS_KEY", "secret"},
                                     {"HOME", "/home/me"},
                                     {"DISPLAY", ":0"},
                                     {"TMUX", "/tmp/tmux,1,0"}};
  const Result<wire::Upload> upload = make_upload(environment, config);
  REQUIRE(upload.ok());
  CHECK(upload->notifications.enabled);
  CHECK(upload->notifications.command == "notify");
  CHECK(upload->notifications.environment ==
        std::vector<std::string>{"HOME=/home/me", "DISPLAY=:0", "TMUX=/tmp/tmux,1,0"});

  config.notifications.enabled = false;
  const Result<wire::Upload> silent = make_upload(environment, config);
  REQUIRE(silent.ok());
  CHECK(silent->notifications == wire::Notifications());
}

TEST_CASE("a server's name") {
  CHECK(server_host("https://asciinema.org") == "asciinema.org");
  CHECK(server_host("http://me:secret@host:8080/x") == "host:8080");
  CHECK(server_host("http://[::1]:80") == "[::1]");
}

}  // namespace
}  // namespace asciinemad
