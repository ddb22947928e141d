#include "daemon/http_proxy.h"

#include <doctest/doctest.h>

#include <string>

namespace asciinemad {
namespace {

const ProxySettings kSettings{"http://plain:81", "secure:82", ""};

// "HOST:PORT", "direct" or the error.
std::string through(const std::string& url, const ProxySettings& settings) {
  const Result<Url> parsed = parse_url(url);
  REQUIRE(parsed.ok());
  const Result<std::optional<Url>> proxy = proxy_for(*parsed, settings);
  if (!proxy.ok()) return proxy.error().message;
  if (!proxy->has_value()) return "direct";
  return (*proxy)->host + ":" + std::to_string((*proxy)->port);
}

bool is_exempted(const std::string& url, const std::string& no_proxy) {
  ProxySettings settings = kSettings;
  settings.no_proxy = no_proxy;
  return through(url, settings) == "direct";
}

TEST_CASE("http proxy: by the URL's scheme") {
  CHECK(through("http://h/", kSettings) == "plain:81");
  CHECK(through("https://h/", kSettings) == "secure:82");
  CHECK(through("http://h/", {}) == "direct");
  CHECK(through("https://h/", {"http://plain:81", "", ""}) == "direct");
}

TEST_CASE("http proxy: what its address may look like") {
  const auto proxy = [](const std::string& value) { return through("http://h/", {value, "", ""}); };
  CHECK(proxy("http://me:secret@p:3128/") == "p:3128");
  CHECK(proxy("me:secret@p:3128") == "p:3128");
  CHECK(proxy("[::1]:3128") == "::1:3128");
  CHECK(proxy("p") == "p:80");
  CHECK(proxy("HTTP://p") == "p:80");
  CHECK(proxy("socks5://p:1080") == "the proxy socks5://p:1080: only http proxies can be used");
  CHECK(proxy("https://me:secret@p:1/") == "the proxy https://p:1/: only http proxies can be used");
  CHECK(proxy("me:secret://@p:1") == "the proxy cannot be used: http://p:1: invalid port");
  CHECK(proxy("http://me:secret@:0").find("secret") == std::string::npos);
  CHECK(proxy("http://me:secret@:0").starts_with("the proxy cannot be used: "));
}

TEST_CASE("http proxy: hosts that are asked directly") {
  CHECK(is_exempted("http://example.org/", "*"));
  CHECK(is_exempted("http://example.org/", "example.org"));
  CHECK(is_exempted("http://example.org/", "Example.ORG"));
  CHECK(is_exempted("http://www.example.org/", "example.org"));
  CHECK(is_exempted("http://www.example.org/", ".example.org"));
  CHECK(is_exempted("http://example.org/", ".example.org"));
  CHECK(is_exempted("https://example.org/", "a, b ,example.org"));
  CHECK(is_exempted("http://example.org:81/", "example.org:81"));
  CHECK(is_exempted("https://example.org/", "example.org:443"));
  CHECK(is_exempted("http://127.0.0.1:81/", "localhost,127.0.0.1"));
  CHECK(is_exempted("http://[::1]:81/", "::1"));
  CHECK(is_exempted("http://[::1]:81/", "[::1]"));
  CHECK(is_exempted("http://[::1]:81/", "[::1]:81"));

  CHECK_FALSE(is_exempted("http://example.org/", ""));
  CHECK_FALSE(is_exempted("http://example.org/", ", ,."));
  CHECK_FALSE(is_exempted("http://badexample.org/", "example.org"));
  CHECK_FALSE(is_exempted("http://example.org.evil/", "example.org"));
  CHECK_FALSE(is_exempted("http://example.org/", "www.example.org"));
  CHECK_FALSE(is_exempted("http://example.org:82/", "example.org:81"));
  CHECK_FALSE(is_exempted("http://127.0.0.10/", "127.0.0.1"));
  CHECK_FALSE(is_exempted("http://[::1]:82/", "[::1]:81"));
}

}  // namespace
}  // namespace asciinemad
