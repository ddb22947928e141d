#!/bin/bash
# Runs a command as a user for whom `systemd --user` runs, on a machine that systemd has not booted
# (or has: nobody's real manager is touched):
#
#   scripts/systemd_user_sandbox.sh COMMAND...        as root
#
# The user "recorder" exists in there only, with an empty home, $XDG_RUNTIME_DIR, a cgroup tree of
# its own and a journal it may read. Everything ends with the command, and nothing is left. Exits
# with the command's status; with 77, and a reason on stderr, where none of this is possible.
set -eu

readonly user=recorder

skip() {
  echo "systemd_user_sandbox.sh: $1" >&2
  exit 77
}

# inside DIR UID COMMAND...: as root of the namespaces, whose end kills whatever is left.
inside() {
  local dir=$1 uid=$2 started
  shift 2
  umount -R /sys/fs/cgroup 2>/dev/null || true
  mount -t cgroup2 none /sys/fs/cgroup
  mount --bind "$dir/passwd" /etc/passwd
  mount --bind "$dir/group" /etc/group
  mount -t tmpfs -o mode=755 tmpfs /run/systemd
  mkdir -p /run/systemd/system # what says that systemd has booted the machine
  mkdir -p /run/user
  mount -t tmpfs -o mode=755 tmpfs /run/user
  install -d -m 700 -o "$uid" -g "$uid" "/run/user/$uid"

  mkdir -p /run/log
  mount -t tmpfs -o mode=755 tmpfs /run/log
  install -d -m 2755 -g systemd-journal /run/log/journal "/run/log/journal/$(</etc/machine-id)"
  mkdir -p /run/systemd/journald.conf.d
  printf '[Journal]\nStorage=volatile\nAudit=\nReadKMsg=no\nForwardToSyslog=no\n' \
    >/run/systemd/journald.conf.d/sandbox.conf
  /lib/systemd/systemd-journald &
  started=$SECONDS
  until [[ -S /run/systemd/journal/stdout ]]; do
    ((SECONDS - started < 10)) || skip 'journald does not start'
    sleep 0.02
  done

  # Not exec: the signal that ends the namespace's first process with its parent is lost by a
  # change of the user.
  setpriv --reuid "$uid" --regid "$uid" --groups "$uid,$(getent group systemd-journal | cut -d: -f3)" \
    env -i HOME="$dir/home" USER=$user LOGNAME=$user SHELL=/bin/sh LANG=C.UTF-8 \
    PATH=/usr/local/bin:/usr/bin:/bin XDG_RUNTIME_DIR="/run/user/$uid" \
    DBUS_SESSION_BUS_ADDRESS="unix:path=/run/user/$uid/bus" \
    "$BASH" "$dir/sandbox.sh" --manager "$@"
}

# manager COMMAND...: as the user.
manager() {
  local started=$SECONDS
  cd
  /lib/systemd/systemd --user --log-target=journal &
  until systemctl --user is-system-running >/dev/null 2>&1; do
    ((SECONDS - started < 10)) || skip "the user's systemd does not start"
    sleep 0.02
  done
  "$@"
}

case "${1-}" in
  --inside | --manager)
    "${1#--}" "${@:2}"
    exit
    ;;
esac

((EUID == 0)) || skip 'needs root, for namespaces and a cgroup tree'
[[ -x /lib/systemd/systemd && -x /lib/systemd/systemd-journald ]] || skip 'systemd is not installed'
[[ -s /etc/machine-id ]] || skip 'there is no /etc/machine-id, which journald needs'
unshare --mount --cgroup --pid --fork true 2>/dev/null || skip 'namespaces cannot be made here'
cgroups=/sys/fs/cgroup
if [[ -e $cgroups/unified/cgroup.procs ]]; then cgroups=$cgroups/unified; fi
cgroup=$cgroups/asciinemad-sandbox.$$
mkdir "$cgroup" 2>/dev/null && [[ -e $cgroup/cgroup.procs ]] ||
  skip "there is no cgroup2 tree to make a group in"

uid=59999
while getent passwd $uid >/dev/null || getent group $uid >/dev/null; do uid=$((uid - 1)); done
dir=$(mktemp -d /tmp/asciinemad-sandbox.XXXXXX)
started=''

clean_up() {
  local status=$?
  trap - EXIT
  if [[ -n $started ]]; then
    kill -KILL "$started" 2>/dev/null && wait "$started" 2>/dev/null || true
  fi
  echo $$ >"$cgroups/cgroup.procs"
  # The kernel takes a moment to let go of groups whose processes were killed.
  for ((i = 0; i < 50; i++)); do
    find "$cgroup" -depth -type d -exec rmdir {} + 2>/dev/null && break
    sleep 0.05
  done
  rm -rf "$dir"
  exit $status
}
trap clean_up EXIT
trap 'exit 143' TERM INT HUP

chmod 711 "$dir"
install -m 755 "$0" "$dir/sandbox.sh" # the user may have no way to the original
install -d -m 700 -o $uid -g $uid "$dir/home"
{ cat /etc/passwd && echo "$user:x:$uid:$uid::$dir/home:/bin/sh"; } >"$dir/passwd"
{ cat /etc/group && echo "$user:x:$uid:"; } >"$dir/group"
mkdir "$cgroup/user"
chown -R $uid:$uid "$cgroup/user"
echo $$ >"$cgroup/user/cgroup.procs"
unshare --mount --cgroup --pid --fork --kill-child=KILL --mount-proc --propagation private \
  "$BASH" "$dir/sandbox.sh" --inside "$dir" $uid "$@" &
started=$!
wait $started && status=0 || status=$?
started=''
exit $status
