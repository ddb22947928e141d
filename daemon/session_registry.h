// SessionRegistry: which recordings are being made, on disk, so that the next daemon finds those
// which the machine's death has cut short.
//
// A file a session in a directory of the state directory. Reading, writing and repairing is done by
// a thread; all calls and callbacks are the loop's.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "daemon/file_id.h"
#include "daemon/uv_loop.h"
#include "proto/message.h"

namespace asciinemad {

class SessionRegistry {
 public:
  class Listener {
   public:
    // recovered() has more, or busy() is over.
    virtual void on_registry_changed() = 0;

   protected:
    ~Listener() = default;
  };

  struct Entry {
    std::string session;
    std::string file;  // absolute path of a regular file
    std::int64_t started_at_ms = 0;
    std::uint64_t kept_bytes = 0;  // what was there before this session
    // nullopt: older daemons did not write it down.
    std::optional<FileId> file_id = {};
  };

  // A session that ends within this time costs no thread and no I/O: before its file's first sync
  // there is nothing to recover.
  static constexpr std::uint64_t kWriteAfterMs = 1000;
  // How long the shims of sessions that an earlier daemon of this boot has left may take to come.
  static constexpr std::uint64_t kGraceMs = 15'000;
  // How long what was recovered is listed.
  static constexpr std::uint64_t kListedForS = std::uint64_t{7} * 24 * 3600;

  // Errors go to the log: sessions do without.
  SessionRegistry(uv::Loop& loop, std::string directory, Listener& listener,
                  std::uint64_t grace_ms = kGraceMs);
  // Waits for what is being written, a second at most.
  ~SessionRegistry();
  SessionRegistry(const SessionRegistry&) = delete;
  SessionRegistry& operator=(const SessionRegistry&) = delete;

  // Looks for what earlier daemons have left: at once for what is of an earlier boot, after
  // kGraceMs for the rest that nobody has added again by then, and where the system does not tell
  // who writes a file. Such a recording is cut behind its last whole line (an event, or the
  // header), synced, and listed, unless nothing had to be cut and the machine has not died. A file
  // that is gone, another one by now, empty or no asciicast is left as it is and forgotten. What a
  // process still has open for writing, or what is of another machine that shares the directory, is
  // none of this.
  void start();

  // A session records into that file, now; also one that was taken over. Synced in the background.
  void add(const Entry& entry);
  // Its recording is complete.
  void remove(std::string_view session);

  // Newest first.
  const std::vector<wire::Recovered>& recovered() const;
  // "FILE was cut short ...", a line for each that the user has not been told of yet; without
  // control characters. Remembered, also on disk.
  std::vector<std::string> take_news();
  // No thread works and no timer is needed: the daemon may go.
  bool busy() const;

 private:
  class Impl;
  std::unique_ptr<Impl> impl_;
};

}  // namespace asciinemad
