#!/usr/bin/env python3
"""Measures what idle sessions cost: memory of daemon and shims, and system calls while nothing happens.

    memory.py [--build-dir DIR] [--sessions N] [--seconds N]

Exits 1 when a target is missed.
"""
import argparse
import os
import pty
import select
import subprocess
import sys
import tempfile
import time

from own_daemon import ROOT, OwnDaemon


def smaps_kb(pid, *names):
    """Sum of some fields of a process's smaps_rollup."""
    with open("/proc/%d/smaps_rollup" % pid, encoding="ascii") as rollup:
        fields = dict(line.split(":", 1) for line in rollup if ":" in line.split()[0])
    return sum(int(fields[name].split()[0]) for name in names)


def children(pid):
    with open("/proc/%d/task/%d/children" % (pid, pid), encoding="ascii") as listing:
        return [int(child) for child in listing.read().split()]


class IdleSession:
    """A recorded cat(1) on a terminal of its own."""

    def __init__(self, daemon, number):
        self.pid, self.terminal = pty.fork()
        if self.pid == 0:
            out = os.path.join(daemon.dir, "idle%d.cast" % number)
            os.execve(daemon.client, [daemon.client, "rec", "-q", "-c", "printf RE''ADY; exec cat", out],
                      daemon.env)
        self.wait_for(b"READY")
        # The shim is the client's child that is the same program; the recorded command is its child.
        exe = os.readlink("/proc/%d/exe" % self.pid)
        self.shims = [p for p in children(self.pid) if os.readlink("/proc/%d/exe" % p) == exe]
        if len(self.shims) != 1:
            raise SystemExit("memory.py: client %d has %d shims" % (self.pid, len(self.shims)))

    def wait_for(self, text):
        seen, deadline = b"", time.monotonic() + 20
        while text not in seen:
            ready = select.select([self.terminal], [], [], max(0, deadline - time.monotonic()))[0]
            try:
                data = os.read(self.terminal, 65536) if ready else b""
            except OSError:
                data = b""
            if not data:
                raise SystemExit("memory.py: no %r from the session, only %r" % (text, seen))
            seen += data

    def end(self):
        os.write(self.terminal, b"\x04")
        try:
            while os.read(self.terminal, 65536):
                pass
        except OSError:  # EIO: the last holder of the slave has gone
            pass
        os.close(self.terminal)
        os.waitpid(self.pid, 0)


def count_system_calls(pids, seconds):
    """System calls that the processes make in so many seconds.

    Attaching interrupts what a process waits in, and it then waits again; so what happens in the
    first second is not counted, nor anything from the moment strace is told to stop.
    """
    with tempfile.NamedTemporaryFile("r") as trace:
        strace = subprocess.Popen(["strace", "-f", "-ttt", "-o", trace.name]
                                  + [word for pid in pids for word in ("-p", str(pid))],
                                  stderr=subprocess.PIPE, text=True)
        for _ in pids:  # one line for each: "strace: Process N attached ..."
            line = strace.stderr.readline()
            if "attached" not in line:
                raise SystemExit("memory.py: strace: %s" % line.strip())
        time.sleep(1)
        start = time.time()
        time.sleep(seconds)
        end = time.time()
        strace.terminate()
        strace.communicate()
        calls = [line for line in trace if start <= float(line.split(None, 2)[1]) < end]
    for line in calls[:20]:
        print("  " + line.rstrip())
    return len(calls)


def main():
    parser = argparse.ArgumentParser(description=__doc__.split("\n\n")[0])
    parser.add_argument("--build-dir", default=os.path.join(ROOT, "build"))
    parser.add_argument("--sessions", type=int, default=10)
    parser.add_argument("--seconds", type=float, default=10)
    args = parser.parse_args()
    with OwnDaemon(args.build_dir) as daemon:
        # A first session, so that what is allocated once does not count as growth.
        idle_kb = smaps_kb(daemon.pid, "Rss")
        IdleSession(daemon, 0).end()
        before_kb = smaps_kb(daemon.pid, "Rss")
        sessions = [IdleSession(daemon, number) for number in range(1, args.sessions + 1)]
        growth_kb = (smaps_kb(daemon.pid, "Rss") - before_kb) / args.sessions
        shim_kb = max(smaps_kb(shim, "Private_Clean", "Private_Dirty")
                      for session in sessions for shim in session.shims)
        ours = [pid for session in sessions for pid in [session.pid] + session.shims]
        calls = count_system_calls([daemon.pid] + ours, args.seconds)
        for session in sessions:
            session.end()

    missed = 0
    print("| idle, %2d sessions           | at most | measured | result |" % args.sessions)
    print("|-----------------------------|--------:|---------:|-------:|")
    for label, bound, value in (("daemon, no session yet, KiB", 8192, idle_kb),
                                ("daemon, after a session, KiB", 8192, before_kb),
                                ("daemon, each session, KiB", 64, growth_kb),
                                ("shim, private, KiB", 300, shim_kb),
                                ("system calls in %g s" % args.seconds, 0, calls)):
        missed += value > bound
        print("| %-27s | %7d | %8.0f | %6s |" % (label, bound, value, "PASS" if value <= bound else "FAIL"))
    sys.exit(1 if missed else 0)


if __name__ == "__main__":
    main()
