#!/bin/bash
# Installs the Debian packages that are missing.
#
#   scripts/setup.sh         what a build needs
#   scripts/setup.sh test    and what scripts/test.sh and bench/run.sh need
#
# Says nothing when nothing is missing. Everything it prints goes to stderr, because
# `scripts/run.sh rec -` owns stdout.
set -eu

build_packages=(
  capnproto ccache g++ libcapnp-dev libcpp-httplib-dev libinih-dev libsimdjson-dev libssl-dev
  libsqlite3-dev libtomlplusplus-dev libuv1-dev libzstd-dev meson ninja-build pkg-config scdoc
  zlib1g-dev
)

test_packages=(
  # Checks: the sanitizer build uses clang, which compiles it three times as fast as g++.
  clang clang-format clang-tidy doctest-dev libclang-rt-14-dev python3
  # Recorders to compare with; bsdutils has script(1).
  asciinema bsdutils curl ttyrec
  # Programs that the integration tests record, and those they drive and watch them with.
  dialog expect fish htop less nano procps vim zsh
  locales socat strace tmux
)

die() {
  printf 'setup.sh: %s\n' "$@" >&2
  exit 1
}

case "${1-}" in
  '') wanted=("${build_packages[@]}") ;;
  test) wanted=("${build_packages[@]}" "${test_packages[@]}") ;;
  *) die "unknown argument '$1' (nothing, or: test)" ;;
esac

command -v dpkg-query >/dev/null ||
  die "this is not a Debian system; install by hand what these packages contain:" "  ${wanted[*]}"

declare -A installed
while read -r state package; do
  if [[ $state == installed ]]; then installed[$package]=1; fi
done < <(dpkg-query -W -f '${db:Status-Status} ${Package}\n' "${wanted[@]}" 2>/dev/null || true)

missing=()
for package in "${wanted[@]}"; do
  [[ -n ${installed[$package]-} ]] || missing+=("$package")
done
if ((${#missing[@]} == 0)); then exit 0; fi

as_root=()
if ((EUID != 0)); then
  command -v sudo >/dev/null ||
    die "packages are missing, and there is neither root nor sudo to install them; as root run:" \
      "  apt-get install --no-install-recommends ${missing[*]}"
  as_root=(sudo)
fi

printf 'setup.sh: installing %s\n' "${missing[*]}" >&2
log=$(mktemp)
trap 'rm -f "$log"' EXIT

# Waits for another apt instead of failing; reads no questions from a stdin that may be a recording.
apt() {
  "${as_root[@]}" env DEBIAN_FRONTEND=noninteractive apt-get -q -y \
    -o DPkg::Lock::Timeout=300 -o Dpkg::Use-Pty=0 "$@" </dev/null >>"$log" 2>&1
}

if ! { apt update && apt install --no-install-recommends "${missing[@]}"; }; then
  tail -n 40 "$log" >&2
  die "apt-get failed, see above"
fi
