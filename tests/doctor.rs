//! `rig doctor`, `rig ports` and `rig calibrate` against the soft controller over pseudo-terminals, one fault at a time.
//! The doctor makes the terminals, the controller opens them, as a cabinet on the table would.

use std::fs::{self, File, OpenOptions};
use std::io::{BufRead, BufReader, Read, Write};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::thread;
use std::time::{Duration, Instant};

use rig::driver::port::{PortLock, Pty};
use serde_json::Value;
use tempfile::TempDir;

const CABLES: [&str; 6] = ["camera-a", "camera-b", "lamps", "feedback", "countdown", "service"];
const SITE: &str = include_str!("../fixtures/sites/yudaihe-beixiaoyuan.toml");
/// Long enough for a camera whose first request came too early to ask again (5 s).
const SECONDS: &str = "7";
/// Nothing here takes longer, however busy the machine is.
const PATIENCE: Duration = Duration::from_secs(60);

fn rig() -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_rig"));
    command.env_remove("RUST_LOG").env("NO_COLOR", "1").stdin(Stdio::null());
    command
}

/// A process that does not outlive its test.
struct Running(Child);

impl Drop for Running {
    fn drop(&mut self) {
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

struct Case {
    folder: TempDir,
    /// What the doctor's ports file says, and the controller's: cable and port.
    rig_side: Vec<(String, String)>,
    far_side: Vec<(String, String)>,
    /// The site as the controller knows it.
    far_site: String,
}

impl Case {
    /// A bench on which everything is right.
    fn new() -> Case {
        let folder = tempfile::tempdir().expect("a folder");
        let name = |cable: &str| folder.path().join("tty").join(cable).display().to_string();
        let rig_side = CABLES.map(|cable| (cable.to_owned(), format!("pty:{}", name(cable)))).to_vec();
        let far_side = CABLES.map(|cable| (cable.to_owned(), name(cable))).to_vec();
        Case { folder, rig_side, far_side, far_site: SITE.to_owned() }
    }

    /// Replaces the first `from` after the heading `[wiring.table]` of the site as the controller knows it.
    fn far_site_says(mut self, table: &str, from: &str, to: &str) -> Case {
        let heading = format!("[wiring.{table}]");
        let (before, after) = self.far_site.split_once(&heading).expect("the table is there");
        assert!(after.contains(from), "{from} is not in the site");
        self.far_site = format!("{before}{heading}{}", after.replacen(from, to, 1));
        self
    }

    fn write(&self, file: &str, text: &str) -> PathBuf {
        let path = self.folder.path().join(file);
        fs::write(&path, text).expect("written");
        path
    }

    fn controller(&self) -> Running {
        let site = self.write("far.toml", &self.far_site);
        let ports = self.write("far-ports.toml", &ports_file(&self.far_side));
        let child = rig()
            .arg("controller")
            .arg("--site")
            .arg(site)
            .arg("--ports")
            .arg(ports)
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .spawn()
            .expect("the controller starts");
        Running(child)
    }

    /// The doctor's report and exit code. `meanwhile` is done when the terminals are there, and held till the end.
    fn examine_with<T>(&self, meanwhile: impl FnOnce(&Case) -> T) -> (Value, Option<i32>) {
        let ports = self.write("ports.toml", &ports_file(&self.rig_side));
        let child = rig()
            .args(["doctor", "--json", "--seconds", SECONDS, "--ports"])
            .arg(ports)
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .expect("the doctor starts");
        let mut doctor = Running(child);
        let mut lines = BufReader::new(doctor.0.stderr.take().expect("a pipe")).lines();
        let waits = lines.by_ref().map_while(Result::ok).any(|line| line.contains("waiting for somebody"));
        assert!(waits, "the doctor ended before it had made its terminals");
        let rest = thread::spawn(move || lines.map_while(Result::ok).collect::<Vec<_>>());
        let held = meanwhile(self);
        let mut text = String::new();
        doctor.0.stdout.take().expect("a pipe").read_to_string(&mut text).expect("text");
        let status = doctor.0.wait().expect("it ends");
        drop(held);
        let said = rest.join().expect("its messages");
        let report = serde_json::from_str(&text).unwrap_or_else(|error| panic!("{error}: {text}\n{said:?}"));
        (report, status.code())
    }

    fn examine(&self) -> (Value, Option<i32>) {
        self.examine_with(Case::controller)
    }
}

fn ports_file(ports: &[(String, String)]) -> String {
    let lines: Vec<String> = ports.iter().map(|(cable, port)| format!("{cable} = \"{port}\"\n")).collect();
    format!("version = 1\n\n[ports]\n{}", lines.concat())
}

/// Exactly one thing is wrong: this, at these cables; all others are well. Gives what is said about it.
fn only((report, code): &(Value, Option<i32>), kind: &str, cables: &[&str]) -> (String, String) {
    assert_eq!(*code, Some(3), "{report:#}");
    let findings = report["findings"].as_array().expect("findings");
    assert_eq!(findings.len(), 1, "{report:#}");
    let finding = &findings[0];
    assert_eq!(finding["kind"], kind, "{report:#}");
    assert_eq!(finding["cables"], serde_json::json!(cables), "{report:#}");
    for port in report["ports"].as_array().expect("ports") {
        let concerned = cables.iter().any(|cable| port["cable"] == *cable);
        assert_eq!(port["ok"], !concerned, "{report:#}");
    }
    let text = |key: &str| finding[key].as_str().expect("text").to_owned();
    (text("what"), text("do"))
}

#[test]
fn a_healthy_bench_has_nothing_wrong_and_the_report_names_what_cannot_be_told() {
    let (report, code) = Case::new().examine();
    assert_eq!(report["findings"], serde_json::json!([]), "{report:#}");
    assert_eq!(code, Some(0));
    assert!(report["cannot_be_told"][0].as_str().expect("text").contains("parity"), "{report:#}");
}

#[test]
fn swapped_camera_ports_are_told_as_a_pair() {
    let mut case = Case::new();
    let (a, b) = (case.far_side[0].1.clone(), case.far_side[1].1.clone());
    (case.far_side[0].1, case.far_side[1].1) = (b, a);
    let (what, change) = only(&case.examine(), "swapped", &["camera-a", "camera-b"]);
    assert!(what.contains("camera-a is plugged where camera-b should be"), "{what}");
    assert!(change.contains(&format!("camera-a = \"{}\"", case.rig_side[1].1)), "{change}");
}

#[test]
fn a_lamp_port_at_another_rate_is_told_with_its_rate() {
    let case = Case::new().far_site_says("lamps", "19200", "9600");
    let (what, change) = only(&case.examine(), "baud", &["lamps"]);
    assert!(what.contains("9600 8N1, the site file says 19200 8N1"), "{what}");
    assert!(change.contains("line = \"9600 8N1\"") && change.contains("[wiring.lamps]"), "{change}");
}

#[test]
fn a_camera_port_at_another_rate_is_told_though_it_speaks_only_when_spoken_to() {
    let case = Case::new().far_site_says("camera-b", "19200", "38400");
    let (what, _) = only(&case.examine(), "baud", &["camera-b"]);
    assert!(what.contains("38400"), "{what}");
}

#[test]
fn the_other_checksum_is_told() {
    let case = Case::new().far_site_says("camera-a", "\"modbus\"", "\"cms\"");
    let (what, change) = only(&case.examine(), "crc", &["camera-a"]);
    assert!(what.contains("`cms`, the site file says `modbus`"), "{what}");
    assert!(change.contains("[wiring.camera-a]"), "{change}");
}

#[test]
fn a_head_with_another_number_never_changes() {
    let case = Case::new().far_site_says("lamps", "pedestrian = [3, 4]", "pedestrian = [13, 4]");
    let (what, change) = only(&case.examine(), "never-written", &["lamps"]);
    assert!(what.starts_with("pedestrian head A (unit 3) never changes"), "{what}");
    assert!(change.contains("13"), "{change}");
}

#[test]
fn a_port_at_which_nobody_speaks_is_silent() {
    let mut case = Case::new();
    let (_, feedback) = case.far_side.remove(3);
    let outcome = case.examine_with(|case| {
        let silent = OpenOptions::new().read(true).write(true).open(&feedback).expect("the far end");
        (silent, case.controller())
    });
    only(&outcome, "silent", &["feedback"]);
}

#[tokio::test]
async fn a_port_that_another_process_holds_is_told_with_who_holds_it() {
    let mut case = Case::new();
    let pty = Pty::new(19_200).expect("a terminal");
    let node = pty.node().display().to_string();
    let _held = PortLock::take(&node).await.expect("free");
    case.rig_side[2].1.clone_from(&node);
    case.far_side.remove(2);
    let outcome = case.examine();
    only(&outcome, "busy", &["lamps"]);
    let seen = outcome.0["findings"][0]["seen"].as_str().expect("text").to_owned();
    assert!(seen.contains(&format!("in use by pid {}", std::process::id())), "{seen}");
}

#[test]
fn a_missing_port_and_an_unknown_cable_are_told_apart() {
    let folder = tempfile::tempdir().expect("a folder");
    let file = folder.path().join("ports.toml");
    fs::write(&file, "version = 1\n[ports]\nlamps = \"/dev/no-such-port\"\n").expect("written");
    let output = rig().args(["doctor", "--seconds", "2", "--ports"]).arg(&file).output().expect("it runs");
    let text = String::from_utf8_lossy(&output.stdout).into_owned();
    assert_eq!(output.status.code(), Some(3), "{text}");
    assert!(text.contains("cannot be opened") && text.contains("rig ports"), "{text}");
    fs::write(&file, "version = 1\n[ports]\nlamp = \"/dev/no-such-port\"\n").expect("written");
    let output = rig().args(["doctor", "--ports"]).arg(&file).output().expect("it runs");
    assert_eq!(output.status.code(), Some(2));
    assert!(String::from_utf8_lossy(&output.stderr).contains("did you mean `lamps`"));
}

#[test]
fn without_ports_one_is_told_what_to_do_next() {
    let folder = tempfile::tempdir().expect("a folder");
    let output = rig().args(["ports", "--root"]).arg(folder.path()).output().expect("it runs");
    let text = String::from_utf8_lossy(&output.stdout).into_owned();
    assert!(output.status.success());
    assert!(text.contains("no serial port is plugged in") && text.contains("pty:NAME"), "{text}");
    let output = rig().args(["ports", "--json", "--root"]).arg(folder.path()).output().expect("it runs");
    let value: Value = serde_json::from_slice(&output.stdout).expect("JSON");
    assert_eq!(value["ports"], serde_json::json!([]));
}

/// Waits until the controller has made a terminal.
fn appears(path: &Path) {
    let begun = Instant::now();
    while !path.exists() {
        assert!(begun.elapsed() < PATIENCE, "{} does not appear", path.display());
        thread::yield_now();
    }
}

/// What comes in goes out again, as if TX and RX were bridged.
fn bridge(pty: &Pty) {
    let fd = pty.master().try_clone().expect("a descriptor");
    rustix::io::ioctl_fionbio(&fd, false).expect("it may block");
    let mut master = File::from(fd);
    thread::spawn(move || {
        let mut buffer = [0; 256];
        while let Ok(count @ 1..) = master.read(&mut buffer) {
            if master.write_all(&buffer[..count]).is_err() {
                return;
            }
        }
    });
}

#[test]
fn calibration_measures_what_answers_and_writes_it_between_the_persons_lines() {
    let mut case = Case::new();
    let service = case.far_side[5].1.clone();
    case.far_side = vec![("service".to_owned(), format!("pty:{service}"))];
    let _controller = case.controller();
    appears(Path::new(&service));
    let bridged = Pty::new(19_200).expect("a terminal");
    bridge(&bridged);
    let text = format!(
        "version = 1 # mine\n\n[ports]\n# grey\nservice = \"{service}\"\nlamps = \"{}\"\nfeedback = \"/dev/null\"\n\
         camera-a = \"{}\"\n\n[actions]\npower = \"none\"\n",
        bridged.node().display(),
        case.rig_side[0].1
    );
    let file = case.write("ports.toml", &text);
    let output = rig()
        .args(["calibrate", "--samples", "20", "--loopback", "lamps", "--json", "--ports"])
        .arg(&file)
        .output()
        .expect("it runs");
    let value: Value = serde_json::from_slice(&output.stdout).expect("JSON");
    assert_eq!(output.status.code(), Some(0), "{value:#}");
    let methods: Vec<_> = value["cables"]
        .as_array()
        .expect("cables")
        .iter()
        .map(|cable| (cable["cable"].as_str().expect("a name"), cable["method"].as_str()))
        .collect();
    let lost: Vec<_> =
        value["cables"].as_array().expect("cables").iter().map(|cable| &cable["lost"]).collect();
    assert!(
        lost.iter().all(|lost| lost.is_null() || **lost == 0),
        "the first message too arrives: {value:#}"
    );
    let expected = [
        ("camera-a", Some("own-terminal")),
        ("lamps", Some("loopback")),
        ("feedback", None),
        ("service", Some("answers")),
    ];
    assert_eq!(methods, expected, "{value:#}");
    let new = fs::read_to_string(&file).expect("there");
    assert!(new.starts_with(&text), "{new}");
    for cable in ["camera-a", "lamps", "service"] {
        assert!(new.contains(&format!("\n{cable} = {{ p50 = \"")), "{new}");
    }
    assert!(!new.contains("\nfeedback = { p50"), "{new}");
    rig::driver::PortsFile::load(&new, "ports.toml").expect("it is read again");
}

#[test]
fn calibration_of_a_silent_port_says_so_and_leaves_the_file_alone() {
    let folder = tempfile::tempdir().expect("a folder");
    let silent = Pty::new(19_200).expect("a terminal");
    let file = folder.path().join("ports.toml");
    let text = format!("version = 1\n[ports]\nservice = \"{}\"\n", silent.node().display());
    fs::write(&file, &text).expect("written");
    let output = rig().args(["calibrate", "--ports"]).arg(&file).output().expect("it runs");
    let said = String::from_utf8_lossy(&output.stdout).into_owned();
    assert_eq!(output.status.code(), Some(3), "{said}");
    assert!(said.contains("rig doctor") && said.contains("nothing written"), "{said}");
    assert_eq!(fs::read_to_string(&file).expect("there"), text);
}
