// Result<T>: a value or an Error, for code that must not throw.
//
// libuv callbacks are C frames, so nothing here or in its users throws. An Error's message says
// verb, object and reason ("open /x/demo.cast: Permission denied"); the layer that knows the name
// adds it, once.
#pragma once

#include <cstdlib>
#include <cstring>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <variant>

namespace asciinemad {

enum class Errc {
  system,            // a system call failed; Error::sys_errno is set
  invalid_argument,  // what the caller or user gave cannot be used
  invalid_data,      // a file or message is malformed
  limit_exceeded,    // a documented bound was passed
  not_found,
  unavailable,  // the other side is not there, or refused
  busy,         // refused as long as something else goes on
  timed_out,
  unsupported,  // well-formed, but from a newer protocol or format
  cancelled,    // the caller asked for the end
  untrusted,    // the other side did not prove who it is
};

struct Error {
  Errc code = Errc::system;
  std::string message;
  int sys_errno = 0;  // errno when code == Errc::system, else 0
};

// "VERB OBJECT: strerror(err)".
inline Error system_error(std::string_view what, int err) {
  return Error{Errc::system, std::string(what) + ": " + std::strerror(err), err};
}

template <typename T>
class [[nodiscard]] Result {
 public:
  Result(T value) : state_(std::in_place_index<0>, std::move(value)) {}      // NOLINT: implicit
  Result(Error error) : state_(std::in_place_index<1>, std::move(error)) {}  // NOLINT: implicit

  bool ok() const { return state_.index() == 0; }
  explicit operator bool() const { return ok(); }

  // Precondition: ok().
  T& value() & { return *checked(); }
  const T& value() const& { return *const_cast<Result*>(this)->checked(); }
  T&& value() && { return std::move(*checked()); }
  T& operator*() & { return value(); }
  const T& operator*() const& { return value(); }
  T&& operator*() && { return std::move(*this).value(); }
  T* operator->() { return checked(); }
  const T* operator->() const { return const_cast<Result*>(this)->checked(); }

  // Precondition: !ok().
  const Error& error() const { return *std::get_if<1>(&state_); }
  Error take_error() { return std::move(*std::get_if<1>(&state_)); }

 private:
  T* checked() {
    T* value = std::get_if<0>(&state_);
    if (value == nullptr) std::abort();
    return value;
  }

  std::variant<T, Error> state_;
};

template <>
class [[nodiscard]] Result<void> {
 public:
  Result() = default;
  Result(Error error) : error_(std::move(error)) {}  // NOLINT: implicit

  bool ok() const { return !error_.has_value(); }
  explicit operator bool() const { return ok(); }
  const Error& error() const { return *error_; }
  Error take_error() { return std::move(*error_); }

 private:
  std::optional<Error> error_;
};

using Status = Result<void>;

}  // namespace asciinemad

#define ASCIINEMAD_CONCAT_(a, b) a##b
#define ASCIINEMAD_CONCAT(a, b) ASCIINEMAD_CONCAT_(a, b)

// TRY(expression): returns the error of a failed Status from the enclosing function.
#define TRY(expression)                                   \
  do {                                                    \
    auto try_status = (expression);                       \
    if (!try_status.ok()) return try_status.take_error(); \
  } while (false)

// TRY_ASSIGN(auto x, expression): binds the value of a Result, or returns its error.
#define TRY_ASSIGN(declaration, expression)                       \
  auto ASCIINEMAD_CONCAT(try_result_, __LINE__) = (expression);   \
  if (!ASCIINEMAD_CONCAT(try_result_, __LINE__).ok())             \
    return ASCIINEMAD_CONCAT(try_result_, __LINE__).take_error(); \
  declaration = std::move(ASCIINEMAD_CONCAT(try_result_, __LINE__)).value()
