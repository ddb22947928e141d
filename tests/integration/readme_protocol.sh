#!/bin/bash
# Runs the README's examples of speaking the protocol with capnp and socat, as they stand there,
# against a daemon of its own: one asks for its status, one sets a marker in a session.
#
#   readme_protocol.sh BUILD_DIR
set -eu -o pipefail

root=$(cd -- "$(dirname -- "$(readlink -f -- "${BASH_SOURCE[0]}")")/../.." && pwd -P)
client=$(realpath "$1")/asciinema

# /tmp, because a socket's path has 107 bytes and $TMPDIR can be long.
dir=$(mktemp -d /tmp/asciinemad-readme.XXXXXX)
mkdir -m 700 "$dir/home" "$dir/run"
for name in "${!ASCIINEMA@}" "${!XDG_@}"; do unset "$name"; done
export HOME=$dir/home XDG_RUNTIME_DIR=$dir/run
answer=''
daemon=''

clean_up() {
  if [[ -n $daemon ]]; then
    kill "$daemon" || true
    timeout 20 tail --pid="$daemon" -s 0.05 -f /dev/null || kill -KILL "$daemon" || true
  fi
  rm -rf "$dir"
}
trap clean_up EXIT

fail() {
  printf '%s\n' "$1" '--- answer' "$answer" '--- log' >&2
  cat "$dir/home/.local/state/asciinema/asciinemad.log" >&2 || true
  exit 1
}

# expect TEXT: that it is the next thing in the answer, behind what was expected before.
rest=''
expect() {
  [[ $rest == *"$1"* ]] || fail "not in the answer, or not in this place: $1"
  rest=${rest#*"$1"}
}

"$client" daemon start
daemon=$("$client" daemon status | sed -n '1s/.*, pid \([0-9]*\),.*/\1/p')
[[ -n $daemon ]] || fail 'the daemon has no pid'

# example COMMENT: the block of README.md behind that comment.
example() {
  awk -v comment="<!-- tests/integration/readme_protocol.sh $1 -->" '
    $0 == comment { found = 1; next }
    found && /^```sh$/ { inside = 1; next }
    inside && /^```$/ { exit }
    inside' "$root/README.md"
}

example=$(example 'runs this block')
[[ $example == *'capnp encode'*socat*'capnp decode'* ]] || fail "no example in README.md: $example"

cd "$root"
answer=$(timeout 20 bash -eu -o pipefail -c "$example" 2>&1) || fail 'the example failed'
rest=$answer
expect 'id = 1,'
expect 'hello = ('
expect 'protocol = 2,'
expect 'software = "asciinemad '
expect "pid = $daemon "
expect 'id = 2,'
expect 'status = ('
expect "pid = $daemon,"
expect "socket = \"$XDG_RUNTIME_DIR/asciinemad/socket\","
expect 'sessions = []'
if [[ $rest == *'id ='* ]]; then fail 'more answers than requests'; fi

example=$(example 'runs this block in a session')
[[ $example == *'steer ='*socat* ]] || fail "no example of a marker in README.md: $example"
answer=$(timeout 20 "$client" rec -q --return -c "bash -eu -o pipefail -c '$example'" \
  "$dir/marked.cast" </dev/null 2>&1) || fail 'the example of a marker failed'
answer+=$(<"$dir/marked.cast")
rest=$answer
expect '"m", "unpacked"]'
rest=$answer  # the program that prints the answers may be slower than the marker, or not
expect 'protocol = 2,'
expect '(id = 2, ok = void,'
echo ok
