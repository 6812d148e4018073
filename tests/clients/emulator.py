"""One emulator in a process of its own, for programs that others wrote to talk to.

Every case is a program: `case.py RIG FOLDER`; it ends with 0, or says what is wrong. Waits have a condition and a bound.
"""

import os
import re
import socket
import subprocess
import sys
import threading
import time

RIG, FOLDER = sys.argv[1], sys.argv[2]
PATIENCE = 20.0


def wait_for(what, condition, patience=PATIENCE):
    """What the condition gives, as soon as it gives something."""
    deadline = time.monotonic() + patience
    while True:
        found = condition()
        if found:
            return found
        if time.monotonic() > deadline:
            raise SystemExit(f"waited {patience} s in vain for {what}")
        time.sleep(0.02)


def equal(found, wanted, what):
    if found != wanted:
        raise SystemExit(f"{what}: {found!r}, wanted {wanted!r}")


def path(name):
    return os.path.join(FOLDER, name)


class Process:
    """A program whose output is read as it comes."""

    def __init__(self, *command, **more):
        self.command = command
        self.lines = []
        self.process = subprocess.Popen(
            command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, **more
        )
        self.reader = threading.Thread(target=self._read, daemon=True)
        self.reader.start()

    def _read(self):
        for line in self.process.stdout:
            self.lines.append(line.rstrip("\n"))

    def text(self):
        return "\n".join(self.lines)

    def sees(self, pattern, patience=PATIENCE):
        """The first match in what the program says."""
        try:
            return wait_for(f"`{pattern}` from {self.command[0]}", lambda: re.search(pattern, self.text(), re.M), patience)
        except SystemExit:
            print(self.text(), file=sys.stderr)
            raise

    def ends(self):
        """Its exit code."""
        code = self.process.wait(PATIENCE)
        self.reader.join(PATIENCE)
        return code

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.process.kill()
        self.process.wait()


class Emulator(Process):
    """`rig emulate`; ends when this program ends."""

    def __init__(self, device, port, *arguments):
        super().__init__(RIG, "emulate", device, "--port", port, "--attached", *arguments)
        # The far end's name, or nothing where the rig connects by itself.
        self.far_end = self.sees(r" at [^\s;]+(?:; the other end is (\S+).*)?$")[1]

    def say(self, line):
        self.process.stdin.write(line + "\n")
        self.process.stdin.flush()

    def quit(self):
        self.say("quit")
        equal(self.ends(), 0, "exit code after quit")


def socat(*arguments):
    return Process("socat", *arguments)


def pty_pair(name):
    """A cable whose two ends are terminals; and their names."""
    ends = path(name + "-a"), path(name + "-b")
    pair = socat(*(f"pty,raw,echo=0,link={end}" for end in ends))
    wait_for("socat's terminals", lambda: all(os.path.exists(end) for end in ends))
    return (pair, *ends)


def mbpoll(port, *arguments, values=()):
    """One exchange; what mbpoll says. Addresses are mbpoll's, from 1."""
    command = ["mbpoll", "-m", "rtu", "-b", "19200", "-P", "none", "-o", "2", "-1", "-q", *arguments, port, *values]
    done = subprocess.run(command, capture_output=True, text=True, timeout=PATIENCE)
    if done.returncode != 0:
        raise SystemExit(f"{' '.join(command)}\n{done.stdout}{done.stderr}")
    return done.stdout


def read(port, unit, kind, address, count):
    """Reads with mbpoll: 0 coils, 1 discrete inputs, 3 input registers, 4 holding registers."""
    text = mbpoll(port, "-a", str(unit), "-t", str(kind), "-r", str(address), "-c", str(count))
    return [int(value) for value in re.findall(r"^\[\d+\]:\s+(\d+)", text, re.M)]


def write(port, unit, kind, address, *values):
    text = mbpoll(port, "-a", str(unit), "-t", str(kind), "-r", str(address), values=[str(value) for value in values])
    if f"Written {len(values)} reference" not in text:
        raise SystemExit(text)


def free_port():
    """A port that nobody listens at now, for servers that cannot choose one themselves."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


def listens(port):
    def connects():
        with socket.socket() as probe:
            return probe.connect_ex(("127.0.0.1", port)) == 0

    wait_for(f"a server at port {port}", connects)
