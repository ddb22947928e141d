// Decompression of recordings: gzip and zstd, recognised by content.
#pragma once

#include <memory>
#include <string_view>

#include "common/byte_source.h"

namespace asciinemad {

enum class Compression { none, gzip, zstd };

// Bytes at the start of a file that sniff_compression() needs to be sure; fewer if the file is
// shorter.
inline constexpr std::size_t kSniffBytes = 4;

Compression sniff_compression(std::string_view first_bytes);

// A source of what `compressed` holds: concatenated members and frames follow each other, as gzip
// -d and zstd -d do. Constant memory: a zstd window over 128 MiB is Errc::limit_exceeded. A stream
// that is damaged or cut is Errc::invalid_data, after everything before the damage was returned.
// `first_bytes` were read from `compressed` already and come first.
std::unique_ptr<ByteSource> decompress(Compression compression,
                                       std::unique_ptr<ByteSource> compressed,
                                       std::string_view first_bytes);

// Sniffs `source` and decompresses it if need be; else returns a source of the same bytes.
Result<std::unique_ptr<ByteSource>> open_decompressed(std::unique_ptr<ByteSource> source);

}  // namespace asciinemad
