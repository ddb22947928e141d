#include "client/upload_settings.h"

#include <utility>

#include "client/network_settings.h"
#include "client/notifications.h"
#include "common/install_id.h"
#include "common/printable.h"
#include "common/url.h"

namespace asciinemad {

Result<wire::UploadServer> find_upload_server(const Environment& environment,
                                              const Config& config) {
  wire::UploadServer server;
  server.url = config.server.url;
  server.user = environment.find("USER").value_or("");
  TRY_ASSIGN(server.install_id, load_or_create_install_id(environment, config));
  NetworkSettings network = find_network_settings(environment);
  server.http_proxy = std::move(network.http_proxy);
  server.https_proxy = std::move(network.https_proxy);
  server.no_proxy = std::move(network.no_proxy);
  server.ca_file = std::move(network.ca_file);
  server.ca_directory = std::move(network.ca_directory);
  return server;
}

std::string server_host(const std::string& url) {
  const Result<Url> parsed = parse_url(url);
  return parsed.ok() ? printable(parsed->authority()) : presentable_url(url);
}

Result<wire::Upload> make_upload(const Environment& environment, const Config& config) {
  wire::Upload upload;
  TRY_ASSIGN(upload.server, find_upload_server(environment, config));
  upload.notifications = upload_notifications(config.notifications, environment);
  upload.keep_for_s = config.upload.keep_for_s;
  upload.keep_bytes = config.upload.keep_bytes;
  return upload;
}

}  // namespace asciinemad
