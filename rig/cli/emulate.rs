//! `rig emulate`: one emulator alone, for whoever builds or debugs a controller.

use std::io::{IsTerminal, Write as _};
use std::sync::mpsc::{Receiver, SyncSender, TrySendError, sync_channel};
use std::thread;

use clap::ValueEnum;
use tokio::sync::mpsc;

use super::{Exit, Manner, STOP, complain, typed};
use crate::bench::{Bench, Emulator};
use crate::driver::live::{AloneEnd, AloneRun, Spectator};
use crate::driver::port::{Port, PortError, PortUrl};
use crate::runner::decoding;
use crate::scenario::{Head, Scenario, Side, library as scenarios};
use crate::site::{CableRole, FileError, Site, library as sites};
use crate::trace::{Lines, Record};

/// Lines that may wait for a slow terminal; what is more is left out, for the port does not wait.
const WAITING: usize = 4_096;

/// Arguments of `rig emulate`.
#[derive(Debug, clap::Args)]
#[command(after_help = HELP)]
pub(super) struct Arguments {
    /// What is emulated.
    #[arg(value_enum)]
    device: Device,
    /// Where the controller finds it: pty:NAME, /dev/ttyUSB0, by-id:…, usb:0403:6001, tcp-listen://:4000,
    /// rfc2217-listen://:2217, tcp://host:port, rfc2217://host:port.
    #[arg(long, value_name = "URL")]
    port: PortUrl,
    /// A site's name or the path of a site file: addresses, units, lines.
    #[arg(long, default_value = "yudaihe-beixiaoyuan")]
    site: String,
    /// The device at kerb A or B; of heads and displays, both that stand there.
    #[arg(long, value_enum, default_value_t = Kerb::A)]
    side: Kerb,
    /// The device with this Modbus unit or display number; several may be named. A feedback or lamp-sense module gets
    /// this unit.
    #[arg(long, value_name = "N", num_args = 1.., conflicts_with_all = ["side", "all"])]
    unit: Vec<u8>,
    /// Every device on that cable.
    #[arg(long, conflicts_with = "side")]
    all: bool,
    /// What happens to it: a scenario's name or file.
    #[arg(long)]
    scenario: Option<String>,
    /// What is left to chance.
    #[arg(long, default_value_t = 1)]
    seed: u64,
    /// Leave out what repeats, as in a text trace.
    #[arg(long)]
    changes: bool,
    /// Ends when standard input ends: for a program that starts it.
    #[arg(long)]
    attached: bool,
}

/// For `--help`.
const HELP: &str = "\
Type what happens (`help` shows what there is): arrive a 2, camera a silent, lamp vehicle-a red out, quit.
Exit codes: 0 after `quit`, 2 usage or file error, 3 the port failed, 130 interrupted.";

#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
enum Device {
    /// A camera (GB/T 43229).
    Camera,
    /// Signal heads on the lamp bus (Modbus).
    Head,
    /// Countdown displays (GA/T 508; they only listen).
    Countdown,
    /// Light posts on the lamp bus (Modbus).
    Post,
    /// The lamp feedback module (Modbus, discrete inputs).
    Feedback,
    /// A lamp-sense module (Modbus, discrete inputs).
    LampSense,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
enum Kerb {
    A,
    B,
}

/// What stops it before it begins.
#[derive(Debug, thiserror::Error)]
enum Refused {
    #[error(transparent)]
    File(#[from] FileError),
    #[error("{0}")]
    Usage(String),
    #[error(transparent)]
    Port(#[from] PortError),
    #[error("{0}")]
    System(#[from] std::io::Error),
}

/// Runs the command.
pub(super) fn run(arguments: &Arguments, manner: Manner) -> Exit {
    match emulate(arguments, manner) {
        Ok(AloneEnd::Quit) => Exit::Passed,
        Ok(AloneEnd::Stopped) => Exit::Interrupted,
        Ok(AloneEnd::Gone(why)) => {
            complain_line!("error: {}: {why}", arguments.port);
            Exit::Broken
        }
        Err(error) => {
            complain(&error);
            match error {
                Refused::File(_) | Refused::Usage(_) => Exit::Usage,
                Refused::Port(_) | Refused::System(_) => Exit::Broken,
            }
        }
    }
}

fn emulate(arguments: &Arguments, manner: Manner) -> Result<AloneEnd, Refused> {
    let mut site = sites::find(&arguments.site)?;
    let scenario = match &arguments.scenario {
        Some(name) => Some(scenarios::find(name, arguments.seed)?),
        None => None,
    };
    as_module(arguments.device, &mut site);
    let here = chosen(arguments, &mut site)?;
    let Some(cable) = here.first().map(|device| device.cable()) else {
        return Err(Refused::Usage("no device is chosen".to_owned()));
    };
    let Some(wiring) = site.wiring.cables[cable.index()] else {
        return Err(Refused::Usage(format!("this site has no cable {}", cable.name())));
    };
    let mut wires = [false; CableRole::ALL.len()];
    wires[cable.index()] = !arguments.port.is_timeless();
    let starts_at = scenario.as_ref().map_or_else(super::machine_time, |scenario| scenario.starts_at);
    let bench = Bench::alone(&site, starts_at, arguments.seed, wires, &here);
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
    let (tell, news) = mpsc::channel(16);
    let lines =
        if arguments.changes { Lines::new(decoding(&site)) } else { Lines::of_every_frame(decoding(&site)) };
    runtime.block_on(async {
        let port = Port::open(&arguments.port, wiring.line).await?;
        let names: Vec<String> = here.iter().map(|device| name(arguments.device, *device, &site)).collect();
        let far_end = port.far_end().map(|far_end| {
            // What a link leads to is gone with the emulator; the link's name comes back.
            let node = std::fs::read_link(far_end).map(|node| format!(" ({})", node.display()));
            format!("; the other end is {}{}", far_end.display(), node.unwrap_or_default())
        });
        complain_line!("{} at {}{}", names.join(", "), arguments.port, far_end.unwrap_or_default());
        if std::io::stdin().is_terminal() {
            complain_line!("type `help` for what can happen to it, `quit` to end");
        }
        let attached = arguments.attached;
        thread::spawn(move || typed::hand_on(&tell, attached));
        let steps = scenario.map(|scenario: Scenario| scenario.steps.into()).unwrap_or_default();
        let run = AloneRun { bench, cable, port, steps, stop: &STOP };
        if manner.quiet {
            return Ok(run.run(news, &mut Nobody).await?);
        }
        let (tell, told) = sync_channel(WAITING);
        let printer = thread::spawn(move || print(lines, &told));
        let end = run.run(news, &mut Screen { tell, left_out: 0 }).await;
        // A terminal that is stopped must not keep the port's end waiting: the second interrupt ends that.
        let _ = printer.join();
        Ok(end?)
    })
}

/// A lamp-sense module is the same device as the feedback module, with the wiring of its own where the site has one. The
/// rig's poller of it is no emulator.
fn as_module(device: Device, site: &mut Site) {
    let wiring = &mut site.wiring;
    let sense = wiring.cables[CableRole::Sense.index()].take();
    if let (Device::LampSense, Some(module)) = (device, wiring.sense) {
        wiring.feedback.unit = module.unit;
        wiring.feedback.vehicle = module.vehicle;
        wiring.feedback.pedestrian = module.pedestrian;
        wiring.cables[CableRole::Feedback.index()] = sense;
    }
    wiring.sense = None;
}

/// The devices that were asked for.
fn chosen(arguments: &Arguments, site: &mut Site) -> Result<Vec<Emulator>, Refused> {
    let side = match arguments.side {
        Kerb::A => Side::A,
        Kerb::B => Side::B,
    };
    if matches!(arguments.device, Device::Feedback | Device::LampSense) {
        match arguments.unit[..] {
            [] => {}
            [unit @ 1..=247] => site.wiring.feedback.unit = unit,
            _ => return Err(Refused::Usage("a module has one unit, 1 to 247".to_owned())),
        }
        return Ok(vec![Emulator::Inputs]);
    }
    if arguments.device == Device::Camera && !arguments.unit.is_empty() {
        return Err(Refused::Usage("a camera has no unit; choose it with --side".to_owned()));
    }
    let all = candidates(arguments.device);
    if arguments.all {
        // A camera is by itself on its cable.
        let cable = if arguments.device == Device::Camera { Emulator::Camera(side) } else { all[0] }.cable();
        let everything = [Device::Camera, Device::Head, Device::Countdown, Device::Post, Device::Feedback];
        let on_cable = everything.into_iter().flat_map(candidates).filter(|device| device.cable() == cable);
        return Ok(on_cable.collect());
    }
    if arguments.unit.is_empty() {
        return Ok(all.into_iter().filter(|device| side_of(*device) == Some(side)).collect());
    }
    let mut here = Vec::new();
    for unit in &arguments.unit {
        let Some(device) = all.iter().find(|device| unit_of(**device, site) == Some(*unit)) else {
            let units: Vec<String> =
                all.iter().filter_map(|device| unit_of(*device, site)).map(|unit| unit.to_string()).collect();
            let what = format!("{unit} is none of this site's: {}", units.join(", "));
            return Err(Refused::Usage(what));
        };
        here.push(*device);
    }
    Ok(here)
}

const HEADS: [Head; 4] =
    [Head::Vehicle(Side::A), Head::Vehicle(Side::B), Head::Pedestrian(Side::A), Head::Pedestrian(Side::B)];

/// All devices of a kind that a site has.
fn candidates(device: Device) -> Vec<Emulator> {
    match device {
        Device::Camera => [Side::A, Side::B].map(Emulator::Camera).into(),
        Device::Head => HEADS.map(Emulator::Head).into(),
        Device::Countdown => HEADS.map(Emulator::Display).into(),
        Device::Post => [Side::A, Side::B].map(Emulator::Post).into(),
        Device::Feedback | Device::LampSense => vec![Emulator::Inputs],
    }
}

const fn side_of(device: Emulator) -> Option<Side> {
    match device {
        Emulator::Camera(side) | Emulator::Post(side) => Some(side),
        Emulator::Head(head) | Emulator::Display(head) => match head {
            Head::Vehicle(side) | Head::Pedestrian(side) => Some(side),
        },
        Emulator::Inputs => None,
    }
}

/// Its Modbus unit, or a display's number.
const fn unit_of(device: Emulator, site: &Site) -> Option<u8> {
    let (lamps, countdown) = (&site.wiring.lamps, &site.wiring.countdown);
    match device {
        Emulator::Camera(_) => None,
        Emulator::Head(Head::Vehicle(side)) => Some(lamps.vehicle[side as usize]),
        Emulator::Head(Head::Pedestrian(side)) => Some(lamps.pedestrian[side as usize]),
        Emulator::Display(Head::Vehicle(side)) => Some(countdown.vehicle[side as usize]),
        Emulator::Display(Head::Pedestrian(side)) => Some(countdown.pedestrian[side as usize]),
        Emulator::Post(side) => Some(lamps.posts[side as usize]),
        Emulator::Inputs => Some(site.wiring.feedback.unit),
    }
}

/// What it is called, and where it is found on its line.
fn name(kind: Device, device: Emulator, site: &Site) -> String {
    let name = if kind == Device::LampSense { "lamp-sense" } else { device.name() };
    match device {
        Emulator::Camera(side) => {
            // As a site file writes it.
            let address = site.wiring.cameras[side as usize].address;
            format!("{name} ({:06}/{:04x}/{})", address.admin, address.kind, address.number)
        }
        Emulator::Display(_) => format!("{name} (number {})", unit_of(device, site).unwrap_or_default()),
        Emulator::Head(_) | Emulator::Post(_) | Emulator::Inputs => {
            format!("{name} (unit {})", unit_of(device, site).unwrap_or_default())
        }
    }
}

/// Nobody wants to see it.
struct Nobody;

impl Spectator for Nobody {
    fn see(&mut self, _: Record) {}

    fn answer(&mut self, text: &str) {
        complain_line!("{}", text.trim_end());
    }
}

/// Hands records to the thread that prints.
struct Screen {
    tell: SyncSender<Result<Record, usize>>,
    left_out: usize,
}

impl Spectator for Screen {
    fn see(&mut self, record: Record) {
        if self.left_out > 0 && self.tell.try_send(Err(self.left_out)).is_ok() {
            self.left_out = 0;
        }
        if let Err(TrySendError::Full(_)) = self.tell.try_send(Ok(record)) {
            self.left_out += 1;
        }
    }

    fn answer(&mut self, text: &str) {
        complain_line!("{}", text.trim_end());
    }
}

fn print(mut lines: Lines, told: &Receiver<Result<Record, usize>>) {
    let mut out = std::io::stdout();
    // A reader that has gone away is no reason to end: the controller still talks to the device.
    let mut write = |text: &str| match out.write_all(text.as_bytes()).and_then(|()| out.flush()) {
        Ok(()) => true,
        Err(error) => {
            complain_line!("stdout: {error}: what happens is not printed any more");
            false
        }
    };
    let mut reads = write(&lines.take());
    for record in told {
        match record {
            Ok(record) => lines.record(&record),
            Err(count) => {
                reads = reads && write(&format!("{count} lines left out: they were read too slowly\n"));
            }
        }
        let text = lines.take();
        reads = reads && (text.is_empty() || write(&text));
    }
}
