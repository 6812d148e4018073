//! Arguments, output and exit codes. Results go to stdout, progress and diagnostics to stderr.

/// A line on stdout; see [`output`].
macro_rules! say {
    () => { crate::cli::output::line(format_args!("")) };
    ($($text:tt)+) => { crate::cli::output::line(format_args!($($text)+)) };
}

/// A line on stderr. Where nobody reads it nothing can be done.
macro_rules! complain_line {
    ($($text:tt)*) => {{
        use std::io::Write as _;
        let _ = writeln!(std::io::stderr(), $($text)*);
    }};
}

mod calibrate;
mod check;
mod controller;
mod doctor;
mod dut;
mod emulate;
mod exit;
mod explore;
mod explore_in_earnest;
mod frame_line;
mod list;
mod output;
mod ports;
mod replay;
mod show;
mod teeth;
mod typed;

use std::io::IsTerminal;
use std::process::ExitCode;
use std::sync::atomic::{AtomicBool, Ordering};

use clap::{ArgAction, Parser, Subcommand, ValueEnum};
use tracing_subscriber::EnvFilter;

pub use exit::Exit;

/// Set by the first interrupt; runs end in order and say so. The second interrupt ends the process.
static STOP: AtomicBool = AtomicBool::new(false);

/// Files are being read, and nothing has begun that would have to end in order: an interrupt ends the process.
static READING: AtomicBool = AtomicBool::new(false);

/// A test rig and protocol emulator for adaptive pedestrian-crossing signals.
#[derive(Debug, Parser)]
#[command(name = "rig", version, max_term_width = 100, after_help = exit::HELP)]
struct Arguments {
    #[command(subcommand)]
    command: Command,
    /// Say more on stderr (repeat for still more); RUST_LOG overrides.
    #[arg(short, long, global = true, action = ArgAction::Count)]
    verbose: u8,
    /// Print only what is wrong and the summary.
    #[arg(short, long, global = true)]
    quiet: bool,
    /// Colours on a terminal.
    #[arg(long, global = true, value_enum, default_value_t = Colour::Auto)]
    color: Colour,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
enum Colour {
    Auto,
    Always,
    Never,
}

#[derive(Debug, Subcommand)]
enum Command {
    /// Run scenarios against a controller and judge them.
    Check(check::Arguments),
    /// Generate scenarios nobody thought of; shrink what fails to something a person can read.
    Explore(explore::Arguments),
    /// Let suite and exploration at deliberately wrong controllers: does the rig bite? Needs cargo and the source.
    Teeth(teeth::Arguments),
    /// The soft controller as a process of its own, on its side of the cables.
    Controller(controller::Arguments),
    /// One emulator alone on a port, for whoever builds or debugs a controller.
    Emulate(emulate::Arguments),
    /// Judge a recorded trace again, by the same code.
    Replay(replay::Arguments),
    /// What is plugged in: serial ports, their names for a ports file, who holds them.
    Ports(ports::Arguments),
    /// What is wrong with the bench, before a run: swapped, silent, wrongly set ports.
    Doctor(doctor::Arguments),
    /// Measure how late each port hands over, and write it into the ports file.
    Calibrate(calibrate::Arguments),
    /// What there is: sites, scenarios, properties.
    List(list::Arguments),
}

/// What every command is told besides its own arguments.
#[derive(Clone, Copy, Debug)]
struct Manner {
    quiet: bool,
    colour: bool,
}

/// Parses, runs, and turns what happened into an exit code.
#[must_use]
pub fn main() -> ExitCode {
    let arguments = match Arguments::try_parse() {
        Ok(arguments) => arguments,
        Err(error) => {
            if error.use_stderr() {
                let _ = error.print();
                return Exit::Usage.into();
            }
            output::note(error.print());
            return output::finish(Exit::Passed).into();
        }
    };
    diagnostics(arguments.verbose, arguments.quiet);
    listen_for_interrupt();
    let colour = match arguments.color {
        Colour::Always => true,
        Colour::Never => false,
        Colour::Auto => std::io::stdout().is_terminal() && std::env::var_os("NO_COLOR").is_none(),
    };
    let manner = Manner { quiet: arguments.quiet, colour };
    let exit = match arguments.command {
        Command::Check(arguments) => check::run(&arguments, manner),
        Command::Explore(arguments) => explore::run(&arguments, manner),
        Command::Teeth(arguments) => teeth::run(&arguments, manner),
        Command::Controller(arguments) => controller::run(&arguments),
        Command::Emulate(arguments) => emulate::run(&arguments, manner),
        Command::Replay(arguments) => replay::run(&arguments, manner),
        Command::Ports(arguments) => ports::run(&arguments),
        Command::Doctor(arguments) => doctor::run(&arguments, manner),
        Command::Calibrate(arguments) => calibrate::run(&arguments),
        Command::List(arguments) => list::run(&arguments),
    };
    output::finish(exit).into()
}

/// The machine's time as devices count theirs, seconds since 1970-01-01: UTC, whatever zone the machine is in. Who needs
/// local time says so (`--start-time`, a scenario's `starts_at`, the service port's clock).
fn machine_time() -> u32 {
    let since = std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH).unwrap_or_default();
    u32::try_from(since.as_secs()).unwrap_or(u32::MAX)
}

fn diagnostics(verbose: u8, quiet: bool) {
    let level = match (quiet, verbose) {
        (true, _) => "error",
        (false, 0) => "warn",
        (false, 1) => "info",
        (false, 2) => "debug",
        (false, _) => "trace",
    };
    let wanted = std::env::var(EnvFilter::DEFAULT_ENV).ok().filter(|text| !text.is_empty());
    let filter = wanted.map(|text| EnvFilter::try_new(&text).map_err(|error| (text, error)));
    let filter = match filter {
        Some(Ok(filter)) => filter,
        Some(Err((text, error))) => {
            complain_line!(
                "warning: RUST_LOG={text} is ignored: {error}; write for example RUST_LOG=rig=debug"
            );
            EnvFilter::new(level)
        }
        None => EnvFilter::new(level),
    };
    let colour = std::io::stderr().is_terminal() && std::env::var_os("NO_COLOR").is_none();
    // A log that nobody reads, or that cannot be written, stops nothing.
    tracing_subscriber::fmt()
        .with_env_filter(filter)
        .with_writer(std::io::stderr)
        .log_internal_errors(false)
        .with_ansi(colour)
        .init();
}

fn listen_for_interrupt() {
    let heard = ctrlc::set_handler(|| {
        if STOP.swap(true, Ordering::Relaxed) || READING.load(Ordering::Relaxed) {
            std::process::exit(i32::from(Exit::Interrupted.code()));
        }
        complain_line!("interrupted: ending the run in order (once more to stop at once)");
    });
    if let Err(error) = heard {
        tracing::warn!("interrupts end the process at once: {error}");
    }
}

/// Prints an error the way every command does.
fn complain(error: &dyn std::fmt::Display) {
    complain_line!("error: {error}");
}
