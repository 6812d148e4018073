//! What is tested: words for it on the command line, and what they lead to.

use std::path::Path;

use clap::ValueEnum;

use crate::driver::PortsFile;
use crate::runner::{self, Options, Outcome, RunError};
use crate::scenario::Scenario;
use crate::site::{FileError, Site, read};

/// The device under test.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(super) enum Dut {
    /// The soft controller in virtual time.
    Virtual,
    /// The soft controller in a process of its own, in real time.
    Soft,
    /// What is connected to ports.
    Ports,
}

/// The ports file, for what needs one.
pub(super) fn ports_file(dut: Dut, path: Option<&Path>) -> Result<Option<PortsFile>, FileError> {
    let Some(path) = path else { return Ok(None) };
    if dut != Dut::Ports {
        let message = "a ports file is given, and nothing is to be tested through ports".to_owned();
        let hint = Some("write `--dut ports` too, or leave `--ports` out".to_owned());
        return Err(FileError::whole(&path.display().to_string(), message, hint));
    }
    PortsFile::load(&read(path)?, &path.display().to_string()).map(Some)
}

/// What a command that repeats a run must say besides site, scenario and seed.
pub(super) fn how(dut: Dut, ports: Option<&Path>) -> Vec<String> {
    let words = |words: &[&str]| words.iter().map(|word| (*word).to_owned()).collect();
    match (dut, ports) {
        (Dut::Ports, Some(file)) => words(&["--dut", "ports", "--ports", &file.display().to_string()]),
        (Dut::Soft, _) => words(&["--dut", "soft"]),
        (Dut::Virtual | Dut::Ports, _) => Vec::new(),
    }
}

/// A world of its own for the soft controller, in virtual or in real time.
pub(super) fn run_soft(
    site: &Site,
    scenario: &Scenario,
    seed: u64,
    dut: Dut,
    options: Options<'_>,
) -> Result<Outcome, RunError> {
    if dut == Dut::Virtual {
        return runner::run(site, scenario, seed, options);
    }
    let program = std::env::current_exe().map_err(RunError::Ports)?;
    runner::run_soft(site, scenario, seed, options, &program)
}
