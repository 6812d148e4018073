"""Our rfc2217:// client against ser2net, which exports one end of a cable; mbpoll and a Python controller are at the
other end."""

import serial

from emulator import Emulator, Process, equal, free_port, listens, path, pty_pair, read, write
from gbt43229 import Controller


def ser2net(name, device, accepter):
    port = free_port()
    file = path(f"{name}.yaml")
    with open(file, "w", encoding="utf-8") as out:
        out.write(
            f"connection: &{name}\n"
            f"  accepter: {accepter},127.0.0.1,{port}\n"
            f"  connector: serialdev,{device},19200n81,local\n"
        )
    server = Process("ser2net", "-n", "-d", "-c", file, "-P", path(f"{name}.pid"))
    listens(port)
    return server, port


pair, near, far = pty_pair("bus")
with pair:
    server, port = ser2net("bus", near, "telnet(rfc2217),tcp")
    with server, Emulator("head", f"rfc2217://127.0.0.1:{port}", "--all") as bus:
        write(far, 1, 4, 1, 0)
        write(far, 1, 0, 1, 1, 0, 0)
        equal(read(far, 1, 0, 1, 3), [1, 0, 0], "coils of vehicle head A")
        # 255 is Telnet's own byte: 0x00FF, all relays off, and a register that holds 0xFFFF.
        write(far, 1, 0, 256, 0)
        equal(read(far, 1, 0, 1, 3), [0, 0, 0], "coils, all off")
        write(far, 2, 4, 1, 65535)
        equal(read(far, 2, 4, 1, 1), [65535], "watchdog_ms of vehicle head B")
        # The server goes: that is the port's trouble, not ours.
        server.process.kill()
        equal(bus.ends(), 3, "exit code after the server has gone")
        bus.sees(r"^error: rfc2217://.*closed at the other end")

pair, near, far = pty_pair("camera")
with pair:
    server, port = ser2net("camera", near, "telnet(rfc2217),tcp")
    with server, Emulator("camera", f"rfc2217://127.0.0.1:{port}") as camera:
        with serial.Serial(far, 19200, timeout=0.05) as there:
            controller = Controller(there)
            camera.say("camera a reboot lasts=100ms")
            controller.counts([0, 0, 0])
            camera.say("arrive a 2")
            controller.counts([2, 0, 0])
        camera.quit()
