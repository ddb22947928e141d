#!/usr/bin/env python3
"""What steering a recording costs: `asciinema mark` as a process, requests on one connection, and
what either does to the session meanwhile.

    control.py [--build-dir DIR] [--only process,rate,echo] [--rounds 5]

  process  from fork to exit, beside true(1) and tmux's display-message
  rate     acknowledged markers a second on one connection, beside tmux's control mode
  echo     a key's way into a recorded cat(1) and back, while markers are set, to quiet times; beside
           it the same with processes that take as much of the machine but know no daemon

Prints a table for each; exits 1 when a target is missed. Needs capnp(1). Wants a machine with
nothing else to do.
"""
import argparse
import contextlib
import multiprocessing
import os
import socket
import statistics
import struct
import subprocess
import sys
import time

from live_session import LiveSession
from own_daemon import ROOT, OwnDaemon
from playback import AT_LEAST, AT_MOST, Table, activity, percentile

SCHEMA = os.path.join(ROOT, "proto", "asciinemad.capnp")
WINDOW = 64  # requests that wait for their answers
REQUESTS = 100_000
WANTED_RATE = 20_000  # a second
TMUX = ["/usr/bin/tmux", "-L", "bench", "-f", "/dev/null"]
PERIOD_S = 0.01


def capnp(verb, message_type, data):
    return subprocess.run(["capnp", verb, SCHEMA, message_type], input=data, check=True,
                          stdout=subprocess.PIPE).stdout


class Peer:
    """A connection to the daemon that has said hello."""

    def __init__(self, daemon):
        self.socket = socket.socket(socket.AF_UNIX)
        self.socket.connect(os.path.join(daemon.env["XDG_RUNTIME_DIR"], "asciinemad", "socket"))
        self.socket.settimeout(60)
        self.socket.sendall(capnp("encode", "Request", b"(hello = (protocolMin = 2, protocolMax = 2))"))
        self.answer("hello")

    def receive(self, size):
        data = b""
        while len(data) < size:
            part = self.socket.recv(size - len(data))
            if not part:
                raise SystemExit("control.py: the daemon has closed the connection")
            data += part
        return data

    def answer(self, kind):
        """The next message, as bytes."""
        head = self.receive(8)
        segments, words = struct.unpack("<II", head)
        if segments != 0:
            raise SystemExit("control.py: an answer of %d segments" % (segments + 1))
        message = head + self.receive(8 * words)
        text = capnp("decode", "Reply", message)
        if kind.encode() not in text:
            raise SystemExit("control.py: no %s but %s" % (kind, text.decode()))
        return message

    def mark(self, session, label, count, acknowledged=None, pace=None):
        """So many markers, with WINDOW requests under way. `pace`: the most in a second."""
        request = capnp("encode", "Request", b'(id = 1, steer = (session = "%s", mark = "%s"))' % (
            session.encode(), label.encode()))
        self.socket.sendall(request)
        answer = self.answer("ok")  # they are all the same
        sent, answered, rest = 1, 1, b""
        started = time.monotonic()
        while answered < count:
            if pace is not None:
                time.sleep(max(0, started + answered / pace - time.monotonic()))
            more = min(count, answered + WINDOW) - sent
            self.socket.sendall(request * more)
            sent += more
            rest += self.receive(1) + self.socket.recv(1 << 16, socket.MSG_DONTWAIT)
            got = len(rest) // len(answer)
            if rest[:got * len(answer)] != answer * got:
                raise SystemExit("control.py: a marker was refused")
            answered, rest = answered + got, rest[got * len(answer):]
            if acknowledged is not None:
                acknowledged.value = answered


@contextlib.contextmanager
def beside(*functions):
    """Runs each in a process of its own meanwhile."""
    context = multiprocessing.get_context("fork")
    processes = [context.Process(target=function, daemon=True) for function in functions]
    for process in processes:
        process.start()
    time.sleep(0.2)
    try:
        yield
        if not all(process.is_alive() for process in processes):
            raise SystemExit("control.py: what was to run beside it has ended")
    finally:
        for process in processes:
            process.kill()
            process.join()


def spin():
    """Takes a processor, as the daemon and the flood do."""
    while True:
        pass


def run(command, env):
    """Seconds from fork to exit."""
    quiet = [(os.POSIX_SPAWN_OPEN, 0, "/dev/null", os.O_RDWR, 0), (os.POSIX_SPAWN_DUP2, 0, 1)]
    started = time.perf_counter()
    pid = os.posix_spawn(command[0], command, env, file_actions=quiet)
    status = os.waitpid(pid, 0)[1]
    taken = time.perf_counter() - started
    if status != 0:
        raise SystemExit("control.py: %s: status %d" % (" ".join(command), status))
    return taken


def run_periodically(command, env):
    due = time.monotonic()
    while True:
        run(command, env)
        due = max(due + PERIOD_S, time.monotonic())
        time.sleep(max(0, due - time.monotonic()))


class Bench:
    def __init__(self, args):
        self.args = args

    def run(self, item):
        with OwnDaemon(self.args.build_dir) as daemon, LiveSession(daemon, item) as session:
            self.mark = [daemon.client, "mark", "process"]
            self.mark_env = dict(daemon.env, ASCIINEMA_SESSION=session.id)
            return getattr(self, item)(daemon, session)

    @staticmethod
    def markers(session, label):
        return session.recorded().count(b'"m", "%s"]' % label.encode())

    # process
    def process(self, daemon, session):
        tmux = TMUX + ["display-message", "-p", "mark"]
        run(TMUX + ["new-session", "-d", "cat"], daemon.env)
        count = 60 * self.args.rounds
        times = {"mark": [], "true": [], "tmux": []}
        try:
            for _ in range(count):
                times["mark"].append(run(self.mark, self.mark_env))
                times["true"].append(run(["/usr/bin/true"], daemon.env))
                times["tmux"].append(run(tmux, daemon.env))
        finally:
            run(TMUX + ["kill-server"], daemon.env)
        table = Table("mark as a process, ms, of %d" % count)
        for name, share, bound in (("median", 0.5, 3), ("p99", 0.99, None)):
            mark, floor, peer = (percentile(times[key], share) * 1e3 for key in ("mark", "true", "tmux"))
            table.add("%s; peer: true" % name, mark, AT_MOST if bound else None, bound, floor)
            table.add("%s; peer: tmux display-message" % name, mark, peer=peer)
        table.add("markers that are not in the recording", count - self.markers(session, "process"),
                  AT_MOST, 0)
        return table

    # rate
    def rate(self, daemon, session):
        ours, peers = [], []
        before = activity(daemon.pid)[1]
        for _ in range(self.args.rounds):
            peer = Peer(daemon)
            started = time.perf_counter()
            peer.mark(session.id, "flood", REQUESTS)
            ours.append(REQUESTS / (time.perf_counter() - started))
            peer.socket.close()
            peers.append(self.tmux_rate(daemon, REQUESTS // 10))
        cpu_us = (activity(daemon.pid)[1] - before) * 1e3 / (REQUESTS * self.args.rounds)
        table = Table("requests on one connection")
        table.add("markers a second; peer: tmux -C", statistics.median(ours), AT_LEAST, WANTED_RATE,
                  statistics.median(peers))
        table.add("CPU of the daemon for each, us", cpu_us)
        table.add("markers that are not in the recording",
                  REQUESTS * self.args.rounds - self.markers(session, "flood"), AT_MOST, 0)
        return table

    @staticmethod
    def tmux_rate(daemon, count):
        """Of a command that changes something and shows nothing."""
        command = b"set-option -g @mark x\n"
        with subprocess.Popen(TMUX + ["-C", "new-session", "cat"], env=daemon.env, bufsize=0,
                              stdin=subprocess.PIPE, stdout=subprocess.PIPE) as tmux:
            rest = b""

            def answers():
                nonlocal rest
                data = os.read(tmux.stdout.fileno(), 1 << 16)
                if not data:
                    raise SystemExit("control.py: tmux has ended")
                lines = (rest + data).split(b"\n")
                rest = lines.pop()
                return sum(line.startswith(b"%end ") for line in lines)

            while answers() == 0:  # of new-session
                pass
            started, sent, answered = time.perf_counter(), 0, 0
            while answered < count:
                more = min(count, answered + WINDOW) - sent
                tmux.stdin.write(command * more)
                sent += more
                answered += answers()
            taken = time.perf_counter() - started
            tmux.stdin.write(b"kill-server\n")
            while os.read(tmux.stdout.fileno(), 1 << 16):
                pass
        return count / taken

    # echo
    def echo(self, daemon, session):
        acknowledged = multiprocessing.Value("L", 0)

        def flood(pace):
            Peer(daemon).mark(session.id, "flood", sys.maxsize, acknowledged, pace)

        loads = {
            "quiet": (),
            "spin": (spin, spin),
            "flood": (lambda: flood(None),),
            "paced": (lambda: flood(WANTED_RATE),),
            "true": (lambda: run_periodically(["/usr/bin/true"], daemon.env),),
            "mark": (lambda: run_periodically(self.mark, self.mark_env),),
        }
        times = {name: [] for name in loads}
        total = 0
        for _ in range(self.args.rounds):
            for name, functions in loads.items():
                acknowledged.value = 0
                with beside(*functions):
                    times[name] += session.round_trips()
                total += acknowledged.value
        table = Table("echo, to quiet")
        for name, share, bound in (("p50", 0.5, None), ("p99", 0.99, 1.1)):
            at = {key: percentile(values, share) for key, values in times.items()}
            table.add("quiet %s, us" % name, at["quiet"] * 1e6)
            for what, load, control in (
                    ("a flood; peer: 2 busy loops", "flood", "spin"),
                    ("%d a second; peer: same" % WANTED_RATE, "paced", "spin"),
                    ("mark every %d ms; peer: true" % (PERIOD_S * 1e3), "mark", "true")):
                table.add("%s, %s" % (name, what), at[load] / at["quiet"], bound and AT_MOST, bound,
                          at[control] / at["quiet"])
        table.add("markers that are not in the recording",
                  max(0, total - self.markers(session, "flood")), AT_MOST, 0)
        return table


def main():
    items = ["process", "rate", "echo"]
    parser = argparse.ArgumentParser(description=__doc__.split("\n\n")[0])
    parser.add_argument("--build-dir", default=os.path.join(ROOT, "build"))
    parser.add_argument("--only", default=",".join(items), help="of: %(default)s")
    parser.add_argument("--rounds", type=int, default=5)
    args = parser.parse_args()
    chosen = args.only.split(",")
    if unknown := set(chosen) - set(items):
        parser.error("no such item: %s" % ", ".join(sorted(unknown)))
    bench = Bench(args)
    missed = sum(bench.run(item).show() for item in chosen)
    print("%d targets missed" % missed if missed else "all targets met")
    sys.exit(1 if missed else 0)


if __name__ == "__main__":
    main()
