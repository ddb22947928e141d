#include "tests/support/api_server.h"

#include <algorithm>
#include <array>
#include <cstring>
#include <optional>
#include <span>
#include <utility>

#include "common/byte_source.h"
#include "common/recording_reader.h"

namespace asciinemad::test {
namespace {

constexpr const char* kClassicPath = "/api/asciicasts";
constexpr const char* kNewerPath = "/api/v1/recordings";
constexpr const char* kJson = "Content-Type: application/json; charset=utf-8\r\n";

std::string base64_decoded(std::string_view text) {
  constexpr std::string_view kDigits =
      "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
  std::string bytes;
  std::uint32_t bits = 0;
  int count = 0;
  for (const char c : text.substr(0, text.find('='))) {
    const std::size_t digit = kDigits.find(c);
    if (digit == std::string_view::npos) return {};
    bits = (bits << 6) | static_cast<std::uint32_t>(digit);
    count += 6;
    if (count < 8) continue;
    count -= 8;
    bytes += static_cast<char>((bits >> count) & 0xffU);
  }
  return bytes;
}

struct Credentials {
  std::string user;
  std::string install_id;
};

std::optional<Credentials> credentials_of(const Exchange& exchange) {
  constexpr std::string_view kBasic = "Basic ";
  const std::string header = exchange.header("Authorization");
  if (!header.starts_with(kBasic)) return std::nullopt;
  const std::string decoded = base64_decoded(std::string_view(header).substr(kBasic.size()));
  const std::size_t colon = decoded.find(':');
  if (colon == std::string::npos) return std::nullopt;
  return Credentials{decoded.substr(0, colon), decoded.substr(colon + 1)};
}

// Of version 4 (RFC 9562).
bool is_uuid(std::string_view text) {
  constexpr std::string_view kPattern = "xxxxxxxx-xxxx-4xxx-yxxx-xxxxxxxxxxxx";
  if (text.size() != kPattern.size()) return false;
  for (std::size_t i = 0; i < text.size(); ++i) {
    const std::string_view allowed = kPattern[i] == 'x'   ? "0123456789abcdef"
                                     : kPattern[i] == 'y' ? "89ab"
                                                          : kPattern.substr(i, 1);
    if (allowed.find(text[i]) == std::string_view::npos) return false;
  }
  return true;
}

class TextSource final : public ByteSource {
 public:
  explicit TextSource(std::string_view text) : text_(text) {}
  Result<std::size_t> read(std::span<char> buffer) override {
    const std::size_t size = std::min(buffer.size(), text_.size());
    std::memcpy(buffer.data(), text_.data(), size);
    text_.remove_prefix(size);
    return size;
  }

 private:
  std::string_view text_;
};

// What a server finds wrong with a recording; empty: nothing.
std::string flaw_in(std::string_view content) {
  TextSource source(content);
  RecordingReader reader(source);
  if (const Status opened = reader.open(); !opened.ok()) return opened.error().message;
  bool any = false;
  for (;;) {
    const Result<std::optional<RecordingEvent>> event = reader.next();
    if (!event.ok()) return event.error().message;
    if (!event->has_value()) break;
    any = true;
  }
  const RecordingDamage& damage = reader.damage();
  if (damage.bad_lines > 0 || damage.cut.has_value()) return "invalid event";
  if (!any) return "no events";
  const std::string& theme = reader.header().theme_json;
  for (const char* color : {"\"fg\"", "\"bg\"", "\"palette\""}) {
    if (!theme.empty() && theme.find(color) == std::string::npos) return "invalid theme";
  }
  return {};
}

std::string error_json(std::string_view type, std::string_view message) {
  return "{\"type\": \"" + std::string(type) + "\", \"message\": \"" + std::string(message) + "\"}";
}

// Takes the form's parts; what is wrong with them, or nothing.
std::string take_parts(const std::vector<FormPart>& parts, StoredUpload& upload) {
  const bool classic = upload.path == kClassicPath;
  bool has_file = false;
  for (const FormPart& part : parts) {
    if (part.name == (classic ? "asciicast" : "file")) {
      if (has_file) return "two recordings";
      if (part.file_name != "ascii.cast") return "file name " + part.file_name;
      if (part.content_type != "application/octet-stream") return "type " + part.content_type;
      upload.content = part.content;
      has_file = true;
    } else if (!classic && part.name == "title") {
      upload.title = part.content;
    } else if (!classic && part.name == "visibility") {
      upload.visibility = part.content;
    } else {
      return "part " + part.name;
    }
  }
  return has_file ? "" : "no recording";
}

}  // namespace

ApiServer::ApiServer(ChannelMaker make_channel)
    : server_([this](Exchange& exchange) { handle(exchange); }, std::move(make_channel)) {}

void ApiServer::inject(const Fault& fault, int times) {
  const std::lock_guard<std::mutex> lock(mutex_);
  for (int i = 0; i < times; ++i) injected_.push_back(fault);
}

void ApiServer::choose_faults(std::function<Fault()> choose) {
  const std::lock_guard<std::mutex> lock(mutex_);
  choose_ = std::move(choose);
}

void ApiServer::heal() {
  const std::lock_guard<std::mutex> lock(mutex_);
  injected_.clear();
  choose_ = nullptr;
}

void ApiServer::revoke(const std::string& install_id) {
  const std::lock_guard<std::mutex> lock(mutex_);
  revoked_.insert(install_id);
}

void ApiServer::accept(const std::string& install_id) {
  const std::lock_guard<std::mutex> lock(mutex_);
  revoked_.erase(install_id);
}

void ApiServer::set_max_bytes(std::uint64_t bytes) {
  const std::lock_guard<std::mutex> lock(mutex_);
  max_bytes_ = bytes;
}

void ApiServer::switch_newer_api_off() {
  const std::lock_guard<std::mutex> lock(mutex_);
  newer_api_ = false;
}

std::vector<StoredUpload> ApiServer::uploads() const {
  const std::lock_guard<std::mutex> lock(mutex_);
  return uploads_;
}

std::size_t ApiServer::requests() const {
  const std::lock_guard<std::mutex> lock(mutex_);
  return requests_;
}

std::vector<std::string> ApiServer::objections() const {
  const std::lock_guard<std::mutex> lock(mutex_);
  return objections_;
}

ApiServer::Fault ApiServer::next_fault() {
  const std::lock_guard<std::mutex> lock(mutex_);
  ++requests_;
  if (injected_.empty()) return choose_ ? choose_() : Fault();
  Fault fault = std::move(injected_.front());
  injected_.pop_front();
  return fault;
}

void ApiServer::handle(Exchange& exchange) {
  const Fault fault = next_fault();
  if (fault) {
    fault(*this, exchange);
  } else {
    serve(exchange);
  }
}

void ApiServer::serve(Exchange& exchange) {
  const Answer answer = judge(exchange);
  if (!answer.status.empty()) exchange.respond(answer.status, answer.headers, answer.body);
}

bool ApiServer::store(Exchange& exchange) { return judge(exchange).status.starts_with("201"); }

ApiServer::Answer ApiServer::object(std::string_view status, const std::string& reason) {
  const std::lock_guard<std::mutex> lock(mutex_);
  objections_.push_back(reason);
  return {std::string(status), kJson, error_json("bad_request", reason)};
}

ApiServer::Answer ApiServer::judge(Exchange& exchange) {
  StoredUpload upload;
  upload.path = exchange.target();
  upload.key = exchange.header("Idempotency-Key");
  bool known = upload.path == kClassicPath;
  std::uint64_t max_bytes = 0;
  bool revoked = false;
  const std::optional<Credentials> credentials = credentials_of(exchange);
  {
    const std::lock_guard<std::mutex> lock(mutex_);
    known = known || (newer_api_ && upload.path == kNewerPath);
    max_bytes = max_bytes_;
    revoked = credentials.has_value() && revoked_.contains(credentials->install_id);
  }
  if (!known || !exchange.head().starts_with("POST ")) {
    exchange.skip_body();
    return {"404 Not Found", kJson, error_json("not_found", "no such resource")};
  }
  if (!exchange.header("User-Agent").starts_with("asciinema/")) {
    return object("400 Bad Request", "User-Agent " + exchange.header("User-Agent"));
  }
  if (exchange.header("Accept") != "application/json") {
    return object("400 Bad Request", "Accept " + exchange.header("Accept"));
  }
  if (!credentials.has_value() || !is_uuid(credentials->install_id)) {
    return object("401 Unauthorized", "no install id");
  }
  if (revoked) {
    exchange.skip_body();
    return {"401 Unauthorized", kJson, error_json("unauthorized", "Invalid or revoked install ID")};
  }
  if (exchange.body_bytes() > max_bytes) {
    return {"413 Request Entity Too Large", kJson, error_json("too_large", "Sorry, too big")};
  }
  upload.user = credentials->user;
  upload.install_id = credentials->install_id;
  return judge_form(exchange, std::move(upload));
}

ApiServer::Answer ApiServer::judge_form(Exchange& exchange, StoredUpload upload) {
  // Nobody is there any more to answer to.
  if (!exchange.read_body()) return {};
  const std::string flaw = take_parts(exchange.form(), upload);
  if (!flaw.empty()) return object("400 Bad Request", flaw);
  const std::string invalid = flaw_in(upload.content);
  if (!invalid.empty()) {
    return {"422 Unprocessable Entity", kJson, error_json("invalid_recording", "flawed")};
  }
  return keep(std::move(upload));
}

ApiServer::Answer ApiServer::keep(StoredUpload upload) {
  const std::lock_guard<std::mutex> lock(mutex_);
  upload.url = url("/a/" + std::to_string(uploads_.size() + 1));
  const std::string body = "{\"url\": \"" + upload.url +
                           "\", \"message\": \"View the recording at:\\n\\n    " + upload.url +
                           "\\n\"}";
  const std::string headers = kJson + ("Location: " + upload.url + "\r\n");
  uploads_.push_back(std::move(upload));
  return {"201 Created", headers, body};
}

}  // namespace asciinemad::test
