"""A controller written in Python with pyserial: it opens the camera's terminal, answers the session, reads counts."""

import serial

from emulator import Emulator, path
from gbt43229 import Controller

with Emulator("camera", "pty:" + path("cam-a")) as camera:
    with serial.Serial(camera.far_end, 19200, timeout=0.05) as port:
        controller = Controller(port)
        # The camera asks every 5 s for a connection; a camera that has just started asks at once.
        camera.say("camera a reboot lasts=100ms")
        controller.counts([0, 0, 0])
        camera.say("arrive a 2 speed=4m/s")
        controller.counts([2, 0, 0])
        camera.say("arrive a 1 speed=4m/s")
        controller.counts([3, 0, 0])
        camera.sees(r"camera-a +real-time .*waiting 3|camera-a +waiting 3, crosswalk 0")
        camera.say("leave a 1")
        controller.counts([2, 0, 0])
        camera.say("walk")
        controller.counts([0, 2, 0])
        camera.say("halt")
        camera.say("camera a stuck count=7")
        controller.counts([7, 0, 0])
        camera.say("camera a silent")
        camera.sees(r"fails = \"silent\"")
        # What had left already may still arrive.
        list(controller.frames(0.3))
        controller.silence(1.5)
        camera.say("camera a heals")
        controller.counts([0, 0, 0])
        camera.say("camera a bad-crc")
        camera.sees(r"fails = \"bad-crc\"")
        list(controller.frames(0.3))
        controller.silence(1.5)
        if controller.damaged == 0:
            raise SystemExit("no damaged frame was seen")
    camera.sees(r"the far end was closed$")
    camera.quit()

with Emulator("camera", "pty:" + path("cam-b"), "--side", "b") as camera:
    # Another rate than the line's: what is sent to the camera is garbage, and that is said.
    with serial.Serial(camera.far_end, 9600, timeout=0.05) as port:
        port.write(b"\xc0" * 8)
        camera.sees(r"camera-b: the far end is set to 9600 baud")
    camera.quit()
