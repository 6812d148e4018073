//! `rig emulate` as a bench technician meets it: how it begins, what it prints, how it ends. No other programs needed.

use std::fs::{self, File, OpenOptions};
use std::io::{BufRead, BufReader, Read, Write};
use std::net::TcpStream;
use std::os::unix::fs::OpenOptionsExt as _;
use std::path::Path;
use std::process::{Child, Command, Output, Stdio};
use std::time::Duration;

/// `O_NONBLOCK | O_NOCTTY` on Linux: a terminal is opened without waiting for it.
const AT_ONCE: i32 = 0o4000 | 0o400;

fn command(arguments: &[&str]) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_rig"));
    command.arg("emulate").args(arguments).env_remove("RUST_LOG").env("NO_COLOR", "1");
    command
}

/// An emulator that has begun: its first line on stderr has been read.
struct Emulator {
    child: Child,
    begun: String,
    stderr: BufReader<std::process::ChildStderr>,
}

impl Emulator {
    fn begin(arguments: &[&str]) -> Emulator {
        let mut child = command(arguments)
            .arg("--attached")
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .expect("the binary runs");
        let mut stderr = BufReader::new(child.stderr.take().expect("a pipe"));
        let mut begun = String::new();
        stderr.read_line(&mut begun).expect("a first line");
        Emulator { child, begun, stderr }
    }

    fn say(&mut self, line: &str) {
        writeln!(self.child.stdin.as_mut().expect("a pipe"), "{line}").expect("it listens");
    }

    fn signal(&self, signal: &str) {
        let pid = self.child.id().to_string();
        assert!(Command::new("kill").args([signal, &pid]).status().expect("kill runs").success());
    }

    /// Its exit code, what it printed, and what it complained of.
    fn ends(mut self) -> (Option<i32>, String, String) {
        let mut complaints = String::new();
        self.stderr.read_to_string(&mut complaints).expect("text");
        let Output { status, stdout, .. } = self.child.wait_with_output().expect("it ends");
        (status.code(), String::from_utf8_lossy(&stdout).into_owned(), complaints)
    }
}

fn link(folder: &Path) -> (String, std::path::PathBuf) {
    let path = folder.join("run/far");
    (format!("pty:{}", path.display()), path)
}

#[test]
fn what_is_typed_happens_and_quit_ends_with_0() {
    let folder = tempfile::tempdir().expect("a temporary folder");
    let (url, link) = link(folder.path());
    let mut emulator = Emulator::begin(&["camera", "--port", &url, "--side", "b"]);
    assert!(emulator.begun.starts_with("camera-b (110112/0010/102) at pty:"), "{}", emulator.begun);
    assert!(emulator.begun.contains(&format!("the other end is {} (/dev/pts/", link.display())));
    assert!(link.exists());
    for line in ["arrive b 2", "", "arive b", "operator flash", "help", "dip 1ms", "quit"] {
        emulator.say(line);
    }
    let (code, printed, complaints) = emulator.ends();
    assert_eq!(code, Some(0));
    assert!(printed.contains("people         waiting 0 | 2, walking up 0, down 0"), "{printed}");
    assert!(printed.contains("there is no controller here"), "{printed}");
    assert!(complaints.contains("did you mean `arrive`?"), "{complaints}");
    assert!(complaints.contains("camera a silent") && complaints.contains("input 3 on"), "{complaints}");
    assert!(!link.is_symlink(), "the link goes with the emulator");
}

#[test]
fn an_interrupt_and_a_request_to_terminate_end_in_order_with_130() {
    for signal in ["-INT", "-TERM"] {
        let folder = tempfile::tempdir().expect("a temporary folder");
        let (url, link) = link(folder.path());
        let emulator = Emulator::begin(&["head", "--port", &url, "--all"]);
        for name in ["vehicle-a (unit 1)", "pedestrian-b (unit 4)", "post-b (unit 6)"] {
            assert!(emulator.begun.contains(name), "{}", emulator.begun);
        }
        assert!(link.exists());
        emulator.signal(signal);
        let (code, printed, _) = emulator.ends();
        assert_eq!(code, Some(130), "{signal}");
        assert!(printed.starts_with("time s"), "{printed}");
        assert!(!link.is_symlink(), "the link goes with the emulator");
    }
}

#[test]
fn a_port_that_is_in_use_or_nowhere_ends_with_3_and_the_cause() {
    let folder = tempfile::tempdir().expect("a temporary folder");
    let (url, _) = link(folder.path());
    let mut first = Emulator::begin(&["post", "--port", &url]);
    let second = command(&["post", "--port", &url]).output().expect("the binary runs");
    assert_eq!(second.status.code(), Some(3));
    let complaint = String::from_utf8_lossy(&second.stderr).into_owned();
    assert!(complaint.contains(&format!("in use by pid {}", first.child.id())), "{complaint}");
    first.say("quit");
    assert_eq!(first.ends().0, Some(0));
    for (url, part) in [
        ("/dev/no-such-port", "is the adapter plugged in?"),
        ("tcp://127.0.0.1:1", "is the port server running?"),
        ("tcp-listen://192.0.2.1:1", "annot assign"),
    ] {
        let output = command(&["post", "--port", url]).output().expect("the binary runs");
        let complaint = String::from_utf8_lossy(&output.stderr).into_owned();
        assert_eq!(output.status.code(), Some(3), "{url}: {complaint}");
        assert!(complaint.contains(url) && complaint.contains(part), "{complaint}");
    }
}

#[test]
fn wrong_usage_ends_with_2_and_says_what_there_is() {
    for (arguments, part) in [
        (&["camera", "--port", "ttyUSB0"][..], "rfc2217-listen://"),
        (&["lamp", "--port", "pty:x"], "lamp-sense"),
        (&["head", "--port", "pty:x", "--unit", "9"], "none of this site's: 1, 2, 3, 4"),
        (&["camera", "--port", "pty:x", "--unit", "1"], "--side"),
        (&["feedback", "--port", "pty:x", "--unit", "0"], "1 to 247"),
        (&["head", "--port", "pty:x", "--site", "nowhere"], "yudaihe-beixiaoyuan"),
        (&["head", "--port", "pty:x", "--scenario", "evening"], "evening-peak"),
        (&["head"], "--port"),
    ] {
        let output = command(arguments).output().expect("the binary runs");
        let complaint = String::from_utf8_lossy(&output.stderr).into_owned();
        assert_eq!(output.status.code(), Some(2), "{arguments:?}: {complaint}");
        assert!(complaint.contains(part), "{arguments:?}: {complaint}");
    }
}

#[test]
fn a_far_end_that_asks_gets_an_answer_by_terminal_and_by_tcp() {
    // Unit 1, read holding register 0: `watchdog_ms` is 1000 when power comes.
    let question = [0x01, 0x03, 0, 0, 0, 1, 0x84, 0x0a];
    let answer = [0x01, 0x03, 2, 0x03, 0xe8, 0xb8, 0xfa];
    let folder = tempfile::tempdir().expect("a temporary folder");
    let (url, link) = link(folder.path());
    let mut emulator = Emulator::begin(&["head", "--port", &url]);
    let mut terminal: File =
        OpenOptions::new().read(true).write(true).custom_flags(AT_ONCE).open(&link).expect("the terminal");
    terminal.write_all(&question).expect("written");
    let (mut heard, mut tries) = (Vec::<u8>::new(), 0);
    while heard.len() < answer.len() && tries < 2_000 {
        let mut buffer = [0; 16];
        match terminal.read(&mut buffer) {
            Ok(count) => heard.extend(&buffer[..count]),
            Err(_nothing_yet) => std::thread::sleep(Duration::from_millis(5)),
        }
        tries += 1;
    }
    assert_eq!(heard, answer);
    emulator.say("quit");
    let (_, printed, _) = emulator.ends();
    assert!(printed.contains("controller     unit 1 read holding registers @0 x 1"), "{printed}");
    assert!(printed.contains("vehicle-a      unit 1 read holding registers: [1000]"), "{printed}");

    let mut emulator = Emulator::begin(&["head", "--port", "tcp-listen://:0", "--quiet"]);
    let address = emulator.begun.trim_end().rsplit_once("tcp://").expect("an address").1.to_owned();
    let mut client = TcpStream::connect(address).expect("connected");
    client.write_all(&question).expect("written");
    let mut heard = [0; 7];
    client.read_exact(&mut heard).expect("an answer");
    assert_eq!(heard, answer);
    emulator.say("quit");
    let (code, printed, _) = emulator.ends();
    assert_eq!((code, printed.as_str()), (Some(0), ""), "--quiet prints nothing");
}

#[test]
fn a_scenario_is_played_and_the_end_of_standard_input_ends_what_is_attached() {
    let folder = tempfile::tempdir().expect("a temporary folder");
    let file = folder.path().join("two.toml");
    let text = "version = 1\ntitle = \"x\"\nlasts = \"1s\"\n[[do]]\nat = \"0s\"\narrive = { kerb = \"a\", count = 5 }\n";
    fs::write(&file, text).expect("written");
    let (url, _) = link(folder.path());
    let scenario = file.display().to_string();
    let mut emulator = Emulator::begin(&["camera", "--port", &url, "--scenario", &scenario, "--changes"]);
    let mut stdout = BufReader::new(emulator.child.stdout.take().expect("a pipe"));
    let mut lines = String::new();
    while !lines.contains("waiting 5 | 0") {
        assert_ne!(stdout.read_line(&mut lines).expect("text"), 0, "{lines}");
    }
    drop(emulator.child.stdin.take());
    assert_eq!(emulator.ends().0, Some(0));
}
