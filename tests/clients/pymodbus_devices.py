"""pymodbus reads and writes heads, posts and modules on a pseudo-terminal. Parity N: with another one glibc refuses the
terminal."""

from pymodbus.client import ModbusSerialClient
from pymodbus.exceptions import ModbusIOException

from emulator import Emulator, equal, path


def connected(port):
    client = ModbusSerialClient(port, baudrate=19200, parity="N", timeout=1, retries=0)
    if not client.connect():
        raise SystemExit(f"pymodbus cannot open {port}")
    return client


def silent(exchange, what):
    try:
        answer = exchange()
    except ModbusIOException:
        return
    if not isinstance(answer, ModbusIOException):
        raise SystemExit(f"{what} answers: {answer}")


with Emulator("head", "pty:" + path("lamps"), "--unit", "2", "4") as bus:
    client = connected(bus.far_end)
    equal(client.write_register(0, 0, device_id=2).isError(), False, "watchdog off")
    equal(client.read_holding_registers(0, count=1, device_id=2).registers, [0], "watchdog_ms")
    equal(client.write_coils(0, [False, True, True], device_id=2).count, 3, "coils written")
    equal(client.read_coils(0, count=3, device_id=2).bits[:3], [False, True, True], "coils")
    bus.sees(r"vehicle-b +yellow\+green$")
    equal(client.write_coil(0xFF, False, device_id=2).isError(), False, "all relays off")
    equal(client.read_coils(0, count=8, device_id=2).bits, [False] * 8, "coils, all off")
    equal(client.write_registers(0, [5000], device_id=4).isError(), False, "watchdog of another unit")
    equal(client.read_holding_registers(0, count=1, device_id=4).registers, [5000], "watchdog_ms of another unit")
    equal(client.read_holding_registers(9, count=1, device_id=2).exception_code, 2, "an address that is none")
    equal(client.read_input_registers(0, count=1, device_id=2).exception_code, 1, "a function that is none")
    silent(lambda: client.read_coils(0, count=3, device_id=1), "a head that is not there")
    client.close()
    bus.quit()

with Emulator("post", "pty:" + path("post"), "--side", "b") as bus:
    client = connected(bus.far_end)
    equal(client.write_registers(0, [2, 60, 1, 0], device_id=6).isError(), False, "prompt, volume, light, watchdog")
    bus.sees(r"post-b +red, says 现在是红灯，请等待 \(60 %\)$")
    equal(client.read_input_registers(0, count=2, device_id=6).registers, [2, 0], "speaks, healthy")
    bus.say("post b mute")
    bus.sees(r"stimulus +post = \{ kerb = \"b\", fails = \"mute\" \}$")
    equal(client.read_input_registers(1, count=1, device_id=6).registers, [2], "its voice is broken")
    client.close()
    bus.quit()

with Emulator("lamp-sense", "pty:" + path("sense"), "--unit", "9") as module:
    client = connected(module.far_end)
    module.say("input 1 on")
    module.sees(r"input 1 on$")
    equal(client.read_discrete_inputs(0, count=3, device_id=9).bits[:3], [False, True, False], "inputs")
    equal(client.read_discrete_inputs(0, count=60, device_id=9).exception_code, 2, "more inputs than there are")
    client.close()
    module.quit()
