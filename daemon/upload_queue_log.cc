#include "daemon/upload_queue_log.h"

#include <fcntl.h>
#include <unistd.h>

#include <array>
#include <cstddef>
#include <cstdint>
#include <span>

#include "common/fd.h"

namespace asciinemad {
namespace {

// https://www.sqlite.org/fileformat2.html#walformat
constexpr std::size_t kHeaderBytes = 32;
constexpr std::size_t kFrameHeaderBytes = 24;
constexpr std::size_t kPageBytes = 4096;
constexpr std::uint32_t kMagic = 0x377f0682;  // with 1 added: checksums of big-endian words

using Bytes = std::span<const unsigned char>;

std::uint32_t word_at(Bytes bytes, std::size_t at, bool big_endian = true) {
  std::uint32_t word = 0;
  for (std::size_t i = 0; i < 4; ++i) {
    word = word << 8U | bytes[at + (big_endian ? i : 3 - i)];
  }
  return word;
}

struct Checksum {
  std::uint32_t first = 0;
  std::uint32_t second = 0;
  bool operator==(const Checksum&) const = default;

  void add(Bytes bytes, bool big_endian) {
    for (std::size_t at = 0; at + 8 <= bytes.size(); at += 8) {
      first += word_at(bytes, at, big_endian) + second;
      second += word_at(bytes, at + 4, big_endian) + first;
    }
  }
};

Checksum checksum_at(Bytes bytes, std::size_t at) {
  return {word_at(bytes, at), word_at(bytes, at + 4)};
}

bool read_whole(int fd, std::span<unsigned char> bytes) {
  std::size_t size = 0;
  while (size < bytes.size()) {
    const ssize_t n = ::read(fd, bytes.data() + size, bytes.size() - size);
    if (n <= 0) return false;
    size += static_cast<std::size_t>(n);
  }
  return true;
}

Error damaged() { return Error{Errc::invalid_data, "its write-ahead log is damaged"}; }

}  // namespace

Status check_upload_log(const std::string& path) {
  const Fd file(::open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NOCTTY));
  std::array<unsigned char, kHeaderBytes> header{};
  std::array<unsigned char, kFrameHeaderBytes + kPageBytes> frame{};
  if (!file || !read_whole(file.get(), header)) return {};
  const bool big_endian = word_at(header, 0) == kMagic + 1;
  Checksum sum;
  sum.add(Bytes(header).first(24), big_endian);
  const bool good_header = (word_at(header, 0) == kMagic || big_endian) &&
                           word_at(header, 8) == kPageBytes && sum == checksum_at(header, 24);

  bool passed_over = false;
  while (read_whole(file.get(), frame)) {
    if (!good_header) return damaged();
    sum.add(Bytes(frame).first(8), big_endian);
    sum.add(Bytes(frame).subspan(kFrameHeaderBytes), big_endian);
    // Those of a use of the file before this one have another salt.
    const bool whole =
        checksum_at(frame, 8) == checksum_at(header, 16) && sum == checksum_at(frame, 16);
    const bool commits = word_at(frame, 4) != 0;
    if (whole && commits && passed_over) return damaged();
    if (!whole) passed_over = true;
    sum = checksum_at(frame, 16);  // each continues the one before
  }
  return {};
}

}  // namespace asciinemad
