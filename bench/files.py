#!/usr/bin/env python3
"""Throughput and memory of `asciinema cat` and `asciinema convert`, against asciinema 2's `cat`.

    files.py [--size 512M] [--build-dir DIR] [--rounds 3] [--events 4096]

Makes an asciicast v2 of that size out of gen_terminal_output.py's text, a new event every --events
bytes, and prints a table of medians: MB/s of the recording that is read, what comes out going to
/dev/null, and peak RSS. Asciinema 2 and the slow formats get a smaller copy of the same recording.
Exits 1 when a target is missed. Wants a machine with nothing else to do.
"""
import argparse
import fcntl
import os
import pty
import statistics
import subprocess
import sys
import tempfile
import termios
import threading
import time

from gen_terminal_output import parse_size
from recordings import write_recording

ROOT = os.path.dirname(os.path.dirname(os.path.realpath(__file__)))
PEER = ["/usr/bin/python3", "/usr/bin/asciinema"]

TARGETS = {  # what: (column, at least or at most)
    "cat v2": [("MB/s", ">=", 1000), ("ratio", ">=", 10), ("RSS KB", "<=", 10240)],
    "convert v2 -> v3": [("MB/s", ">=", 400), ("RSS KB", "<=", 10240)],
}


def own_terminal(slave):
    """Asciinema 2 reads keys from its controlling terminal, even for `cat`."""
    def become():
        os.setsid()
        fcntl.ioctl(slave, termios.TIOCSCTTY, 0)
    return become


class PeakMemory(threading.Thread):
    """VmHWM of a process, which its own end takes away; wait4() would count the parent's."""

    def __init__(self, pid):
        super().__init__()
        self.pid, self.peak_kb = pid, 0

    def run(self):
        while True:
            try:
                with open("/proc/%d/status" % self.pid, encoding="utf-8") as status:
                    lines = [line.split()[1] for line in status if line.startswith("VmHWM:")]
            except OSError:
                return
            if not lines:
                return
            self.peak_kb = int(lines[0])
            time.sleep(0.005)


def measure(command, bytes_read, rounds):
    rates, peak_kb = [], 0
    master, slave = pty.openpty()
    with open(os.devnull, "wb") as null:
        for _ in range(rounds):
            start = time.perf_counter()
            process = subprocess.Popen(command, stdin=slave, stdout=null, preexec_fn=own_terminal(slave))
            memory = PeakMemory(process.pid)
            memory.start()
            status = process.wait()
            seconds = time.perf_counter() - start
            memory.join()
            if status != 0:
                sys.exit("%s: exit status %d" % (" ".join(command), status))
            rates.append(bytes_read / seconds / 1e6)
            peak_kb = max(peak_kb, memory.peak_kb)
    os.close(master)
    os.close(slave)
    return {"MB/s": statistics.median(rates), "RSS KB": peak_kb}


def misses(name, row):
    for column, relation, bound in TARGETS.get(name, []):
        value = row.get(column)
        if value is not None and not (value >= bound if relation == ">=" else value <= bound):
            yield "%s: %s is %.1f, wanted %s %d" % (name, column, value, relation, bound)


def run(args, directory):
    client = os.path.join(os.path.realpath(args.build_dir), "asciinema")
    cast = {v: os.path.join(directory, "v%d.cast" % v) for v in (1, 2, 3)}
    small = os.path.join(directory, "small.cast")
    size = write_recording(cast[2], args.size, args.events)
    small_size = write_recording(small, min(args.size, args.small_size), args.events)
    for version in (1, 3):
        subprocess.run([client, "convert", "-f", "v%d" % version, small if version == 1 else cast[2],
                        cast[version]], check=True)
    sizes = {v: os.path.getsize(path) for v, path in cast.items()}

    rows = {"asciinema 2 cat v2": measure(PEER + ["cat", small], small_size, args.rounds)}
    peer = rows["asciinema 2 cat v2"]["MB/s"]
    for version in (2, 3, 1):
        row = rows["cat v%d" % version] = measure([client, "cat", cast[version]], sizes[version], args.rounds)
        row["ratio"] = row["MB/s"] / peer
    for source, target, path, path_size in (
            (2, "v3", cast[2], size), (3, "v2", cast[3], sizes[3]), (2, "v1", cast[2], size),
            (2, "raw", cast[2], size), (2, "txt", small, small_size)):
        command = [client, "convert", "--overwrite", "-f", target, path, "/dev/null"]
        rows["convert v%d -> %s" % (source, target)] = measure(command, path_size, args.rounds)
    return rows


def main():
    parser = argparse.ArgumentParser(description=__doc__.split("\n\n")[0])
    parser.add_argument("--size", type=parse_size, default="512M", help="of the recording (default: 512M)")
    parser.add_argument("--small-size", type=parse_size, default="32M",
                        help="of the copy for what is slow (default: 32M)")
    parser.add_argument("--events", type=int, default=4096, help="bytes of output in an event")
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--build-dir", default=os.path.join(ROOT, "build"))
    args = parser.parse_args()
    os.environ["LANG"] = "C.UTF-8"
    with tempfile.TemporaryDirectory(prefix="asciinemad-bench-") as directory:
        rows = run(args, directory)
    print("| what                 |    MB/s | / asciinema 2 | RSS KB |")
    print("|----------------------|--------:|--------------:|-------:|")
    for name, row in rows.items():
        ratio = "%.1f" % row["ratio"] if "ratio" in row else ""
        print("| %-20s | %7.1f | %13s | %6d |" % (name, row["MB/s"], ratio, row["RSS KB"]))
    missed = [miss for name, row in rows.items() for miss in misses(name, row)]
    print("\n".join(missed) or "all targets met")
    sys.exit(1 if missed else 0)


if __name__ == "__main__":
    main()
