#!/bin/bash
# Runs all checks and tests; continuous integration runs the same.
#
#   scripts/test.sh            everything
#   scripts/test.sh --quick    without clang-tidy and the sanitizer build
#
# A failed phase does not stop the later ones. The last line is "N passed, N failed"; exits 1 when
# anything failed. Each phase's output is kept in build-logs/.
set -eu

root=$(cd -- "$(dirname -- "$(readlink -f -- "${BASH_SOURCE[0]}")")/.." && pwd -P)
logs=$root/build-logs
layers=(common proto daemon client)

quick=false
case "${1-}" in
  '') ;;
  --quick) quick=true ;;
  *)
    echo "test.sh: unknown argument '$1' (nothing, or: --quick)" >&2
    exit 1
    ;;
esac

"$root/scripts/setup.sh" test
cd "$root"
exec </dev/null

# The caller's home, sessions and settings stay out of it: tests have homes of their own, and what
# uses this one by mistake is found at the end.
scratch=$(mktemp -d)
trap 'rm -rf "$scratch"' EXIT
mkdir "$scratch/home"
export HOME=$scratch/home LANG=C.UTF-8 PATH="/usr/bin:/bin:$PATH"
export CCACHE_DIR="${CCACHE_DIR:-$root/.ccache}"
for name in "${!ASCIINEMA@}" "${!LC_@}" "${!XDG_@}" LANGUAGE TMUX; do unset "$name"; done

rm -rf "$logs"
mkdir "$logs"
passed=0
failed=0

now_us() { echo "${EPOCHREALTIME/./}"; }

# report NAME STARTED_US PASSED FAILED: prints a phase's line and adds to the totals.
report() {
  local tenths=$((($(now_us) - $2) / 100000)) verdict=ok
  if (($4 > 0)); then verdict=FAILED; fi
  printf '%-14s %-7s %4d.%d s   %d passed, %d failed\n' \
    "$1" "$verdict" $((tenths / 10)) $((tenths % 10)) "$3" "$4"
  passed=$((passed + $3))
  failed=$((failed + $4))
}

# check NAME COMMAND...: a phase that passes or fails as a whole. Returns the command's status.
check() {
  local name=$1 started status=0
  shift
  started=$(now_us)
  "$@" >"$logs/$name.log" 2>&1 || status=1
  if ((status == 0)); then report "$name" "$started" 1 0; else
    report "$name" "$started" 0 1
    tail -n 60 "$logs/$name.log"
  fi
  return "$status"
}

# run_tests NAME BUILD_DIR MESON_TEST_ARGUMENT...: a phase that counts each test. Sanitizer reports
# that a test did not notice (of a daemon, say) are failures as well.
run_tests() {
  local name=$1 dir=$2 testlog=$2/meson-logs/testlog.json started status=0 counts found
  shift 2
  started=$(now_us)
  rm -rf "$testlog" "$dir/sanitizer"
  mkdir "$dir/sanitizer"
  "$@" meson test -C "$dir" --no-rebuild --print-errorlogs >"$logs/$name.log" 2>&1 || status=1
  counts=$(python3 scripts/count_tests.py "$testlog" 2>"$logs/$name.failed")
  found=$(find "$dir/sanitizer" -type f | wc -l)
  local good=${counts% *} bad=${counts#* }
  if ((bad == 0)); then bad=$found; fi
  if ((bad == 0 && (status != 0 || good == 0))); then bad=1; fi
  report "$name" "$started" "$good" "$bad"
  cat "$logs/$name.failed"
  if ((bad > 0)); then
    tail -n 120 "$logs/$name.log"
    find "$dir/sanitizer" -type f -exec head -n 40 {} +
  fi
}

# not_run NAME: a phase whose build failed.
not_run() { report "$1 (not run)" "$(now_us)" 0 1; }

check_format() {
  find "${layers[@]}" tests \( -name '*.h' -o -name '*.cc' \) -print0 |
    xargs -0 clang-format --dry-run -Werror
}

# build DIR MESON_SETUP_ARGUMENT...
build() {
  local dir=$1
  shift
  [[ -e $dir/build.ninja ]] || meson setup "$dir" -Dwerror=true -Db_colorout=never "$@" || return 1
  ninja -C "$dir"
}

# The compile commands are g++'s, so clang meets warning options here that it does not know.
check_tidy() {
  local root_pattern
  root_pattern=$(printf '%s' "$root" | sed 's/[][\.*^$+?(){}|]/\\&/g')
  run-clang-tidy -p build-test -j "$(nproc)" -quiet -extra-arg=-Wno-unknown-warning-option \
    "^$root_pattern/($(IFS='|' && echo "${layers[*]}"))/" >"$logs/tidy.all" 2>&1 || {
    grep -E -A 4 'error:|warning:|note:' "$logs/tidy.all" || cat "$logs/tidy.all"
    return 1
  }
}

check_home_is_untouched() { [[ -z $(find "$HOME" -mindepth 1 -print | tee /dev/stderr) ]]; }

# Old sanitizer runtimes cannot live with every address layout that new kernels choose.
sanitized() {
  local fixed_layout=() logged="log_path='$root/build-asan/sanitizer/report'"
  if setarch "$(uname -m)" -R true 2>/dev/null; then fixed_layout=(setarch "$(uname -m)" -R); fi
  # Status 86: no test takes it for the program's own.
  ASAN_OPTIONS="detect_leaks=1:detect_stack_use_after_return=1:check_initialization_order=1:exitcode=86:allow_addr2line=1:$logged" \
    UBSAN_OPTIONS="halt_on_error=1:print_stacktrace=1:exitcode=86:allow_addr2line=1:$logged" \
    "${fixed_layout[@]}" "$@" --timeout-multiplier 3
}

check format check_format || true
check layering tests/check_layering || true
# As a user builds it: the sanitizer build has the symbols, which take a third of the time.
if check build build build-test; then
  run_tests tests build-test env
  $quick || check tidy check_tidy || true
else
  not_run tests
  $quick || not_run tidy
fi
if ! $quick; then
  if CC='ccache clang' CXX='ccache clang++' check asan-build build build-asan \
    --buildtype=debugoptimized -Doptimization=1 -Db_sanitize=address,undefined -Db_lundef=false; then
    run_tests asan-tests build-asan sanitized
  else
    not_run asan-tests
  fi
fi
check home check_home_is_untouched || true

echo "$passed passed, $failed failed"
((failed == 0))
