"""A small Linux machine with USB serial adapters, for scripts/usb-in-the-loop: Debian's kernel with its own drivers under QEMU,
and a relay at the other end of each adapter that can pull its plug. Nothing of it needs root or KVM."""

import atexit
import glob
import io
import lzma
import os
import re
import select
import shutil
import socket
import subprocess
import tarfile
import threading
import time

HERE = os.path.dirname(os.path.abspath(__file__))
# In the order in which they need each other. What a kernel has built in is not among its files, and is left out.
MODULES = """usb-common usbcore xhci-hcd xhci-pci usbserial ftdi_sio virtio_ring virtio virtio_pci_legacy_dev
    virtio_pci_modern_dev virtio_pci netfs fscache 9pnet 9pnet_virtio 9p""".split()
# Until the machine answers; on an idle host it takes 5 s.
BOOT_BOUND = 120


class Missing(Exception):
    """Something that must be there before anything can be tried, and what to do about it."""


class Failed(Exception):
    """The machine does not do what it should."""


def run(command, **more):
    done = subprocess.run(command, capture_output=True, text=True, check=False, **more)
    if done.returncode:
        raise Missing(f"`{' '.join(command)}` failed: {(done.stderr or done.stdout).strip()[-300:]}")
    return done.stdout


def prepare(install):
    """What must be on the host: Debian's apt and dpkg, and QEMU."""
    if os.uname().machine != "x86_64":
        raise Missing("this needs an x86_64 machine: the rig is run as it is inside the guest")
    for tool in ("apt-get", "apt-cache", "dpkg-deb"):
        if not shutil.which(tool):
            raise Missing(f"{tool} is not there: the kernel is Debian's, so this needs a Debian host")
    if shutil.which("qemu-system-x86_64"):
        return
    what = ["apt-get", "install", "-y", "--no-install-recommends", "qemu-system-x86"]
    if not install:
        raise Missing(f"qemu-system-x86_64 is not there: `sudo {' '.join(what)}`, or --install as root")
    if os.geteuid():
        raise Missing("--install needs root")
    run(["apt-get", "update"])
    run(what, env=dict(os.environ, DEBIAN_FRONTEND="noninteractive"))


def kernel_package():
    """The package behind linux-image-amd64, by its exact name: a pattern would fetch every version there is."""
    names = re.findall(r"Depends: (linux-image-\d\S+-amd64)\s", run(["apt-cache", "depends", "linux-image-amd64"]))
    if len(names) != 1:
        raise Missing("apt knows no linux-image-amd64: `apt-get update` (as root), and see that this is Debian")
    return names[0]


def unpacked(package, cache, wanted):
    """A folder with those files of a Debian package whose paths are wanted."""
    folder = os.path.join(cache, package)
    if os.path.isdir(folder):
        return folder
    os.makedirs(cache, exist_ok=True)
    print(f"fetching {package} ...", flush=True)
    run(["apt-get", "download", package], cwd=cache)
    file = max(glob.glob(os.path.join(cache, package + "_*.deb")), key=os.path.getmtime)
    half = folder + ".half"
    shutil.rmtree(half, ignore_errors=True)
    os.makedirs(half)
    with subprocess.Popen(["dpkg-deb", "--fsys-tarfile", file], stdout=subprocess.PIPE) as contents:
        with tarfile.open(fileobj=contents.stdout, mode="r|") as archive:
            for member in archive:
                if member.isfile() and wanted(member.name):
                    with open(os.path.join(half, os.path.basename(member.name)), "wb") as out:
                        shutil.copyfileobj(archive.extractfile(member), out)
    if contents.returncode:
        raise Missing(f"{file} cannot be unpacked; remove it and try again")
    os.remove(file)
    os.rename(half, folder)
    return folder


def module_of(path):
    """A module's name, which is written with either dash; none for other files."""
    name = os.path.basename(path)
    return re.sub(r"\.ko(\.xz)?$", "", name).replace("_", "-") if ".ko" in name else None


def archive(files):
    """An initial file system: cpio "newc", paths to (mode, contents); folders first."""
    out = io.BytesIO()
    for number, (path, (mode, data)) in enumerate([*files.items(), ("TRAILER!!!", (0, b""))], 1):
        fields = [number, mode, 0, 0, 1, 0, len(data), 0, 0, 0, 0, len(path) + 1, 0]
        out.write(b"070701" + b"".join(b"%08X" % field for field in fields) + path.encode() + b"\0")
        out.write(b"\0" * (-out.tell() % 4) + data)
        out.write(b"\0" * (-out.tell() % 4))
    return out.getvalue()


def contents(path):
    with open(path, "rb") as file:
        return file.read()


def initial_files(rig, kernel, busybox):
    """Everything the guest has: busybox, drivers, the rig with the host's own libraries, and what it starts with."""
    wanted = {name.replace("_", "-"): place for place, name in enumerate(MODULES)}
    modules = sorted((name for name in os.listdir(kernel) if module_of(name)), key=lambda name: wanted[module_of(name)])
    files = {folder: (0o40755, b"") for folder in "bin dev proc sys tmp share modules lib lib64".split()}
    for name in modules:
        data = contents(os.path.join(kernel, name))
        files[f"modules/{module_of(name)}"] = (0o100644, lzma.decompress(data) if name.endswith(".xz") else data)
    files["modules/order"] = (0o100644, "".join(f"{module_of(name)}\n" for name in modules).encode())
    for library in re.findall(r"(/\S+)(?= \(0x)", run(["ldd", rig])):
        where = library[1:] if library.startswith("/lib64/") else "lib/" + os.path.basename(library)
        files[where] = (0o100755, contents(library))
    programs = {"bin/busybox": os.path.join(busybox, "busybox"), "bin/sh": os.path.join(busybox, "busybox"), "bin/rig": rig}
    programs |= {"init": os.path.join(HERE, "usb-guest-init"), "bin/power": os.path.join(HERE, "usb-guest-power")}
    return files | {place: (0o100755, contents(path)) for place, path in programs.items()}


class Cable:
    """Between a program, which connects to `port` once and stays, and an adapter, which comes and goes: QEMU plugs it in when
    somebody connects to its socket and pulls it when he leaves."""

    def __init__(self, name, folder):
        self.name, self.path = name, os.path.join(folder, name + ".sock")
        self.listener = socket.create_server(("127.0.0.1", 0))
        self.port = self.listener.getsockname()[1]
        self.ask, self.asked = socket.socketpair()
        self.program = None
        self.lost = 0
        threading.Thread(target=self._relay, daemon=True).start()

    def plug(self):
        self._tell(b"+")

    def unplug(self):
        self._tell(b"-")

    def forget(self):
        """The program has ended: only who comes now counts."""
        self._tell(b"0")

    def _tell(self, word):
        self.ask.sendall(word)
        self.ask.recv(1)

    def _relay(self):
        adapter = None
        while True:
            ends = [end for end in (self.asked, self.listener, self.program, adapter) if end]
            for end in select.select(ends, [], [])[0]:
                if end is self.asked:
                    adapter = self._told(end.recv(1), adapter)
                    break
                if end is self.listener:
                    self.program = end.accept()[0]
                    self.program.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
                elif end is adapter:
                    adapter = self._hand_on(adapter, self.program)
                else:
                    self.program = self._hand_on(end, adapter)

    def _told(self, word, adapter):
        if word == b"0":
            self.program = None
        elif adapter:
            adapter.close()
            adapter = None
        if word == b"+":
            adapter = socket.socket(socket.AF_UNIX)
            adapter.connect(self.path)
        self.asked.sendall(word)
        return adapter

    def _hand_on(self, source, sink):
        """The source, as long as it is there. What has no sink goes where it goes on a cable that is pulled."""
        try:
            data = source.recv(4096)
            if data and sink:
                sink.sendall(data)
            elif data:
                self.lost += len(data)
        except OSError:
            data = source.fileno() >= 0
        return source if data else None


class Machine:
    """The guest, and the way to tell it what to do."""

    def __init__(self, kernel, initial, folder, cables, processors):
        self.folder, self.cables = folder, cables
        sockets = {name: os.path.join(folder, name + ".sock") for name in ("shell", "power")}
        image = glob.glob(os.path.join(kernel, "vmlinuz-*"))[0]
        command = ["qemu-system-x86_64", "-accel", "tcg", "-m", "512", "-smp", str(processors), "-nodefaults", "-no-reboot"]
        command += ["-display", "none", "-kernel", image, "-initrd", initial, "-append", "console=ttyS0 panic=-1 quiet"]
        command += ["-serial", "file:" + os.path.join(folder, "console")]
        for path in sockets.values():
            command += ["-serial", f"unix:{path},server=on,wait=off"]
        share = os.path.join(folder, "share")
        os.makedirs(share)
        command += ["-virtfs", f"local,path={share},mount_tag=share,security_model=none", "-device", "qemu-xhci,id=usb,p2=8,p3=8"]
        for number, cable in enumerate(cables):
            command += ["-chardev", f"socket,id=c{number},path={cable.path},server=on,wait=off"]
            command += ["-device", f"usb-serial,bus=usb.0,chardev=c{number},serial={serial(cable.name)}"]
        self.log = open(os.path.join(folder, "qemu.log"), "w", encoding="utf-8")
        self.process = subprocess.Popen(command, stdin=subprocess.DEVNULL, stdout=self.log, stderr=self.log)
        atexit.register(self.end)
        self.shell = self._connect(sockets["shell"])
        self.power = self._connect(sockets["power"])
        self.heard = b""
        self.answer(BOOT_BOUND)

    def _connect(self, path):
        for _ in range(500):
            end = socket.socket(socket.AF_UNIX)
            try:
                end.connect(path)
                return end
            except OSError:
                end.close()
                self._see_that_it_lives()
                time.sleep(0.02)
        raise Failed("QEMU does not open its sockets within 10 s")

    def _see_that_it_lives(self):
        if self.process.poll() is not None:
            said = [contents(os.path.join(self.folder, name))[-400:].decode(errors="replace").strip()
                    for name in ("qemu.log", "console") if os.path.exists(os.path.join(self.folder, name))]
            raise Failed(f"QEMU ended with {self.process.returncode}: {' / '.join(said)}")

    def tell(self, line):
        self.shell.sendall(line.encode() + b"\n")

    def answer(self, bound):
        """What the line told last has printed, and its exit code."""
        ends = time.monotonic() + bound
        while not (done := re.search(rb"(?:^|\n)@@ (\d+)\r?\n", self.heard)):
            if not select.select([self.shell], [], [], 1)[0]:
                self._see_that_it_lives()
                if time.monotonic() > ends:
                    raise Failed(f"no answer from the guest within {bound} s; see {self.folder}/console")
                continue
            heard = self.shell.recv(65536)
            if not heard:
                self.process.wait()
                self._see_that_it_lives()
            self.heard += heard
        text, self.heard = self.heard[:done.start()], self.heard[done.end():]
        return text.decode(errors="replace").replace("\r\n", "\n"), int(done.group(1))

    def do(self, line, bound=30):
        self.tell(line)
        return self.answer(bound)

    def end(self):
        """Pulls its plug; nothing in it is kept."""
        self.process.kill()
        self.process.wait()
        self.log.close()


def serial(name):
    """The number by which an adapter is told from others of its kind."""
    return "RIG-" + name.upper()


def built(rig, cache, folder):
    """Kernel folder and initial file system, fetched where they are not there yet."""
    names = {name.replace("_", "-") for name in MODULES}
    kernel = unpacked(kernel_package(), cache, lambda path: "/vmlinuz-" in path or module_of(path) in names)
    busybox = unpacked("busybox-static", cache, lambda path: path.endswith("bin/busybox"))
    initial = os.path.join(folder, "initial")
    with open(initial, "wb") as file:
        file.write(archive(initial_files(rig, kernel, busybox)))
    return kernel, initial
