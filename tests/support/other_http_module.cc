// The HTTP module of another version, which must not be called.
#include <cstdlib>

#include "daemon/http_module.h"

const asciinemad::HttpModule asciinemad_http_module = {
    "0.0.0", asciinemad::kHttpModuleLayout,
    [](const asciinemad::FetchRequest& /*request*/, const std::string& /*spool_directory*/,
       const asciinemad::HttpTimeouts& /*timeouts*/,
       int /*cancel_fd*/) -> asciinemad::Result<asciinemad::Fetched> { std::abort(); },
    [](const asciinemad::UploadRequest& /*request*/, asciinemad::UploadObserver& /*observer*/,
       const asciinemad::HttpTimeouts& /*timeouts*/,
       int /*cancel_fd*/) -> asciinemad::UploadOutcome { std::abort(); }};
