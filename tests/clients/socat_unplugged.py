"""An emulator on a serial port's own node (one end of socat's cable): it works, and ends with the cause when unplugged."""

from emulator import Emulator, equal, path, pty_pair, read

pair, near, far = pty_pair("cable")
with pair:
    with Emulator("feedback", near) as module:
        module.say("input 2 on")
        module.sees(r"input 2 on$")
        equal(read(far, 1, 1, 1, 3), [0, 0, 1], "inputs")
        pair.process.kill()
        equal(module.ends(), 3, "exit code after unplugging")
        module.sees(r"^error: .*cable-a: unplugged")
