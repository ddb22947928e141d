"""A recorded program on a terminal of its own, for what happens to a session while it is used."""
import os
import re
import time

from terminal_child import TIMEOUT_S, TerminalChild

ECHO = "stty raw -echo; exec cat"


class LiveSession(TerminalChild):
    """with LiveSession(DAEMON, NAME) as session: ... session.id, session.path, session.round_trips()"""

    def __init__(self, daemon, name, command=ECHO):
        self.path = os.path.join(daemon.dir, name + ".cast")
        command = "printf '<%s>' \"$ASCIINEMA_SESSION\"; " + command
        super().__init__([daemon.client, "rec", "-q", "-c", command, self.path], daemon.env)
        self.id = re.search(rb"<(\w+)>", self.expect(b">"))[1].decode()

    def expect(self, text):
        """What has come when `text` has come."""
        seen, deadline = b"", time.perf_counter() + TIMEOUT_S
        while text not in seen:
            data = self.read_until(deadline)
            if not data:
                self.fail("no %r, only %r" % (text, seen))
            seen += data
        return seen

    def round_trips(self, count=1000):
        """Seconds from a key to its echo."""
        times = []
        for _ in range(count):
            started = time.perf_counter()
            os.write(self.master, b"k")
            self.expect(b"k")
            times.append(time.perf_counter() - started)
            time.sleep(0.001)
        return times

    def recorded(self):
        with open(self.path, "rb") as recording:
            return recording.read()
