//! Starts the generated program and listens to what it tells.

use std::io::{BufRead as _, BufReader};
use std::path::Path;
use std::process::{Command, Stdio};

use super::bite::{Bite, Order, Task, sites_for};
use super::defect::Defect;
use super::workshop::TeethError;

/// A task for each defect: the sites on which it is tried, `usual` first.
///
/// # Errors
/// If a defect needs a site that does not exist.
pub fn tasks(defects: &[Defect], usual: &str) -> Result<Vec<Task>, TeethError> {
    let task = |defect: &Defect| {
        let sites = sites_for(defect.needs.as_deref(), usual)
            .map_err(|what| TeethError::Defect { path: format!("{}.patch", defect.name).into(), what })?;
        Ok(Task { name: defect.name.clone(), sites })
    };
    defects.iter().map(task).collect()
}

/// Runs `program`; `told` hears of each defect as soon as it has been tried.
///
/// # Errors
/// If the program cannot be started, or ends before all has been told.
pub fn try_out(program: &Path, order: &Order, told: &mut dyn FnMut(&Bite)) -> Result<Vec<Bite>, TeethError> {
    let trouble = |what: String| TeethError::Program(format!("{}: {what}", program.display()));
    let text = serde_json::to_string(order).map_err(|error| trouble(error.to_string()))?;
    let mut child = Command::new(program)
        .arg(text)
        .stdout(Stdio::piped())
        .spawn()
        .map_err(|error| trouble(error.to_string()))?;
    let mut bites = Vec::new();
    if let Some(out) = child.stdout.take() {
        for line in BufReader::new(out).lines() {
            let line = line.map_err(|error| trouble(error.to_string()))?;
            let bite: Bite =
                serde_json::from_str(&line).map_err(|error| trouble(format!("{error}: {line}")))?;
            told(&bite);
            bites.push(bite);
        }
    }
    let status = child.wait().map_err(|error| trouble(error.to_string()))?;
    if !status.success() || bites.len() < order.tasks.len() {
        return Err(trouble(format!("{status} after {} of {} defects", bites.len(), order.tasks.len())));
    }
    Ok(bites)
}
