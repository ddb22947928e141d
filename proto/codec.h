// Messages to bytes (encode.cc) and back (decode.cc): the only users of Cap'n Proto.
#pragma once

#include <string>
#include <string_view>

#include "common/result.h"
#include "proto/message.h"

namespace asciinemad::wire {

// One message in standard stream framing. Texts are sent as they are. Errc::limit_exceeded when it
// would be larger than kMaxMessageBytes.
Result<std::string> encode(const Request& request);
Result<std::string> encode(const Reply& reply);

// `message` is one whole framed message, 8-byte aligned (what FrameParser::next() returns). Bounded
// in nesting and in words read. Errc::invalid_data when it is malformed or a value is out of the
// range the schema states. A union member from a newer schema decodes to Unknown.
Result<Request> decode_request(std::string_view message);
Result<Reply> decode_reply(std::string_view message);

}  // namespace asciinemad::wire
