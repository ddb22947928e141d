#include "client/fetch.h"

#include <doctest/doctest.h>

#include <filesystem>
#include <string>

namespace asciinemad {
namespace {

TEST_CASE("addresses and paths") {
  for (const char* url : {"http://host/a.cast", "https://host", "HTTPS://host", "ipfs:/x",
                          "ipfs://x", "dweb:/ipfs/x", "Dweb:x", "ftp://x", "svn+ssh://x"}) {
    CAPTURE(url);
    CHECK(is_url(url));
  }
  for (const char* path : {"", "a.cast", "/http://x", "http:", "http:/x", "ftp:/x", "ipfs",
                           "./ipfs:x", "a b://x", "://x", "4://x"}) {
    CAPTURE(path);
    CHECK_FALSE(is_url(path));
  }
}

TEST_CASE("credentials are for nobody else to see") {
  CHECK(without_credentials("https://me:secret@host/a@b?c=d@e") == "https://host/a@b?c=d@e");
  CHECK(without_credentials("HTTPS://host/@me/a.cast") == "https://host/@me/a.cast");
  CHECK(without_credentials("https://me:secret@") == "https://");
  CHECK(without_credentials("ipfs:/x\x1b") == "ipfs:/x?");
}

TEST_CASE("nothing in the environment: nothing in between") {
  const wire::Fetch fetch = make_fetch(FixedEnvironment{}, 5, "http://host");
  CHECK(fetch.url == "http://host");
  CHECK(fetch.max_bytes == 5);
  for (const std::string* text : {&fetch.http_proxy, &fetch.https_proxy, &fetch.no_proxy,
                                  &fetch.ca_file, &fetch.ca_directory, &fetch.ipfs_gateway}) {
    CHECK(text->empty());
  }
}

TEST_CASE("the environment is read as curl does") {
  wire::Fetch fetch = make_fetch(FixedEnvironment{{"HTTP_PROXY", "evil"}}, 1, "u");
  CHECK(fetch.http_proxy.empty());
  CHECK(fetch.https_proxy.empty());
  fetch = make_fetch(FixedEnvironment{{"all_proxy", "all"}, {"HTTPS_PROXY", "s"}}, 1, "u");
  CHECK(fetch.http_proxy == "all");
  CHECK(fetch.https_proxy == "s");
  fetch = make_fetch(FixedEnvironment{{"https_proxy", "lower"},
                                      {"HTTPS_PROXY", "upper"},
                                      {"http_proxy", "h"},
                                      {"ALL_PROXY", "all"},
                                      {"no_proxy", "lower"},
                                      {"NO_PROXY", "upper"},
                                      {"SSL_CERT_FILE", "/file"},
                                      {"SSL_CERT_DIR", "/directory"},
                                      {"IPFS_GATEWAY", "gateway"}},
                     1, "u");
  CHECK(fetch.http_proxy == "h");
  CHECK(fetch.https_proxy == "lower");
  CHECK(fetch.no_proxy == "lower");
  CHECK(fetch.ca_file == "/file");
  CHECK(fetch.ca_directory == "/directory");
  CHECK(fetch.ipfs_gateway == "gateway");
}

TEST_CASE("certificates are those of the caller's directory, not of the daemon's") {
  const std::string here = std::filesystem::current_path().string() + "/";
  const wire::Fetch fetch = make_fetch(
      FixedEnvironment{{"SSL_CERT_FILE", "ca/a.pem"}, {"SSL_CERT_DIR", "ca:/etc/ca::../more"}}, 1,
      "u");
  CHECK(fetch.ca_file == here + "ca/a.pem");
  CHECK(fetch.ca_directory == here + "ca:/etc/ca::" + here + "../more");
}

}  // namespace
}  // namespace asciinemad
