#!/bin/bash
# Fuzzes one decoder with libFuzzer under address and undefined behaviour sanitizers; what it finds
# stays in build-fuzz/NAME/.
#
#   scripts/fuzz.sh NAME [SECONDS]     NAME: a file tests/fuzz/NAME_fuzz.cc; 60 seconds by default
set -eu

root=$(cd -- "$(dirname -- "$(readlink -f -- "${BASH_SOURCE[0]}")")/.." && pwd -P)
name=${1-}
seconds=${2-60}
if [[ -z $name || ! -e $root/tests/fuzz/${name}_fuzz.cc ]]; then
  echo "usage: fuzz.sh NAME [SECONDS], NAME one of:" >&2
  for target in "$root"/tests/fuzz/*_fuzz.cc; do
    basename "$target" _fuzz.cc >&2
  done
  exit 2
fi

"$root/scripts/setup.sh" test
build=$root/build-fuzz
if [[ ! -e $build/build.ninja ]]; then
  CXX='ccache clang++' meson setup "$build" "$root" -Db_sanitize=address,undefined \
    -Db_lundef=false -Dbuildtype=debugoptimized -Dfuzzers=true
fi
ninja -C "$build" "tests/${name}_fuzz"

found=$build/$name
mkdir -p "$found/corpus"
cd "$found"
exec "$build/tests/${name}_fuzz" -max_total_time="$seconds" -print_final_stats=1 \
  "$found/corpus" "$root/tests/fuzz/corpus/$name"
