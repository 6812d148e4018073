"""mbpoll (libmodbus) reads and writes heads and posts, on a pseudo-terminal."""

from emulator import Emulator, equal, path, read, write

COILS, INPUTS, HOLDING = 0, 3, 4

with Emulator("head", "pty:" + path("lamps"), "--all") as bus:
    port = bus.far_end
    equal(port, path("lamps"), "the other end")
    equal(read(port, 1, COILS, 1, 3), [0, 0, 0], "relays when power comes")
    equal(read(port, 1, HOLDING, 1, 1), [1000], "watchdog_ms when power comes")
    write(port, 1, HOLDING, 1, 0)
    equal(read(port, 1, HOLDING, 1, 1), [0], "watchdog_ms, never")
    write(port, 1, COILS, 1, 1, 0, 0)
    equal(read(port, 1, COILS, 1, 3), [1, 0, 0], "relays of vehicle head A")
    bus.sees(r"vehicle-a +red$")
    write(port, 4, HOLDING, 1, 0)
    write(port, 4, COILS, 2, 1)
    bus.sees(r"pedestrian-b +green$")
    bus.say("lamp pedestrian-b green out")
    bus.sees(r"pedestrian-b +green  but lit dark$")
    # A post: volume, light; then the prompt that it speaks.
    write(port, 5, HOLDING, 4, 0)
    write(port, 5, HOLDING, 2, 40, 2)
    write(port, 5, HOLDING, 1, 1)
    bus.sees(r"post-a +green, says 现在是绿灯，请通行 \(40 %\)$")
    equal(read(port, 5, HOLDING, 2, 2), [40, 2], "volume and light")
    equal(read(port, 5, INPUTS, 1, 1), [1], "the sentence being spoken")
    bus.quit()
