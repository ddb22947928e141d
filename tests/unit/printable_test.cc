#include "common/printable.h"

#include <doctest/doctest.h>

using asciinemad::printable;

TEST_CASE("printable: text stays, whatever its script") {
  CHECK(printable("demo.cast") == "demo.cast");
  CHECK(printable("Zażółć 日本語 🚀") == "Zażółć 日本語 🚀");
}

TEST_CASE("printable: nothing that a terminal acts upon is left") {
  CHECK(printable("a\x1b]0;title\x07.cast") == "a?]0;title?.cast");
  CHECK(printable("line\r\nforged") == "line??forged");
  CHECK(printable("\x7f") == "?");
  CHECK(printable("x\xc2\x9b"
                  "31m\xc2\xa0y") == "x?31m\xc2\xa0y");
  CHECK(printable("cut \xe2\x82") == "cut \xef\xbf\xbd");
}
