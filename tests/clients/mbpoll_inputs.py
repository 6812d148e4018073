"""mbpoll reads the feedback module and a lamp-sense module."""

from emulator import Emulator, equal, path, read

DISCRETE = 1

with Emulator("feedback", "pty:" + path("feedback")) as module:
    equal(read(module.far_end, 1, DISCRETE, 1, 10), [0] * 10, "inputs at first")
    module.say("input 3 on")
    module.sees(r"input 3 on$")
    equal(read(module.far_end, 1, DISCRETE, 1, 10), [0, 0, 0, 1, 0, 0, 0, 0, 0, 0], "inputs with 3 on")
    module.quit()

with Emulator("lamp-sense", "pty:" + path("sense"), "--unit", "17") as module:
    module.say("input 0 on")
    module.say("input 9 on")
    module.say("input 0 off")
    module.sees(r"input 0 off$")
    equal(read(module.far_end, 17, DISCRETE, 10, 1), [1], "input 9")
    equal(read(module.far_end, 17, DISCRETE, 1, 1), [0], "input 0")
    module.quit()

# A site that says how its lamps are sensed: its module's unit.
with Emulator("lamp-sense", "pty:" + path("sensed"), "--site", "yudaihe-beixiaoyuan-sensed") as module:
    unit = int(module.sees(r"^lamp-sense \(unit (\d+)\)")[1])
    module.say("input 6 on")
    module.sees(r"input 6 on$")
    equal(read(module.far_end, unit, DISCRETE, 7, 1), [1], "input 6")
    module.quit()
