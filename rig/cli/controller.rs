//! `rig controller`: the soft controller as a process of its own.

use std::io::Write as _;
use std::path::{Path, PathBuf};
use std::sync::atomic::Ordering;
use std::thread;

use emulators::controller::Controller;
use emulators::time::Span;
use tokio::sync::mpsc;

use super::{Exit, STOP, complain, typed};
use crate::driver::live::{Lateness, News, World, serve};
use crate::driver::port::Port;
use crate::driver::{PortsFile, WallClock};
use crate::site::{CableRole, Site, library as sites, read};

/// Arguments of `rig controller`.
#[derive(Debug, clap::Args)]
pub(super) struct Arguments {
    /// A site's name or the path of a site file.
    #[arg(long, default_value = "yudaihe-beixiaoyuan")]
    site: String,
    /// Which cable is plugged into which port.
    #[arg(long, value_name = "FILE")]
    ports: PathBuf,
    /// Where what must survive a loss of supply is kept.
    #[arg(long, value_name = "FILE")]
    state: Option<PathBuf>,
    /// Local time at the start, seconds since 1970-01-01; without it: the machine's, in UTC.
    #[arg(long, value_name = "SECONDS")]
    start_time: Option<u32>,
    /// Where its millisecond counter begins.
    #[arg(long, value_name = "MS", default_value_t = 0)]
    uptime_ms: u64,
    /// For a program that starts it: its supply comes with the first line on standard input, and it ends when standard
    /// input does.
    #[arg(long)]
    attached: bool,
}

/// The process's world: a state file, and whoever reads standard output.
struct Process {
    state: Option<PathBuf>,
    /// A program listens on standard output.
    attached: bool,
}

impl World for Process {
    fn persist(&mut self, bytes: Vec<u8>) {
        let Some(path) = &self.state else { return };
        if let Err(error) = replace(path, &bytes) {
            tracing::error!("{}: {error}: what must survive a loss of supply is not kept", path.display());
        }
    }

    fn late(&mut self, by: Span) {
        if !self.attached {
            return tracing::warn!("host too slow: the controller was served {by} s late");
        }
        let mut out = std::io::stdout();
        let _ = writeln!(out, "late {}", by.as_us()).and_then(|()| out.flush());
    }
}

/// Old or new, never half: a process may be killed while it writes.
fn replace(path: &Path, bytes: &[u8]) -> std::io::Result<()> {
    let new = path.with_extension("new");
    std::fs::write(&new, bytes)?;
    std::fs::rename(&new, path)
}

/// Runs the command.
pub(super) fn run(arguments: &Arguments) -> Exit {
    let files = sites::find(&arguments.site).and_then(|site| {
        let text = read(&arguments.ports)?;
        let ports = PortsFile::load(&text, &arguments.ports.display().to_string())?;
        Ok((site, ports))
    });
    let (site, ports) = match files {
        Ok(files) => files,
        Err(error) => {
            complain(&error);
            return Exit::Usage;
        }
    };
    let persisted = match arguments.state.as_deref().map(kept).transpose() {
        Ok(persisted) => persisted.flatten(),
        Err(why) => {
            complain_line!("error: {why}");
            return Exit::Usage;
        }
    };
    match control(arguments, persisted.as_deref(), &site, &ports) {
        Ok(()) if STOP.load(Ordering::Relaxed) => Exit::Interrupted,
        Ok(()) => Exit::Passed,
        Err(error) => {
            complain(&error);
            Exit::Broken
        }
    }
}

/// What survived the last loss of supply. It will be written over: what is no state of a controller is somebody's file.
fn kept(path: &Path) -> Result<Option<Vec<u8>>, String> {
    match std::fs::read(path) {
        Ok(bytes) if bytes.is_empty() => Ok(None),
        Ok(bytes) if Controller::has_persisted(&bytes) => Ok(Some(bytes)),
        Ok(_) => Err(format!(
            "{}: no state of a controller; --state would write over it: name another file",
            path.display()
        )),
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => Ok(None),
        Err(error) => Err(format!("{}: {error}", path.display())),
    }
}

fn control(
    arguments: &Arguments,
    persisted: Option<&[u8]>,
    site: &Site,
    ports: &PortsFile,
) -> Result<(), String> {
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()
        .map_err(|error| format!("no runtime: {error}"))?;
    let (tell, mut news) = mpsc::channel(16);
    let attached = arguments.attached;
    thread::spawn(move || typed::hand_on(&tell, attached));
    runtime.block_on(async {
        let mut open = Vec::new();
        for role in CableRole::ALL {
            if !role.is_controllers() {
                open.push(None);
                continue;
            }
            open.push(match (&ports.ports[role.index()], site.wiring.cables[role.index()]) {
                (Some(url), Some(cable)) => {
                    let port = Port::open(url, cable.line).await.map_err(|error| error.to_string())?;
                    if let Some(far_end) = port.far_end() {
                        complain_line!("{}: the other end is {}", role.name(), far_end.display());
                    }
                    Some(port)
                }
                (Some(_), None) => return Err(format!("{}: this site has no such cable", role.name())),
                (None, _) => None,
            });
        }
        if attached && news.recv().await.is_none_or(|first| first == News::Told("quit".to_owned())) {
            return Ok(());
        }
        let device = device(arguments, persisted, site);
        let mut lateness = Lateness::default();
        let mut world = Process { state: arguments.state.clone(), attached };
        let ended = serve(device, open, WallClock::start(), news, &mut world, &mut lateness, &STOP)
            .await
            .map_err(|error| error.to_string())?;
        tracing::info!("ended: {ended}; wakes were late: {lateness}");
        Ok(())
    })
}

/// The controller as it is when its supply comes.
fn device(arguments: &Arguments, persisted: Option<&[u8]>, site: &Site) -> Controller {
    let mut config = site.controller.clone();
    config.clock = arguments.start_time.unwrap_or_else(super::machine_time);
    config.uptime_ms = arguments.uptime_ms;
    Controller::new(config, persisted)
}
