// HttpModule: what asciinemad-http.so, the part of the daemon that speaks HTTP and TLS, exports.
//
// A module of its own because OpenSSL takes more memory than all the rest of an idle daemon. It is
// built together with asciinemad, so C++ types cross between the two; the first fields tell whether
// it really was.
#pragma once

#include <array>
#include <cstddef>

#include "daemon/fetch_request.h"
#include "daemon/upload_request.h"

namespace asciinemad {

struct HttpModule {
  // These two stay in this place in all versions.
  const char* version;  // ASCIINEMAD_VERSION
  std::array<std::size_t, 6> layout;
  FetchFunction fetch;
  UploadFunction upload;
};

// Tells builds of one version apart whose types differ.
inline constexpr std::array<std::size_t, 6> kHttpModuleLayout = {
    sizeof(FetchRequest),    sizeof(HttpTimeouts),  sizeof(Fetched),
    sizeof(Result<Fetched>), sizeof(UploadRequest), sizeof(UploadOutcome)};

inline constexpr const char* kHttpModuleSymbol = "asciinemad_http_module";

}  // namespace asciinemad

// All else in a module is hidden.
extern "C" [[gnu::visibility("default")]] const asciinemad::HttpModule asciinemad_http_module;
