// TLS for HttpServer: an authority that lives as long as a test, and what it certifies.
#pragma once

#include <memory>
#include <string>

#include "tests/support/http_server.h"

namespace asciinemad::test {

struct Certificate {
  std::string pem;
  std::string key_pem;
};

struct CertificateWishes {
  std::string alternative_name = "IP:127.0.0.1";  // or "DNS:NAME"
  bool expired = false;
};

class TestAuthority {
 public:
  TestAuthority();

  // For SSL_CERT_FILE.
  const std::string& pem() const { return own_.pem; }
  Certificate issue(const CertificateWishes& wishes = {}) const;
  static Certificate self_signed(const CertificateWishes& wishes = {});

 private:
  Certificate own_;
};

ChannelMaker tls_channel_maker(const Certificate& certificate);

}  // namespace asciinemad::test
