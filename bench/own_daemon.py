"""An asciinemad of a benchmark's own: private home, runtime directory and configuration."""
import os
import shutil
import socket
import struct
import subprocess
import tempfile

ROOT = os.path.dirname(os.path.dirname(os.path.realpath(__file__)))


class OwnDaemon:
    """with OwnDaemon(BUILD_DIR, VARIABLES) as daemon: ... daemon.pid, daemon.env, daemon.client"""

    def __init__(self, build_dir, variables=None):
        self.variables = variables or {}
        self.client = os.path.join(os.path.realpath(build_dir), "asciinema")

    def __enter__(self):
        # /tmp, because a socket's path has 107 bytes and $TMPDIR can be long.
        self.dir = tempfile.mkdtemp(prefix="asciinemad-bench-", dir="/tmp")
        drop = ("ASCIINEMA", "XDG_", "TMUX", "LC_")
        self.env = {k: v for k, v in os.environ.items() if not k.startswith(drop)}
        # Debian's programs, not a pyenv's.
        self.env.update(LANG="C.UTF-8", PATH="/usr/bin:/bin:" + self.env.get("PATH", ""))
        for name, value in (("home", "HOME"), ("run", "XDG_RUNTIME_DIR"), ("tmux", "TMUX_TMPDIR")):
            self.env[value] = os.path.join(self.dir, name)
            os.mkdir(self.env[value], 0o700)
        self.env.update(self.variables)
        try:
            self.daemon_command("start")
            self.pid = self.find_pid()
        except BaseException:
            shutil.rmtree(self.dir)
            raise
        return self

    def __exit__(self, *_):
        try:
            self.daemon_command("stop", "--force")
        finally:
            shutil.rmtree(self.dir, ignore_errors=True)

    def daemon_command(self, *words):
        subprocess.run([self.client, "daemon", *words], env=self.env, check=True, timeout=30,
                       stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL)

    def find_pid(self):
        """The process that listens on the control socket, as the kernel names it."""
        with socket.socket(socket.AF_UNIX) as link:
            link.connect(os.path.join(self.env["XDG_RUNTIME_DIR"], "asciinemad", "socket"))
            return struct.unpack("iii", link.getsockopt(socket.SOL_SOCKET, socket.SO_PEERCRED, 12))[0]
