#include "common/screen_filter.h"

#include <cstddef>
#include <cstring>

#include "common/screen_filter_rules.h"
#include "common/vt_parser.h"

namespace asciinemad {
namespace {

// What a string's verdict may take: a palette of 256 colours is 6 KiB.
constexpr std::size_t kMaxHeldBytes = 8192;
constexpr char kEnq = '\x05';
constexpr char kCan = '\x18';
constexpr char kC2 = '\xc2';

bool is_control(char c) { return (c >= 0 && c < ' ') || c == '\x7f'; }
bool is_continuation(char c) { return (c & 0xc0) == 0x80; }
bool is_c1(std::string_view text) {
  return text.size() > 1 && text[0] == kC2 && (text[1] & 0xe0) == 0x80;
}

}  // namespace

// Two rules keep what is dropped from joining its neighbours to something new:
// - A sequence that is cut short (by CAN, SUB, ESC or anything else that cannot be in it) does
//   nothing, and is dropped.
// - A string that had begun to pass when it was broken off must not go on with what comes after
//   dropped bytes: it is ended.
// The same for U+0080..U+009F, which two stray bytes must not become.
class ScreenFilter::Impl final : private VtParser::Listener {
 public:
  explicit Impl(ScreenPolicy policy) : policy_(policy) {}

  void filter(std::string_view bytes, std::string& out) {
    if (policy_ == ScreenPolicy::trusted) {
      out += bytes;
      return;
    }
    out_ = &out;
    parser_.feed(bytes, *this);
    out_ = nullptr;
  }

  void reset() {
    broken_off_ = broken_off_ || (parser_.unfinished() == VtParser::Unfinished::string &&
                                  string_ == StringState::passing);
    parser_.reset();
    inside_.clear();
  }

 private:
  enum class StringState { undecided, passing, dropping };

  void on_text(std::string_view run) override;
  void on_control(char c, bool inside) override;
  void on_escape(const VtSequence& sequence) override;
  void on_csi(const VtSequence& sequence) override;
  void on_discarded() override { drop_sequence(); }
  void on_string_begin(VtString kind, std::string_view introducer) override;
  void on_string_data(std::string_view data) override;
  void on_string_end(std::string_view terminator) override;

  void emit(std::string_view bytes);
  void emit_sequence(std::string_view raw);
  void drop_sequence();
  void hold(std::string_view& data);
  void judge(bool whole);
  bool hides(char c) const;
  void append_some(std::string_view& data, std::string& to);

  ScreenPolicy policy_;
  VtParser parser_;
  std::string* out_ = nullptr;  // while filtering
  char last_ = 0;               // byte that was put out
  bool broken_off_ = false;     // a string that was put out has no end
  std::string inside_;          // control characters inside the current sequence

  VtString kind_ = VtString::osc;
  StringState string_ = StringState::dropping;
  bool gap_ = false;  // bytes are missing behind the last one of the string
  std::string held_;  // the undecided string
  std::string head_;  // its data, without control characters
};

void ScreenFilter::Impl::emit(std::string_view bytes) {
  if (bytes.empty()) return;
  if (broken_off_) {
    const bool breaks = bytes[0] == '\x1b' || bytes[0] == kCan || bytes[0] == '\x1a';
    if (!breaks && !is_c1(bytes)) *out_ += "\x1b\\";
    broken_off_ = false;
  }
  *out_ += bytes;
  last_ = bytes.back();
}

void ScreenFilter::Impl::on_text(std::string_view run) {
  if (last_ == kC2) {
    while (!run.empty() && is_continuation(run[0])) run.remove_prefix(1);
  }
  emit(run);
}

void ScreenFilter::Impl::on_control(char c, bool inside) {
  if (c == kEnq) return;
  // Zmodem announces itself with CAN.
  if (c == kCan && policy_ == ScreenPolicy::untrusted) return;
  if (inside) {
    inside_ += c;
  } else {
    emit({&c, 1});
  }
}

void ScreenFilter::Impl::on_escape(const VtSequence& sequence) {
  if (!passes_escape(policy_, sequence)) return drop_sequence();
  emit_sequence(sequence.raw);
}

void ScreenFilter::Impl::on_csi(const VtSequence& sequence) {
  if (!passes_csi(policy_, sequence)) return drop_sequence();
  emit_sequence(sequence.raw);
}

void ScreenFilter::Impl::emit_sequence(std::string_view raw) {
  inside_.clear();
  for (std::size_t enq = 0; (enq = raw.find(kEnq)) != std::string_view::npos;) {
    emit(raw.substr(0, enq));
    raw.remove_prefix(enq + 1);
  }
  emit(raw);
}

// Terminals obey the control characters inside it at once.
void ScreenFilter::Impl::drop_sequence() {
  emit(inside_);
  inside_.clear();
}

void ScreenFilter::Impl::on_string_begin(VtString kind, std::string_view introducer) {
  drop_sequence();
  kind_ = kind;
  gap_ = false;
  head_.clear();
  held_ = introducer;
  // With control characters inside, terminals may differ in whether it is one.
  string_ = introducer.size() == 2 ? StringState::undecided : StringState::dropping;
  judge(false);
}

void ScreenFilter::Impl::on_string_data(std::string_view data) {
  if (string_ == StringState::undecided) hold(data);
  if (string_ != StringState::passing) return;
  if (!gap_ && std::memchr(data.data(), kEnq, data.size()) == nullptr) {
    emit(data);
    return;
  }
  std::string kept(1, last_);
  while (!data.empty()) append_some(data, kept);
  emit(std::string_view(kept).substr(1));
}

// Takes of `data` what the verdict needs.
void ScreenFilter::Impl::hold(std::string_view& data) {
  while (!data.empty() && held_.size() < kMaxHeldBytes) {
    const std::size_t old_size = held_.size();
    append_some(data, held_);
    if (held_.size() != old_size && !is_control(held_.back())) head_ += held_.back();
  }
  judge(false);
  if (string_ == StringState::undecided && !data.empty()) string_ = StringState::dropping;
}

void ScreenFilter::Impl::judge(bool whole) {
  if (string_ != StringState::undecided) return;
  switch (judge_string(policy_, kind_, head_, whole)) {
    case StringVerdict::undecided:
      return;
    case StringVerdict::drop:
      string_ = StringState::dropping;
      return;
    case StringVerdict::pass:
      string_ = StringState::passing;
      emit(held_);
  }
}

void ScreenFilter::Impl::on_string_end(std::string_view terminator) {
  // Broken off undecided, it is dropped: some terminals obey it, others read on.
  if (!terminator.empty()) judge(true);
  if (string_ != StringState::passing) return;
  emit(terminator);
  broken_off_ = terminator.empty();
}

bool ScreenFilter::Impl::hides(char c) const {
  return policy_ == ScreenPolicy::untrusted ? is_control(c) : c == kEnq;
}

// Moves one byte of string data to `to`, or takes away what is hidden.
void ScreenFilter::Impl::append_some(std::string_view& data, std::string& to) {
  const char c = data[0];
  const bool c1 = policy_ == ScreenPolicy::untrusted && is_c1(data);
  const bool joins = gap_ && to.back() == kC2 && is_continuation(c);
  data.remove_prefix(c1 ? 2 : 1);
  gap_ = c1 || joins || hides(c);
  if (!gap_) to += c;
}

ScreenFilter::ScreenFilter(ScreenPolicy policy) : impl_(std::make_unique<Impl>(policy)) {}
ScreenFilter::~ScreenFilter() = default;
ScreenFilter::ScreenFilter(ScreenFilter&&) noexcept = default;
ScreenFilter& ScreenFilter::operator=(ScreenFilter&&) noexcept = default;

void ScreenFilter::filter(std::string_view bytes, std::string& out) { impl_->filter(bytes, out); }

void ScreenFilter::reset() { impl_->reset(); }

}  // namespace asciinemad
