#!/usr/bin/env python3
"""How `asciinema play` keeps time, fills a terminal, starts, jumps and idles, beside asciinema 2's.

    playback.py [--build-dir DIR] [--only timing,seek] [--size-scale 0.02] [--rounds 3] [--dir DIR]

  timing      when 400 events arrive, against when they are due
  throughput  256 MB at `-s 1e6` to a terminal, against cat(1)
  first       from the start of `play` to the first byte, of a 2 GB file too
  memory      the daemon's, while it plays 1 GB at `-s 1e6` and after jumps
  seek        keys that jump in a paused 1 GB playback, to the first and last byte of the screen
  idle        what the daemon does while a playback is paused or waits for an event

Prints a table for each; exits 1 when a target is missed. Recordings are made in DIR and removed.
Wants a machine with nothing else to do.
"""
import argparse
import os
import random
import re
import statistics
import sys
import tempfile
import time

from gen_terminal_output import generate
from memory import count_system_calls
from own_daemon import ROOT, OwnDaemon
from recordings import write_events, write_recording
from terminal_child import TerminalChild

PEER = ["/usr/bin/python3", "/usr/bin/asciinema"]
INDEXING_TIMEOUT_S = 600
LEFT_ARROW = b"\x1b[D"
AT_MOST, AT_LEAST = "<=", ">="


def short(number):
    return "" if number is None else ("%.0f" if abs(number) >= 1000 else "%.4g") % number


class Table:
    """Rows: what, measured, [bound], [peer's]."""

    def __init__(self, title):
        self.title, self.rows = title, []

    def add(self, what, value, relation=None, bound=None, peer=None):
        self.rows.append((what, value, relation, bound, peer))

    def show(self):
        """Returns how many targets were missed."""
        missed = 0
        print("| %-42s |   wanted | measured |     peer |  ratio | result |" % self.title)
        print("|%s|---------:|---------:|---------:|-------:|-------:|" % ("-" * 44))
        for what, value, relation, bound, peer in self.rows:
            good = relation is None or (value <= bound if relation == AT_MOST else value >= bound)
            missed += not good
            print("| %-42s | %8s | %8s | %8s | %6s | %6s |" % (
                what, "%s %g" % (relation, bound) if relation else "", short(value), short(peer),
                "%.3f" % (value / peer) if peer else "",
                "" if relation is None else "PASS" if good else "FAIL"))
        print(flush=True)
        return missed


def percentile(values, share):
    return sorted(values)[min(len(values) - 1, int(len(values) * share))]


def process_status(pid, *names):
    """Numbers of /proc/PID/status."""
    with open("/proc/%d/status" % pid, encoding="ascii", errors="replace") as status:
        fields = dict(line.split(":", 1) for line in status)
    return [int(fields[name].split()[0]) for name in names]


def await_threads(pid, number):
    """A playback's threads end soon after it, when they can."""
    deadline = time.monotonic() + 5
    while process_status(pid, "Threads")[0] > number and time.monotonic() < deadline:
        time.sleep(0.02)


def reset_peak(pid):
    with open("/proc/%d/clear_refs" % pid, "w", encoding="ascii") as clear:
        clear.write("5")


def activity(pid):
    """Of all threads: how often one has waited and was woken, and CPU milliseconds."""
    waits = cpu_ns = 0
    for thread in os.listdir("/proc/%d/task" % pid):
        task = "/proc/%d/task/%s" % (pid, thread)
        with open(task + "/status", encoding="ascii", errors="replace") as status:
            waits += sum(int(line.split()[1]) for line in status if line.startswith("voluntary"))
        with open(task + "/schedstat", encoding="ascii") as times:
            cpu_ns += int(times.read().split()[0])
    return waits, cpu_ns / 1e6


class Bench:
    def __init__(self, args, directory):
        self.args, self.directory = args, directory
        self.daemon = None  # each item's own, so that none finds another's memory
        self.seek_result = None

    def run(self, item):
        with OwnDaemon(self.args.build_dir) as self.daemon:
            return getattr(self, item)()

    def size(self, megabytes):
        return max(1 << 20, int(megabytes * (1 << 20) * self.args.size_scale))

    def recording(self, megabytes, mix="mixed"):
        size = self.size(megabytes)
        path = os.path.join(self.directory, "%s-%d.cast" % (mix, size))
        if not os.path.exists(path):
            write_recording(path, size, 4096, mix)
        return path

    def ours(self, path, *options):
        return TerminalChild([self.daemon.client, "play", *options, path], self.daemon.env)

    def peer(self, path, *options):
        return TerminalChild(PEER + ["play", *options, path], self.daemon.env)

    # timing
    def lateness_ms(self, start, path, due, speed):
        """Of each event, relative to the first."""
        arrivals, text = [], bytearray()

        def note(data, at):
            text.extend(data)
            arrivals.append((len(text), at))

        with start(path, "-s", str(speed)) as child:
            child.drain(note)
        ends = [match.end() for match in re.finditer(rb"<\d{4}>", text)]
        if len(ends) != len(due):
            raise SystemExit("playback.py: %d events of %d arrived" % (len(ends), len(due)))
        times, portion = [], 0
        for end in ends:
            while arrivals[portion][0] < end:
                portion += 1
            times.append(arrivals[portion][1])
        return [((t - times[0]) - (d - due[0]) / speed) * 1e3 for t, d in zip(times, due)]

    def timing_row(self, start, path, due, speed):
        rounds = [self.lateness_ms(start, path, due, speed) for _ in range(self.args.rounds)]
        distances = [[abs(late) for late in lates] for lates in rounds]
        return [statistics.median(column) for column in zip(*(
            (statistics.median(distance), percentile(distance, 0.99), max(distance),
             # Of several events, because one may be late without any drift.
             abs(statistics.median(lates[-20:]) - statistics.median(lates[:20])))
            for lates, distance in zip(rounds, distances)))]

    def timing(self):
        chance, due = random.Random(1), [0.1]
        while len(due) < 400:
            due.append(round(due[-1] + chance.expovariate(400 / 3.9), 6))
        path = os.path.join(self.directory, "timing.cast")
        write_events(path, [(at, "<%04d>" % n) for n, at in enumerate(due)])
        table = Table("timing, ms from due; peer: asciinema 2")
        peer = self.timing_row(self.peer, path, due, 1)
        for speed in (0.5, 1, 3):
            row = self.timing_row(self.ours, path, due, speed)
            for what, value, bound, theirs in zip(("median", "p99", "max", "drift at the end"), row,
                                                  (None, 1, None, 1), peer):
                table.add("speed %g, %s" % (speed, what), value, bound and AT_MOST, bound,
                          theirs if speed == 1 else None)
        return table

    # throughput
    def rate(self, child):
        portions = [0, None, None]  # bytes, arrival of the first and of the last

        def count(data, at):
            portions[:] = portions[0] + len(data), portions[1] or at, at

        with child:
            child.drain(count)
        return portions[0] / (portions[2] - portions[1]) / 1e6

    def throughput(self):
        cast, small = self.recording(256, "dense"), self.recording(32, "dense")
        raw = os.path.join(self.directory, "raw")
        with open(raw, "wb") as out:
            generate(out.write, self.size(256), mix="dense")
        rates = {"play": [], "cat": [], "peer": []}
        for _ in range(self.args.rounds):
            rates["play"].append(self.rate(self.ours(cast, "-s", "1e6")))
            rates["cat"].append(self.rate(TerminalChild(["/bin/cat", raw], self.daemon.env)))
            rates["peer"].append(self.rate(self.peer(small, "-s", "1e6")))
        os.unlink(raw)
        play, cat, peer = (statistics.median(rates[name]) for name in ("play", "cat", "peer"))
        table = Table("throughput, MB/s")
        table.add("play; peer: asciinema 2", play, peer=peer)
        table.add("play; peer: cat", play, peer=cat)
        table.add("play / cat", statistics.median(
            p / c for p, c in zip(rates["play"], rates["cat"])), AT_LEAST, 0.9)
        return table

    # first
    def first_ms(self, start, path, ours):
        times = []
        for _ in range(5 * self.args.rounds):
            with start(path) as child:
                times.append((child.first_byte() - child.started) * 1e3)
                if ours:  # the next one should not find the daemon ending this one
                    child.quit()
        return statistics.median(times)

    def first(self):
        table = Table("first byte, ms; peer: asciinema 2")
        for megabytes in (1, 2048):
            path = self.recording(megabytes)
            table.add("play, a file of %d MB" % (os.path.getsize(path) >> 20),
                      self.first_ms(self.ours, path, True), AT_MOST, 20,
                      self.first_ms(self.peer, path, False))
            os.unlink(path)
        return table

    # memory
    def memory(self):
        pid = self.daemon.pid
        path, small = self.recording(1024), self.recording(16)
        idle_threads, = process_status(pid, "Threads")
        with self.ours(small, "-s", "1e6") as child:  # what is allocated once does not count
            child.drain()
        await_threads(pid, idle_threads)
        idle, = process_status(pid, "VmRSS")
        reset_peak(pid)
        state = [0, 0]  # bytes since the last look, most threads

        def look(data, _at):
            state[0] += len(data)
            if state[0] >= 4 << 20:
                state[:] = 0, max(state[1], process_status(pid, "Threads")[0])

        with self.ours(path, "-s", "1e6") as child:
            child.drain(look)
        peak = process_status(pid, "VmHWM")[0]
        result = self.seeks()
        await_threads(pid, idle_threads)
        ended, ended_threads = process_status(pid, "VmRSS", "Threads")
        table = Table("daemon, KiB over %d when idle" % idle)
        table.add("peak at full speed", peak - idle, AT_MOST, 40 << 10)
        table.add("after the jumps", result["rss"] - idle, AT_MOST, 40 << 10)
        table.add("after the end", ended - idle, AT_MOST, 8 << 10)
        table.add("threads more, at full speed", state[1] - idle_threads, AT_MOST, 2)
        table.add("threads more, after the jumps", result["threads"] - idle_threads, AT_MOST, 2)
        table.add("threads more, after the end", ended_threads - idle_threads, AT_MOST, 0)
        return table

    # seek
    def seeks(self):
        """Jumps about, once: times in seconds, and the daemon's memory in KiB."""
        if self.seek_result is not None:
            return self.seek_result
        chance = random.Random(1)
        with self.ours(self.recording(1024)) as child:
            child.pause()
            unindexed = child.press(b"9")[1]
            begin = time.perf_counter()
            while child.press(b"0") and child.press(b"9")[1] > 0.1:
                if time.perf_counter() > begin + INDEXING_TIMEOUT_S:
                    break
            keys = [LEFT_ARROW if chance.random() < 0.4 else b"%d" % chance.randrange(10)
                    for _ in range(50)]
            jumps = [child.press(key) for key in keys]
            rss, threads = process_status(self.daemon.pid, "VmRSS", "Threads")
            child.quit()
        self.seek_result = {"unindexed": unindexed, "jumps": jumps, "rss": rss, "threads": threads}
        return self.seek_result

    def seek(self):
        result = self.seeks()
        table = Table("seek, ms")
        table.add("first jump to 90 %, nothing indexed", result["unindexed"] * 1e3)
        for column, what in enumerate(("first byte", "last byte")):
            times = [jump[column] * 1e3 for jump in result["jumps"]]
            table.add("50 jumps to the %s, median" % what, statistics.median(times), AT_MOST, 100)
            table.add("50 jumps to the %s, max" % what, max(times), AT_MOST, 100)
        return table

    # idle
    def idle(self):
        pid, seconds = self.daemon.pid, 5
        path = os.path.join(self.directory, "idle.cast")
        write_events(path, [(0, "begin"), (4 * seconds, "end")])
        table = Table("daemon and client in %d s" % seconds)
        for label in ("paused", "between events"):
            with self.ours(path) as child:
                child.pause() if label == "paused" else child.first_byte()
                time.sleep(1)
                before = activity(pid)
                time.sleep(seconds)
                waits, cpu_ms = (b - a for a, b in zip(before, activity(pid)))
                table.add("%s: wake-ups of the daemon" % label, waits, AT_MOST, 0)
                table.add("%s: CPU of the daemon, ms" % label, cpu_ms, AT_MOST, 1)
                try:
                    calls = count_system_calls([pid, child.pid], seconds)
                    table.add("%s: system calls" % label, calls, AT_MOST, 0)
                except (OSError, SystemExit) as e:  # no strace, or it must not attach
                    print("system calls are not counted: %s" % e, file=sys.stderr)
                child.quit()
        return table


def main():
    # Memory before seek, which has no jumps of its own then.
    items = ["timing", "throughput", "first", "memory", "seek", "idle"]
    parser = argparse.ArgumentParser(description=__doc__.split("\n\n")[0])
    parser.add_argument("--build-dir", default=os.path.join(ROOT, "build"))
    parser.add_argument("--only", default=",".join(items), help="of: %(default)s")
    parser.add_argument("--size-scale", type=float, default=1, help="of all recordings, for a quick check")
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--dir", default="/var/tmp", help="for up to 4 GB (default: %(default)s)")
    args = parser.parse_args()
    chosen = args.only.split(",")
    if unknown := set(chosen) - set(items):
        parser.error("no such item: %s" % ", ".join(sorted(unknown)))
    missed = 0
    with tempfile.TemporaryDirectory(prefix="asciinemad-bench-", dir=args.dir) as directory:
        bench = Bench(args, directory)
        for item in items:
            if item in chosen:
                missed += bench.run(item).show()
    print("%d targets missed" % missed if missed else "all targets met")
    sys.exit(1 if missed else 0)


if __name__ == "__main__":
    main()
