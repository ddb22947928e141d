#!/bin/bash
# Runs the README's script that records a test run, as it stands there and as continuous integration
# would (no terminal), against a daemon and a server of its own.
#
#   readme_script.sh BUILD_DIR
set -eu -o pipefail

root=$(cd -- "$(dirname -- "$(readlink -f -- "${BASH_SOURCE[0]}")")/../.." && pwd -P)
build=$(realpath "$1")

# /tmp, because a socket's path has 107 bytes and $TMPDIR can be long.
dir=$(mktemp -d /tmp/asciinemad-readme.XXXXXX)
mkdir -m 700 "$dir/home" "$dir/run" "$dir/work" "$dir/work/tests"
for name in "${!ASCIINEMA@}" "${!XDG_@}" "${!http@}" "${!HTTP@}"; do unset "$name"; done
export HOME=$dir/home XDG_RUNTIME_DIR=$dir/run PATH=$build:$PATH LC_ALL=C.UTF-8
daemon=''
server=''

clean_up() {
  if [[ -n $server ]]; then kill "$server" || true; fi
  if [[ -n $daemon ]]; then
    kill "$daemon" || true
    timeout 20 tail --pid="$daemon" -s 0.05 -f /dev/null || kill -KILL "$daemon" || true
  fi
  rm -rf "$dir"
}
trap clean_up EXIT

fail() {
  printf '%s\n' "$1" >&2
  tail -n +1 "$dir"/work/{out,err,*.cast} "$dir"/upload* "$HOME/.local/state/asciinema/asciinemad.log" >&2 || true
  exit 1
}

# Keeps the body of each request in a file of its own, and says what its port is.
cat >"$dir/server.py" <<'EOF'
import http.server
import sys

directory = sys.argv[1]
count = 0


class Handler(http.server.BaseHTTPRequestHandler):
    def do_POST(self):
        global count
        count += 1
        body = self.rfile.read(int(self.headers["Content-Length"]))
        with open(f"{directory}/upload-{count}", "wb") as file:
            file.write(self.path.encode() + b"\n" + body)
        self.send_response(201)
        self.send_header("Location", "http://127.0.0.1/a/1")
        answer = b"View the recording at: http://127.0.0.1/a/1"
        self.send_header("Content-Length", str(len(answer)))
        self.end_headers()
        self.wfile.write(answer)

    def log_message(self, *_):
        pass


server = http.server.HTTPServer(("127.0.0.1", 0), Handler)
print(server.server_port, flush=True)
server.serve_forever()
EOF
exec {port_pipe}< <(exec python3 "$dir/server.py" "$dir")
server=$!
read -r -t 20 port <&"$port_pipe" || fail 'the server does not start'
export ASCIINEMA_API_URL=http://127.0.0.1:$port

asciinema daemon start
daemon=$(asciinema daemon status | sed -n '1s/.*, pid \([0-9]*\),.*/\1/p')
[[ -n $daemon ]] || fail 'the daemon has no pid'

awk '/^<!-- tests\/integration\/readme_script.sh/ { found = 1; next }
     found && /^```sh$/ { inside = 1; next }
     inside && /^```$/ { exit }
     inside' "$root/README.md" >"$dir/work/record-tests.sh"
[[ -s $dir/work/record-tests.sh ]] || fail 'no script in README.md'

cd "$dir/work"
echo 'echo the first one' >tests/one.sh
echo 'echo the second one; exit 3' >tests/two.sh
status=0
TEST_TOKEN=nobody-may-read-this timeout 60 setsid --wait sh record-tests.sh >out 2>err </dev/null ||
  status=$?

[[ $status == 1 ]] || fail "exit status $status; a test has failed, so it should be 1"
recording=$(<test-run.cast)
for text in '"title": "Test run"' '"m", "tests/one.sh"]' 'the first one\r\n' \
  '"m", "tests/two.sh"]' 'the second one\r\n' '2 tests, 1 failed\r\n"]'; do
  [[ $recording == *"$text"* ]] || fail "not in the recording, or not in this place: $text"
  recording=${recording#*"$text"}
done
if grep -q nobody-may-read-this test-run.cast; then fail 'the secret is in the recording'; fi
grep -q 'the second one' out || fail 'the run was not shown'
[[ $(<err) == "View the recording at: http://127.0.0.1/a/1" ]] ||
  fail "not just the server's answer on standard error"
[[ -e $dir/upload-1 && ! -e $dir/upload-2 ]] || fail 'not one upload'
grep -qF "$(tail -n 1 test-run.cast)" "$dir/upload-1" || fail 'the recording did not arrive'
echo ok
