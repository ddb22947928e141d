// RecordingReader: any asciicast (v1, v2, v3) as a header and a sequence of events, leniently.
//
// Streaming: constant memory whatever the size, except that a v1 document, one JSON value, is held
// as a whole. Does no I/O itself beyond ByteSource::read(). Formats: docs.asciinema.org/manual/
// asciicast/. Comments (`#`), blank lines, CR LF, unknown keys and codes, null in optional header
// keys, a missing final newline are all fine. Errors' messages begin with "line N: " and do not
// name the file.
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "common/byte_source.h"
#include "common/result.h"

namespace asciinemad {

struct RecordingHeader {
  int version = 0;  // 1, 2 or 3
  int cols = 0;     // 1 to 65535
  int rows = 0;
  std::optional<std::int64_t> timestamp;    // seconds since 1970; fractions are cut
  std::optional<double> duration_s;         // as claimed; nobody checked it
  std::optional<double> idle_time_limit_s;  // > 0
  std::optional<std::string> command;
  std::optional<std::string> title;
  std::vector<std::pair<std::string, std::optional<std::string>>> env;  // null values kept
  std::optional<std::string> term_type;                                 // v3
  std::optional<std::string> term_version;                              // v3
  // Raw JSON of what only converters need; empty: absent.
  std::string theme_json;
  std::string tags_json;
  std::vector<std::pair<std::string, std::string>> unknown_keys;  // key, raw JSON; in their order
};

struct RecordingEvent {
  // Since the start of the recording. As recorded: some writers let it run backwards (v2).
  std::uint64_t at_us = 0;
  std::string_view code;   // "o", "i", "m", "r", "x" or unknown
  std::string_view data;   // valid UTF-8
  std::uint64_t line = 0;  // v1: where its frame begins
};

// What was wrong with a recording and was passed over.
struct RecordingDamage {
  struct BadLine {
    std::uint64_t line = 0;
    std::string reason;
  };
  static constexpr std::size_t kMaxListed = 8;

  std::uint64_t bad_lines = 0;     // in the middle, skipped
  std::vector<BadLine> first_bad;  // the first kMaxListed of them
  std::optional<BadLine> cut;      // the last line is incomplete, or the document or stream is
};

class RecordingReader {
 public:
  // Lines longer than this are Errc::limit_exceeded, as are v1 documents over kMaxV1Bytes.
  static constexpr std::size_t kMaxLineBytes = std::size_t{64} << 20;
  static constexpr std::size_t kMaxV1Bytes = std::size_t{1} << 30;

  // Where reading can be resumed. Copyable, small.
  struct Position {
    std::uint64_t offset = 0;  // v2, v3: of the next line in the source's bytes; v1: 0
    std::uint64_t line = 0;    // lines before it; v1: frames before it
    std::uint64_t at_us = 0;   // time of the event before it
  };

  enum class Growth {
    finished,  // at the end, an incomplete last line is damage
    growing,   // at the end, an incomplete last line is kept: next() may be called again later
  };

  // `source` must outlive the reader and yield uncompressed bytes.
  explicit RecordingReader(ByteSource& source, Growth growth = Growth::finished);
  ~RecordingReader();
  RecordingReader(const RecordingReader&) = delete;
  RecordingReader& operator=(const RecordingReader&) = delete;

  // Reads the header; call it first, once. With Growth::growing and no whole header yet:
  // Errc::unavailable, and it may be called again.
  Status open();
  const RecordingHeader& header() const;

  // The next event; nullopt at the end. Its views are valid until the next call. What is wrong with
  // single lines goes to damage(); errors are those of the source and of bounds.
  Result<std::optional<RecordingEvent>> next();

  // Before the event that next() returns next.
  Position position() const;
  // Continues at a position of this or another reader of the same recording (open() was called on
  // this one). v2, v3: the caller has positioned the source at position.offset before; v1: needs
  // nothing of the source. Damage found so far is kept; lines are not counted as damage twice when
  // they were before the furthest line read.
  Status resume_at(const Position& position);

  const RecordingDamage& damage() const;

 private:
  class Impl;
  std::unique_ptr<Impl> impl_;
};

}  // namespace asciinemad
