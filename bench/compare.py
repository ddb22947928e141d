#!/usr/bin/env python3
"""Compares asciinemad with script(1), Debian's asciinema, ttyrec and tmux in one run of recbench.py,
and holds the ratios against the project's targets.

    compare.py --workload FILE [--build-dir DIR] [recbench.py's options...]

Exits 1 when a target is missed.
"""
import argparse
import json
import os
import shlex
import subprocess
import sys

from own_daemon import ROOT, OwnDaemon
from recbench import ratio

# tmux records nothing: it is the peer that also puts a server between a program and its terminal.
# The interpreter is named because a pyenv in PATH lacks Debian's asciinema module.
PEERS = [
    "script=script -q -c {cmd} {out}",
    "asciinema=/usr/bin/python3 /usr/bin/asciinema rec -q --overwrite -c {cmd} {out}",
    "ttyrec=ttyrec -e {cmd} {out}",
    "tmux=tmux -L bench{id} -f /dev/null new-session {cmd}",
]

# (peer, sample, what it is, bound, is the bound an upper one)
TARGETS = [
    ("script", "echo_p50_us", "echo p50", 1.05, True),
    ("script", "echo_p99_us", "echo p99", 1.15, True),
    ("script", "MB/s", "throughput", 0.95, False),
    ("script", "cpu_s/GB", "CPU s/GB", 1.10, True),
    ("script", "start_ms", "start+stop", 0.40, True),
    ("asciinema", "start_ms", "start+stop", 0.03, True),
    ("asciinema", "cpu_s/GB", "CPU s/GB", 0.30, True),
    ("asciinema", "echo_p50_us", "echo p50", 0.50, True),
]


def check_targets(samples):
    """Prints the table of targets; returns how many were missed."""
    missed = 0
    print("\n| target (ours / peer)       |   wanted | measured | result |")
    print("|----------------------------|---------:|---------:|-------:|")
    for peer, key, label, bound, upper in TARGETS:
        ours, theirs = samples["ours"].get(key), samples[peer].get(key)
        value = ratio(ours, theirs) if ours and theirs else None
        good = value is not None and (value <= bound if upper else value >= bound)
        missed += not good
        print("| %-26s | %s %5.2f | %8s | %6s |" % (
            "%s, %s" % (peer, label), "<=" if upper else ">=", bound,
            "-" if value is None else "%.3f" % value, "PASS" if good else "FAIL"))
    return missed


def main():
    parser = argparse.ArgumentParser(description=__doc__.split("\n\n")[0], epilog="Other options go to recbench.py.")
    parser.add_argument("--build-dir", default=os.path.join(ROOT, "build"))
    parser.add_argument("--workload", required=True)
    args, more = parser.parse_known_args()
    with OwnDaemon(args.build_dir) as daemon:
        ours = "ours=%s rec -q --overwrite -c {cmd} {out}" % shlex.quote(daemon.client)
        result = os.path.join(daemon.dir, "result.json")
        command = [sys.executable, os.path.join(ROOT, "bench", "recbench.py"),
                   "--workload", args.workload, "--json", result, "--dir", daemon.dir,
                   "--daemon", "ours=%d" % daemon.pid]
        for spec in [ours] + PEERS:
            command += ["--rec", spec]
        subprocess.run(command + more, env=daemon.env, check=True)
        with open(result, encoding="utf-8") as samples:
            missed = check_targets(json.load(samples)["samples"])
    sys.exit(1 if missed else 0)


if __name__ == "__main__":
    main()
