#include "common/url.h"

#include <doctest/doctest.h>

#include <string>
#include <string_view>

namespace asciinemad {
namespace {

Url parsed(std::string_view text) {
  Result<Url> url = parse_url(text);
  REQUIRE_MESSAGE(url.ok(), text);
  return std::move(url).value();
}

std::string refusal(std::string_view text) {
  const Result<Url> url = parse_url(text);
  REQUIRE_MESSAGE(!url.ok(), text);
  CHECK(url.error().code == Errc::invalid_argument);
  return url.error().message;
}

std::string resolved(std::string_view reference) {
  const Result<Url> url = resolve_url(parsed("http://a/b/c/d;p?q"), reference);
  return url.ok() ? url->text() : url.error().message;
}

TEST_CASE("url: its parts") {
  const Url url = parsed("HTTPS://me:p%40ss@Example.ORG:8443/a/b?c=d#e");
  CHECK(url.is_https());
  CHECK(url.user_info == "me:p%40ss");
  CHECK(percent_decode(url.user_info) == "me:p@ss");
  CHECK(url.host == "example.org");
  CHECK(url.port == 8443);
  CHECK(url.target == "/a/b?c=d");
  CHECK(url.text() == "https://example.org:8443/a/b?c=d");
}

TEST_CASE("url: what may be left out") {
  CHECK(parsed("http://h").text() == "http://h/");
  CHECK(parsed("http://h").port == 80);
  CHECK(parsed("https://h:").port == 443);
  CHECK(parsed("https://h:443/").authority() == "h");
  CHECK(parsed("https://h:80/").authority() == "h:80");
  CHECK(parsed("http://h?q").target == "/?q");
  CHECK(parsed("http://h#f").target == "/");
  CHECK(parsed("http://h/#/?x").target == "/");
}

TEST_CASE("url: IPv6 addresses") {
  CHECK(parsed("http://[::1]/").host == "::1");
  CHECK(parsed("http://[FE80::A]:81/x").text() == "http://[fe80::a]:81/x");
  CHECK(refusal("http://[::1/").find("IPv6") != std::string::npos);
  CHECK(refusal("http://[example]/").find("IPv6") != std::string::npos);
  CHECK(refusal("http://[::1]80/").find("port") != std::string::npos);
}

TEST_CASE("url: what a request line cannot carry is encoded") {
  CHECK(parsed("http://h/\xC3\xA9?\"<{|}>").target == "/%C3%A9?%22%3C%7B%7C%7D%3E");
  CHECK(parsed("http://h/a%20b%zz").target == "/a%20b%zz");
}

TEST_CASE("url: what cannot be fetched is refused") {
  for (const std::string text :
       {"", "demo.cast", "/tmp/demo.cast", "http", "://h/", "1http://h/"}) {
    CHECK_MESSAGE(refusal(text).ends_with(": not a URL"), text);
  }
  for (const std::string text : {"http:", "http:/", "http:/h/x", "http://", "http:///x",
                                 "http://:80/", "http://user@/", "http://?q"}) {
    CHECK_MESSAGE(refusal(text).ends_with("the URL names no host"), text);
  }
  for (const std::string text : {"http://h:0/", "http://h:65536/", "http://h:8x/", "http://h:-1/",
                                 "http://h:123456/", "http://a:b:c/"}) {
    CHECK_MESSAGE(refusal(text).ends_with("invalid port"), text);
  }
  for (const std::string text : {"http://a b/", "http://h/a b", "http://h/\r\nX: y", " http://h/",
                                 "http://h/\t", "http://h/\x7F"}) {
    CHECK_MESSAGE(refusal(text).ends_with("spaces or control characters"), text);
  }
  CHECK(refusal(std::string_view("http://h/\0x", 11)).ends_with("control characters"));
  CHECK(refusal("http://h\xC3\xA9/").ends_with("invalid host name"));
  CHECK(refusal("http://h%00/").ends_with("invalid host name"));
  CHECK(refusal("ftp://h/x").ends_with("only http and https URLs can be fetched"));
  CHECK(refusal("file:///etc/passwd").ends_with("only http and https URLs can be fetched"));
  const std::string endless = refusal("http://h/" + std::string(10'000, 'a'));
  CHECK(endless.ends_with("too long"));
  CHECK(endless.size() < 300);
}

TEST_CASE("url: no message shows a password") {
  for (const std::string text :
       {"http://me:secret@h:x/", "ftp://me:secret@h/", "http:/me:secret@h/", "http://me:sec/ret@h/",
        "me:secret@h", "http://me:secret@ h/", "http://me:secret@[h/", "me@x:secret@h"}) {
    CHECK_MESSAGE(refusal(text).find("secret") == std::string::npos, text);
    CHECK_MESSAGE(refusal(text).find("ret@") == std::string::npos, text);
  }
  CHECK(refusal("http://me:secret@h:x/") == "http://h:x/: invalid port");
  CHECK(refusal("http://h/\x1B[2J").find('\x1B') == std::string::npos);
  CHECK(parsed("http://me:secret@h/@x").shown() == "http://h/@x");
  CHECK(parsed("http://h/" + std::string(3000, 'a')).shown().size() < 300);
}

// RFC 3986, 5.4, without what has another scheme.
TEST_CASE("url: references are resolved as the RFC says") {
  CHECK(resolved("g") == "http://a/b/c/g");
  CHECK(resolved("./g") == "http://a/b/c/g");
  CHECK(resolved("g/") == "http://a/b/c/g/");
  CHECK(resolved("/g") == "http://a/g");
  CHECK(resolved("//g") == "http://g/");
  CHECK(resolved("?y") == "http://a/b/c/d;p?y");
  CHECK(resolved("g?y") == "http://a/b/c/g?y");
  CHECK(resolved("#s") == "http://a/b/c/d;p?q");
  CHECK(resolved("g#s") == "http://a/b/c/g");
  CHECK(resolved(";x") == "http://a/b/c/;x");
  CHECK(resolved("") == "http://a/b/c/d;p?q");
  CHECK(resolved(".") == "http://a/b/c/");
  CHECK(resolved("..") == "http://a/b/");
  CHECK(resolved("../g") == "http://a/b/g");
  CHECK(resolved("../..") == "http://a/");
  CHECK(resolved("../../../g") == "http://a/g");
  CHECK(resolved("/./g") == "http://a/g");
  CHECK(resolved("/../g") == "http://a/g");
  CHECK(resolved("g.") == "http://a/b/c/g.");
  CHECK(resolved("..g") == "http://a/b/c/..g");
  CHECK(resolved("./g/.") == "http://a/b/c/g/");
  CHECK(resolved("g/../h") == "http://a/b/c/h");
  CHECK(resolved("g?y/../x") == "http://a/b/c/g?y/../x");
}

TEST_CASE("url: references as servers and pages write them") {
  CHECK(resolved("https://other:1/x") == "https://other:1/x");
  CHECK(resolved(" \n/a b.cast\t") == "http://a/a%20b.cast");
  CHECK(resolved("   ") == "http://a/b/c/d;p?q");
  CHECK(resolved("?a:b") == "http://a/b/c/d;p?a:b");
  CHECK(resolved("/a\r\nX: y").ends_with("control characters"));
  CHECK(resolved("javascript:x").ends_with("only http and https URLs can be fetched"));
  CHECK(resolved("data:,x").ends_with("only http and https URLs can be fetched"));
  CHECK(resolved("http://").ends_with("the URL names no host"));
}

TEST_CASE("url: a resolved reference has no password but its own") {
  const Url base = parsed("http://me:secret@a/b");
  CHECK(resolve_url(base, "/c")->user_info.empty());
  CHECK(resolve_url(base, "http://you@a/c")->user_info == "you");
}

TEST_CASE("url: origins") {
  const Url url = parsed("http://a/b");
  CHECK(url.same_origin(parsed("http://x@A:80/c")));
  CHECK_FALSE(url.same_origin(parsed("https://a/b")));
  CHECK_FALSE(url.same_origin(parsed("http://a:81/b")));
  CHECK_FALSE(url.same_origin(parsed("http://b/b")));
}

TEST_CASE("url: IPFS addresses go through a gateway") {
  const auto through = [](const char* url) { return through_ipfs_gateway(url, "https://g/"); };
  CHECK(through("ipfs://Qm/x.cast") == "https://g/ipfs/Qm/x.cast");
  CHECK(through("IPFS:/ipfs/Qm") == "https://g/ipfs/Qm");
  CHECK(through("dweb:/ipfs/Qm/x") == "https://g/ipfs/Qm/x");
  CHECK(through("https://h/ipfs://x") == "https://h/ipfs://x");
  CHECK(through("dweb:/ipns/x") == "dweb:/ipns/x");
  CHECK(through("") == "");
}

TEST_CASE("url: percent-encoding is decoded where it is one") {
  CHECK(percent_decode("a%2Fb%2f%zz%4") == "a/b/%zz%4");
  CHECK(percent_decode("%") == "%");
}

}  // namespace
}  // namespace asciinemad
