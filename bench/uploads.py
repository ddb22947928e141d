#!/usr/bin/env python3
"""Measures uploads: putting recordings into the queue, sending, and what that costs others.

    uploads.py [--build-dir DIR] [--size MIB] [--only queue,send,echo,idle] [--tmpfs DIR]

The server is a process of its own. Exits 1 when a target is missed.
"""
import argparse
import multiprocessing
import os
import pty
import re
import select
import shutil
import socket
import statistics
import subprocess
import sys
import tempfile
import threading
import time
import tty

from memory import count_system_calls, smaps_kb
from own_daemon import ROOT, OwnDaemon

TIMEOUT_S = 300
HEAD = b'{"version": 2, "width": 80, "height": 24, "timestamp": 1700000000}\n'
EVENT = b'[1.000000, "o", "' + b"x" * 4060 + b'"]\n'


class Server:
    """Takes uploads. `pace`: bytes a second for each connection; None: as fast as they come."""

    def __init__(self, pace=None, answer=b"HTTP/1.1 201 Created", headers=b""):
        self.pace, self.answer, self.headers = pace, answer, headers
        self.count = multiprocessing.Value("L", 0)
        self.socket = socket.create_server(("127.0.0.1", 0), backlog=256)
        self.url = "http://127.0.0.1:%d" % self.socket.getsockname()[1]
        # A thread would take the time of whoever measures.
        self.process = multiprocessing.get_context("fork").Process(target=self.accept, daemon=True)
        self.process.start()
        self.socket.close()

    @property
    def arrived(self):
        return self.count.value

    def accept(self):
        # It stands for another machine, so it has no claim to this one's processors.
        os.sched_setscheduler(0, os.SCHED_IDLE, os.sched_param(0))
        while True:
            try:
                connection = self.socket.accept()[0]
            except OSError:
                return
            threading.Thread(target=self.serve, args=(connection,), daemon=True).start()

    def serve(self, connection):
        with connection:
            data = b""
            while b"\r\n\r\n" not in data:
                part = connection.recv(65536)
                if not part:
                    return
                data += part
            head, rest = data.split(b"\r\n\r\n", 1)
            left = int(re.search(rb"(?i)content-length: *(\d+)", head)[1]) - len(rest)
            buffer = bytearray(1 << 20)
            started, taken = time.monotonic(), 0
            while left > 0:
                if self.pace and taken > (time.monotonic() - started) * self.pace:
                    time.sleep(0.01)
                    continue
                got = connection.recv_into(buffer, min(left, 65536 if self.pace else len(buffer)))
                if not got:
                    return
                left -= got
                taken += got
            body = b'{"url": "https://example.com/a/1"}'
            connection.sendall(self.answer + b"\r\nContent-Type: application/json\r\n" + self.headers
                               + b"Content-Length: %d\r\n\r\n" % len(body) + body)
        with self.count.get_lock():
            self.count.value += 1

    def wait_for(self, count):
        deadline = time.monotonic() + TIMEOUT_S
        while self.arrived < count:
            if time.monotonic() > deadline:
                raise SystemExit("uploads.py: only %d of %d uploads came" % (self.arrived, count))
            time.sleep(0.01)

    def close(self):
        self.process.kill()
        self.process.join()


def write_recording(path, size):
    with open(path, "wb") as out:
        out.write(HEAD)
        block = EVENT * 256
        for _ in range(max(1, size // len(block))):
            out.write(block)
    return path


class Bench:
    def __init__(self, args):
        self.args, self.missed, self.lines = args, 0, []

    def report(self, label, bound, value, peer=""):
        verdict = "" if bound is None else "PASS" if value <= bound else "FAIL"
        self.missed += verdict == "FAIL"
        self.lines.append("| %-46s | %8s | %8.2f | %-20s | %4s |" % (
            label, "" if bound is None else "%g" % bound, value, peer, verdict))
        print(self.lines[-1], flush=True)

    def upload(self, daemon, server, *words):
        env = dict(daemon.env, ASCIINEMA_API_URL=server.url)
        started = time.perf_counter()
        subprocess.run([daemon.client, "upload", *words], env=env, check=True, timeout=TIMEOUT_S,
                       stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL,
                       stderr=subprocess.DEVNULL)
        return time.perf_counter() - started

    def queue(self, daemon, directory):
        server = Server()
        small = write_recording(os.path.join(directory, "small.cast"), 1 << 20)
        self.upload(daemon, server, "--background", small)
        start = statistics.median(self.client_start(daemon) for _ in range(20))
        times = [self.upload(daemon, server, "--background", small) for _ in range(20)]
        self.report("1 MB into the queue, ms, with the client", 10 + start * 1e3,
                    statistics.median(times) * 1e3, "client alone %.1f" % (start * 1e3))
        server.wait_for(21)
        large = write_recording(os.path.join(directory, "large.cast"), self.args.size << 20)
        target = os.path.join(directory, "copy.cast")
        started = time.perf_counter()
        subprocess.run(["cp", "--reflink=auto", large, target], check=True)
        subprocess.run(["sync", target], check=True)
        copied = time.perf_counter() - started
        os.unlink(target)
        taken = self.upload(daemon, server, "--background", large)
        # The queue's copy is read as a whole, too.
        self.report("%d MiB into the queue, to cp and sync" % self.args.size, 3, taken / copied,
                    "cp %.2f s" % copied)
        server.wait_for(22)
        server.close()

    def client_start(self, daemon):
        started = time.perf_counter()
        subprocess.run([daemon.client, "ls"], env=daemon.env, check=True, stdout=subprocess.DEVNULL)
        return time.perf_counter() - started

    def send(self, daemon, directory):
        server = Server()
        large = write_recording(os.path.join(directory, "large.cast"), self.args.size << 20)
        small = write_recording(os.path.join(directory, "small.cast"), 1 << 20)
        self.upload(daemon, server, small)  # loads the HTTP module
        before = smaps_kb(daemon.pid, "Rss")
        most, done = 0, threading.Event()

        def sample():
            nonlocal most
            while not done.wait(0.02):
                most = max(most, smaps_kb(daemon.pid, "Rss"))

        sampler = threading.Thread(target=sample)
        sampler.start()
        ours = self.upload(daemon, server, large)
        done.set()
        sampler.join()
        self.report("memory of a %d MiB upload, MiB" % self.args.size, 2, (most - before) / 1024)
        env = dict(daemon.env, ASCIINEMA_API_URL=server.url)
        started = time.perf_counter()
        peer = subprocess.Popen(["/usr/bin/asciinema", "upload", large], env=env,
                                stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL,
                                stderr=subprocess.DEVNULL)
        status, usage = os.wait4(peer.pid, 0)[1:]
        theirs = time.perf_counter() - started
        note = "failed" if status else "%.1f s, %d MiB" % (theirs, usage.ru_maxrss / 1024)
        self.report("time of it, to asciinema 2's", 1.5, ours / theirs, note)
        server.close()

    def echo(self, daemon, directory):
        """A key's way into a recorded cat and back, with and without four uploads beside it."""
        servers = [Server(pace=20e6), Server(pace=20e6)]
        large = write_recording(os.path.join(directory, "large.cast"), 256 << 20)
        pid, terminal = pty.fork()
        if pid == 0:
            out = os.path.join(directory, "echo.cast")
            os.execve(daemon.client, [daemon.client, "rec", "-q", "-c",
                                      "stty raw -echo; printf RE''ADY; exec cat", out], daemon.env)
        tty.setraw(terminal)
        self.read_until(terminal, b"READY")
        quiet, peer, busy = [], [], []
        for _ in range(3):
            quiet += self.round_trips(terminal)
            # The same traffic by others, as nice as the daemon's threads: what the network costs.
            curls = [subprocess.Popen(["nice", "-n", "10", "curl", "-s", "-o", "/dev/null", "-H", "Expect:",
                                       "-F", "asciicast=@" + large, server.url + "/api/asciicasts"])
                     for server in servers * 2]
            time.sleep(0.3)
            peer += self.round_trips(terminal)
            for curl in curls:
                curl.kill()
                curl.wait()
            count = [server.arrived for server in servers]
            for server in servers * 2:
                self.upload(daemon, server, "--background", large)
            busy += self.round_trips(terminal)
            if [server.arrived for server in servers] != count:
                raise SystemExit("uploads.py: the uploads ended too early to be measured")
            for server, before in zip(servers, count):
                server.wait_for(before + 2)
        os.close(terminal)
        os.waitpid(pid, 0)
        for name, part in (("p50", 0.5), ("p99", 0.99)):
            a, b, c = (sorted(x)[int(part * len(x))] * 1e6 for x in (quiet, peer, busy))
            self.report("echo %s with 4 uploads, to without" % name, 1.1, c / a,
                        "curl's: %.2f" % (b / a))
        for server in servers:
            server.close()

    @staticmethod
    def read_until(terminal, text):
        seen = b""
        while text not in seen:
            if not select.select([terminal], [], [], 20)[0]:
                raise SystemExit("uploads.py: no %r from the session, only %r" % (text, seen))
            seen += os.read(terminal, 4096)

    def round_trips(self, terminal):
        times = []
        for _ in range(1000):
            started = time.perf_counter()
            os.write(terminal, b"k")
            self.read_until(terminal, b"k")
            times.append(time.perf_counter() - started)
            time.sleep(0.001)
        return times

    def idle(self, daemon, directory):
        server = Server(answer=b"HTTP/1.1 503 Busy", headers=b"Retry-After: 3600\r\n")
        small = write_recording(os.path.join(directory, "small.cast"), 1024)
        self.upload(daemon, server, "--background", small)
        server.wait_for(1)  # the HTTP module is there
        before = smaps_kb(daemon.pid, "Rss")
        for _ in range(1000):
            self.upload(daemon, server, "--background", small)
        server.wait_for(1001)
        time.sleep(2)  # until the last answer is on the disk
        self.report("memory of 1000 waiting uploads, MiB", 4, (smaps_kb(daemon.pid, "Rss") - before) / 1024)
        self.report("system calls in 10 s, 1000 waiting", 0, count_system_calls([daemon.pid], 10))
        server.close()


def main():
    parser = argparse.ArgumentParser(description=__doc__.split("\n\n")[0])
    parser.add_argument("--build-dir", default=os.path.join(ROOT, "build"))
    parser.add_argument("--size", type=int, default=1024, help="MiB of the large recording")
    parser.add_argument("--only", default="queue,send,echo,idle")
    parser.add_argument("--tmpfs", default="/dev/shm", help="where the queue is")
    args = parser.parse_args()
    bench = Bench(args)
    print("| %-46s | %8s | %8s | %-20s | %4s |" % ("uploads", "at most", "measured", "beside it", ""))
    print("|%s|%s:|%s:|%s|%s|" % ("-" * 48, "-" * 9, "-" * 9, "-" * 22, "-" * 6))
    for name in args.only.split(","):
        directory = tempfile.mkdtemp(prefix="asciinemad-uploads-", dir=args.tmpfs)
        try:
            with OwnDaemon(args.build_dir, {"XDG_STATE_HOME": directory}) as daemon:
                getattr(bench, name)(daemon, directory)
        finally:
            shutil.rmtree(directory, ignore_errors=True)
    sys.exit(1 if bench.missed else 0)


if __name__ == "__main__":
    main()
