//! Real time as a bench technician meets it: what is tested is a process at the other end of pseudo-terminals, and
//! processes are killed, cables pulled and disks filled. Whatever goes wrong is the rig's trouble (exit 3) within
//! seconds, and what was recorded can be replayed.

use std::fs;
use std::io::{BufRead, BufReader, Read, Write};
use std::path::{Path, PathBuf};
use std::process::{Child, ChildStderr, Command, Stdio};
use std::thread;
use std::time::{Duration, Instant};

const CABLES: [&str; 6] = ["camera-a", "camera-b", "lamps", "feedback", "countdown", "service"];
/// How long any of these may take before the test gives up.
const BOUND: Duration = Duration::from_secs(60);
/// The bound that is promised for trouble, with some room for a busy machine.
const PROMISED: Duration = Duration::from_secs(8);

fn rig(arguments: &[&str]) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_rig"));
    command.args(arguments).env_remove("RUST_LOG").env("NO_COLOR", "1").stdin(Stdio::null());
    command
}

fn start(mut command: Command) -> Child {
    command.stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().expect("the binary runs")
}

/// A folder with a ports file for each side: the rig makes the terminals, the controller opens them.
fn table() -> (tempfile::TempDir, PathBuf, PathBuf) {
    let folder = tempfile::tempdir().expect("a folder");
    let file = |name: &str, scheme: &str| {
        let mut text = "version = 1\n[ports]\n".to_owned();
        for cable in CABLES {
            text.push_str(&format!("{cable} = \"{scheme}{}\"\n", folder.path().join(cable).display()));
        }
        let path = folder.path().join(name);
        fs::write(&path, text).expect("a writable folder");
        path
    };
    let (rigs, theirs) = (file("rig.toml", "pty:"), file("controller.toml", ""));
    (folder, rigs, theirs)
}

/// Looks again and again until something is there, within [`BOUND`].
fn wait_for<T>(what: &str, mut look: impl FnMut() -> Option<T>) -> T {
    let begun = Instant::now();
    loop {
        if let Some(found) = look() {
            return found;
        }
        assert!(begun.elapsed() < BOUND, "{what}: not within {BOUND:?}");
        thread::sleep(Duration::from_millis(20));
    }
}

fn grown(trace: &Path, bytes: u64) -> Option<()> {
    fs::metadata(trace).is_ok_and(|data| data.len() > bytes).then_some(())
}

/// Waits for the process's end: its exit code, how long that took, and what it said.
fn end(mut child: Child) -> (Option<i32>, Duration, String) {
    let begun = Instant::now();
    let status = wait_for("the process ends", || child.try_wait().expect("a process of ours"));
    let took = begun.elapsed();
    let mut text = String::new();
    for pipe in [
        child.stdout.take().map(|p| Box::new(p) as Box<dyn Read>),
        child.stderr.take().map(|p| Box::new(p) as _),
    ] {
        pipe.expect("a pipe").read_to_string(&mut text).expect("text");
    }
    (status.code(), took, text)
}

fn signal(name: &str, pid: u32) {
    let killed = Command::new("kill").args([name, &pid.to_string()]).status().expect("kill runs");
    assert!(killed.success());
}

/// The process that another one has started.
fn child_of(parent: u32) -> u32 {
    let list = format!("/proc/{parent}/task/{parent}/children");
    let tasks = format!("/proc/{parent}/task");
    wait_for("the controller's process", || {
        let lists =
            fs::read_dir(&tasks).ok()?.filter_map(Result::ok).map(|task| task.path().join("children"));
        let all: String =
            lists.chain([PathBuf::from(&list)]).filter_map(|list| fs::read_to_string(list).ok()).collect();
        all.split_whitespace().next().and_then(|pid| pid.parse().ok())
    })
}

fn replays(trace: &Path) -> String {
    let output = rig(&["replay", trace.to_str().expect("a plain path")]).output().expect("the binary runs");
    let [read, complaints] =
        [&output.stdout, &output.stderr].map(|text| String::from_utf8_lossy(text).into_owned());
    // What the rig's own trouble was is told again by the replay.
    let trouble = ["host too slow", "was lost and did not come back"];
    let troubled = output.status.code() == Some(3) && trouble.iter().any(|trouble| read.contains(trouble));
    assert!(
        troubled || matches!(output.status.code(), Some(0 | 4)),
        "{:?}: {read} {complaints}",
        output.status
    );
    read
}

/// A run against the soft controller in a process of its own, recording has begun.
fn soft_run() -> (tempfile::TempDir, Child, PathBuf) {
    let out = tempfile::tempdir().expect("a folder");
    let path = out.path().to_str().expect("a plain path");
    let child = start(rig(&["check", "--dut", "soft", "--scenario", "short-visit", "--out", path]));
    let trace = out.path().join("short-visit/trace.rig");
    wait_for("records", || grown(&trace, 6_000));
    (out, child, trace)
}

#[test]
fn a_controller_that_is_killed_is_the_rigs_trouble_and_what_was_recorded_is_judged() {
    let (_out, run, trace) = soft_run();
    signal("-KILL", child_of(run.id()));
    let (code, took, text) = end(run);
    assert_eq!(code, Some(3), "{text}");
    assert!(took < PROMISED, "{took:?}");
    assert!(text.contains("the controller's process ended (signal: 9"), "{text}");
    assert!(replays(&trace).contains("P24"));
}

#[test]
fn a_rig_that_is_killed_leaves_a_trace_that_can_be_read_and_no_controller() {
    let (_out, mut run, trace) = soft_run();
    let controller = child_of(run.id());
    run.kill().expect("alive");
    let _ = run.wait();
    wait_for("the controller ends with its rig", || {
        let stat = fs::read_to_string(format!("/proc/{controller}/stat")).unwrap_or_default();
        (stat.is_empty() || stat.contains(") Z ")).then_some(())
    });
    replays(&trace);
}

#[test]
fn an_interrupt_ends_a_run_in_order() {
    let (_out, run, trace) = soft_run();
    signal("-INT", run.id());
    let (code, took, text) = end(run);
    assert_eq!(code, Some(130), "{text}");
    assert!(took < PROMISED, "{took:?}");
    assert!(text.contains("a stopped run is not a pass"), "{text}");
    assert!(trace.with_file_name("trace.txt").exists());
    let read = replays(&trace);
    assert!(read.contains("the trace was cut off at") && read.contains("interrupted at"), "{read}");
}

/// The first line of a process's complaints that holds `text`.
fn hears(stderr: &mut BufReader<ChildStderr>, text: &str) -> String {
    let mut line = String::new();
    loop {
        line.clear();
        assert!(stderr.read_line(&mut line).expect("text") > 0, "it never said `{text}`");
        if line.contains(text) {
            return line;
        }
    }
}

#[test]
fn what_is_connected_is_tested_and_a_cable_that_is_pulled_is_the_rigs_trouble() {
    let (folder, rigs, theirs) = table();
    let out = folder.path().join("out");
    let (rigs, theirs, path) = (rigs.to_str().unwrap(), theirs.to_str().unwrap(), out.to_str().unwrap());
    let run =
        start(rig(&["check", "--dut", "ports", "--ports", rigs, "--scenario", "short-visit", "--out", path]));
    for cable in CABLES {
        wait_for("the rig's terminals", || folder.path().join(cable).exists().then_some(()));
    }
    let mut controller = start(rig(&["controller", "--ports", theirs]));
    let trace = out.join("short-visit/trace.rig");
    wait_for("records", || grown(&trace, 6_000));

    // A second rig on the same ports.
    let second = start(rig(&["check", "--dut", "ports", "--ports", rigs, "--scenario", "short-visit"]));
    let pid = format!("in use by pid {}", run.id());
    let (code, _, text) = end(second);
    assert_eq!(code, Some(3), "{text}");
    assert!(text.contains(&pid) && text.contains("camera-a"), "{text}");

    controller.kill().expect("alive");
    let _ = controller.wait();
    let (code, took, text) = end(run);
    assert_eq!(code, Some(3), "{text}");
    assert!(took < PROMISED, "{took:?}");
    assert!(text.contains("did not come back within 4 s"), "{text}");
    assert!(text.contains("--dut ports --ports"), "the command to repeat it: {text}");
    replays(&trace);
    assert!(!folder.path().join("lamps").exists(), "links go with the rig");
}

#[test]
fn a_controller_that_asks_to_end_ends_and_one_whose_ports_are_gone_looks_for_them() {
    let (folder, rigs, theirs) = table();
    let out = folder.path().join("out");
    let mut run = start(rig(&[
        "check",
        "--dut",
        "ports",
        "--ports",
        rigs.to_str().unwrap(),
        "--scenario",
        "short-visit",
        "--out",
        out.to_str().unwrap(),
    ]));
    for cable in CABLES {
        wait_for("the rig's terminals", || folder.path().join(cable).exists().then_some(()));
    }
    let mut controller = start(rig(&["controller", "--ports", theirs.to_str().unwrap()]));
    let mut complaints = BufReader::new(controller.stderr.take().expect("a pipe"));
    wait_for("records", || grown(&out.join("short-visit/trace.rig"), 6_000));
    run.kill().expect("alive");
    let _ = run.wait();
    hears(&mut complaints, "a port is gone, and looked for");
    signal("-TERM", controller.id());
    hears(&mut complaints, "interrupted");
    let status = wait_for("the controller ends", || controller.try_wait().expect("a process of ours"));
    assert_eq!(status.code(), Some(130));
}

#[test]
fn a_disk_that_fills_up_ends_a_run_with_what_fitted() {
    let folder = tempfile::tempdir().expect("a folder");
    let mounted = Command::new("mount")
        .args(["-t", "tmpfs", "-o", "size=64k", "tmpfs"])
        .arg(folder.path())
        .stderr(Stdio::null())
        .status();
    if !mounted.is_ok_and(|status| status.success()) {
        println!("skipped: only root may mount a small disk");
        return;
    }
    let run = rig(&[
        "check",
        "--dut",
        "soft",
        "--scenario",
        "evening-peak",
        "--out",
        folder.path().to_str().unwrap(),
    ]);
    let (code, _, text) = end(start(run));
    let read = replays(&folder.path().join("evening-peak/trace.rig"));
    let _ = Command::new("umount").arg(folder.path()).status();
    assert_eq!(code, Some(3), "{text}");
    assert!(text.contains("evening-peak/trace.rig") && text.contains("make room"), "{text}");
    assert!(!read.is_empty());
}

/// A cold start and nothing else, long enough for the first vehicle green to be judged.
const COLD_START: &str =
    "version = 1\ntitle = \"the supply comes\"\nlasts = \"20s\"\nmust_exercise = [\"P46\"]\n";

/// Adds `[actions]` to a ports file, and writes the scenario beside it. Gives the arguments of a run.
fn with_power(rigs: &Path, power: &str) -> [String; 9] {
    let mut text = fs::read_to_string(rigs).expect("a ports file");
    text.push_str(&format!("\n[actions]\npower = {power}\n"));
    fs::write(rigs, text).expect("a writable folder");
    let scenario = rigs.with_file_name("cold-start.toml");
    fs::write(&scenario, COLD_START).expect("a writable folder");
    let [rigs, scenario, out] =
        [rigs, &scenario, &rigs.with_file_name("out")].map(|path| path.display().to_string());
    let words = ["check", "--dut", "ports", "--ports", &rigs, "--scenario", &scenario, "--out", &out];
    words.map(str::to_owned)
}

/// A run passed, its cold start exercised; a host that is too slow for real time proves nothing.
fn passed(code: Option<i32>, text: &str) {
    let too_slow = code == Some(3) && text.contains("host too slow");
    assert!(too_slow || code == Some(0), "{code:?}: {text}");
}

#[test]
fn a_relay_that_a_program_works_gives_every_run_its_cold_start() {
    let (folder, rigs, theirs) = table();
    let relay = folder.path().join("relay");
    let script = format!(
        "#!/bin/sh\ncd {}\necho relay $1\ncase $1 in\non) {} controller --ports {} >/dev/null 2>&1 & echo $! > pid;;\n\
         off) [ ! -f pid ] || kill -9 $(cat pid);;\nesac\n",
        folder.path().display(),
        env!("CARGO_BIN_EXE_rig"),
        theirs.display()
    );
    fs::write(&relay, script).expect("a writable folder");
    let arguments = with_power(&rigs, &format!("[\"sh\", \"{}\"]", relay.display()));
    let mut command = rig(&arguments.each_ref().map(String::as_str));
    command.args(["--json", "-v"]);
    let output = command.output().expect("the binary runs");
    let _ = Command::new("sh").arg(&relay).arg("off").output();
    let [results, complaints] =
        [&output.stdout, &output.stderr].map(|text| String::from_utf8_lossy(text).into_owned());
    assert!(complaints.contains("relay off") && complaints.contains("relay on"), "{complaints}");
    assert!(results.trim_start().starts_with('{'), "what a relay's program says is no result: {results}");
    let text = fs::read_to_string(folder.path().join("out/cold-start/trace.txt")).expect("a text");
    passed(output.status.code(), &text);
}

#[test]
fn a_person_who_is_asked_switches_and_presses_enter() {
    let (folder, rigs, theirs) = table();
    let arguments = with_power(&rigs, "\"prompt\"");
    let mut command = rig(&arguments.each_ref().map(String::as_str));
    command.stdin(Stdio::piped());
    let mut run = start(command);
    let mut complaints = BufReader::new(run.stderr.take().expect("a pipe"));
    let mut keys = run.stdin.take().expect("a pipe");
    hears(&mut complaints, ">>> switch the controller's supply OFF, then press Enter");
    keys.write_all(b"\n").expect("a reader");
    hears(&mut complaints, ">>> switch the controller's supply ON, then press Enter");
    let mut controller = start(rig(&["controller", "--ports", theirs.to_str().unwrap()]));
    keys.write_all(b"\n").expect("a reader");
    run.stderr = Some(complaints.into_inner());
    let (code, _, said) = end(run);
    controller.kill().expect("alive");
    let _ = controller.wait();
    let text = fs::read_to_string(folder.path().join("out/cold-start/trace.txt")).expect("a text");
    passed(code, &format!("{text}{said}"));
}

#[test]
fn a_person_is_asked_in_vain_where_nobody_is_at_the_terminal() {
    let (_folder, rigs, _) = table();
    let arguments = with_power(&rigs, "\"prompt\"");
    let (code, took, text) = end(start(rig(&arguments.each_ref().map(String::as_str))));
    assert_eq!(code, Some(3), "{text}");
    assert!(took < PROMISED, "{took:?}");
    assert!(text.contains("standard input has ended"), "{text}");
}
