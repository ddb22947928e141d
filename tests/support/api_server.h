// ApiServer: the upload API of an asciinema server, as strict as a real one about what it takes,
// which does wrong what a test wants it to.
#pragma once

#include <cstdint>
#include <deque>
#include <functional>
#include <mutex>
#include <set>
#include <string>
#include <string_view>
#include <vector>

#include "tests/support/http_server.h"

namespace asciinemad::test {

// A recording that the server took.
struct StoredUpload {
  std::string path;  // of the API
  std::string user;
  std::string install_id;
  std::string key;  // Idempotency-Key; real servers do not look at it, so neither does this one
  std::string title;
  std::string visibility;
  std::string content;
  std::string url;  // as answered
};

class ApiServer {
 public:
  // What is done with a request instead of serving it; its body is not read yet. Runs in the
  // request's thread. An empty one stands for serving it.
  using Fault = std::function<void(ApiServer&, Exchange&)>;

  explicit ApiServer(ChannelMaker make_channel = make_plain_channel);

  std::string url(std::string_view target = "") const { return server_.url(target); }
  std::string authority() const { return server_.authority(); }

  // Happens to the next request that nothing else is to happen to; to as many as `times` says.
  void inject(const Fault& fault, int times = 1);
  // Asked for each request for which nothing was injected; called by one thread at a time.
  void choose_faults(std::function<Fault()> choose);
  // From now on nothing goes wrong any more.
  void heal();

  // Answered 401 from now on, or not any more.
  void revoke(const std::string& install_id);
  void accept(const std::string& install_id);
  // Requests with more are answered 413, before their body is read.
  void set_max_bytes(std::uint64_t bytes);
  // A server that knows only the old API.
  void switch_newer_api_off();

  // Does what a real server does.
  void serve(Exchange& exchange);
  // Reads and stores what a real server would store, without an answer; false if it would not.
  bool store(Exchange& exchange);

  std::vector<StoredUpload> uploads() const;
  // That came, whatever happened to them; counted when their heads are there.
  std::size_t requests() const;
  // Why requests were refused that no asciinema would send.
  std::vector<std::string> objections() const;

 private:
  struct Answer {
    std::string status;
    std::string headers;
    std::string body;
  };

  void handle(Exchange& exchange);
  Fault next_fault();
  // Reads the body where a real server would.
  Answer judge(Exchange& exchange);
  Answer judge_form(Exchange& exchange, StoredUpload upload);
  Answer keep(StoredUpload upload);
  Answer object(std::string_view status, const std::string& reason);

  mutable std::mutex mutex_;  // guards what follows, up to the server
  std::deque<Fault> injected_;
  std::function<Fault()> choose_;
  std::set<std::string> revoked_;
  std::uint64_t max_bytes_ = std::uint64_t{64} << 20;
  bool newer_api_ = true;
  std::size_t requests_ = 0;
  std::vector<StoredUpload> uploads_;
  std::vector<std::string> objections_;

  HttpServer server_;  // last: its threads use all of the above
};

// What can go wrong.
namespace faults {

// Takes the body as a whole, stores nothing; `headers` end in CR LF each.
ApiServer::Fault answer(const std::string& status, const std::string& headers = "",
                        const std::string& body = "");
// Answers and closes without reading the body.
ApiServer::Fault early(const std::string& status, const std::string& headers = "",
                       const std::string& body = "");
// Resets the connection when so many bytes of the body have come, or all of them.
ApiServer::Fault reset_at(std::uint64_t body_bytes);
// The same, closing it.
ApiServer::Fault close_at(std::uint64_t body_bytes);
// Takes the recording, as a real server does, and resets the connection instead of answering.
ApiServer::Fault lose_answer();
// The same, in the middle of the answer's head.
ApiServer::Fault cut_answer();
// Takes the body and says nothing until the client leaves.
ApiServer::Fault stay_mute();
// Takes the recording in small pieces, and answers byte by byte.
ApiServer::Fault drip();
// Success, with a body of so many bytes.
ApiServer::Fault flood(std::uint64_t bytes);

}  // namespace faults

}  // namespace asciinemad::test
