#include "daemon/page_link.h"

#include <algorithm>
#include <array>
#include <cstdint>
#include <utility>

namespace asciinemad {
namespace {

constexpr std::string_view kSpaces = " \t\r\n\f";

bool is_space(char c) { return kSpaces.find(c) != std::string_view::npos; }
char lower(char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c; }
bool is_alpha(char c) { return lower(c) >= 'a' && lower(c) <= 'z'; }

std::string lower_case(std::string_view text) {
  std::string lowered(text);
  std::transform(lowered.begin(), lowered.end(), lowered.begin(), lower);
  return lowered;
}

void append_utf8(std::uint32_t code, std::string& out) {
  const auto put = [&](std::uint32_t byte) { out += static_cast<char>(byte); };
  if (code < 0x80) {
    put(code);
  } else if (code < 0x800) {
    put(0xC0 | code >> 6);
    put(0x80 | (code & 0x3F));
  } else if (code < 0x10000) {
    put(0xE0 | code >> 12);
    put(0x80 | (code >> 6 & 0x3F));
    put(0x80 | (code & 0x3F));
  } else {
    put(0xF0 | code >> 18);
    put(0x80 | (code >> 12 & 0x3F));
    put(0x80 | (code >> 6 & 0x3F));
    put(0x80 | (code & 0x3F));
  }
}

// "#38", "#x26" without '&' and ';'.
std::optional<std::uint32_t> parse_numeric_reference(std::string_view name) {
  name.remove_prefix(1);
  const bool hex = !name.empty() && lower(name[0]) == 'x';
  if (hex) name.remove_prefix(1);
  if (name.empty() || name.size() > 8) return std::nullopt;
  std::uint32_t code = 0;
  for (const char c : name) {
    const char l = lower(c);
    const bool digit = c >= '0' && c <= '9';
    if (!digit && !(hex && l >= 'a' && l <= 'f')) return std::nullopt;
    code = code * (hex ? 16 : 10) + static_cast<std::uint32_t>(digit ? c - '0' : l - 'a' + 10);
  }
  const bool surrogate = code >= 0xD800 && code <= 0xDFFF;
  if (code == 0 || code > 0x10FFFF || surrogate) return std::nullopt;
  return code;
}

// A reference that is none of those an address needs stays as it is written.
std::string decode_references(std::string_view text) {
  constexpr std::array<std::pair<std::string_view, char>, 5> kNamed = {
      {{"amp", '&'}, {"lt", '<'}, {"gt", '>'}, {"quot", '"'}, {"apos", '\''}}};
  constexpr std::size_t kMaxName = 11;
  std::string out;
  for (std::size_t i = 0; i < text.size(); ++i) {
    const std::string_view rest = text.substr(i, kMaxName + 2);
    const std::size_t end = rest.find(';');
    if (rest[0] != '&' || end == std::string_view::npos || end == 1) {
      out += text[i];
      continue;
    }
    const std::string_view name = rest.substr(1, end - 1);
    const auto* const named =
        std::find_if(kNamed.begin(), kNamed.end(), [&](const auto& n) { return n.first == name; });
    const auto code = name[0] == '#' ? parse_numeric_reference(name) : std::nullopt;
    if (named != kNamed.end()) {
      out += named->second;
    } else if (code.has_value()) {
      append_utf8(*code, out);
    } else {
      out += '&';
      continue;
    }
    i += end;
  }
  return out;
}

bool has_token(std::string_view list, std::string_view wanted) {
  while (!list.empty()) {
    const std::size_t end = std::min(list.find_first_of(kSpaces), list.size());
    if (lower_case(list.substr(0, end)) == wanted) return true;
    list.remove_prefix(std::min(end + 1, list.size()));
  }
  return false;
}

bool is_recording_type(std::string_view type) {
  const std::string lowered = lower_case(type.substr(0, type.find(';')));
  const std::size_t begin = std::min(lowered.find_first_not_of(kSpaces), lowered.size());
  const std::string bare = lowered.substr(begin, lowered.find_last_not_of(kSpaces) - begin + 1);
  return bare == "application/x-asciicast" || bare == "application/asciicast+json";
}

// The attributes that count; where one is given twice, the first does.
struct Tag {
  std::string name;  // lower case; "/name" for an end tag
  std::optional<std::string> rel, type, href;
};

class PageScanner {
 public:
  explicit PageScanner(std::string_view html) : rest_(html) {}

  std::optional<PageLink> find();

 private:
  // False at the end of the page.
  bool next_tag(Tag& tag);
  void read_attributes(Tag& tag);
  std::string_view read_value();
  void skip(std::size_t count) { rest_.remove_prefix(std::min(count, rest_.size())); }
  void skip_spaces() { skip(rest_.find_first_not_of(kSpaces)); }
  // Past `end`, or to the end of the page.
  void skip_past(std::string_view end);
  void skip_raw_text(const std::string& name);

  std::string_view rest_;
};

void PageScanner::skip_past(std::string_view end) {
  const std::size_t at = rest_.find(end);
  skip(at == std::string_view::npos ? at : at + end.size());
}

// To the end tag of an element whose content is no markup.
void PageScanner::skip_raw_text(const std::string& name) {
  for (;;) {
    const std::size_t at = rest_.find("</");
    if (at == std::string_view::npos) return skip(at);
    skip(at);
    if (lower_case(rest_.substr(2, name.size())) == name) {
      const std::string_view behind = rest_.substr(2 + name.size(), 1);
      if (behind.empty() || is_space(behind[0]) || behind == ">" || behind == "/") return;
    }
    skip(2);
  }
}

std::string_view PageScanner::read_value() {
  skip_spaces();
  const char quote = rest_.empty() ? '\0' : rest_[0];
  const bool quoted = quote == '"' || quote == '\'';
  if (quoted) skip(1);
  const std::size_t end = quoted ? rest_.find(quote) : rest_.find_first_of(" \t\r\n\f>");
  const std::string_view value = rest_.substr(0, end);
  skip(quoted && end != std::string_view::npos ? end + 1 : end);
  return value;
}

void PageScanner::read_attributes(Tag& tag) {
  for (;;) {
    while (!rest_.empty() && (is_space(rest_[0]) || rest_[0] == '/')) skip(1);
    if (rest_.empty()) return;
    if (rest_[0] == '>') return skip(1);
    // A name may begin with '=', which then is no separator.
    const std::size_t end = std::min(rest_.find_first_of(" \t\r\n\f/>=", 1), rest_.size());
    const std::string_view name = rest_.substr(0, end);
    skip(end);
    skip_spaces();
    std::string_view value;
    if (rest_.starts_with('=')) {
      skip(1);
      value = read_value();
    }
    if (name.size() > 4) continue;
    const std::string lowered = lower_case(name);
    std::optional<std::string>* const wanted = lowered == "rel"    ? &tag.rel
                                               : lowered == "type" ? &tag.type
                                               : lowered == "href" ? &tag.href
                                                                   : nullptr;
    if (wanted != nullptr && !wanted->has_value()) *wanted = decode_references(value);
  }
}

bool PageScanner::next_tag(Tag& tag) {
  for (;;) {
    skip(rest_.find('<'));
    if (rest_.empty()) return false;
    if (rest_.starts_with("<!--")) {
      skip(2);  // and no more: "<!-->" is a whole comment
      skip_past("-->");
      continue;
    }
    if (rest_.starts_with("<!") || rest_.starts_with("<?")) {
      skip_past(">");
      continue;
    }
    const std::size_t begin = rest_.starts_with("</") ? 2 : 1;
    if (rest_.size() <= begin || !is_alpha(rest_[begin])) {
      skip(1);
      continue;
    }
    const std::size_t end = std::min(rest_.find_first_of(" \t\r\n\f/>", begin), rest_.size());
    tag = Tag{};
    tag.name = lower_case(rest_.substr(1, end - 1));
    skip(end);
    read_attributes(tag);
    return true;
  }
}

std::optional<PageLink> PageScanner::find() {
  constexpr std::array<std::string_view, 9> kRawText = {
      "script", "style", "textarea", "title", "xmp", "iframe", "noembed", "noframes", "template"};
  std::optional<std::string> found;
  std::optional<std::string> base;
  Tag tag;
  while (next_tag(tag)) {
    if (tag.name == "base" && tag.href.has_value() && !base.has_value()) base = tag.href;
    if (tag.name == "link" && !found.has_value() && tag.href.has_value() && !tag.href->empty() &&
        has_token(tag.rel.value_or(""), "alternate") && is_recording_type(tag.type.value_or(""))) {
      found = tag.href;
    }
    // A base that comes later counts, too.
    if (found.has_value() && (base.has_value() || tag.name == "/head" || tag.name == "body")) break;
    if (std::find(kRawText.begin(), kRawText.end(), tag.name) != kRawText.end()) {
      skip_raw_text(tag.name);
    }
  }
  if (!found.has_value()) return std::nullopt;
  return PageLink{std::move(*found), base.value_or("")};
}

}  // namespace

std::optional<PageLink> find_recording_link(std::string_view html) {
  return PageScanner(html).find();
}

}  // namespace asciinemad
