#include "daemon/http_loader.h"

#include <dlfcn.h>
#include <unistd.h>

#include <mutex>
#include <string_view>

#include "build_config.h"
#include "common/paths.h"

namespace asciinemad {
namespace {

constexpr std::string_view kFileName = "asciinemad-http.so";

Error load_error(const std::string& path, std::string_view reason) {
  // dlerror() names the file for some failures and not for others.
  if (reason.starts_with(path + ": ")) reason.remove_prefix(path.size() + 2);
  return Error{Errc::unavailable, "cannot load " + path + ": " + std::string(reason)};
}

std::string module_path() {
  std::string beside = program_directory().append(kFileName);
  // Without a slash the loader would search its own directories.
  if (beside.starts_with('/') && ::access(beside.c_str(), F_OK) == 0) return beside;
  return std::string(ASCIINEMAD_LIBEXEC_DIR "/").append(kFileName);
}

Result<const HttpModule*> the_module() {
  static std::mutex mutex;
  static const HttpModule* loaded = nullptr;
  const std::lock_guard<std::mutex> lock(mutex);
  if (loaded == nullptr) {
    TRY_ASSIGN(loaded, load_http_module(module_path()));
  }
  return loaded;
}

}  // namespace

Result<const HttpModule*> load_http_module(const std::string& path) {
  // Never closed: OpenSSL leaves handlers for the end of threads and of the process.
  void* const handle = ::dlopen(path.c_str(), RTLD_NOW | RTLD_LOCAL);
  if (handle == nullptr) return load_error(path, ::dlerror());
  const auto* module = static_cast<const HttpModule*>(::dlsym(handle, kHttpModuleSymbol));
  if (module == nullptr) return load_error(path, "it is not asciinemad's");
  // An upgrade replaces the file while a daemon of the old version runs.
  if (std::string_view(module->version) != ASCIINEMAD_VERSION ||
      module->layout != kHttpModuleLayout) {
    return load_error(path, "it belongs to another version of asciinemad than the running " +
                                std::string(ASCIINEMAD_VERSION) +
                                " (asciinema daemon restart helps)");
  }
  return module;
}

Result<Fetched> fetch_with_module(const FetchRequest& request, const std::string& spool_directory,
                                  const HttpTimeouts& timeouts, int cancel_fd) {
  Result<const HttpModule*> module = the_module();
  if (module.ok()) return (*module)->fetch(request, spool_directory, timeouts, cancel_fd);
  Error error = module.take_error();
  TRY_ASSIGN(const Url url, first_url(request));
  error.message = url.shown() + ": " + error.message;
  return error;
}

UploadOutcome upload_with_module(const UploadRequest& request, UploadObserver& observer,
                                 const HttpTimeouts& timeouts, int cancel_fd) {
  Result<const HttpModule*> module = the_module();
  if (module.ok()) return (*module)->upload(request, observer, timeouts, cancel_fd);
  UploadOutcome outcome;
  outcome.error = module.take_error();
  return outcome;
}

}  // namespace asciinemad
