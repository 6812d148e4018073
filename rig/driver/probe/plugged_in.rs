//! Which serial ports this machine has: nodes, drivers, identities, who holds them. Read from `/sys` and `/dev`; where
//! those are is an argument.

use std::fs;
use std::os::unix::fs::MetadataExt;
use std::path::{Path, PathBuf};

use rustix::fs::{Access, access};

use crate::driver::port::PortLock;

/// Where the kernel tells what there is.
#[derive(Clone, Debug)]
pub struct Roots {
    /// `/sys`
    pub sys: PathBuf,
    /// `/dev`
    pub dev: PathBuf,
    /// `/proc`
    pub proc: PathBuf,
    /// `/etc/group`
    pub groups: PathBuf,
}

impl Default for Roots {
    fn default() -> Self {
        Roots { sys: "/sys".into(), dev: "/dev".into(), proc: "/proc".into(), groups: "/etc/group".into() }
    }
}

/// A serial port that is there.
#[derive(Clone, Debug, PartialEq, Eq, serde::Serialize)]
pub struct Adapter {
    /// Its node.
    pub node: PathBuf,
    /// The kernel's driver.
    pub driver: Option<String>,
    /// Vendor and product, four hexadecimal digits each.
    pub usb: Option<(String, String)>,
    /// Who made it.
    pub maker: Option<String>,
    /// What it is called.
    pub product: Option<String>,
    /// Its own number.
    pub serial: Option<String>,
    /// Names for a ports file, the best first.
    pub names: Vec<String>,
    /// Who else has it open or locked.
    pub held_by: Vec<String>,
    /// Why this user may not open it.
    pub refused: Option<String>,
    /// How long an FTDI adapter collects before it hands over, ms.
    pub latency_ms: Option<u32>,
}

/// All ports, in the order of their nodes.
#[must_use]
pub fn plugged_in(roots: &Roots) -> Vec<Adapter> {
    let Ok(entries) = fs::read_dir(roots.sys.join("class/tty")) else { return Vec::new() };
    let mut names: Vec<String> = entries
        .filter_map(Result::ok)
        .map(|entry| entry.file_name().to_string_lossy().into_owned())
        .collect();
    names.sort_by_key(|name| (name.trim_end_matches(|c: char| c.is_ascii_digit()).to_owned(), number(name)));
    let mut adapters: Vec<Adapter> = names.iter().filter_map(|name| adapter(roots, name)).collect();
    name_them(roots, &mut adapters);
    adapters
}

/// How long the adapter behind a node collects before it hands over, where its driver tells.
#[must_use]
pub(super) fn latency_ms(roots: &Roots, node: &Path) -> Option<u32> {
    let name = node.file_name()?;
    text(&roots.sys.join("bus/usb-serial/devices").join(name).join("latency_timer"))?.parse().ok()
}

fn number(name: &str) -> u32 {
    let digits = name.trim_start_matches(|c: char| !c.is_ascii_digit());
    digits.parse().unwrap_or(0)
}

fn adapter(roots: &Roots, name: &str) -> Option<Adapter> {
    let class = roots.sys.join("class/tty").join(name);
    let device = fs::canonicalize(class.join("device")).ok()?;
    let node = roots.dev.join(name);
    // The kernel keeps nodes for serial ports that the board does not have: their type is 0.
    let phantom = text(&class.join("type")).is_some_and(|kind| kind == "0");
    if phantom || !node.exists() {
        return None;
    }
    let driver = fs::read_link(device.join("driver"))
        .ok()
        .and_then(|driver| Some(driver.file_name()?.to_string_lossy().into_owned()));
    let usb = device.ancestors().take(4).find(|folder| folder.join("idVendor").exists());
    let of = |file: &str| usb.and_then(|folder| text(&folder.join(file)));
    Some(Adapter {
        usb: of("idVendor").zip(of("idProduct")),
        maker: of("manufacturer"),
        product: of("product"),
        serial: of("serial"),
        names: Vec::new(),
        held_by: holders(roots, &node),
        refused: refused(roots, &node),
        latency_ms: latency_ms(roots, &node),
        driver,
        node,
    })
}

/// One line of a file, if there is anything in it.
fn text(path: &Path) -> Option<String> {
    let text = fs::read_to_string(path).ok()?;
    let text: String = text.trim().chars().filter(|c| !c.is_control()).take(200).collect();
    (!text.is_empty()).then_some(text)
}

/// Names that still lead to the same adapter after it was plugged in again, before the node.
fn name_them(roots: &Roots, adapters: &mut [Adapter]) {
    let links: Vec<(String, PathBuf)> = fs::read_dir(roots.dev.join("serial/by-id"))
        .into_iter()
        .flatten()
        .filter_map(Result::ok)
        .filter_map(|entry| {
            let to = fs::canonicalize(entry.path()).ok()?;
            Some((entry.file_name().to_string_lossy().into_owned(), to))
        })
        .collect();
    let identities: Vec<_> = adapters.iter().map(|one| (one.usb.clone(), one.serial.clone())).collect();
    for adapter in adapters {
        if let Some((vendor, product)) = &adapter.usb {
            let same = |with_serial: bool| {
                let alike = identities.iter().filter(|(usb, serial)| {
                    *usb == adapter.usb && (!with_serial || *serial == adapter.serial)
                });
                alike.count() == 1
            };
            match &adapter.serial {
                // Several ports of one adapter share its number: then only by-id tells them apart.
                Some(serial) if same(true) => adapter.names.push(format!("usb:{vendor}:{product}:{serial}")),
                None if same(false) => adapter.names.push(format!("usb:{vendor}:{product}")),
                Some(_) | None => {}
            }
        }
        let real = fs::canonicalize(&adapter.node).unwrap_or_else(|_| adapter.node.clone());
        adapter
            .names
            .extend(links.iter().filter(|(_, to)| *to == real).map(|(name, _)| format!("by-id:{name}")));
        adapter.names.push(adapter.node.display().to_string());
    }
}

/// Why this user may not read and write a node, and what helps.
fn refused(roots: &Roots, node: &Path) -> Option<String> {
    access(node, Access::READ_OK | Access::WRITE_OK).err()?;
    let gid = fs::metadata(node).ok()?.gid();
    let groups = fs::read_to_string(&roots.groups).unwrap_or_default();
    let group = groups.lines().find_map(|line| {
        let mut parts = line.split(':');
        let name = parts.next()?;
        (parts.nth(1)?.parse() == Ok(gid)).then(|| name.to_owned())
    });
    let group = group.unwrap_or_else(|| gid.to_string());
    if gid == 0 {
        // Nobody should join this group for the sake of a port.
        return Some(
            "you may not open it: it is root's; a udev rule can give it to a group of yours".to_owned(),
        );
    }
    Some(format!("you may not open it: `sudo usermod -aG {group} $USER`, then log in again"))
}

/// Who holds a node: another rig by its lock, any other program of this user by its open files.
fn holders(roots: &Roots, node: &Path) -> Vec<String> {
    let real = fs::canonicalize(node).unwrap_or_else(|_| node.to_owned());
    // Who looks may be told what it sees over such a port (a serial console), and holds it no longer than it looks.
    let own = std::process::id().to_string();
    let mut all: Vec<String> = PortLock::holder(&real.to_string_lossy()).into_iter().collect();
    for process in fs::read_dir(&roots.proc).into_iter().flatten().filter_map(Result::ok) {
        let pid = process.file_name().to_string_lossy().into_owned();
        if pid.is_empty() || pid == own || !pid.bytes().all(|byte| byte.is_ascii_digit()) {
            continue;
        }
        let open = fs::read_dir(process.path().join("fd")).into_iter().flatten().filter_map(Result::ok);
        if open.filter_map(|fd| fs::read_link(fd.path()).ok()).any(|to| to == real) {
            let name = text(&process.path().join("comm")).unwrap_or_default();
            let holder = format!("pid {pid}");
            all.retain(|other| *other != holder);
            all.push(if name.is_empty() { holder } else { format!("{holder} ({name})") });
        }
    }
    all
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::os::unix::fs::symlink;

    fn write(path: &Path, text: &str) {
        fs::create_dir_all(path.parent().expect("a folder")).expect("made");
        fs::write(path, text).expect("written");
    }

    /// A made-up machine: an FTDI adapter, a board's own port, a phantom, and a console without a device.
    fn machine() -> (tempfile::TempDir, Roots) {
        let folder = tempfile::tempdir().expect("a folder");
        let root = folder.path();
        let (sys, dev) = (root.join("sys"), root.join("dev"));
        let usb = sys.join("devices/usb1/1-1");
        for (file, text) in [
            ("idVendor", "0403\n"),
            ("idProduct", "6001\n"),
            ("manufacturer", "FTDI\n"),
            ("product", "FT232R USB UART\n"),
            ("serial", "A10K\n"),
            ("1-1:1.0/ttyUSB0/latency_timer", "16\n"),
        ] {
            write(&usb.join(file), text);
        }
        let port = usb.join("1-1:1.0/ttyUSB0");
        fs::create_dir_all(sys.join("bus/usb-serial/drivers/ftdi_sio")).expect("made");
        fs::create_dir_all(sys.join("bus/usb-serial/devices")).expect("made");
        symlink(sys.join("bus/usb-serial/drivers/ftdi_sio"), port.join("driver")).expect("linked");
        symlink(&port, sys.join("bus/usb-serial/devices/ttyUSB0")).expect("linked");
        for (name, device, kind) in [
            ("ttyUSB0", Some(port.clone()), None),
            ("ttyS0", Some(sys.join("devices/pnp0/00:04")), Some("4\n")),
            ("ttyS1", Some(sys.join("devices/platform/serial8250")), Some("0\n")),
            ("tty1", None, None),
        ] {
            let class = sys.join("class/tty").join(name);
            fs::create_dir_all(&class).expect("made");
            if let Some(device) = device {
                fs::create_dir_all(&device).expect("made");
                symlink(device, class.join("device")).expect("linked");
            }
            kind.into_iter().for_each(|kind| write(&class.join("type"), kind));
            write(&dev.join(name), "");
        }
        fs::create_dir_all(dev.join("serial/by-id")).expect("made");
        symlink(dev.join("ttyUSB0"), dev.join("serial/by-id/usb-FTDI_FT232R_A10K-if00-port0"))
            .expect("linked");
        let proc = root.join("proc/4711");
        write(&proc.join("comm"), "minicom\n");
        fs::create_dir_all(proc.join("fd")).expect("made");
        symlink(dev.join("ttyS0"), proc.join("fd/5")).expect("linked");
        // Whoever looks has its standard output there.
        let own = root.join(format!("proc/{}", std::process::id()));
        fs::create_dir_all(own.join("fd")).expect("made");
        symlink(dev.join("ttyUSB0"), own.join("fd/1")).expect("linked");
        let roots = Roots { sys, dev, proc: root.join("proc"), groups: root.join("group") };
        (folder, roots)
    }

    #[test]
    fn an_adapter_is_listed_with_every_name_that_leads_to_it() {
        let (_folder, roots) = machine();
        let all = plugged_in(&roots);
        let nodes: Vec<_> = all.iter().map(|one| one.node.file_name().expect("a name").to_owned()).collect();
        assert_eq!(nodes, ["ttyS0", "ttyUSB0"]);
        let ftdi = &all[1];
        assert_eq!(ftdi.driver.as_deref(), Some("ftdi_sio"));
        assert_eq!(ftdi.usb, Some(("0403".into(), "6001".into())));
        assert_eq!(ftdi.latency_ms, Some(16));
        assert_eq!(ftdi.names[0], "usb:0403:6001:A10K");
        assert_eq!(ftdi.names[1], "by-id:usb-FTDI_FT232R_A10K-if00-port0");
        assert_eq!(ftdi.names[2], ftdi.node.display().to_string());
    }

    #[test]
    fn whoever_has_a_port_open_is_named() {
        let (_folder, roots) = machine();
        let all = plugged_in(&roots);
        assert_eq!(all[0].held_by, ["pid 4711 (minicom)"]);
        assert_eq!(all[1].held_by, Vec::<String>::new());
    }

    #[test]
    fn two_adapters_of_one_number_are_not_named_by_it() {
        let (_folder, roots) = machine();
        let usb = roots.sys.join("devices/usb1/1-1");
        let second = usb.join("1-1:1.1/ttyUSB1");
        fs::create_dir_all(&second).expect("made");
        let class = roots.sys.join("class/tty/ttyUSB1");
        fs::create_dir_all(&class).expect("made");
        symlink(second, class.join("device")).expect("linked");
        write(&roots.dev.join("ttyUSB1"), "");
        let all = plugged_in(&roots);
        assert_eq!(all.len(), 3);
        assert_eq!(all[2].names, [all[2].node.display().to_string()]);
        assert!(all[1].names[0].starts_with("by-id:"), "{:?}", all[1].names);
    }

    #[test]
    fn a_machine_without_ports_has_none() {
        let folder = tempfile::tempdir().expect("a folder");
        let root = folder.path().to_owned();
        let roots = Roots { sys: root.clone(), dev: root.clone(), proc: root.clone(), groups: root };
        assert_eq!(plugged_in(&roots), []);
    }
}
