// An item of the upload queue as JSON text, and back.
#pragma once

#include <string>
#include <string_view>

#include "common/result.h"
#include "daemon/upload_item.h"

namespace asciinemad {

// One object, a line for each member. Bytes that are not valid UTF-8 become U+FFFD.
std::string upload_description(const UploadItem& item);

// Errc::invalid_data for one that makes no sense; its message never quotes the text, which has the
// install id.
Result<UploadItem> parse_upload_description(std::string_view json);

}  // namespace asciinemad
