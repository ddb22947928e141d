#include "tests/support/http_tls.h"

#include <doctest/doctest.h>
#include <openssl/evp.h>
#include <openssl/pem.h>
#include <openssl/ssl.h>
#include <openssl/x509v3.h>

#include <algorithm>
#include <array>
#include <atomic>

namespace asciinemad::test {
namespace {

template <auto Free>
struct Freer {
  template <typename T>
  void operator()(T* object) const {
    Free(object);
  }
};
using Key = std::unique_ptr<EVP_PKEY, Freer<&EVP_PKEY_free>>;
using X509Pointer = std::unique_ptr<X509, Freer<&X509_free>>;
using Bio = std::unique_ptr<BIO, Freer<&BIO_free>>;
using Context = std::unique_ptr<SSL_CTX, Freer<&SSL_CTX_free>>;

constexpr long kDay = 24L * 60 * 60;

std::string content(BIO* bio) {
  char* bytes = nullptr;
  const long size = BIO_get_mem_data(bio, &bytes);
  return {bytes, static_cast<std::size_t>(size)};
}

Bio reader(const std::string& text) {
  return Bio(BIO_new_mem_buf(text.data(), static_cast<int>(text.size())));
}

X509Pointer read_certificate(const std::string& pem) {
  return X509Pointer(PEM_read_bio_X509(reader(pem).get(), nullptr, nullptr, nullptr));
}

Key read_key(const std::string& pem) {
  return Key(PEM_read_bio_PrivateKey(reader(pem).get(), nullptr, nullptr, nullptr));
}

void add_extension(X509* certificate, int nid, const std::string& value) {
  X509_EXTENSION* extension = X509V3_EXT_conf_nid(nullptr, nullptr, nid, value.c_str());
  REQUIRE(extension != nullptr);
  X509_add_ext(certificate, extension, -1);
  X509_EXTENSION_free(extension);
}

long next_number() {
  static std::atomic<long> last{0};
  return ++last;
}

// Signed by `authority`, or by itself.
Certificate make_certificate(const std::string& name, const CertificateWishes* wishes,
                             const Certificate* authority) {
  const Key key(EVP_EC_gen("P-256"));
  const X509Pointer made(X509_new());
  REQUIRE((key != nullptr && made != nullptr));
  X509_set_version(made.get(), X509_VERSION_3);
  ASN1_INTEGER_set(X509_get_serialNumber(made.get()), next_number());
  X509_gmtime_adj(X509_getm_notBefore(made.get()), -10 * kDay);
  const bool expired = wishes != nullptr && wishes->expired;
  X509_gmtime_adj(X509_getm_notAfter(made.get()), expired ? -kDay : kDay);
  X509_set_pubkey(made.get(), key.get());
  X509_NAME* subject = X509_get_subject_name(made.get());
  X509_NAME_add_entry_by_txt(subject, "CN", MBSTRING_ASC,
                             reinterpret_cast<const unsigned char*>(name.c_str()), -1, -1, 0);
  if (wishes == nullptr) {
    add_extension(made.get(), NID_basic_constraints, "critical,CA:TRUE");
    add_extension(made.get(), NID_key_usage, "critical,keyCertSign");
  } else {
    add_extension(made.get(), NID_subject_alt_name, wishes->alternative_name);
  }
  const X509Pointer issuer = authority != nullptr ? read_certificate(authority->pem) : nullptr;
  const Key issuer_key = authority != nullptr ? read_key(authority->key_pem) : nullptr;
  X509_set_issuer_name(made.get(),
                       issuer != nullptr ? X509_get_subject_name(issuer.get()) : subject);
  EVP_PKEY* const signer = issuer_key != nullptr ? issuer_key.get() : key.get();
  REQUIRE(X509_sign(made.get(), signer, EVP_sha256()) > 0);

  const Bio pem(BIO_new(BIO_s_mem()));
  const Bio key_pem(BIO_new(BIO_s_mem()));
  REQUIRE(PEM_write_bio_X509(pem.get(), made.get()) == 1);
  REQUIRE(PEM_write_bio_PrivateKey(key_pem.get(), key.get(), nullptr, nullptr, 0, nullptr,
                                   nullptr) == 1);
  return {content(pem.get()), content(key_pem.get())};
}

class TlsChannel final : public Channel {
 public:
  TlsChannel(Fd fd, SSL* ssl) : fd_(std::move(fd)), ssl_(ssl) {}
  ~TlsChannel() override { SSL_free(ssl_); }

  ssize_t read(char* buffer, std::size_t size) override {
    return SSL_read(ssl_, buffer, static_cast<int>(size));
  }
  bool write(std::string_view bytes) override {
    return bytes.empty() || SSL_write(ssl_, bytes.data(), static_cast<int>(bytes.size())) > 0;
  }
  void finish() override { SSL_shutdown(ssl_); }
  int fd() const override { return fd_.get(); }

 private:
  Fd fd_;
  SSL* const ssl_;
};

}  // namespace

TestAuthority::TestAuthority()
    : own_(make_certificate("Authority " + std::to_string(next_number()), nullptr, nullptr)) {}

Certificate TestAuthority::issue(const CertificateWishes& wishes) const {
  return make_certificate("server", &wishes, &own_);
}

Certificate TestAuthority::self_signed(const CertificateWishes& wishes) {
  return make_certificate("server", &wishes, nullptr);
}

ChannelMaker tls_channel_maker(const Certificate& certificate) {
  const std::shared_ptr<SSL_CTX> context(SSL_CTX_new(TLS_server_method()), &SSL_CTX_free);
  REQUIRE(SSL_CTX_use_certificate(context.get(), read_certificate(certificate.pem).get()) == 1);
  REQUIRE(SSL_CTX_use_PrivateKey(context.get(), read_key(certificate.key_pem).get()) == 1);
  return [context](Fd fd) -> std::unique_ptr<Channel> {
    SSL* const ssl = SSL_new(context.get());
    SSL_set_fd(ssl, fd.get());
    auto channel = std::make_unique<TlsChannel>(std::move(fd), ssl);
    if (SSL_accept(ssl) != 1) return nullptr;
    return channel;
  };
}

}  // namespace asciinemad::test
