#!/bin/bash
# The daemon as a unit of a user's systemd, in scripts/systemd_user_sandbox.sh.
#
#   systemd_test.sh BUILD_DIR
#
# Exits 77, with a reason, where that can't be had.
set -eu -o pipefail

readonly deadline_s=20
readonly service=asciinemad.service socket=asciinemad.socket

# ---- in the sandbox ----------------------------------------------------------------------------

fail() {
  printf 'FAILED: %s\n' "$1" >&2
  systemctl --user --no-pager status $service $socket >&2 || true
  journalctl --no-pager -o short-precise | tail -n 60 >&2 || true
  cat "$HOME/.local/state/asciinema/asciinemad.log" "$HOME"/*.out >&2 2>/dev/null || true
  exit 1
}

# eventually WHAT COMMAND...: until the command succeeds.
eventually() {
  local what=$1 started=$SECONDS
  shift
  until "$@" >/dev/null 2>&1; do
    ((SECONDS - started < deadline_s)) || fail "never: $what"
    sleep 0.05
  done
}

# expect TEXT PART: that the part is in the text.
expect() { [[ $1 == *"$2"* ]] || fail "not in the output: $2"$'\n'"--- $1"; }

property() { systemctl --user show --property="$1" --value "${2-$service}"; }
is_state() { [[ $(property ActiveState "${2-$service}") == "$1" ]]; }
main_pid() { property MainPID; }
# Another main process than PID, and it serves.
is_replaced() {
  local now
  now=$(main_pid)
  ((now != 0 && now != $1)) && is_state active
}
daemon_pid() { asciinema daemon status 2>/dev/null | sed -n '1s/.*, pid \([0-9]*\),.*/\1/p'; }
journal() { journalctl --no-pager -o "${2-cat}" _COMM=asciinemad | grep -F -- "$1"; }
session_count() { asciinema daemon status | sed -n 's/^sessions: //p'; }
has_sessions() { [[ $(session_count) == "$1" ]]; }
configure() { printf '%s\n' "$@" >"$HOME/.config/asciinema/config"; }

# begin_session NAME: a session, recorded to NAME.cast, whose command says each line that say() gives
# it, until "end". Its terminal's keys come from the FIFO "keys".
begin_session() {
  name=$1
  said=()
  rm -f "$HOME/lines" "$HOME/keys"
  mkfifo "$HOME/lines" "$HOME/keys"
  cat >"$HOME/speaker" <<'TXT'
exec <>"$HOME/lines" # to write, too: then there is no end of file
while read -r line; do
  echo "$line"
  if [ "$line" = end ]; then exit 5; fi
done
TXT
  script -qec "asciinema rec -q -c 'sh $HOME/speaker' $HOME/$name.cast" /dev/null \
    <>"$HOME/keys" >"$HOME/$name.out" 2>&1 &
  session=$!
  eventually 'the session is there' has_sessions 1
}

# say LINE: when it is in the recording it has come through.
say() {
  echo "$1" 1<>"$HOME/lines"
  eventually "\"$1\" in the recording" grep -F -- "$1" "$HOME/$name.cast"
  said+=("$1")
}

# Ends the session, which must have recorded and shown all that was said.
end_session() {
  local status=0 line
  say end
  wait "$session" || status=$?
  ((status == 0 || status == 5)) || fail "the client's exit status is $status"
  for line in "${said[@]}"; do
    grep -qF -- "$line" "$HOME/$name.out" || fail "the terminal lacks: $line"
  done
  [[ $(grep -c '"o"' "$HOME/$name.cast") == "${#said[@]}" ]] ||
    fail "not what was said: $(<"$HOME/$name.cast")"
  [[ $(<"$HOME/$name.out") != *asciinema:* ]] || fail 'the client complained'
}

test_units_are_clean() {
  systemd-analyze --user --man=no --recursive-errors=no verify \
    "$units/$service" "$units/$socket" || fail 'systemd-analyze verify'
  systemd-analyze --user --offline=true --no-pager --threshold=70 security "$units/$service" \
    >"$HOME/security" || fail "systemd-analyze security: $(tail -n 2 "$HOME/security")"
}

test_enabling_without_a_manager() {
  local output
  if output=$(env -u DBUS_SESSION_BUS_ADDRESS XDG_RUNTIME_DIR="$HOME" asciinema daemon enable 2>&1); then fail 'enabled?'; fi
  expect "$output" 'no systemd user manager can be reached'
  [[ ! -e $HOME/.config/systemd ]] || fail 'units were left'
  # And without systemctl at all.
  mkdir "$HOME/bin"
  if output=$(PATH=$HOME/bin "$(command -v asciinema)" daemon enable 2>&1); then fail 'enabled?'; fi
  expect "$output" 'systemd is needed for that'
}

test_enabling() {
  local output
  output=$(asciinema daemon enable 2>&1) || fail "enable: $output"
  expect "$output" "systemd starts $programs/asciinemad when it is needed"
  expect "$output" 'loginctl enable-linger'
  [[ $(systemctl --user is-enabled $socket) == enabled ]] || fail 'the socket is not enabled'
  is_state active $socket || fail 'the socket does not listen'
  is_state inactive || fail 'the daemon runs before it is needed'
  [[ $(stat -c %a "$XDG_RUNTIME_DIR/asciinemad" "$XDG_RUNTIME_DIR/asciinemad/socket" | xargs) == \
    '700 600' ]] || fail 'modes of the socket and its directory'
}

test_activation() {
  local output
  asciinema ls || fail 'ls'
  is_state active || fail 'ls did not start the daemon'
  [[ $(property Type) == notify ]] || fail 'not Type=notify'
  expect "$(property StatusText)" '0 recorded'
  output=$(asciinema daemon status)
  expect "$output" 'managed by systemd'
  expect "$output" "pid $(main_pid),"
  expect "$output" 'log: journalctl --user -u asciinemad'
  expect "$output" 'loginctl enable-linger'
}

test_journal() {
  eventually 'a line in the journal' journal ' serves'
  expect "$(journal ' serves' json)" '"PRIORITY":"6"'
  [[ $(journal ' serves') == asciinemad\ * ]] || fail "in the journal: $(journal ' serves')"
  [[ ! -e $HOME/.local/state/asciinema/asciinemad.log ]] || fail 'there is a log file, too'
}

test_reloading() {
  local pid
  configure '[daemon]' 'log_level = debug'
  asciinema daemon reload || fail reload
  asciinema ls
  eventually 'debug lines' eval 'journal "" json | grep -F "\"PRIORITY\":\"7\""'
  configure '[daemon]' 'log_level = loud'
  if asciinema daemon reload 2>"$HOME/reload.out"; then fail 'a wrong level was taken'; fi
  expect "$(<"$HOME/reload.out")" 'is not one of error, warn, info, debug'
  configure '[daemon]' 'log_level = info'
  pid=$(main_pid)
  systemctl --user reload $service || fail 'systemctl reload'
  eventually 'reloaded' is_state active
  [[ $(main_pid) == "$pid" ]] || fail 'reloading ended the daemon'
}

test_uploading() {
  local output server
  configure '[notifications]' "command = printf '%s' \"\$TEXT\" > $HOME/notified"
  python3 - "$HOME/port" <<'TXT' &
import http.server, os, sys
class Handler(http.server.BaseHTTPRequestHandler):
    def do_POST(self):
        self.rfile.read(int(self.headers["Content-Length"]))
        body = b'{"url": "http://127.0.0.1/a/1"}'
        self.send_response(201)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)
    def log_message(self, *_): pass
server = http.server.HTTPServer(("127.0.0.1", 0), Handler)
with open(sys.argv[1] + ".new", "w") as port: port.write(str(server.server_port))
os.rename(sys.argv[1] + ".new", sys.argv[1])
server.serve_forever()
TXT
  server=$!
  eventually 'the server listens' test -s "$HOME/port"
  asciinema rec -q -c 'echo hello' "$HOME/short.cast" || fail 'recording'
  output=$(ASCIINEMA_SERVER_URL=http://127.0.0.1:$(<"$HOME/port") \
    asciinema upload "$HOME/short.cast" 2>&1) || fail "upload: $output"
  expect "$output" 'http://127.0.0.1/a/1'
  kill $server
}

test_notifying() {
  printf '\034' >"$HOME/keys" # C-\, the pause
  eventually 'the notification command ran' test -s "$HOME/notified"
  printf '\034' >"$HOME/keys"
  eventually 'the session goes on' asciinema ls
}

test_killing() {
  local pid
  pid=$(main_pid)
  kill -KILL "$pid"
  eventually 'a new daemon' is_replaced "$pid"
  eventually 'the session is taken over' has_sessions 1
  say 'after SIGKILL'
}

test_watchdog() {
  local pid
  mkdir -p "$HOME/.config/systemd/user/$service.d"
  printf '[Service]\nWatchdogSec=1s\n' >"$HOME/.config/systemd/user/$service.d/watchdog.conf"
  systemctl --user daemon-reload
  asciinema daemon restart || fail restart
  pid=$(main_pid)
  kill -STOP "$pid"
  eventually 'the watchdog bites' is_replaced "$pid"
  eventually 'the watchdog in the journal' eval 'journalctl --no-pager | grep -F "Watchdog timeout"'
  eventually 'the session is taken over' has_sessions 1
  say 'after the watchdog'
  rm -r "$HOME/.config/systemd/user/$service.d"
  systemctl --user daemon-reload
}

test_restarting() {
  local pid output
  pid=$(main_pid)
  output=$(asciinema daemon restart 2>&1) || fail "restart: $output"
  expect "$output" '1 session goes on'
  is_replaced "$pid" || fail 'the same daemon as before'
  say 'after restart'
  pid=$(main_pid)
  systemctl --user restart $service || fail 'systemctl restart'
  eventually 'a new daemon' is_replaced "$pid"
  eventually 'the session is taken over' has_sessions 1
  say 'after systemctl restart'
}

test_disabling() {
  local output on_demand
  output=$(asciinema daemon disable 2>&1) || fail "disable: $output"
  expect "$output" '1 session goes on'
  is_state inactive || fail "systemd's daemon still runs"
  [[ ! -e $HOME/.config/systemd/user/$service && ! -e $HOME/.config/systemd/user/$socket ]] ||
    fail 'units were left'
  on_demand=$(daemon_pid)
  [[ -n $on_demand ]] || fail 'no daemon has the session'
  expect "$(asciinema daemon status)" 'ends when idle'
  say 'after disable'

  # The other way: the daemon that was started on demand gives way.
  output=$(asciinema daemon enable 2>&1) || fail "enable: $output"
  expect "$output" '1 session goes on'
  eventually 'the old daemon is gone' eval "! kill -0 $on_demand"
  [[ $(daemon_pid) == $(main_pid) ]] || fail "the socket is not systemd's"
  [[ -S $XDG_RUNTIME_DIR/asciinemad/socket ]] || fail 'the old daemon took the socket along'
  say 'after enable'
}

test_stopping() {
  asciinema daemon stop || fail stop
  eventually 'it has ended' is_state inactive
  [[ $(property Result) == success ]] || fail 'not a clean end'
  is_state active $socket || fail 'the socket is gone'
  asciinema ls || fail 'ls'
  is_state active || fail 'it did not start again'
  systemctl --user stop $socket
  eventually 'it has ended with its socket' is_state inactive
  [[ ! -e $XDG_RUNTIME_DIR/asciinemad/socket ]] || fail 'the socket file was left'
}

inside() {
  programs=$1 units=$1/systemd
  PATH=$programs:$PATH
  mkdir -p "$HOME/.config/asciinema"
  configure
  test_units_are_clean
  test_enabling_without_a_manager
  test_enabling
  test_activation
  test_journal
  test_reloading
  test_uploading
  # Two, since a shim gives up on a daemon that goes too often.
  begin_session killed
  say 'at first'
  test_notifying
  test_killing
  test_watchdog
  end_session
  begin_session moved
  test_restarting
  test_disabling
  end_session
  test_stopping
  echo ok
}

# ---- outside -----------------------------------------------------------------------------------

if [[ $1 == --inside ]]; then
  inside "$2"
  exit
fi

build=$(realpath "$1")
root=$(cd -- "$(dirname -- "$(readlink -f -- "${BASH_SOURCE[0]}")")/../.." && pwd -P)
if grep -qF __asan_init "$build/asciinemad"; then
  echo 'sanitizers need system calls that the unit forbids'
  exit 77
fi
# Where the sandbox's user can read them, whatever the build's directory is.
dir=$(mktemp -d /tmp/asciinemad-systemd.XXXXXX)
trap 'rm -rf "$dir"' EXIT
mkdir "$dir/systemd"
cp "$build"/{asciinema,asciinemad,asciinema-files,asciinemad-http.so} "$dir"
cp "$build"/systemd/asciinemad.{service,socket} "$dir/systemd"
# verify looks at what it names.
sed -i "s|^ExecStart=.*|ExecStart=$dir/asciinemad|" "$dir/systemd/asciinemad.service"
cp "${BASH_SOURCE[0]}" "$dir/test.sh"
chmod -R a+rX "$dir"
timeout -k 5 110 "$root/scripts/systemd_user_sandbox.sh" bash "$dir/test.sh" --inside "$dir"
