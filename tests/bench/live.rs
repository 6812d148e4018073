//! How late the live driver is, beside a loop that does nothing else, in the same run and the same scheduling class.
//!
//! `timer`: an [`Alarm`] in the runtime that `rig check` uses, against a blocking read of the kernel's timer with an
//! absolute deadline (it has no slack; `clock_nanosleep` would have 50 us). `bytes`: a thread stamps and writes at the
//! far end of a pseudo-terminal; from there to the instant after [`Port::listen`], against a blocking read.
//!
//! `cargo bench --bench live` takes three to four minutes and prints the median of five rounds, ours and bare in turn,
//! on the machine as it is and with a busy thread per core. `-- --short` takes seconds and proves only that it works.
//! Figures are for reading: nothing is asserted about them.

use std::os::fd::OwnedFd;
use std::path::Path;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread;
use std::time::Duration;

use emulators::time::{Instant, Line, Span};
use rig::driver::port::{Heard, Port};
use rig::driver::{Alarm, WallClock};
use rustix::fs::{Mode, OFlags};
use rustix::pty::{OpenptFlags, grantpt, ioctl_tiocgptpeer, openpt, unlockpt};
use rustix::termios::{OptionalActions, tcgetattr, tcsetattr};
use rustix::time::{
    ClockId, Itimerspec, TimerfdClockId, TimerfdFlags, TimerfdTimerFlags, Timespec, clock_gettime,
    timerfd_create, timerfd_settime,
};
use tokio::runtime::Runtime;

const ROUNDS: usize = 5;
/// A round is taken in so many spells, each with threads of its own: whether the kernel puts both ends on one core is luck that
/// stays with a thread, and makes a tenfold difference to whoever has it.
const SPELLS: usize = 8;
/// What a stamp takes on the line.
const STAMP: usize = 8;
/// Kinds of samples, each in [`BOTH`].
const KINDS: [&str; 2] = ["timer", "bytes"];
const BOTH: [&str; 2] = ["bare", "rig"];

/// Pauses between samples: 0.5 ms to 1.5 ms in no order, the same on every machine.
fn pause(index: usize) -> u64 {
    500 + (index as u64 * 7_919) % 1_000
}

/// Lateness in microseconds, sorted.
struct Samples(Vec<u64>);

impl Samples {
    fn quantile(&self, per_mille: usize) -> u64 {
        let place = (self.0.len() * per_mille).div_ceil(1_000).saturating_sub(1);
        self.0.get(place).copied().unwrap_or(0)
    }

    /// Half, 99 %, 99.9 %, all of them were not later than this.
    fn row(&self) -> [u64; 4] {
        [500, 990, 999, 1_000].map(|per_mille| self.quantile(per_mille))
    }
}

/// Takes so many samples.
type Work = fn(usize) -> Vec<u64>;

fn sorted(mut samples: Vec<u64>) -> Samples {
    samples.sort_unstable();
    Samples(samples)
}

fn runtime() -> Runtime {
    tokio::runtime::Builder::new_current_thread().enable_all().build().expect("a runtime")
}

fn timer_of_rig(count: usize) -> Vec<u64> {
    runtime().block_on(async {
        let (clock, alarm) = (WallClock::start(), Alarm::new().expect("a timer"));
        let mut samples = Vec::with_capacity(count);
        for index in 0..count {
            let at = clock.now() + Span::from_us(pause(index));
            alarm.set(&clock, at).expect("a timer that can be set");
            alarm.rung().await.expect("a timer that rings");
            samples.push(clock.now().since(at).as_us());
        }
        samples
    })
}

fn timer_alone(count: usize) -> Vec<u64> {
    let nanoseconds = || {
        let now = clock_gettime(ClockId::Monotonic);
        now.tv_sec * 1_000_000_000 + now.tv_nsec
    };
    let timer = timerfd_create(TimerfdClockId::Monotonic, TimerfdFlags::CLOEXEC).expect("a timer");
    let mut samples = Vec::with_capacity(count);
    for index in 0..count {
        let at = nanoseconds() + i64::try_from(pause(index)).expect("it is short") * 1_000;
        let it_value = Timespec { tv_sec: at / 1_000_000_000, tv_nsec: at % 1_000_000_000 };
        let once = Itimerspec { it_interval: Timespec::default(), it_value };
        timerfd_settime(&timer, TimerfdTimerFlags::ABSTIME, &once).expect("a timer that can be set");
        rustix::io::read(&timer, &mut [0u8; 8]).expect("a timer that rings");
        samples.push(u64::try_from((nanoseconds() - at) / 1_000).unwrap_or(0));
    }
    samples
}

/// Writes its clock's time `count` times. Gives the descriptor back: what is unread goes with it.
fn write_stamps(far: OwnedFd, clock: WallClock, count: usize) -> OwnedFd {
    for index in 0..count {
        thread::sleep(Duration::from_micros(pause(index)));
        let stamp = clock.now().as_us().to_le_bytes();
        let written = rustix::io::write(&far, &stamp).expect("a line that takes bytes");
        assert_eq!(written, STAMP, "the line is full: nobody reads");
    }
    far
}

/// What was heard by `at`: whole stamps leave `line`, each a sample.
fn take_stamps(line: &mut Vec<u8>, at: Instant, samples: &mut Vec<u64>) {
    let whole = line.len() / STAMP * STAMP;
    for stamp in line[..whole].as_chunks::<STAMP>().0 {
        samples.push(at.since(Instant::from_us(u64::from_le_bytes(*stamp))).as_us());
    }
    line.drain(..whole);
}

fn open(node: &Path) -> OwnedFd {
    let flags = OFlags::RDWR | OFlags::NOCTTY | OFlags::CLOEXEC;
    rustix::fs::open(node, flags, Mode::empty()).expect("the far end opens")
}

fn bytes_of_rig(count: usize) -> Vec<u64> {
    runtime().block_on(async {
        let mut port = Port::private_pty(Line::n81(115_200)).expect("a pseudo-terminal");
        let far = open(port.far_end().expect("it has a node"));
        let clock = WallClock::start();
        let writer = thread::spawn(move || write_stamps(far, clock, count));
        let (mut samples, mut line, mut buffer) = (Vec::with_capacity(count), Vec::new(), [0; 4_096]);
        while samples.len() < count {
            let heard = port.listen(&mut buffer).await;
            let at = clock.now();
            match heard {
                Heard::Bytes(read) => {
                    line.extend_from_slice(&buffer[..read]);
                    // As the driver does with everything it hears.
                    assert_eq!(port.wrong_baud(), None);
                    take_stamps(&mut line, at, &mut samples);
                }
                Heard::Opened => {}
                Heard::Closed | Heard::Gone(_) => panic!("the far end is gone: {heard:?}"),
            }
        }
        writer.join().expect("the writer ends");
        samples
    })
}

fn bytes_alone(count: usize) -> Vec<u64> {
    let flags = OpenptFlags::RDWR | OpenptFlags::NOCTTY | OpenptFlags::CLOEXEC;
    let near = openpt(flags).expect("a pseudo-terminal");
    grantpt(&near).expect("it is ours");
    unlockpt(&near).expect("it opens");
    let far = ioctl_tiocgptpeer(&near, flags).expect("its far end");
    let mut settings = tcgetattr(&far).expect("its settings");
    settings.make_raw();
    tcsetattr(&far, OptionalActions::Now, &settings).expect("raw");
    let clock = WallClock::start();
    let writer = thread::spawn(move || write_stamps(far, clock, count));
    let (mut samples, mut line, mut buffer) = (Vec::with_capacity(count), Vec::new(), [0; 4_096]);
    while samples.len() < count {
        let read = rustix::io::read(&near, &mut buffer).expect("a line that can be read");
        let at = clock.now();
        line.extend_from_slice(&buffer[..read]);
        take_stamps(&mut line, at, &mut samples);
    }
    writer.join().expect("the writer ends");
    samples
}

/// Runs `work` beside so many busy threads.
fn beside(busy: usize, work: impl FnOnce()) {
    let enough = AtomicBool::new(false);
    thread::scope(|scope| {
        for _ in 0..busy {
            scope.spawn(|| {
                while !enough.load(Ordering::Relaxed) {
                    std::hint::black_box(0);
                }
            });
        }
        work();
        enough.store(true, Ordering::Relaxed);
    });
}

/// The middle of each column.
fn median(rows: &[[u64; 4]]) -> [u64; 4] {
    std::array::from_fn(|column| {
        let mut values: Vec<u64> = rows.iter().map(|row| row[column]).collect();
        values.sort_unstable();
        values.get(values.len() / 2).copied().unwrap_or(0)
    })
}

fn measure(label: &str, rounds: usize, count: usize) {
    let work: [[Work; 2]; 2] = [[timer_alone, timer_of_rig], [bytes_alone, bytes_of_rig]];
    let mut rows: [[Vec<[u64; 4]>; 2]; 2] = Default::default();
    for round in 0..rounds {
        for kind in 0..KINDS.len() {
            let mut pools: [Vec<u64>; BOTH.len()] = Default::default();
            for spell in 0..SPELLS {
                // Who goes first goes second the next time: the machine has moods.
                for turn in 0..BOTH.len() {
                    let which = (round + spell + turn) % BOTH.len();
                    pools[which].extend(work[kind][which](count / SPELLS));
                }
            }
            for (rows, pool) in rows[kind].iter_mut().zip(pools) {
                rows.push(sorted(pool).row());
            }
        }
    }
    for (kind, name) in KINDS.iter().enumerate() {
        let medians = [0, 1].map(|which: usize| median(&rows[kind][which]));
        for (which, row) in medians.iter().enumerate() {
            let worst = rows[kind][which].iter().map(|row| row[3]).max().unwrap_or(0);
            let [half, most, nearly_all, _] = row;
            println!(
                "{label:<6} {name:<6} {:<5} {half:>8} {most:>8} {nearly_all:>8} {worst:>8}",
                BOTH[which]
            );
        }
        let ratio = |column: usize| medians[1][column] as f64 / medians[0][column].max(1) as f64;
        println!("{label:<6} {name:<6} ratio {:>8.2} {:>8.2} {:>8.2}", ratio(0), ratio(1), ratio(2));
    }
}

fn main() {
    let short = std::env::args().any(|argument| argument == "--short");
    let (rounds, count) = if short { (1, 500) } else { (ROUNDS, 4_000) };
    let cores = thread::available_parallelism().map_or(1, usize::from);
    let load = std::fs::read_to_string("/proc/loadavg").unwrap_or_default();
    println!("{cores} cores; load before: {}", load.split(' ').take(3).collect::<Vec<_>>().join(" "));
    println!("late by, in us; median of {rounds} rounds of {count} samples; max: of all rounds");
    println!(
        "{:<6} {:<6} {:<5} {:>8} {:>8} {:>8} {:>8}",
        "host", "what", "whose", "p50", "p99", "p99.9", "max"
    );
    measure("idle", rounds, count);
    beside(cores, || measure("loaded", rounds, count));
}
