//! A controller on the table: what can be done to it besides sending it bytes is done by people, by a program that
//! works a relay, or through its service port.

use std::os::unix::process::CommandExt as _;
use std::process::{Command, Stdio};
use std::sync::{Arc, Mutex};
use std::thread;
use std::time::{Duration, Instant as Clock};

use emulators::device::Operator;
use emulators::time::Instant;
use emulators::wire::service_map as map;
use rustix::process::{Pid, Signal, kill_process_group};
use tokio::sync::mpsc;

use super::{Begun, Cabinet, News};
use crate::bench::DutAction;
use crate::driver::ActionBy;

/// The cabinet on the table.
#[derive(Debug)]
pub struct Connected {
    power: ActionBy,
    operator: ActionBy,
    news: mpsc::Sender<News>,
    /// The command that runs now; it leads a process group of its own.
    running: Arc<Mutex<Option<Pid>>>,
}

impl Drop for Connected {
    /// What still runs when nobody waits for it any more is ended, with all that it has started.
    fn drop(&mut self) {
        if let Ok(mut running) = self.running.lock() {
            end(running.take());
        }
    }
}

impl Connected {
    /// Actions are done as the ports file says.
    #[must_use]
    pub fn new(power: ActionBy, operator: ActionBy, news: mpsc::Sender<News>) -> Connected {
        Connected { power, operator, news, running: Arc::default() }
    }

    fn ask(&self, by: &ActionBy, what: &str, word: &str) -> Result<Begun, String> {
        match by {
            ActionBy::Nobody => Err(format!("nobody can do it: {what} (see [actions] in the ports file)")),
            ActionBy::Prompt => {
                eprintln!(">>> {what}, then press Enter");
                Ok(Begun::Prompted)
            }
            ActionBy::Run(command) => {
                let (command, word, news) = (command.clone(), word.to_owned(), self.news.clone());
                let running = Arc::clone(&self.running);
                thread::spawn(move || {
                    let _ = news.blocking_send(News::Confirmed(carry_out(&command, &word, &running)));
                });
                Ok(Begun::Asked)
            }
            ActionBy::Service => Err(format!("{what}: a service port cannot do that")),
        }
    }
}

/// A command of the ports file may take so long; it is looked after so often.
const COMMAND_LASTS: Duration = Duration::from_secs(30);
const LOOK: Duration = Duration::from_millis(10);

/// Ends a process group. One that has ended already is gone.
fn end(group: Option<Pid>) {
    if let Some(group) = group {
        let _ = kill_process_group(group, Signal::KILL);
    }
}

/// Runs a command of the ports file with the action's word as its last argument. `running` is told of it.
fn carry_out(command: &[String], word: &str, running: &Mutex<Option<Pid>>) -> Result<(), String> {
    let [program, arguments @ ..] = command else { return Err("the command is empty".to_owned()) };
    let mut command = Command::new(program);
    // Standard output is the results'.
    command.args(arguments).arg(word).stdin(Stdio::null()).stdout(std::io::stderr()).process_group(0);
    let mut child = command
        .spawn()
        .map_err(|error| format!("[actions]: the command `{program}` cannot be run: {error}"))?;
    let group = i32::try_from(child.id()).ok().and_then(Pid::from_raw);
    let note = |group| {
        if let Ok(mut running) = running.lock() {
            *running = group;
        }
    };
    note(group);
    let until = Clock::now() + COMMAND_LASTS;
    let done = loop {
        match child.try_wait() {
            // What it has left running (a controller, say) is meant to.
            Ok(Some(status)) if status.success() => break Ok(()),
            Ok(Some(status)) => {
                break Err(format!(
                    "[actions]: the command `{program}` ended with {status} when told `{word}`"
                ));
            }
            Ok(None) if Clock::now() >= until => {
                end(group);
                let _ = child.wait();
                let seconds = COMMAND_LASTS.as_secs();
                break Err(format!(
                    "[actions]: the command `{program}` had not ended {seconds} s after it was told `{word}`, and was stopped"
                ));
            }
            Ok(None) => thread::sleep(LOOK),
            Err(error) => break Err(format!("[actions]: the command `{program}`: {error}")),
        }
    };
    note(None);
    done
}

/// The writes to holding registers that do what an operator does.
fn writes(action: Operator) -> Vec<(u16, u16)> {
    match action {
        Operator::Automatic => vec![(map::MODE_REQUEST, map::Mode::Normal as u16)],
        Operator::Manual => vec![(map::MODE_REQUEST, map::Mode::Manual as u16)],
        Operator::Flash => vec![(map::MODE_REQUEST, map::Mode::Flash as u16)],
        Operator::Off => vec![(map::MODE_REQUEST, map::Mode::Off as u16)],
        Operator::Step => vec![(map::MANUAL_STEP, 1)],
        Operator::Reset => vec![(map::FAULT_RESET, 1)],
    }
}

impl Cabinet for Connected {
    fn begin(&mut self, action: DutAction) -> Result<Begun, String> {
        match action {
            DutAction::Power(true) => self.ask(&self.power, "switch the controller's supply ON", "on"),
            DutAction::Power(false) => self.ask(&self.power, "switch the controller's supply OFF", "off"),
            DutAction::Operator(action) if self.operator == ActionBy::Service => {
                Ok(Begun::ByService(writes(action)))
            }
            DutAction::Operator(action) => {
                let what = format!("at the controller's panel: {}", action.word());
                self.ask(&self.operator, &what, action.word())
            }
            DutAction::Stall | DutAction::Resume => {
                Err("the processor of a controller on the table cannot be stopped".to_owned())
            }
        }
    }

    fn power(&mut self, _now: Instant, _on: bool) -> Result<(), String> {
        Ok(())
    }

    fn operator(&mut self, _action: Operator) -> Result<(), String> {
        Ok(())
    }

    fn stall(&mut self) -> Result<(), String> {
        Ok(())
    }

    fn resume(&mut self) -> Result<(), String> {
        Ok(())
    }
}
