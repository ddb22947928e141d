#include "daemon/page_link.h"

#include <doctest/doctest.h>

#include <string>
#include <string_view>

namespace asciinemad {
namespace {

// "none" when there is none; "BASE + HREF" with a base.
std::string link_of(std::string_view html) {
  const std::optional<PageLink> link = find_recording_link(html);
  if (!link.has_value()) return "none";
  return link->base.empty() ? link->href : link->base + " + " + link->href;
}

const std::string kLink =
    R"(<link rel="alternate" type="application/x-asciicast" href="/a/1.cast">)";

TEST_CASE("page link: in a page as servers send it") {
  CHECK(link_of("<!DOCTYPE html>\n<html lang=en><head><title>A demo</title>\n"
                "<link rel=\"stylesheet\" href=\"/app.css\">\n"
                "<link rel=\"alternate\" type=\"application/json+oembed\" href=\"/oembed\">\n" +
                kLink + "</head><body></body></html>") == "/a/1.cast");
}

TEST_CASE("page link: however it is written") {
  for (const std::string html : {
           "<LINK HREF='x' TYPE='APPLICATION/X-ASCIICAST' REL='ALTERNATE'>",
           "<link href=x type=application/asciicast+json rel=alternate>",
           "<link\n\trel = \"alternate\"\r\n type\f= 'application/x-asciicast' href =\nx />",
           "<link rel='nofollow  Alternate\tbookmark' type='application/x-asciicast' href=x>",
           "<link rel=alternate type='application/x-asciicast; v=2' href=x>",
           "<link rel=alternate type=' application/x-asciicast ' href=x>",
           "<link disabled rel=alternate type=application/x-asciicast title='a > b' href=x>",
           "<link/rel='alternate'/type='application/x-asciicast'/href='x'href=y>",
           "<link =a rel=alternate type=application/x-asciicast href=x",
       }) {
    CHECK_MESSAGE(link_of(html) == "x", html);
  }
}

TEST_CASE("page link: the first one counts") {
  CHECK(link_of("<link rel=alternate type=application/x-asciicast>"
                "<link rel=alternate type=application/x-asciicast href=''>"
                "<link rel=alternate type=application/x-asciicast href=a>"
                "<link rel=alternate type=application/asciicast+json href=b>") == "a");
}

TEST_CASE("page link: what only looks like one") {
  for (const std::string& html : {
           std::string(""),
           std::string("<"),
           std::string("</"),
           std::string("<link"),
           std::string("<!--"),
           std::string("<!"),
           std::string("no markup"),
           std::string("<link rel=alternate href=x>"),
           std::string("<link rel=stylesheet type=application/x-asciicast href=x>"),
           std::string("<link rel=alternates type=application/x-asciicast href=x>"),
           std::string("<link rel=alternate type=application/json href=x>"),
           std::string("<a rel=alternate type=application/x-asciicast href=x>"),
           std::string("<linked rel=alternate type=application/x-asciicast href=x>"),
           std::string("</link rel=alternate type=application/x-asciicast href=x>"),
           std::string("< link rel=alternate type=application/x-asciicast href=x>"),
           "<!-- " + kLink + " -->",
           "<!-- > " + kLink,
           "<script>'" + kLink + "'</script>",
           "<SCRIPT type=x>" + kLink + "</scripted></script>",
           "<style>" + kLink,
           "<title>" + kLink + "</title>",
           "<textarea>" + kLink + "</textarea>",
           "<p title='" + kLink + "'>",
           "<p title=\"" + kLink,
       }) {
    CHECK_MESSAGE(link_of(html) == "none", html);
  }
}

TEST_CASE("page link: markup goes on behind comments and scripts") {
  for (const std::string before :
       {"<!-- x -->", "<!-->", "<!--->", "<!---->", "<!-- -- > - -->", "<script></script>",
        "<script></scripts></SCRIPT >", "<style></style\n>", "<?xml version='1'?>",
        "<!doctype html>", "<3", "<p title='>'>", "</p>", "<>", "</>", "&lt;"}) {
    CHECK_MESSAGE(link_of(before + kLink) == "/a/1.cast", before);
  }
}

TEST_CASE("page link: references in the address are decoded") {
  const auto href = [](const std::string& value) {
    return link_of("<link rel=alternate type=application/x-asciicast href=\"" + value + "\">");
  };
  CHECK(href("/a?b=1&amp;c=2&d=3") == "/a?b=1&c=2&d=3");
  CHECK(href("&#x2F;a&#47;b&#X2f;") == "/a/b/");
  CHECK(href("&#233;&#x20AC;&#x1F600;") == "\xC3\xA9\xE2\x82\xAC\xF0\x9F\x98\x80");
  CHECK(href("&lt;&gt;&apos;&quot;") == "<>'\"");
  CHECK(href("&amp;amp;") == "&amp;");
  for (const std::string as_is : {"&", "&;", "&#;", "&#x;", "&#xD800;", "&#x110000;", "&#0;",
                                  "&nope;", "&#99999999999;", "&amp", "&#12a;"}) {
    CHECK_MESSAGE(href(as_is) == as_is, as_is);
  }
  CHECK(link_of("<link rel='&#97;lternate' type='application&#47;x-asciicast' href=x>") == "x");
}

TEST_CASE("page link: the page's base") {
  CHECK(link_of("<base href='/b/'>" + kLink) == "/b/ + /a/1.cast");
  CHECK(link_of(kLink + "<base target=x><base href='/b/'><base href=c>") == "/b/ + /a/1.cast");
  CHECK(link_of(kLink + "</head><base href='/b/'>") == "/a/1.cast");
}

TEST_CASE("page link: bytes that are no text") {
  CHECK(link_of("\xFF\xFE" + std::string(3, '\0') + kLink) == "/a/1.cast");
  std::string cut = "<base href='&#1;'><!-- x --><script>y</script>" + kLink;
  while (!cut.empty()) {
    cut.pop_back();
    find_recording_link(cut);
  }
}

// A page of the largest size that is read must not keep a thread busy.
TEST_CASE("page link: hostile pages are searched in linear time") {
  for (const std::string part : {"<", "<!--", "</", "<a ", "<a b='", "&", "<script>", "</script",
                                 "<link rel=", "<a =", "</script><script>"}) {
    std::string page = "<script>";
    while (page.size() < (std::size_t{4} << 20)) page += part;
    CHECK_MESSAGE(link_of(page) == "none", part);
    CHECK_MESSAGE(link_of(page.substr(8)) == "none", part);
  }
}

}  // namespace
}  // namespace asciinemad
