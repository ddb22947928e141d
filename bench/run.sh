#!/bin/bash
# Benchmarks against peers, then what idle sessions cost. Prints tables; exits 1 when a target is
# missed. Wants a machine with nothing else to do.
#
#   bench/run.sh [recbench.py's options, as --rounds 9 --tests startup,echo]
#   bench/run.sh --playback [playback.py's options, as --only timing,seek]
set -eu

root=$(cd -- "$(dirname -- "$(readlink -f -- "${BASH_SOURCE[0]}")")/.." && pwd -P)
workload=$root/build/workload-64m

"$root/scripts/setup.sh" test
"$root/scripts/run.sh" --version >/dev/null

if [[ ${1-} == --playback ]]; then
  exec /usr/bin/python3 "$root/bench/playback.py" "${@:2}"
fi

if [[ ! -e $workload ]]; then
  /usr/bin/python3 "$root/bench/gen_terminal_output.py" --size 64M "$workload.new"
  mv "$workload.new" "$workload"
fi

status=0
/usr/bin/python3 "$root/bench/compare.py" --workload "$workload" "$@" || status=1
echo
/usr/bin/python3 "$root/bench/memory.py" || status=1
exit "$status"
