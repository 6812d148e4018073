"""GB/T 43229 as far as a controller needs it, written from the layout in README and captures, not from the rig's code:
C0 | link 2 | sender 7 | receiver 7 | version 1 | operation 1 | object 2 | content | CRC 2 | C0, all little-endian."""

import struct
import time

from emulator import equal

CONTROLLER = bytes.fromhex("20AE01 0100 0100")
QUERY, SET, UPLOAD, QUERY_REPLY, SET_REPLY, UPLOAD_REPLY = range(0x80, 0x86)
CONNECTION, STATUS, REAL_TIME, STATISTICS = 0x0101, 0x0205, 0x0801, 0x0802
WAITING, CROSSWALK = 1, 2


def crc(body):
    value = 0xFFFF
    for byte in body:
        value ^= byte
        for _ in range(8):
            value = value >> 1 ^ (0xA001 if value & 1 else 0)
    return value


class Controller:
    """Answers a camera's session over anything with `read` and `write` (a pyserial port with a time-out)."""

    def __init__(self, port):
        self.port = port
        self.received = b""
        self.asked = 0.0
        self.camera = None
        self.damaged = 0

    def send(self, operation, object_):
        body = b"\0\0" + CONTROLLER + self.camera + bytes([0x10, operation]) + struct.pack("<H", object_)
        body += struct.pack("<H", crc(body))
        self.port.write(b"\xc0" + body.replace(b"\xdb", b"\xdb\xdd").replace(b"\xc0", b"\xdb\xdc") + b"\xc0")

    def frames(self, patience):
        """Frames as they come: (operation, object, content). Connects when asked to, and asks back every 2 s."""
        deadline = time.monotonic() + patience
        while time.monotonic() < deadline:
            if self.camera and time.monotonic() - self.asked > 2:
                self.asked = time.monotonic()
                self.send(QUERY, CONNECTION)
            self.received += self.port.read(64)
            while (end := self.received.find(b"\xc0")) >= 0:
                body, self.received = self.received[:end], self.received[end + 1 :]
                body = body.replace(b"\xdb\xdc", b"\xc0").replace(b"\xdb\xdd", b"\xdb")
                if not body:
                    continue
                if len(body) < 22 or crc(body[:-2]) != struct.unpack("<H", body[-2:])[0]:
                    self.damaged += 1
                    continue
                operation, object_ = body[17], struct.unpack("<H", body[18:20])[0]
                if (operation, object_) == (SET, CONNECTION):
                    self.camera = body[2:9]
                    self.send(SET_REPLY, CONNECTION)
                elif operation == UPLOAD and object_ in (STATUS, STATISTICS):
                    self.send(UPLOAD_REPLY, object_)
                yield operation, object_, body[20:-2]

    def counts(self, wanted, patience=15.0):
        """Waits for a report that says so many waiting and walking up and down; 5 bytes of crosswalk info."""
        seen = None
        for operation, object_, content in self.frames(patience):
            if (operation, object_) != (UPLOAD, REAL_TIME):
                continue
            # Local time and milliseconds, a count of zones; a zone of the crosswalk is one byte longer.
            zones, seen = content[7:], [None, 0, 0]
            while zones:
                if zones[1] == WAITING:
                    seen[0], zones = zones[2], zones[14:]
                else:
                    equal(zones[1], CROSSWALK, "region")
                    seen[1:], zones = [zones[5], zones[6]], zones[15:]
            if seen == wanted:
                return
        raise SystemExit(f"counts are {seen}, wanted {wanted}; {self.damaged} frames were damaged")

    def silence(self, patience):
        """Nothing whole may come."""
        for frame in self.frames(patience):
            raise SystemExit(f"a frame came: {frame}")
