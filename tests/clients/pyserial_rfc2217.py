"""pyserial's rfc2217:// reaches an emulator that listens."""

import serial
from serial.serialutil import SerialException

from emulator import Emulator, equal, wait_for
from gbt43229 import Controller


def opened(url, **settings):
    return serial.serial_for_url(url, do_not_open=False, timeout=0.05, **settings)


with Emulator("camera", "rfc2217-listen://:0") as camera:
    url = camera.far_end
    equal(url.startswith("rfc2217://127.0.0.1:"), True, f"loopback: {url}")
    with opened(url, baudrate=19200) as port:
        controller = Controller(port)
        camera.say("camera a reboot lasts=100ms")
        controller.counts([0, 0, 0])
        camera.say("arrive a 2")
        controller.counts([2, 0, 0])
        # Whatever a program may do with a port.
        equal((port.cts, port.dsr, port.cd, port.ri), (True, True, True, False), "modem lines")
        port.rts, port.dtr, port.break_condition = False, False, True
        port.rts, port.dtr, port.break_condition = True, True, False
        port.reset_input_buffer()
        port.reset_output_buffer()
        port.stopbits = 2
        camera.say("arrive a 1")
        controller.counts([3, 0, 0])
        # One client at a time.
        try:
            opened(url + "?timeout=1").close()
            raise SystemExit("a second client was let in")
        except (SerialException, OSError):
            pass
        camera.sees(r"WARN .*is refused: a port has one client")
        # Another frame than the line's: what is sent is garbage, and that is said.
        port.parity = "E"
        port.write(b"\xc0")
        camera.sees(r"the client has set 19200 8E2; the line is 19200 8N1")
        camera.sees(r"camera-a: the far end is set to 19200 baud, or to another frame")
    camera.sees(r"the far end was closed$")
    # A lost client may come back, and asks about modem lines again and again.
    with opened(url + "?poll_modem", baudrate=19200) as port:
        equal(port.cts, True, "CTS, asked for")
        controller = Controller(port)
        camera.say("camera a reboot lasts=100ms")
        controller.counts([3, 0, 0])
        equal(port.cts, True, "CTS, asked for again")
    for _ in range(5):
        with opened(url, baudrate=9600, parity="O", bytesize=7, stopbits=1.5):
            pass
    wait_for("all closes", lambda: camera.text().count("the far end was closed") >= 7)
    camera.quit()
