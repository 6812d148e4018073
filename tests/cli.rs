//! The command as a stranger meets it: exit codes, messages, files.

use std::fs;

use assert_cmd::Command;

fn rig() -> Command {
    let mut command = Command::cargo_bin("rig").expect("the binary is built");
    command.env_remove("RUST_LOG").env("NO_COLOR", "1");
    command
}

fn stderr_of(arguments: &[&str], code: i32) -> String {
    let output = rig().args(arguments).output().expect("the binary runs");
    let stderr = String::from_utf8_lossy(&output.stderr).into_owned();
    assert_eq!(output.status.code(), Some(code), "{arguments:?}: {stderr}");
    stderr
}

fn stdout_of(arguments: &[&str], code: i32) -> String {
    let output = rig().args(arguments).output().expect("the binary runs");
    let stdout = String::from_utf8_lossy(&output.stdout).into_owned();
    assert_eq!(output.status.code(), Some(code), "{arguments:?}: {stdout}");
    stdout
}

#[test]
fn check_passes_and_prints_strip_verdicts_and_a_summary() {
    let text = stdout_of(&["check", "--scenario", "evening-peak"], 0);
    for part in ["evening-peak", "vehicle", "pedestrian", "P17", "worst margin", "1 passed"] {
        assert!(text.contains(part), "{part} is missing in\n{text}");
    }
}

#[test]
fn check_writes_a_run_folder_that_replays_to_the_same_verdicts() {
    let folder = tempfile::tempdir().expect("a temporary folder");
    let out = folder.path().to_str().expect("a printable path");
    let first = stdout_of(&["check", "--scenario", "red-runner", "--out", out, "--json"], 0);
    let trace = folder.path().join("red-runner/trace.rig");
    let again = stdout_of(&["replay", trace.to_str().expect("a printable path"), "--json"], 0);
    let results = |text: &str| {
        let value: serde_json::Value = serde_json::from_str(text).expect("JSON");
        value["runs"][0]["results"].clone()
    };
    assert_eq!(results(&first), results(&again));

    let trace = trace.to_str().expect("a printable path");
    let frames = stdout_of(&["replay", trace, "--frames"], 0);
    // 95 s of reports twice a second, each in its SLIP delimiters; and the controller's answers.
    let of =
        |sender: &str| frames.lines().filter(|line| line.contains(sender) && line.ends_with(" c0")).count();
    assert!((180..=250).contains(&of(" camera-a   end 1      c0 ")), "{}", of(" camera-a   end 1      c0 "));
    assert!(of(" camera-a   controller c0 ") > 10);
    assert!(frames.contains("1 passed"), "the verdict follows");
    assert!(stderr_of(&["replay", trace, "--frames", "--json"], 2).contains("--json"));
}

#[test]
fn a_controller_writes_over_nobodys_file() {
    let folder = tempfile::tempdir().expect("a temporary folder");
    let ports = folder.path().join("mine.toml");
    let text = "version = 1\n[ports]\nlamps = \"pty:lamps\"\n";
    fs::write(&ports, text).expect("a ports file");
    let path = ports.to_str().expect("a printable path");
    let told = stderr_of(&["controller", "--ports", path, "--state", path], 2);
    assert!(told.contains("mine.toml: no state of a controller"), "{told}");
    assert_eq!(fs::read_to_string(&ports).expect("still there"), text);
}

/// A command whose stdout is a full disk: exit code and stderr.
#[cfg(target_os = "linux")]
fn on_a_full_disk(arguments: &[&str]) -> (Option<i32>, String) {
    let full = fs::OpenOptions::new().write(true).open("/dev/full").expect("a full disk");
    let output = std::process::Command::new(assert_cmd::cargo::cargo_bin("rig"))
        .args(arguments)
        .stdout(full)
        .output()
        .expect("the binary runs");
    (output.status.code(), String::from_utf8_lossy(&output.stderr).into_owned())
}

#[cfg(target_os = "linux")]
#[test]
fn results_that_cannot_be_written_are_no_success() {
    let folder = tempfile::tempdir().expect("a temporary folder");
    let out = folder.path().to_str().expect("a printable path");
    stdout_of(&["check", "--scenario", "give-up", "--out", out], 0);
    let trace = folder.path().join("give-up/trace.rig");
    let trace = trace.to_str().expect("a printable path");
    for arguments in [
        &["check", "--scenario", "give-up"][..],
        &["check", "--scenario", "give-up", "--json"],
        &["replay", trace],
        &["replay", trace, "--text", "--json"],
        &["list", "sites"],
        &["list", "properties", "--json"],
        &["--help"],
        &["--version"],
    ] {
        let (code, stderr) = on_a_full_disk(arguments);
        assert_eq!(code, Some(3), "{arguments:?}: {stderr}");
        assert!(stderr.contains("could not be written"), "{arguments:?}: {stderr}");
    }
}

#[cfg(target_os = "linux")]
#[test]
fn a_reader_that_goes_away_changes_no_verdict() {
    let mut child = std::process::Command::new(assert_cmd::cargo::cargo_bin("rig"))
        .args(["check", "--scenario", "give-up"])
        .stdout(std::process::Stdio::piped())
        .stderr(std::process::Stdio::piped())
        .spawn()
        .expect("the binary runs");
    drop(child.stdout.take());
    let output = child.wait_with_output().expect("it ends");
    assert_eq!((output.status.code(), String::from_utf8_lossy(&output.stderr).as_ref()), (Some(0), ""));
}

#[test]
fn a_filter_of_diagnostics_that_means_nothing_is_told() {
    let output =
        rig().args(["list", "sites"]).env("RUST_LOG", "garbage===").output().expect("the binary runs");
    let stderr = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success() && stderr.contains("RUST_LOG=garbage==="), "{stderr}");
}

#[test]
fn unknown_names_end_with_2_and_say_what_there_is() {
    assert!(stderr_of(&["check", "yudaihe"], 2).contains("yudaihe-beixiaoyuan"));
    assert!(stderr_of(&["check", "--scenario", "evening"], 2).contains("evening-peak"));
    stderr_of(&["check", "--no-such-flag"], 2);
    assert!(stderr_of(&["check", "no/such/site.toml"], 2).contains("no/such/site.toml"));
    assert!(stderr_of(&["replay", "no/such/trace.rig"], 2).contains("no/such/trace.rig"));
}

#[test]
fn a_broken_site_file_ends_with_2_and_names_file_line_and_key() {
    let folder = tempfile::tempdir().expect("a temporary folder");
    let path = folder.path().join("broken.toml");
    let good =
        fs::read_to_string(concat!(env!("CARGO_MANIFEST_DIR"), "/fixtures/sites/yudaihe-beixiaoyuan.toml"))
            .expect("the default site file");
    fs::write(&path, format!("{good}\n[nonsense]\nx = 1\n")).expect("a temporary file");
    let error = stderr_of(&["check", path.to_str().expect("a printable path")], 2);
    let line = good.lines().count() + 2;
    assert!(error.contains("broken.toml") && error.contains("nonsense"), "{error}");
    assert!(error.contains(&format!(":{line}")), "line {line} is missing in {error}");
}

#[test]
fn noise_instead_of_a_file_is_refused_without_a_panic() {
    let folder = tempfile::tempdir().expect("a temporary folder");
    let path = folder.path().join("noise.toml");
    let noise: Vec<u8> = (0..10_000_000u32).map(|n| (n.wrapping_mul(2_654_435_761) >> 13) as u8).collect();
    fs::write(&path, noise).expect("a temporary file");
    let path = path.to_str().expect("a printable path");
    assert!(stderr_of(&["check", path], 2).contains("noise.toml"));
    assert!(stderr_of(&["check", "--scenario", path], 2).contains("noise.toml"));
    assert!(stderr_of(&["replay", path], 2).contains("noise.toml"));
}

#[test]
fn a_run_folder_that_cannot_be_written_is_the_rigs_trouble() {
    let folder = tempfile::tempdir().expect("a temporary folder");
    let file = folder.path().join("a-file");
    fs::write(&file, "in the way").expect("a temporary file");
    let error =
        stderr_of(&["check", "--scenario", "red-runner", "--out", file.to_str().expect("printable")], 3);
    assert!(error.contains("a-file"), "{error}");
}

#[test]
fn a_scenario_that_does_not_apply_runs_nothing_and_ends_with_5() {
    let folder = tempfile::tempdir().expect("a temporary folder");
    let path = folder.path().join("button-only.toml");
    let text = "version = 1\ntitle = \"for push buttons\"\nstarts_at = \"10:00:00\"\nlasts = \"20s\"\npolicies = [\"push_button\"]\n";
    fs::write(&path, text).expect("a temporary file");
    let text = stdout_of(&["check", "--scenario", path.to_str().expect("printable")], 5);
    assert!(text.contains("skipped"), "{text}");
}

#[test]
fn lists_name_everything() {
    assert!(stdout_of(&["list", "sites"], 0).contains("tongzhou-no2-middle-school"));
    assert!(stdout_of(&["list", "scenarios"], 0).contains("evening-peak"));
    let properties = stdout_of(&["list", "properties"], 0);
    for n in 1..=65 {
        assert!(properties.contains(&format!("P{n:02}")), "P{n:02} is missing");
    }
}

/// The default site with a line of its `[controller]` section changed; the judge's `[limits]` stay.
fn site_with(from: &str, to: &str) -> tempfile::NamedTempFile {
    let good =
        fs::read_to_string(concat!(env!("CARGO_MANIFEST_DIR"), "/fixtures/sites/yudaihe-beixiaoyuan.toml"))
            .expect("the default site file");
    let (limits, plan) = good.split_once("[controller]").expect("the plan comes last");
    assert!(plan.contains(from), "{from} is not in the plan");
    let file = tempfile::Builder::new().suffix(".toml").tempfile().expect("a temporary file");
    fs::write(file.path(), format!("{limits}[controller]{}", plan.replace(from, to)))
        .expect("a temporary file");
    file
}

#[test]
fn a_violated_property_ends_with_1_and_is_named_with_time_values_and_the_command_that_repeats_it() {
    let site = site_with("yellow = \"3s\"", "yellow = \"2600ms\"");
    let path = site.path().to_str().expect("printable");
    let text = stdout_of(&["check", path, "--scenario", "evening-peak"], 1);
    for part in [
        "P10",
        "VIOLATED",
        "Each vehicle yellow lasts 3 s to 5 s",
        "63.297659  the controller's log: its interlock refused a command: vehicle red was wanted, yellow was too short",
        "vehicle yellow had lasted, when red was wanted: 2.600 s, at least 3.000 s",
        "worst margin -0.400 s",
        "VIOLATED evening-peak: P10 yellow lasts",
        &format!("{} check {path} --scenario evening-peak --seed 1", env!("CARGO_BIN_EXE_rig")),
    ] {
        assert!(text.contains(part), "{part} is missing in\n{text}");
    }
    // Nothing else is accused: a yellow that is cut short and begins to flash has not lasted too long.
    assert_eq!(text.matches("VIOLATED ").count(), 2, "{text}");
    let site = site_with("all_red = \"2s\"", "all_red = \"1900ms\"");
    let text =
        stdout_of(&["check", site.path().to_str().expect("printable"), "--scenario", "evening-peak"], 1);
    assert!(text.contains("P02") && text.contains("at least 1.900 s"), "{text}");
}

#[test]
fn a_site_may_not_give_its_own_property_an_id_of_the_catalogue() {
    let property = "[[property]]\nid = \"P10\"\ntitle = \"t\"\nsentence = \"s\"\nsource = \"x\"\n[[property.check]]\nnever = \"VA=Y\"\n";
    let site = site_with("yellow = \"3s\"", "yellow = \"3s\"");
    let good = fs::read_to_string(site.path()).expect("just written");
    fs::write(site.path(), format!("{good}\n{property}")).expect("a temporary file");
    let line = good.lines().count() + 2;
    let error = stderr_of(&["check", site.path().to_str().expect("printable")], 2);
    assert!(error.contains(&format!(".toml:{line}: id: ")) && error.contains("P10"), "{error}");
}

#[test]
fn a_property_that_does_not_exist_cannot_be_asked_for() {
    let folder = tempfile::tempdir().expect("a temporary folder");
    let path = folder.path().join("typo.toml");
    let text = "version = 1\ntitle = \"noon\"\nlasts = \"20s\"\nmust_exercise = [\"P10\", \"P99\"]\n";
    fs::write(&path, text).expect("a temporary file");
    let error = stderr_of(&["check", "--scenario", path.to_str().expect("printable")], 2);
    assert!(error.contains("typo.toml:4: must_exercise") && error.contains("P99"), "{error}");
}

#[test]
fn what_follows_the_end_of_a_trace_is_not_judged_and_not_passed_over_in_silence() {
    let folder = tempfile::tempdir().expect("a temporary folder");
    let out = folder.path().to_str().expect("a printable path");
    stdout_of(&["check", "--scenario", "red-runner", "--out", out, "-q"], 0);
    let trace = folder.path().join("red-runner/trace.rig");
    let trace = trace.to_str().expect("a printable path");
    assert!(!stdout_of(&["replay", trace], 0).contains("follows the end"));
    let good = fs::read(trace).expect("the trace");
    for more in [b"something else".as_slice(), &good] {
        fs::write(trace, [good.as_slice(), more].concat()).expect("the trace");
        assert!(stdout_of(&["replay", trace], 4).contains("follows the end"));
        assert!(stderr_of(&["replay", trace, "-q"], 4).contains("follows the end"));
    }
    let mut damaged = good.clone();
    damaged[good.len() / 2] ^= 0xff;
    fs::write(trace, damaged).expect("the trace");
    assert!(stderr_of(&["replay", trace, "-q"], 4).contains("cut off"));
}

#[test]
fn what_had_to_be_exercised_and_was_not_ends_with_4() {
    let folder = tempfile::tempdir().expect("a temporary folder");
    let path = folder.path().join("by-day.toml");
    let text = "version = 1\ntitle = \"noon\"\nlasts = \"20s\"\nmust_exercise = [\"P60\"]\n";
    fs::write(&path, text).expect("a temporary file");
    let text = stdout_of(&["check", "--scenario", path.to_str().expect("printable")], 4);
    assert!(text.contains("P60 must be exercised"), "{text}");
}

#[cfg(unix)]
#[test]
fn an_interrupted_run_ends_with_130_and_leaves_a_trace_that_reads() {
    use std::process::{Command as Process, Stdio};
    use std::time::{Duration, Instant};

    let folder = tempfile::tempdir().expect("a temporary folder");
    let path = folder.path().join("two-days.toml");
    fs::write(&path, "version = 1\ntitle = \"two days\"\nlasts = \"48h\"\n").expect("a temporary file");
    let mut run = Process::new(env!("CARGO_BIN_EXE_rig"))
        .args(["check", "--scenario"])
        .arg(&path)
        .arg("--out")
        .arg(folder.path())
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .spawn()
        .expect("the binary runs");
    let trace = folder.path().join("two-days/trace.rig");
    let begun = Instant::now();
    // The trace has begun to grow: the run is under way and its handler is in place.
    while fs::metadata(&trace).map_or(0, |file| file.len()) < 100_000 {
        assert!(begun.elapsed() < Duration::from_secs(60), "the run never got under way");
        std::thread::yield_now();
    }
    let killed = Process::new("kill").args(["-INT", &run.id().to_string()]).status().expect("kill runs");
    assert!(killed.success());
    let ended = run.wait().expect("the run ends");
    assert_eq!(ended.code(), Some(130));
    let text = stdout_of(&["replay", trace.to_str().expect("printable"), "-q"], 4);
    assert!(text.contains("cut off") && text.contains("interrupted at "), "{text}");
    let readable = fs::read_to_string(trace.with_file_name("trace.txt")).expect("the text is written too");
    let last = readable.lines().rev().find(|line| !line.is_empty()).unwrap_or_default();
    assert!(last.contains("broke off: interrupted at "), "{last}");
}
