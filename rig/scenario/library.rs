//! Scenarios by name.

use super::Scenario;
use crate::site::FileError;
use crate::site::library::SCENARIOS;

/// The names of the scenarios built in, regressions last.
#[must_use]
pub fn names() -> Vec<String> {
    SCENARIOS.names().map(str::to_owned).collect()
}

/// A scenario by name or path, generators expanded with `seed`. A path (with `/` or ending with `.toml`) is read from
/// disk; a name is looked for in `./fixtures/scenarios` and `./fixtures/regressions`, then among those built in.
///
/// # Errors
/// If there is none, it cannot be read, or it is wrong.
pub fn find(name_or_path: &str, seed: u64) -> Result<Scenario, FileError> {
    let (file, text) = SCENARIOS.find(name_or_path)?;
    Scenario::load(&text, &file, seed)
}
