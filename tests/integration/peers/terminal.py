"""Somebody at a terminal: on a whole screen (tmux), or on a bare line where every byte is seen."""
import fcntl
import os
import pty
import re
import select
import shlex
import signal
import struct
import subprocess
import termios
import time

WAIT_SECONDS = 30


class Screen:
    """A terminal of a given size, with a shell in it. What is looked at is what a person would see."""

    def __init__(self, folder, env, columns=80, rows=60):
        self.socket = str(folder / "tmux")
        self.base = ["tmux", "-S", self.socket, "-f", "/dev/null"]
        env = {**env, "PS1": "ready> ", "HISTFILE": "/dev/null", "PROMPT_COMMAND": ""}
        shell = shlex.join(["env", "-i", *(f"{k}={v}" for k, v in env.items()), "TERM=screen", "bash", "--norc", "--noprofile"])
        self._tmux("new-session", "-d", "-x", str(columns), "-y", str(rows), shell)
        self.wait_for("ready>")

    def _tmux(self, *args):
        return subprocess.run([*self.base, *args], check=True, stdout=subprocess.PIPE, text=True).stdout

    def screen(self):
        return self._tmux("capture-pane", "-p").rstrip()

    def type(self, text):
        """Returns when something of it is on the screen: a question that is there already is no answer to it."""
        before, end = self.screen(), time.monotonic() + WAIT_SECONDS
        self._tmux("send-keys", "-l", text)
        self._tmux("send-keys", "Enter")
        while self.screen() == before:
            assert time.monotonic() < end, f"typed, and nothing happened: {text}\n{before}"
            time.sleep(0.02)

    def press(self, key):
        self._tmux("send-keys", key)

    def wait_for(self, *parts):
        """Waits until the last lines of the screen hold these, line breaks taken as blanks; returns the whole screen."""
        end = time.monotonic() + WAIT_SECONDS
        while True:
            screen = self.screen()
            if parts[-1] == screen[-len(parts[-1]):] and all(p in " ".join(screen.split()) for p in parts[:-1]):
                return screen
            assert time.monotonic() < end, f"not seen: {parts}\n{screen}"
            time.sleep(0.05)

    def run(self, line, *parts):
        """On an empty screen."""
        self._tmux("send-keys", "C-l")
        self.type(line)
        return self.wait_for(*parts)

    def status(self):
        """The exit status of the last command."""
        self._tmux("send-keys", "C-l")
        self.type("echo status=$?")
        end = time.monotonic() + WAIT_SECONDS
        while True:
            found = re.search(r"^status=(\d+)$", self.screen(), re.M)
            if found:
                return int(found[1])
            assert time.monotonic() < end, self.screen()
            time.sleep(0.05)

    def close(self):
        subprocess.run([*self.base, "kill-server"], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)


class Line:
    """One command on a terminal of its own: `text` is everything that came, `status` how it ended."""

    def __init__(self, argv, env, answers, columns=80, term="xterm"):
        """answers: pairs of how the output ends when it waits, and what is typed then (bytes as they are, text as a line)."""
        self.text, self.status = "", None
        self.pid, self.fd = pty.fork()
        if self.pid == 0:
            for number in (signal.SIGINT, signal.SIGQUIT):  # ignored where the tests were started in the background
                signal.signal(number, signal.SIG_DFL)
            os.execve(argv[0], [str(a) for a in argv], {**env, "TERM": term})
        fcntl.ioctl(self.fd, termios.TIOCSWINSZ, struct.pack("HHHH", 24, columns, 0, 0))
        try:
            for cue, answer in answers:
                seen = len(self.text)
                self._read(lambda: self.text[seen:].endswith(cue), f"the question {cue!r}")
                os.write(self.fd, answer if isinstance(answer, bytes) else (answer + "\n").encode())
            self._read(lambda: False, "the end")
        finally:
            if self.status is None:
                os.kill(self.pid, signal.SIGKILL)
                self._reap()
            os.close(self.fd)

    def _reap(self):
        self.status = os.waitstatus_to_exitcode(os.waitpid(self.pid, 0)[1])

    def _read(self, is_there, what):
        """Until it is there; or until the end, when nothing is."""
        end = time.monotonic() + WAIT_SECONDS
        while not is_there():
            ready = select.select([self.fd], [], [], max(0, end - time.monotonic()))[0]
            assert ready, f"not seen: {what}\n{self.text}"
            try:
                got = os.read(self.fd, 65536)
            except OSError:  # the other end is closed
                got = b""
            if not got:
                self._reap()
                assert what == "the end", f"ended before {what}\n{self.text}"
                return
            self.text += got.decode(errors="replace").replace("\r\n", "\n")
