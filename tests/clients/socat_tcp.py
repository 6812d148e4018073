"""socat reaches an emulator that listens for raw TCP, by itself and as mbpoll's terminal."""

import os
import subprocess

from emulator import Emulator, equal, path, read, socat, wait_for, write

with Emulator("head", "tcp-listen://:0") as bus:
    address = bus.far_end.removeprefix("tcp://")
    # Read holding register 0 of unit 1, the watchdog: 1000 ms.
    question = bytes.fromhex("01 03 0000 0001 840A")
    done = subprocess.run(
        ["socat", "-t", "1", "-", f"tcp:{address}"], input=question, capture_output=True, timeout=20, check=True
    )
    equal(done.stdout.hex(" "), "01 03 02 03 e8 b8 fa", "the answer to socat")
    # socat has gone: the next client may come.
    bus.sees(r"lamps: the far end was closed$")
    terminal = path("far")
    with socat(f"pty,raw,echo=0,link={terminal}", f"tcp:{address}"):
        wait_for("socat's terminal", lambda: os.path.exists(terminal))
        write(terminal, 3, 4, 1, 0)
        write(terminal, 3, 0, 1, 0, 1)
        bus.sees(r"pedestrian-a +green$")
        equal(read(terminal, 3, 0, 1, 2), [0, 1], "coils of pedestrian head A")
    wait_for("the second close", lambda: bus.text().count("the far end was closed") >= 2)
    bus.quit()
