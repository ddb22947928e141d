#include "common/decompress.h"

#include <zlib.h>
#include <zstd.h>
#include <zstd_errors.h>

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <optional>
#include <string>
#include <utility>
#include <vector>

namespace asciinemad {
namespace {

constexpr std::size_t kInputBytes = std::size_t{64} << 10;
constexpr int kZstdWindowLogMax = 27;

Error invalid(std::string_view format, std::string_view reason) {
  return Error{Errc::invalid_data, std::string(format) + ": " + std::string(reason)};
}

// The bytes that were read for sniffing, then those of the source.
class PrefixedSource final : public ByteSource {
 public:
  PrefixedSource(std::unique_ptr<ByteSource> source, std::string_view prefix)
      : source_(std::move(source)), prefix_(prefix) {}

  Result<std::size_t> read(std::span<char> buffer) override {
    if (at_ == prefix_.size()) return source_->read(buffer);
    const std::size_t n = prefix_.copy(buffer.data(), buffer.size(), at_);
    at_ += n;
    return n;
  }

 private:
  const std::unique_ptr<ByteSource> source_;
  const std::string prefix_;
  std::size_t at_ = 0;
};

// What both formats share: the input buffer, and that an error waits until the output before it was
// returned, and stays.
class Decompressor : public ByteSource {
 public:
  explicit Decompressor(std::unique_ptr<ByteSource> source)
      : source_(std::move(source)), storage_(kInputBytes) {}

  Result<std::size_t> read(std::span<char> buffer) final {
    while (!failure_) {
      std::size_t written = 0;
      if (!input_.empty() || has_output_) {
        auto step = decode(buffer, written);
        if (!step.ok()) failure_ = step.take_error();
        if (written > 0) return written;
        continue;
      }
      TRY_ASSIGN(const std::size_t size, source_->read(storage_));
      if (size == 0) {
        if (!inside_) return std::size_t{0};
        failure_ = invalid(name(), "the stream is cut");
      }
      input_ = {storage_.data(), size};
    }
    return *failure_;
  }

 protected:
  virtual std::string_view name() const = 0;
  // Takes from the front of input_, tells how much it wrote also when it fails, and keeps inside_
  // and has_output_ up to date.
  virtual Status decode(std::span<char> buffer, std::size_t& written) = 0;

  std::string_view input_;
  bool inside_ = false;      // of a member or frame: the end of the source is a cut
  bool has_output_ = false;  // decode() may have more to write without any input
  std::optional<Error> failure_;

 private:
  const std::unique_ptr<ByteSource> source_;
  std::vector<char> storage_;
};

class GzipSource final : public Decompressor {
 public:
  explicit GzipSource(std::unique_ptr<ByteSource> source) : Decompressor(std::move(source)) {
    constexpr int kGzipOnly = 16;
    if (::inflateInit2(&stream_, MAX_WBITS + kGzipOnly) != Z_OK) {
      failure_ = system_error("gzip", ENOMEM);
    }
  }
  ~GzipSource() override { ::inflateEnd(&stream_); }

 protected:
  std::string_view name() const override { return "gzip"; }

  Status decode(std::span<char> buffer, std::size_t& written) override {
    if (!inside_ && behind_member_) {
      // Tapes and some tools fill up with zeros, which gzip -d passes over as well.
      input_.remove_prefix(std::min(input_.find_first_not_of('\0'), input_.size()));
      if (input_.empty()) return {};
    }
    const std::size_t room = std::min<std::size_t>(buffer.size(), std::size_t{1} << 30);
    stream_.next_in = reinterpret_cast<Bytef*>(const_cast<char*>(input_.data()));
    stream_.avail_in = static_cast<uInt>(input_.size());
    stream_.next_out = reinterpret_cast<Bytef*>(buffer.data());
    stream_.avail_out = static_cast<uInt>(room);
    inside_ = true;
    const int status = ::inflate(&stream_, Z_NO_FLUSH);
    written = room - stream_.avail_out;
    input_.remove_prefix(input_.size() - stream_.avail_in);
    has_output_ = status == Z_OK && stream_.avail_out == 0;
    if (status == Z_STREAM_END) {
      inside_ = false;
      behind_member_ = true;
      ::inflateReset(&stream_);
      return {};
    }
    // Z_BUF_ERROR: nothing to do without more input.
    if (status == Z_OK || (status == Z_BUF_ERROR && input_.empty())) return {};
    if (status == Z_MEM_ERROR) return system_error("gzip", ENOMEM);
    return invalid("gzip", stream_.msg == nullptr ? "damaged stream" : stream_.msg);
  }

 private:
  z_stream stream_{};
  bool behind_member_ = false;
};

class ZstdSource final : public Decompressor {
 public:
  explicit ZstdSource(std::unique_ptr<ByteSource> source)
      : Decompressor(std::move(source)), stream_(::ZSTD_createDStream()) {
    if (stream_ == nullptr ||
        ::ZSTD_isError(::ZSTD_DCtx_setParameter(stream_, ZSTD_d_windowLogMax, kZstdWindowLogMax))) {
      failure_ = system_error("zstd", ENOMEM);
    }
  }
  ~ZstdSource() override { ::ZSTD_freeDStream(stream_); }

 protected:
  std::string_view name() const override { return "zstd"; }

  Status decode(std::span<char> buffer, std::size_t& written) override {
    // A failing call says nothing about what it wrote before the damage. So each call gets no more
    // than the rest of one block, the hint less the header of the block behind it, and nothing as
    // long as output of the block before is to be had.
    constexpr std::size_t kBlockHeaderBytes = 3;
    const std::size_t rest = hint_ > kBlockHeaderBytes ? hint_ - kBlockHeaderBytes : hint_;
    ZSTD_inBuffer in{input_.data(), has_output_ ? 0 : std::min(input_.size(), rest), 0};
    ZSTD_outBuffer out{buffer.data(), buffer.size(), 0};
    const std::size_t status = ::ZSTD_decompressStream(stream_, &out, &in);
    if (::ZSTD_isError(status)) return error_of(status);
    written = out.pos;
    input_.remove_prefix(in.pos);
    inside_ = status != 0;
    has_output_ = inside_ && out.pos == out.size;
    hint_ = inside_ ? status : kFrameStartBytes;
    return {};
  }

 private:
  static constexpr std::size_t kFrameStartBytes = 5;

  static Error error_of(std::size_t status) {
    switch (::ZSTD_getErrorCode(status)) {
      case ZSTD_error_memory_allocation:
        return system_error("zstd", ENOMEM);
      case ZSTD_error_frameParameter_windowTooLarge:
        return Error{Errc::limit_exceeded, "zstd: the window is larger than 128 MiB"};
      default:
        return invalid("zstd", ::ZSTD_getErrorName(status));
    }
  }

  ZSTD_DStream* const stream_;
  std::size_t hint_ = kFrameStartBytes;
};

}  // namespace

Compression sniff_compression(std::string_view first_bytes) {
  using namespace std::string_view_literals;
  if (first_bytes.starts_with("\x1f\x8b\x08"sv)) return Compression::gzip;
  if (first_bytes.starts_with("\x28\xb5\x2f\xfd"sv)) return Compression::zstd;
  // A skippable frame, which some parallel compressors put in front.
  if (first_bytes.size() >= kSniffBytes && (first_bytes[0] & 0xF0) == 0x50 &&
      first_bytes.substr(1).starts_with("\x2a\x4d\x18"sv)) {
    return Compression::zstd;
  }
  return Compression::none;
}

std::unique_ptr<ByteSource> decompress(Compression compression,
                                       std::unique_ptr<ByteSource> compressed,
                                       std::string_view first_bytes) {
  auto source = std::make_unique<PrefixedSource>(std::move(compressed), first_bytes);
  switch (compression) {
    case Compression::gzip:
      return std::make_unique<GzipSource>(std::move(source));
    case Compression::zstd:
      return std::make_unique<ZstdSource>(std::move(source));
    case Compression::none:
      break;
  }
  return source;
}

Result<std::unique_ptr<ByteSource>> open_decompressed(std::unique_ptr<ByteSource> source) {
  std::string first_bytes(kSniffBytes, '\0');
  std::size_t size = 0;
  while (size < kSniffBytes) {
    TRY_ASSIGN(const std::size_t n, source->read(std::span(first_bytes).subspan(size)));
    if (n == 0) break;
    size += n;
  }
  first_bytes.resize(size);
  return decompress(sniff_compression(first_bytes), std::move(source), first_bytes);
}

}  // namespace asciinemad
