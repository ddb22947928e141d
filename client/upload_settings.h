// What uploads are sent with: the settings and the environment of the caller.
#pragma once

#include <string>

#include "common/config.h"
#include "common/paths.h"
#include "common/result.h"
#include "proto/message.h"

namespace asciinemad {

// May create the install id.
Result<wire::UploadServer> find_upload_server(const Environment& environment, const Config& config);

// The server's name, for people; with its port if that is not the usual one.
std::string server_host(const std::string& url);

// All of an upload that does not depend on the recording.
Result<wire::Upload> make_upload(const Environment& environment, const Config& config);

}  // namespace asciinemad
