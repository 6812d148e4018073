//! Starts the generated program and listens to what it tells.

use std::collections::BTreeSet;
use std::io::{BufRead as _, BufReader};
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::sync::mpsc::{Receiver, RecvTimeoutError, channel};
use std::thread;
use std::time::Duration;

use super::bite::{Bite, Order, Search, Task, Told, sites_for};
use super::defect::Defect;
use super::workshop::TeethError;

/// A task for each defect: the sites on which it is tried, `usual` first, and what is left to chance there.
///
/// # Errors
/// If a defect needs a site that does not exist.
pub fn tasks(defects: &[Defect], usual: &str, search: Search) -> Result<Vec<Task>, TeethError> {
    let task = |defect: &Defect| {
        let sites = sites_for(defect.needs.as_deref(), usual)
            .map_err(|what| TeethError::Defect { path: format!("{}.patch", defect.name).into(), what })?;
        Ok(Task { name: defect.name.clone(), sites, search })
    };
    defects.iter().map(task).collect()
}

/// Runs `program`; `told` hears of each task as soon as it has been tried. A controller that goes round in circles within itself
/// cannot be stopped from inside: a program that has nothing to tell for `patience` is ended, what it was at is tried once more
/// alone, and what hangs then is said to hang.
///
/// # Errors
/// If the program cannot be started, or ends before all has been told.
pub fn try_out(
    program: &Path,
    order: &Order,
    patience: Duration,
    told: &mut dyn FnMut(&Bite),
) -> Result<Vec<Bite>, TeethError> {
    let mut bites = Vec::new();
    let mut left = order.tasks.clone();
    while !left.is_empty() {
        let round = one_round(program, &Order { tasks: left, ..order.clone() }, patience, told)?;
        bites.extend(round.bites);
        left = round.left;
        for task in round.stuck {
            let alone = Order { tasks: vec![task.clone()], jobs: 1, ..order.clone() };
            let mut alone = one_round(program, &alone, patience, told)?;
            if alone.bites.is_empty() {
                let bite = Bite { hangs: true, name: task.name, search: task.search, ..Bite::default() };
                told(&bite);
                alone.bites.push(bite);
            }
            bites.extend(alone.bites);
        }
    }
    Ok(bites)
}

/// What came of running the program once.
#[derive(Default)]
struct Round {
    bites: Vec<Bite>,
    /// It was at these when it had nothing more to tell.
    stuck: Vec<Task>,
    /// It had not begun with these.
    left: Vec<Task>,
}

fn one_round(
    program: &Path,
    order: &Order,
    patience: Duration,
    told: &mut dyn FnMut(&Bite),
) -> Result<Round, TeethError> {
    let trouble = |what: String| TeethError::Program(format!("{}: {what}", program.display()));
    let text = serde_json::to_string(order).map_err(|error| trouble(error.to_string()))?;
    let mut child = Command::new(program)
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn()
        .map_err(|error| trouble(error.to_string()))?;
    if let Some(mut stdin) = child.stdin.take() {
        use std::io::Write as _;
        // A program that has ended already says so by its code.
        let _ = stdin.write_all(text.as_bytes());
    }
    let lines = lines(&mut child);
    let (mut round, mut begun, mut done) = (Round::default(), BTreeSet::new(), BTreeSet::new());
    let silent = loop {
        let line = match lines.recv_timeout(patience) {
            Ok(line) => line,
            Err(RecvTimeoutError::Disconnected) => break false,
            Err(RecvTimeoutError::Timeout) => break true,
        };
        match serde_json::from_str(&line).map_err(|error| trouble(format!("{error}: {line}")))? {
            Told::Begins(place) => _ = begun.insert(place),
            Told::Done(place, bite) => {
                done.insert(place);
                told(&bite);
                round.bites.push(*bite);
            }
        }
    };
    if silent {
        let _ = child.kill();
    }
    let status = child.wait().map_err(|error| trouble(error.to_string()))?;
    for (place, task) in order.tasks.iter().enumerate() {
        match (begun.contains(&place), done.contains(&place)) {
            (_, true) => {}
            (true, false) => round.stuck.push(task.clone()),
            (false, false) => round.left.push(task.clone()),
        }
    }
    if !silent && (!status.success() || done.len() < order.tasks.len()) {
        return Err(trouble(format!("{status} after {} of {} tasks", done.len(), order.tasks.len())));
    }
    Ok(round)
}

/// What the program says, line by line, from a thread of its own: a pipe cannot be waited for with a bound.
fn lines(child: &mut Child) -> Receiver<String> {
    let (tell, lines) = channel();
    if let Some(out) = child.stdout.take() {
        thread::spawn(move || {
            for line in BufReader::new(out).lines() {
                if line.is_err() || line.is_ok_and(|line| tell.send(line).is_err()) {
                    break;
                }
            }
        });
    }
    lines
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A program that tells of what it is at and hangs over the second task of several, and over that one alone.
    const STUCK: &str = r#"#!/bin/sh
order=$(cat)
case "$order" in
    *'"name":"a"'*) echo '{"Begins":0}'; echo '{"Done":[0,{"name":"a"}]}'; echo '{"Begins":1}'; exec sleep 600 ;;
    *'"name":"b"'*) echo '{"Begins":0}'; exec sleep 600 ;;
    *) echo '{"Begins":0}'; echo '{"Done":[0,{"name":"c"}]}' ;;
esac
"#;

    #[test]
    fn what_hangs_is_told_and_the_others_are_tried_all_the_same() {
        use std::os::unix::fs::PermissionsExt as _;
        let folder = tempfile::tempdir().expect("a folder");
        let program = folder.path().join("stuck");
        std::fs::write(&program, STUCK).expect("a program");
        std::fs::set_permissions(&program, std::fs::Permissions::from_mode(0o755)).expect("it can be run");
        let tasks = ["a", "b", "c"].map(|name| Task { name: name.to_owned(), ..Task::default() });
        let order = Order { tasks: tasks.into(), jobs: 1, ..Order::default() };
        let bites =
            try_out(&program, &order, Duration::from_secs(1), &mut |_| {}).expect("a program that runs");
        let hangs: Vec<(&str, bool)> = bites.iter().map(|bite| (bite.name.as_str(), bite.hangs)).collect();
        assert_eq!(hangs, [("a", false), ("b", true), ("c", false)]);
    }
}
