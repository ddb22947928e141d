#include "daemon/http_module.h"

#include "build_config.h"
#include "daemon/fetch_job.h"
#include "daemon/upload_job.h"

const asciinemad::HttpModule asciinemad_http_module = {
    ASCIINEMAD_VERSION, asciinemad::kHttpModuleLayout, asciinemad::fetch_recording,
    asciinemad::upload_recording};
