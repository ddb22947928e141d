// What a server may say to an upload: nothing of it may reach a terminal raw, or be unbounded.
//
// The first byte chooses the status; the rest is lines: content type, location, warning,
// retry-after, reason; then the body.
#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <string>
#include <string_view>

#include "common/utf8.h"
#include "daemon/upload_verdict.h"

namespace {

void require(bool condition) {
  if (!condition) std::abort();
}

std::string take_line(std::string_view& rest) {
  const std::size_t end = std::min(rest.find('\n'), rest.size());
  std::string line(rest.substr(0, end));
  rest.remove_prefix(std::min(end + 1, rest.size()));
  return line;
}

void check(std::string_view text, std::size_t most, bool lines) {
  require(text.size() <= most);
  require(std::none_of(text.begin(), text.end(), [&](char c) {
    const auto byte = static_cast<unsigned char>(c);
    return byte == 0x7F || (byte < 0x20 && !(lines && c == '\n'));
  }));
  require(text.find("\xC2\x9B") == std::string_view::npos);
  asciinemad::Utf8Decoder decoder;
  require(decoder.decode(text) == text && decoder.pending().empty());
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  constexpr int kStatuses[] = {200, 201, 204, 301, 307, 400, 401, 403, 404, 408, 413,
                               422, 425, 429, 500, 502, 503, 504, 100, 599, 999};
  if (size == 0) return 0;
  std::string_view rest(reinterpret_cast<const char*>(data), size);
  asciinemad::UploadItem item;
  item.number = 12;
  item.server.url = "https://example.com/sub";
  item.server.install_id = "0123456789abcdef";
  asciinemad::UploadOutcome outcome;
  asciinemad::UploadAnswer& answer = outcome.answer.emplace();
  answer.status = kStatuses[data[0] % std::size(kStatuses)];
  rest.remove_prefix(1);
  answer.content_type = take_line(rest);
  answer.location = take_line(rest);
  answer.warning = take_line(rest);
  answer.retry_after = take_line(rest);
  answer.reason = take_line(rest);
  answer.body = rest;
  answer.title_dropped = rest.size() % 2 == 1;
  const asciinemad::UploadVerdict verdict =
      asciinemad::judge_upload(item, outcome, 1'700'000'000'000);
  for (const std::string* text :
       {&verdict.reason, &verdict.advice, &verdict.url, &verdict.warning}) {
    check(*text, 512, false);
  }
  check(verdict.message, 4096, true);
  require(verdict.wait_at_least_ms.value_or(0) <= std::uint64_t{24} * 3600 * 1000);
  const bool success = verdict.kind == asciinemad::UploadVerdict::Kind::done;
  require(success == (answer.status == 201 || (answer.status == 200 && !verdict.url.empty())));
  require(success || !verdict.reason.empty());
  require(verdict.unauthorized == (answer.status == 401));
  return 0;
}
