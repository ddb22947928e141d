#include "daemon/notifier.h"

#include <signal.h>

#include <algorithm>
#include <deque>
#include <string_view>

#include "common/log.h"

namespace asciinemad {
namespace {

using Command = std::vector<std::string>;

bool has_variable(const std::vector<std::string>& environment, std::string_view name) {
  return std::any_of(environment.begin(), environment.end(), [&](std::string_view entry) {
    return entry.size() > name.size() + 1 && entry.starts_with(name) && entry[name.size()] == '=';
  });
}

// As tmux shows it: in a format it would replace #{...} and run what stands in #(...), and texts
// may be the words of a server.
std::string without_formats(std::string_view text) {
  std::string plain;
  for (const char c : text) plain.append(c == '#' || c == '%' ? 2 : 1, c);
  return plain;
}

// What to try, best first.
std::deque<Command> commands_for(const wire::Notifications& settings, const std::string& text) {
  if (!settings.command.empty()) return {{"/bin/sh", "-c", settings.command}};
  std::deque<Command> commands;
  Command send = {"notify-send", "--app-name=asciinema", "--expire-time=3000"};
  if (!settings.icon_path.empty()) send.push_back("--icon=" + settings.icon_path);
  send.insert(send.end(), {"--", "asciinema", text});
  commands.push_back(std::move(send));
  if (has_variable(settings.environment, "TMUX")) {
    commands.push_back({"tmux", "display-message", "asciinema: " + without_formats(text)});
  }
  return commands;
}

std::vector<char*> as_argv(std::vector<std::string>& strings) {
  std::vector<char*> pointers;
  pointers.reserve(strings.size() + 1);
  for (std::string& s : strings) pointers.push_back(s.data());
  pointers.push_back(nullptr);
  return pointers;
}

}  // namespace

// One notification: its commands one after the other until one succeeds.
class Notifier::Run final : public uv::Mortal {
 public:
  Run(Notifier& owner, const wire::Notifications& settings, const std::string& text)
      : owner_(owner),
        environment_(settings.environment),
        commands_(commands_for(settings, text)),
        timer_(uv::make_timer(owner.loop_)) {
    std::erase_if(environment_, [](const std::string& entry) {
      return entry.starts_with("TEXT=") || entry.starts_with("ICON_PATH=");
    });
    environment_.push_back("TEXT=" + text);
    environment_.push_back("ICON_PATH=" + settings.icon_path);
    uv::start_timer<&Run::on_timeout>(timer_, kTimeoutMs, this);
  }
  ~Run() override { kill_group(); }

  // Starts the next command; false when none is left that can be started.
  bool start_next();

 private:
  void on_exit(std::int64_t status, int signal);
  void on_timeout();
  void kill_group();

  Notifier& owner_;
  std::vector<std::string> environment_;
  std::deque<Command> commands_;
  uv::Handle<uv_timer_t> timer_;
  uv::Handle<uv_process_t> process_;
  bool running_ = false;
};

bool Notifier::Run::start_next() {
  while (!commands_.empty()) {
    Command command = std::move(commands_.front());
    commands_.pop_front();
    std::vector<char*> argv = as_argv(command);
    std::vector<char*> envp = as_argv(environment_);
    uv_process_options_t options{};
    options.file = argv[0];
    options.args = argv.data();
    options.env = envp.data();
    options.cwd = "/";
    options.flags = UV_PROCESS_DETACHED;  // a process group of its own, to be killed whole
    options.exit_cb = [](uv_process_t* process, std::int64_t status, int signal) noexcept {
      auto* run = static_cast<Run*>(process->data);
      if (run != nullptr) run->on_exit(status, signal);
    };
    auto process = std::make_unique<uv_process_t>();
    const int rc = uv_spawn(owner_.loop_.get(), process.get(), &options);
    process_.reset(process.release());  // libuv wants it closed even after a failure
    if (rc == 0) {
      process_->data = this;
      running_ = true;
      return true;
    }
    log::debug("notification: ", command[0], ": ", uv_strerror(rc));
  }
  return false;
}

void Notifier::Run::on_exit(std::int64_t status, int signal) {
  running_ = false;
  if ((status == 0 && signal == 0) || !start_next()) owner_.on_run_done(*this);
}

void Notifier::Run::on_timeout() {
  log::info("notification: killed after ", kTimeoutMs, " ms");
  commands_.clear();
  kill_group();
}

void Notifier::Run::kill_group() {
  if (running_) ::kill(-process_->pid, SIGKILL);
}

Notifier::Notifier(uv::Loop& loop, uv::Graveyard& graveyard) : loop_(loop), graveyard_(graveyard) {}

Notifier::~Notifier() = default;

void Notifier::notify(const wire::Notifications& settings, const std::string& text) {
  if (!settings.enabled) return;
  if (running_.size() >= kMaxRunning) {
    log::info("notification dropped, ", kMaxRunning, " are running: ", text);
    return;
  }
  auto run = std::make_unique<Run>(*this, settings, text);
  if (!run->start_next()) {
    log::debug("notification: nothing to show it with: ", text);
    graveyard_.bury(std::move(run));
    return;
  }
  running_.push_back(std::move(run));
}

void Notifier::on_run_done(Run& run) {
  const auto found = std::find_if(running_.begin(), running_.end(),
                                  [&](const auto& candidate) { return candidate.get() == &run; });
  if (found == running_.end()) return;
  graveyard_.bury(std::move(*found));
  running_.erase(found);
}

}  // namespace asciinemad
