#!/bin/bash
# Builds asciinemad and runs its client with the given arguments:
#
#   scripts/run.sh rec demo.cast
#
# Installs missing packages first. Prints nothing to stdout itself, so that `scripts/run.sh rec -`
# gives a recording and no more.
set -eu

root=$(cd -- "$(dirname -- "$(readlink -f -- "${BASH_SOURCE[0]}")")/.." && pwd -P)
build_dir=$root/build
log=$build_dir/run.log

"$root/scripts/setup.sh"

# Runs with stdin and stdout out of reach. The lock is for two terminals that start at once; it is
# on the directory, and held by this function's process alone.
build() {
  local lock
  exec {lock}<"$root"
  flock "$lock"
  export PATH="/usr/bin:/bin:$PATH" CCACHE_DIR="${CCACHE_DIR:-$root/.ccache}" LC_ALL=C.UTF-8
  mkdir -p "$build_dir"
  {
    [[ -e $build_dir/build.ninja ]] || meson setup "$build_dir" "$root" --buildtype=release
  } </dev/null >"$log" 2>&1 &&
    ninja -C "$build_dir" asciinema asciinemad asciinema-files asciinemad-http.so </dev/null >>"$log" 2>&1
}

# The build's status comes through a pipe, so that a slow build can be announced without polling.
exec {result}< <(build && echo ok || echo failed)
if ! read -r -t 2 status <&"$result"; then
  echo 'run.sh: building asciinemad, this can take a few minutes' >&2
  read -r status <&"$result" || status=failed
fi
exec {result}<&-

if [[ $status != ok ]]; then
  tail -n 60 "$log" >&2 || true
  echo "run.sh: the build failed, see above and $log" >&2
  exit 1
fi

exec "$build_dir/asciinema" "$@"
