"""A program on a terminal of its own, which a benchmark reads as fast as possible."""
import fcntl
import os
import pty
import select
import struct
import termios
import threading
import time
import tty

TIMEOUT_S = 600
QUIET_S = 0.1  # a screen is complete when nothing has followed for so long


class TerminalChild:
    """with TerminalChild(COMMAND, ENVIRONMENT) as child: ... child.pid, child.started"""

    def __init__(self, command, env):
        self.command, self.status = command, None
        self.master, slave = pty.openpty()
        fcntl.ioctl(slave, termios.TIOCSWINSZ, struct.pack("HHHH", 24, 80, 0, 0))
        tty.setraw(slave)  # as players do; cat(1) must not have its newlines translated either
        # Opened by a new session's leader it becomes the controlling terminal. Unlike fork(),
        # posix_spawn() takes the same time whatever memory this process has.
        opening = [(os.POSIX_SPAWN_OPEN, 0, os.ttyname(slave), os.O_RDWR, 0),
                   (os.POSIX_SPAWN_DUP2, 0, 1), (os.POSIX_SPAWN_DUP2, 0, 2)]
        self.started = time.perf_counter()
        self.pid = os.posix_spawn(command[0], command, env, file_actions=opening, setsid=True)
        os.close(slave)

    def __enter__(self):
        return self

    def __exit__(self, *_):
        os.close(self.master)
        if self.status is None:
            os.kill(self.pid, 9)
            os.waitpid(self.pid, 0)

    def fail(self, what):
        raise SystemExit("%s: %s" % (" ".join(self.command), what))

    def read(self):
        """b"" at the end."""
        try:
            return os.read(self.master, 1 << 16)
        except OSError:  # EIO: the last holder of the slave has gone
            return b""

    def read_until(self, deadline):
        """b"" at the end; None: nothing came."""
        ready = select.select([self.master], [], [], max(0, deadline - time.perf_counter()))[0]
        return self.read() if ready else None

    def first_byte(self):
        """When it arrived."""
        if not self.read_until(time.perf_counter() + TIMEOUT_S):
            self.fail("nothing came to the terminal")
        return time.perf_counter()

    def drain(self, on_data=lambda data, at: None):
        """Reads up to the end of a program that succeeds: on_data(bytes, arrival) for each portion."""
        guard = threading.Timer(TIMEOUT_S, os.kill, (self.pid, 9))
        guard.start()
        try:
            while data := self.read():
                on_data(data, time.perf_counter())
        finally:
            guard.cancel()
        self.status = os.waitstatus_to_exitcode(os.waitpid(self.pid, 0)[1])
        if self.status != 0:
            self.fail("exit status %d" % self.status)

    def press(self, key):
        """Returns the seconds to the first and to the last byte of what the key has drawn."""
        pressed = time.perf_counter()
        os.write(self.master, key)
        first = last = self.first_byte()
        while (data := self.read_until(last + QUIET_S)) is not None:
            if not data:
                self.fail("ended after key %r" % key)
            last = time.perf_counter()
        return first - pressed, last - pressed

    def pause(self):
        """Of a player, when it has begun to play."""
        self.first_byte()
        os.write(self.master, b" ")
        while self.read_until(time.perf_counter() + QUIET_S):
            pass

    def quit(self):
        os.write(self.master, b"q")
        self.drain()
