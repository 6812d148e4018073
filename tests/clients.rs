//! Programs that others wrote talk to the emulators: mbpoll, pymodbus, pyserial, socat, ser2net. The cases are in
//! `tests/clients/`. Where a tool is missing a case is skipped and says so; with `CROSSING_RIG_CLIENTS=required` (as
//! `.ci/run` sets it) it fails instead.

use std::io::Write as _;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

/// What a case needs: a program on the path, or a package of the Python that runs the cases.
enum Needs {
    Program(&'static str),
    Package(&'static str),
}

use Needs::{Package, Program};

/// The Python with the packages: named by `CROSSING_RIG_PYTHON`, or the one that `.ci/run` sets up, or the machine's.
fn python() -> PathBuf {
    if let Some(named) = std::env::var_os("CROSSING_RIG_PYTHON") {
        return named.into();
    }
    let own = Path::new(env!("CARGO_MANIFEST_DIR")).join("target/clients/bin/python");
    if own.exists() { own } else { "python3".into() }
}

fn runs(command: &mut Command) -> bool {
    command
        .stdin(Stdio::null())
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .status()
        .is_ok_and(|s| s.success())
}

fn is_here(needs: &Needs) -> bool {
    match needs {
        Program(name) => runs(Command::new("sh").args(["-c", "command -v \"$0\"", name])),
        Package(name) => runs(Command::new(python()).args(["-c", &format!("import {name}")])),
    }
}

/// What is missing, and how to get it.
fn missing(needs: &[Needs]) -> Option<String> {
    if !runs(Command::new(python()).arg("--version")) {
        return Some("there is no Python 3".to_owned());
    }
    let (apt, pip): (Vec<_>, Vec<_>) =
        needs.iter().filter(|needs| !is_here(needs)).partition(|needs| matches!(needs, Program(_)));
    let names = |list: Vec<&Needs>| {
        let names = list.into_iter().map(|needs| match needs {
            Program(name) => *name,
            Package("serial") => "pyserial",
            Package(name) => name,
        });
        names.collect::<Vec<_>>().join(" ")
    };
    let (apt, pip) = (names(apt), names(pip));
    match (apt.is_empty(), pip.is_empty()) {
        (true, true) => None,
        (false, true) => Some(format!("missing: {apt} (apt-get install {apt})")),
        (true, false) => Some(format!("missing: {pip} (pip install {pip})")),
        (false, false) => {
            Some(format!("missing: {apt} (apt-get install {apt}) and {pip} (pip install {pip})"))
        }
    }
}

fn case(name: &str, needs: &[Needs]) {
    if let Some(missing) = missing(needs) {
        let required = std::env::var("CROSSING_RIG_CLIENTS").is_ok_and(|value| value == "required");
        assert!(!required, "{name}: {missing}");
        // Not by a macro: those are kept from whoever runs the tests. In one piece, for others write as well.
        let _ = std::io::stderr().write_all(format!("SKIPPED {name}: {missing}\n").as_bytes());
        return;
    }
    let folder = tempfile::tempdir().expect("a temporary folder");
    let file = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/clients").join(format!("{name}.py"));
    let done = Command::new(python())
        .arg("-B")
        .arg(file)
        .arg(env!("CARGO_BIN_EXE_rig"))
        .arg(folder.path())
        .env_remove("RUST_LOG")
        .env("NO_COLOR", "1")
        .output()
        .expect("Python runs");
    let text = [done.stdout, done.stderr].concat();
    assert!(done.status.success(), "{name}: {}\n{}", done.status, String::from_utf8_lossy(&text));
}

#[test]
fn mbpoll_reads_and_writes_heads_and_posts() {
    case("mbpoll_lamp_bus", &[Program("mbpoll")]);
}

#[test]
fn mbpoll_reads_discrete_inputs() {
    case("mbpoll_inputs", &[Program("mbpoll")]);
}

#[test]
fn pymodbus_reads_and_writes_every_modbus_device() {
    case("pymodbus_devices", &[Package("pymodbus"), Package("serial")]);
}

#[test]
fn a_python_controller_answers_a_camera_and_reads_its_counts() {
    case("pyserial_camera", &[Package("serial")]);
}

#[test]
fn pyserial_reaches_an_emulator_by_rfc_2217() {
    case("pyserial_rfc2217", &[Package("serial")]);
}

#[test]
fn socat_reaches_an_emulator_by_tcp() {
    case("socat_tcp", &[Program("socat"), Program("mbpoll")]);
}

#[test]
fn an_emulator_works_through_ser2net() {
    case("ser2net_rfc2217", &[Program("ser2net"), Program("socat"), Program("mbpoll"), Package("serial")]);
}

#[test]
fn an_emulator_on_a_serial_port_ends_when_it_is_unplugged() {
    case("socat_unplugged", &[Program("socat"), Program("mbpoll")]);
}
