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
