#!/bin/bash
# Tries a clone of HEAD on a bare Debian 12 (debootstrap's minbase in a folder, entered by chroot).
#
#   scripts/fresh_machine.sh [run|test|all] [FOLDER]
#
#   run   scripts/run.sh rec, and looks at the recording (the default)
#   test  scripts/test.sh
#   all   both
#
# Needs root and debootstrap. FOLDER is made anew each time and kept; without it a temporary one is
# used and removed. FRESH_CACHE=DIR keeps downloaded packages in DIR between runs, FRESH_MIRROR=URL
# chooses the mirror; else the host's mirror and apt settings for downloads are used.
set -eu

root=$(cd -- "$(dirname -- "$(readlink -f -- "${BASH_SOURCE[0]}")")/.." && pwd -P)
what=${1-run}
folder=${2-}

die() {
  printf 'fresh_machine.sh: %s\n' "$1" >&2
  exit 1
}

case $what in run | test | all) ;; *) die "unknown argument '$what' (run, test or all)" ;; esac
((EUID == 0)) || die 'must be run as root (debootstrap, mount and chroot)'
command -v debootstrap >/dev/null || die 'debootstrap is missing: apt-get install debootstrap'
if [[ -n $folder && -e $folder && ! -e $folder/.fresh-machine ]]; then
  die "$folder exists and was not made by this script"
fi

# Mounts live in a namespace of their own and so do the processes: when this shell ends, for
# whatever reason, the kernel unmounts and kills them, and nothing of the host is left in a folder
# that is about to be removed.
if [[ ${FRESH_INSIDE-} != yes ]]; then
  if [[ -z $folder ]]; then
    folder=$(mktemp -d /var/tmp/fresh-machine.XXXXXX)
    touch "$folder/.fresh-machine"
    trap 'rm -rf --one-file-system "$folder"' EXIT
  fi
  FRESH_INSIDE=yes unshare --mount --pid --fork --kill-child \
    "${BASH_SOURCE[0]}" "$what" "$folder" </dev/null
  exit
fi
cache=''
if [[ -n ${FRESH_CACHE-} ]]; then
  mkdir -p "$FRESH_CACHE"
  cache=$(realpath "$FRESH_CACHE")
fi
trap 'exit 130' INT TERM # the first process of a namespace ignores them otherwise

# "URI SUITE" of each Debian suite that the host's apt uses, if the host is Debian 12 itself.
host_sources() {
  # shellcheck disable=SC2016 # apt expands these
  apt-get indextargets --format '$(REPO_URI) $(RELEASE) $(COMPONENT)' 'Created-By: Packages' \
    2>/dev/null | awk '$2 ~ /^bookworm(-updates|-security)?$/ && $3 == "main" { print $1, $2 }'
}

bootstrap() {
  local mirror=${FRESH_MIRROR-} proxy='' options=(--variant=minbase) sources
  sources=$(host_sources)
  if [[ -z $mirror ]]; then mirror=$(awk '$2 == "bookworm" { print $1; exit }' <<<"$sources"); fi
  if [[ -z $mirror ]]; then mirror=http://deb.debian.org/debian; fi
  if [[ -n ${FRESH_MIRROR-} || -z $sources ]]; then sources="$mirror bookworm"; fi
  if [[ $mirror == https:* ]]; then options+=(--include=ca-certificates); fi
  if [[ -n $cache ]]; then options+=("--cache-dir=$cache"); fi
  eval "$(apt-config shell proxy Acquire::http::Proxy)"
  if [[ -n $proxy ]]; then export http_proxy=$proxy; fi

  debootstrap "${options[@]}" bookworm "$folder" "$mirror"

  awk '{ print "deb", $1, $2, "main" }' <<<"$sources" >"$folder/etc/apt/sources.list"
  # Proxies, time-outs, validity checks: but not which indexes exist, nor paths of the host.
  apt-config dump | grep -E '^Acquire::(https?|Retries|Check|Max|Force)' \
    >"$folder/etc/apt/apt.conf.d/99host" || true
  cp --dereference /etc/resolv.conf /etc/hosts "$folder/etc/"
}

mount_kernel_filesystems() {
  local node
  mount -t proc proc "$folder/proc"
  mount -t tmpfs -o mode=0755 tmpfs "$folder/dev"
  for node in null zero full random urandom tty; do
    touch "$folder/dev/$node"
    mount --bind "/dev/$node" "$folder/dev/$node"
  done
  mkdir "$folder/dev/pts" "$folder/dev/shm"
  mount -t devpts -o newinstance,ptmxmode=0666,mode=620,gid=5 devpts "$folder/dev/pts"
  mount -t tmpfs -o mode=1777 tmpfs "$folder/dev/shm"
  ln -s pts/ptmx "$folder/dev/ptmx"
  ln -s /proc/self/fd "$folder/dev/fd"
  ln -s /proc/self/fd/0 "$folder/dev/stdin"
  ln -s /proc/self/fd/1 "$folder/dev/stdout"
  ln -s /proc/self/fd/2 "$folder/dev/stderr"
  if [[ -n $cache ]]; then
    mkdir -p "$cache/partial"
    mount --bind "$cache" "$folder/var/cache/apt/archives"
  fi
}

# inside COMMAND...: as root on the fresh machine, in the clone.
inside() {
  local passed_on=() name
  for name in http_proxy https_proxy no_proxy CI; do
    if [[ -n ${!name-} ]]; then passed_on+=("$name=${!name}"); fi
  done
  env -i HOME=/root TERM=xterm LANG=C.UTF-8 PATH=/usr/sbin:/usr/bin:/sbin:/bin "${passed_on[@]}" \
    chroot "$folder" sh -c 'cd /root/asciinemad && exec "$@"' sh "$@"
}

# The README's command, on a terminal as its reader has one.
try_run() {
  inside script -qec "scripts/run.sh rec -c 'echo hello' /tmp/demo.cast" /dev/null || return 1
  echo '--- /tmp/demo.cast'
  cat "$folder/tmp/demo.cast"
  head -n 1 "$folder/tmp/demo.cast" | grep -q '"version": *2' &&
    sed 1d "$folder/tmp/demo.cast" | grep -q 'hello'
}

echo "--- making a bare Debian 12 in $folder"
mkdir -p "$folder"
find "$folder" -xdev -mindepth 1 -delete
log=$folder/.fresh-machine # also the mark that the folder is this script's
if ! bootstrap >"$log" 2>&1; then
  tail -n 20 "$log" >&2
  die 'debootstrap failed'
fi
mount_kernel_filesystems
git -c safe.directory='*' clone --quiet --no-hardlinks "$root" "$folder/root/asciinemad"

failed=0
if [[ $what != test ]]; then
  echo '--- scripts/run.sh rec'
  if try_run; then echo '--- run: ok'; else
    echo '--- run: FAILED'
    failed=1
  fi
fi
if [[ $what != run ]]; then
  echo '--- scripts/test.sh'
  if inside scripts/test.sh; then echo '--- test: ok'; else
    echo '--- test: FAILED'
    failed=1
  fi
fi
exit "$failed"
