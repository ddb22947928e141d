#!/usr/bin/env python3
"""What killed daemons cost their sessions, and what hundreds of sessions cost one daemon.

    survival.py [--build-dir DIR] [--only handover,crowd] [--sessions 500] [--rounds 5]

  handover  kill -9 of the daemon while a program prints a line every 5 ms: until the next byte is
            recorded and shown, and what is lost. (A recording by asciinema 2 ends when it is killed.)
  crowd     500 sessions of one daemon: memory, echo in one of them, kill -9

Prints a table for each; exits 1 when a target is missed. Wants a machine with nothing else to do.
"""
import argparse
import contextlib
import ctypes
import json
import multiprocessing
import os
import re
import select
import signal
import statistics
import subprocess
import sys
import time

from live_session import LiveSession
from memory import children, smaps_kb
from own_daemon import ROOT, OwnDaemon
from playback import AT_MOST, Table, percentile

KILLS = 4  # a shim takes no more than 5 in a minute
PRINTER = """
import time
due = time.monotonic()
for number in range(1 << 30):
    print("[%d]" % number, flush=True)
    due += 0.005
    time.sleep(max(0, due - time.monotonic()))
"""
PR_SET_CHILD_SUBREAPER = 36
PATIENCE_S = 60


def process_name(pid):
    with open("/proc/%d/comm" % pid, encoding="ascii") as comm:
        return comm.read().strip()


@contextlib.contextmanager
def reaper():
    """Daemons and shims become this process's children, which can count them and leaves none behind."""
    ctypes.CDLL(None).prctl(PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0)
    try:
        yield
    finally:
        deadline = time.monotonic() + 10
        while left := children(os.getpid()):
            late = time.monotonic() > deadline
            for pid in left:
                if late:
                    os.kill(pid, signal.SIGKILL)
                os.waitpid(pid, 0 if late else os.WNOHANG)
            time.sleep(0.01)


def kill_daemon(pid):
    """Returns when it has gone: the moment of the kill."""
    handle = os.pidfd_open(pid)
    killed = time.perf_counter()
    os.kill(pid, signal.SIGKILL)
    select.select([handle], [], [])
    os.close(handle)
    return killed


def flaws(data, last):
    """Of the numbers in what PRINTER has printed: how many are missing or out of order."""
    numbers = [int(number) for number in re.findall(rb"\[(\d+)\]", data)]
    in_order = sum(a < b for a, b in zip([-1] + numbers, numbers))
    return len(numbers) - in_order + len(set(range(last + 1)) - set(numbers))


class Handover:
    def __init__(self, daemon, number):
        self.daemon = daemon
        program = os.path.join(daemon.dir, "printer.py")
        with open(program, "w", encoding="ascii") as out:
            out.write(PRINTER)
        self.session = LiveSession(daemon, "handover%d" % number,
                                   "stty isig; exec /usr/bin/python3 " + program)
        self.shown = b""

    def read_for(self, seconds):
        deadline = time.perf_counter() + seconds
        while data := self.session.read_until(deadline):
            self.shown += data

    def kill(self):
        """Milliseconds from the kill to the next byte in the recording, and on the terminal."""
        killed = kill_daemon(self.daemon.find_pid())
        size = os.stat(self.session.path).st_size
        self.read_for(0.001)  # what the daemon had still shown
        recorded = shown = None
        while recorded is None or shown is None:
            now = time.perf_counter()
            if now > killed + PATIENCE_S:
                self.session.fail("it does not go on")
            data = self.session.read_until(now + 0.0002)
            if data and shown is None:
                shown = time.perf_counter()
            self.shown += data or b""
            if recorded is None and os.stat(self.session.path).st_size > size:
                recorded = time.perf_counter()
        return (recorded - killed) * 1e3, (shown - killed) * 1e3

    def end(self):
        """Lines that are not in the recording, or not on the terminal, as they were printed."""
        os.write(self.session.master, b"\x03")
        self.session.drain(lambda data, _: setattr(self, "shown", self.shown + data))
        events = [json.loads(line) for line in self.session.recorded().splitlines()[1:]]
        recorded = "".join(text for _, kind, text in events if kind == "o").encode()
        last = max(int(number) for number in re.findall(rb"\[(\d+)\]", recorded + self.shown))
        return flaws(recorded, last), flaws(self.shown, last)


def handover(args):
    recorded, shown, lost, unseen = [], [], 0, 0
    for number in range(args.rounds):
        with OwnDaemon(args.build_dir) as daemon:
            run = Handover(daemon, number)
            with run.session:
                for _ in range(KILLS):
                    run.read_for(0.5)
                    times = run.kill()
                    recorded.append(times[0])
                    shown.append(times[1])
                run.read_for(0.2)
                flawed = run.end()
                lost, unseen = lost + flawed[0], unseen + flawed[1]
    table = Table("kill -9 of the daemon, %d times, ms" % len(recorded))
    table.add("to the next recorded byte, median", statistics.median(recorded))
    table.add("to the next recorded byte, max", max(recorded), AT_MOST, 200)
    table.add("to the next byte on the terminal, median", statistics.median(shown))
    table.add("to the next byte on the terminal, max", max(shown))
    table.add("lines lost or doubled in the recordings", lost, AT_MOST, 0)
    table.add("lines lost or doubled on the terminal", unseen)
    return table


class Crowd:
    """Detached sessions of a recorded cat(1)."""

    def __init__(self, daemon):
        self.daemon, self.paths, self.checks = daemon, [], 0

    def grow(self, count):
        for _ in range(count):
            self.paths.append(os.path.join(self.daemon.dir, "%d.cast" % len(self.paths)))
            subprocess.run([self.daemon.client, "rec", "-d", "-q", "-c", "exec cat", self.paths[-1]],
                           env=self.daemon.env, check=True, timeout=PATIENCE_S,
                           stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL)

    def open_terminals(self):
        """What is written to them is output of the recorded programs."""
        listed = subprocess.run([self.daemon.client, "ls", "--json"], env=self.daemon.env, check=True,
                                stdout=subprocess.PIPE, timeout=PATIENCE_S).stdout
        return [os.open(session["terminal"], os.O_WRONLY | os.O_NOCTTY)
                for session in json.loads(listed) if session["file"] in self.paths]

    def count_recording(self):
        """How many have something recorded that is printed now."""
        self.checks += 1
        text = b"check %d;" % self.checks
        for terminal in self.open_terminals():
            os.write(terminal, text)
            os.close(terminal)
        left, deadline = set(self.paths), time.monotonic() + 10
        while left and time.monotonic() < deadline:
            left = {path for path in left if text not in self.tail(path)}
            time.sleep(0.01)
        return len(self.paths) - len(left)

    @staticmethod
    def tail(path):
        with open(path, "rb") as recording:
            recording.seek(max(0, os.stat(path).st_size - 1000))
            return recording.read()

    @contextlib.contextmanager
    def printing(self):
        """Each prints a line a second meanwhile."""
        terminals = self.open_terminals()

        def print_lines():
            due = time.monotonic()
            while True:
                for terminal in terminals:
                    os.write(terminal, b"the quick brown fox jumps over the lazy dog\n")
                    due += 1 / len(terminals)
                    time.sleep(max(0, due - time.monotonic()))

        process = multiprocessing.get_context("fork").Process(target=print_lines, daemon=True)
        process.start()
        for terminal in terminals:
            os.close(terminal)
        time.sleep(1.5)
        try:
            yield
        finally:
            process.kill()
            process.join()

    def count_in_log(self, text):
        state = os.path.join(self.daemon.env["HOME"], ".local", "state")
        with open(os.path.join(state, "asciinema", "asciinemad.log"), "rb") as log:
            return log.read().count(text)

    def kill(self):
        """Seconds until all sessions are taken over, and how many daemons that took."""
        taken, known = self.count_in_log(b": taken over"), set(children(os.getpid()))
        killed = kill_daemon(self.daemon.find_pid())
        while self.count_in_log(b": taken over") < taken + len(self.paths) + 1:  # and the one attached
            if time.perf_counter() > killed + PATIENCE_S:
                print("survival.py: not all sessions were taken over", file=sys.stderr)
                break
            time.sleep(0.002)
        seconds = time.perf_counter() - killed
        time.sleep(1)  # until daemons that were too many have ended
        started = [pid for pid in children(os.getpid())
                   if pid not in known and process_name(pid) == "asciinemad"]
        return seconds, len(started)


def crowd_memory(table, crowd, args):
    """Lets it grow meanwhile."""
    pid = crowd.daemon.pid
    parts = [args.sessions // 5] * 4 + [args.sessions - args.sessions // 5 * 4]
    sizes = [(smaps_kb(pid, "Rss"), smaps_kb(pid, "Pss"))]
    for part in parts:
        crowd.grow(part)
        sizes.append((smaps_kb(pid, "Rss"), smaps_kb(pid, "Pss")))
    table.add("daemon, RSS, MiB", sizes[-1][0] / 1024, AT_MOST, 40)
    table.add("daemon, PSS, MiB", sizes[-1][1] / 1024)
    table.add("each session, RSS, KiB", (sizes[-1][0] - sizes[0][0]) / args.sessions)
    table.add("each session, PSS, KiB", (sizes[-1][1] - sizes[0][1]) / args.sessions)
    table.add("each of the last %d, RSS, KiB" % parts[-1], (sizes[-1][0] - sizes[-2][0]) / parts[-1])
    shims = [smaps_kb(shim, "Private_Clean", "Private_Dirty") for shim in children(os.getpid())
             if process_name(shim) == "asciinema-shim"]
    table.add("shim, private, KiB, median of %d" % len(shims), statistics.median(shims))
    table.add("shim, private, KiB, max", max(shims), AT_MOST, 300)


def crowd_echo(table, crowd, member, alone, args):
    times = {"alone": [], "idle": [], "alone beside": [], "printing": []}
    for _ in range(args.rounds):
        times["alone"] += alone.round_trips()
        times["idle"] += member.round_trips()
        with crowd.printing():
            times["alone beside"] += alone.round_trips()
            times["printing"] += member.round_trips()
    for name, share, bound in (("p50", 0.5, None), ("p99", 0.99, 2)):
        at = {key: percentile(values, share) for key, values in times.items()}
        table.add("echo %s of a session alone, us" % name, at["alone"] * 1e6)
        table.add("to it, the others idle", at["idle"] / at["alone"], bound and AT_MOST, bound)
        table.add("to it, a line a second each; peer: alone",
                  at["printing"] / at["alone"], bound and AT_MOST, bound,
                  at["alone beside"] / at["alone"])


def crowd(args):
    table = Table("%d sessions of a daemon" % args.sessions)
    with reaper(), OwnDaemon(args.build_dir) as other, LiveSession(other, "alone") as alone, \
         OwnDaemon(args.build_dir) as daemon, LiveSession(daemon, "member") as member:
        crowd = Crowd(daemon)
        crowd_memory(table, crowd, args)
        table.add("of them do not record", args.sessions - crowd.count_recording(), AT_MOST, 0)
        crowd_echo(table, crowd, member, alone, args)
        table.add("daemon after that, RSS, MiB", smaps_kb(daemon.pid, "Rss") / 1024, AT_MOST, 40)
        seconds, daemons = crowd.kill()
        table.add("kill -9: ms until all are taken over", seconds * 1e3)
        table.add("kill -9: daemons started", daemons, AT_MOST, 1)
        table.add("kill -9: of them do not record", args.sessions - crowd.count_recording(), AT_MOST, 0)
        member.round_trips(10)
        table.add("next daemon, RSS, MiB", smaps_kb(daemon.find_pid(), "Rss") / 1024, AT_MOST, 40)
    return table


def main():
    items = {"handover": handover, "crowd": crowd}
    parser = argparse.ArgumentParser(description=__doc__.split("\n\n")[0])
    parser.add_argument("--build-dir", default=os.path.join(ROOT, "build"))
    parser.add_argument("--only", default=",".join(items), help="of: %(default)s")
    parser.add_argument("--sessions", type=int, default=500)
    parser.add_argument("--rounds", type=int, default=5)
    args = parser.parse_args()
    chosen = args.only.split(",")
    if unknown := set(chosen) - set(items):
        parser.error("no such item: %s" % ", ".join(sorted(unknown)))
    missed = sum(items[item](args).show() for item in chosen)
    print("%d targets missed" % missed if missed else "all targets met")
    sys.exit(1 if missed else 0)


if __name__ == "__main__":
    main()
