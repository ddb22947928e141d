#include "daemon/http_tls.h"

#include <arpa/inet.h>
#include <fcntl.h>
#include <openssl/err.h>
#include <openssl/ssl.h>
#include <openssl/x509v3.h>
#include <poll.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <climits>
#include <cstring>

namespace asciinemad {
namespace {

// What OpenSSL says about its last failure; also forgets it.
std::string openssl_reason() {
  const unsigned long code = ERR_get_error();
  ERR_clear_error();
  const char* const reason = ERR_reason_error_string(code);
  return reason != nullptr ? reason : "unknown error";
}

Error tls_error(const std::string& reason) { return Error{Errc::unavailable, "TLS: " + reason}; }

// Why OpenSSL, which forgets what read() says, could not load that file.
std::string load_failure(const std::string& path) {
  const Fd fd(::open(path.c_str(), O_RDONLY | O_NONBLOCK | O_CLOEXEC));
  char byte = 0;
  if (!fd || ::read(fd.get(), &byte, 1) < 0) return std::strerror(errno);
  return openssl_reason();
}

// SSL_CTX_set_default_verify_paths() would look at the environment of this process.
Status load_trusted(SSL_CTX* context, const TrustStore& trusted) {
  const std::string file = trusted.file.empty() ? X509_get_default_cert_file() : trusted.file;
  const bool has_file = SSL_CTX_load_verify_file(context, file.c_str()) == 1;
  if (!has_file && !trusted.file.empty()) {
    return Error{Errc::invalid_argument,
                 "cannot read trusted certificates from " + file + ": " + load_failure(file)};
  }
  const std::string directory =
      trusted.directory.empty() ? X509_get_default_cert_dir() : trusted.directory;
  SSL_CTX_load_verify_dir(context, directory.c_str());
  ERR_clear_error();  // a system without one or the other is fine
  return {};
}

bool is_address(const std::string& host) {
  in6_addr ignored{};
  return ::inet_pton(AF_INET, host.c_str(), &ignored) == 1 ||
         ::inet_pton(AF_INET6, host.c_str(), &ignored) == 1;
}

Error untrusted(long verdict) {
  if (verdict == X509_V_ERR_HOSTNAME_MISMATCH || verdict == X509_V_ERR_IP_ADDRESS_MISMATCH) {
    return Error{Errc::untrusted, "the server's certificate is for another host"};
  }
  return Error{Errc::untrusted, std::string("the server's certificate is not trusted (") +
                                    X509_verify_cert_error_string(verdict) + ")"};
}

// OpenSSL itself would only say that it is no version of TLS it knows. Gets to see the heads of
// records.
void note_http(int is_write, int /*version*/, int type, const void* bytes, std::size_t size,
               SSL* /*ssl*/, void* saw_http) {
  constexpr std::string_view kStart = "HTTP/";
  const std::string_view head(static_cast<const char*>(bytes), size);
  if (is_write == 0 && type == SSL3_RT_HEADER && head == kStart) {
    *static_cast<bool*>(saw_http) = true;
  }
}

int bounded(std::size_t size) { return static_cast<int>(std::min<std::size_t>(size, INT_MAX)); }

}  // namespace

HttpTls::~HttpTls() {
  SSL_free(ssl_);
  SSL_CTX_free(context_);
}

Status HttpTls::set_up(const std::string& host, const TrustStore& trusted) {
  ERR_clear_error();
  context_ = SSL_CTX_new(TLS_client_method());
  if (context_ == nullptr) return tls_error(openssl_reason());
  SSL_CTX_set_min_proto_version(context_, TLS1_2_VERSION);
  SSL_CTX_set_verify(context_, SSL_VERIFY_PEER, nullptr);
  TRY(load_trusted(context_, trusted));
  ssl_ = SSL_new(context_);
  if (ssl_ == nullptr || SSL_set_fd(ssl_, socket_.fd()) != 1) return tls_error(openssl_reason());
  SSL_set_msg_callback(ssl_, note_http);
  SSL_set_msg_callback_arg(ssl_, &saw_http_);
  // After a write that had to wait, the same bytes may stand elsewhere.
  SSL_set_mode(ssl_, SSL_MODE_ENABLE_PARTIAL_WRITE | SSL_MODE_ACCEPT_MOVING_WRITE_BUFFER);
  // Certificates and SNI do not know the dot of a complete name.
  const std::string name = host.ends_with('.') ? host.substr(0, host.size() - 1) : host;
  const bool named = is_address(name)
                         ? X509_VERIFY_PARAM_set1_ip_asc(SSL_get0_param(ssl_), name.c_str()) == 1
                         : SSL_set1_host(ssl_, name.c_str()) == 1 &&
                               SSL_set_tlsext_host_name(ssl_, name.c_str()) == 1;
  if (!named) return tls_error(openssl_reason());
  return {};
}

Result<IoStep> HttpTls::step_after(int rc) {
  const int err = errno;
  switch (SSL_get_error(ssl_, rc)) {
    case SSL_ERROR_WANT_READ:
      return IoStep{0, POLLIN};
    case SSL_ERROR_WANT_WRITE:
      return IoStep{0, POLLOUT};
    case SSL_ERROR_SYSCALL:
      ERR_clear_error();
      return Error{Errc::unavailable, err != 0 ? std::strerror(err) : "the connection ended early"};
    default:
      break;
  }
  if (const long verdict = SSL_get_verify_result(ssl_); verdict != X509_V_OK) {
    ERR_clear_error();
    return untrusted(verdict);
  }
  if (ERR_GET_REASON(ERR_peek_error()) == SSL_R_UNEXPECTED_EOF_WHILE_READING) {
    ERR_clear_error();
    return Error{Errc::invalid_data, "the connection ended early"};
  }
  if (saw_http_) {
    ERR_clear_error();
    return Error{Errc::invalid_argument, "it answered http where https was expected"};
  }
  return tls_error(openssl_reason());
}

Result<std::unique_ptr<HttpTls>> HttpTls::handshake(const HttpSocket& socket,
                                                    const std::string& host,
                                                    const TrustStore& trusted) {
  std::unique_ptr<HttpTls> tls(new HttpTls(socket));
  TRY(tls->set_up(host, trusted));
  for (;;) {
    errno = 0;
    const int rc = SSL_connect(tls->ssl_);
    if (rc == 1) return tls;
    TRY_ASSIGN(const IoStep step, tls->step_after(rc));
    TRY(socket.wait(step.awaited));
  }
}

Result<IoStep> HttpTls::read_some(std::span<char> buffer) {
  errno = 0;
  const int rc = SSL_read(ssl_, buffer.data(), bounded(buffer.size()));
  if (rc > 0) return IoStep{static_cast<std::size_t>(rc), 0};
  if (SSL_get_error(ssl_, rc) == SSL_ERROR_ZERO_RETURN) return IoStep{};
  return step_after(rc);
}

Result<IoStep> HttpTls::write_some(std::string_view bytes) {
  errno = 0;
  const int rc = SSL_write(ssl_, bytes.data(), bounded(bytes.size()));
  if (rc > 0) return IoStep{static_cast<std::size_t>(rc), 0};
  return step_after(rc);
}

}  // namespace asciinemad
