//! Virtual time: an event at a time, exact to the microsecond, the same on every machine.
//!
//! At one instant: stimuli first, then what arrives on cables and the bench's own wakes, then the controller's
//! wakes. What one of them does is carried to the other at once, until both are quiet.

use emulators::device::{Device, Input, Output, Port, Wake};
use emulators::time::{Instant, Span};

use super::Witness;
use super::record::{exactly, what};
use super::script::Script;
use crate::bench::{Bench, DutAction, Observation};
use crate::site::CableRole;
use crate::trace::{Record, What};

/// A supply gap longer than this empties every capacitor: the controller starts from what it persisted.
const CAPACITORS: Span = Span::from_secs(1);
/// The most exchanges between bench and controller at one instant; beyond that one of them is running away.
const EXCHANGES: usize = 100_000;

/// The most events at one instant; beyond that the bench is woken for ever and time would never move on.
const EVENTS_AT_ONCE: u32 = 100_000;
/// How often a controller is woken at one instant before its turns cost it [`TURN`]. The soft controller needs a
/// few (a wake for each thing that falls due together).
const TURNS_AT_ONCE: u32 = 100;
/// What a turn costs a controller that asks for wakes without end: time passes for a busy processor too, and the
/// run goes on and is judged.
const TURN: Span = Span::from_ms(1);

/// How a run ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Ended {
    /// At its planned end.
    Planned(Instant),
    /// The witness asked for it.
    Stopped(Instant),
    /// Bench and controller exchanged things without end at this instant.
    RunAway(Instant),
}

/// One run: a bench and a controller made by `make` (again after each long loss of supply, from what was persisted).
#[derive(Debug)]
pub struct VirtualRun<C, F> {
    bench: Bench,
    dut: C,
    make: F,
    persisted: Option<Vec<u8>>,
    off_since: Option<Instant>,
    stalled: bool,
    turns: Turns,
}

/// How often the controller was woken at one instant.
#[derive(Clone, Copy, Debug, Default)]
struct Turns {
    at: Instant,
    taken: u32,
    /// It was said that the controller never rests.
    told: bool,
}

impl Turns {
    /// The controller wants its next wake at `wanted`: when it gets it.
    fn next(self, wanted: Instant) -> Instant {
        if self.taken >= TURNS_AT_ONCE { wanted.max(self.at + TURN) } else { wanted }
    }

    /// It is woken at `now`; whether this is the first time that a turn has been put off.
    fn take(&mut self, now: Instant) -> bool {
        let busy = self.taken >= TURNS_AT_ONCE && now == self.at + TURN;
        self.taken = if now == self.at {
            self.taken + 1
        } else if busy {
            TURNS_AT_ONCE
        } else {
            1
        };
        self.at = now;
        busy && !std::mem::replace(&mut self.told, true)
    }
}

impl<C, F> VirtualRun<C, F>
where
    C: Device<Act = (), Sight = ()>,
    F: FnMut(Option<&[u8]>) -> C,
{
    /// A run about to begin.
    pub fn new(bench: Bench, mut make: F) -> VirtualRun<C, F> {
        VirtualRun {
            bench,
            dut: make(None),
            make,
            persisted: None,
            off_since: None,
            stalled: false,
            turns: Turns::default(),
        }
    }

    /// Runs until the script is over or the witness wants to stop.
    pub fn run(mut self, script: &mut impl Script, witness: &mut impl Witness) -> Ended {
        self.bench.handle_input(Instant::ZERO, Input::Power(true));
        if !self.exchange(Instant::ZERO, script, witness) {
            return Ended::RunAway(Instant::ZERO);
        }
        let mut last = Instant::ZERO;
        let mut at_once = 0;
        loop {
            let bench = due(self.bench.poll_timeout());
            let dut = if self.hears() { self.turns.next(due(self.dut.poll_timeout())) } else { Instant::MAX };
            let step = script.due();
            // A controller that was stalled finds its wakes in the past: time does not go back for it.
            let now = bench.min(dut).min(step).max(last);
            at_once = if now > last { 0 } else { at_once + 1 };
            if at_once > EVENTS_AT_ONCE {
                return Ended::RunAway(now);
            }
            last = now;
            let end = script.end();
            if now > end {
                witness.advance(end);
                witness.record(exactly(end, What::End));
                return Ended::Planned(end);
            }
            witness.advance(now);
            if step <= now {
                if let Some(stimulus) = script.act(now) {
                    self.bench.handle_input(now, Input::Act(stimulus));
                }
            } else if bench <= now {
                self.bench.handle_timeout(now);
            } else {
                if self.turns.take(now) {
                    let why = self.dut.poll_timeout().map_or("no reason", |wake| wake.why);
                    witness.record(exactly(now, What::Note(never_rests(why))));
                }
                self.dut.handle_timeout(now);
            }
            if !self.exchange(now, script, witness) {
                return Ended::RunAway(now);
            }
            if witness.wants_stop() {
                return Ended::Stopped(now);
            }
        }
    }

    /// Whether the controller's processor runs. Loss of supply is its own affair: it may ride through.
    fn hears(&self) -> bool {
        !self.stalled
    }

    /// Carries what bench and controller do to each other and to the witness until both are quiet.
    fn exchange(&mut self, now: Instant, script: &mut impl Script, witness: &mut impl Witness) -> bool {
        for _ in 0..EXCHANGES {
            if let Some(output) = self.bench.poll_output() {
                if let Output::Sight(observation) = &output {
                    script.see(now, observation);
                }
                self.bench_does(now, output, witness);
            } else if let Some(output) = self.dut.poll_output() {
                self.dut_does(now, output, witness);
            } else {
                return true;
            }
        }
        false
    }

    fn bench_does(&mut self, now: Instant, output: Output<Observation>, witness: &mut impl Witness) {
        match output {
            Output::Bytes { port, bytes } if self.hears() => {
                self.dut.handle_input(now, Input::Bytes { port, bytes: &bytes });
                self.bench.take_back(bytes);
            }
            Output::Sight(Observation::Dut(action)) => self.act(now, action),
            Output::Sight(observation @ Observation::Sensed { earliest, .. }) => {
                if let Some(what) = what(observation) {
                    witness.record(Record { earliest, latest: now, what });
                }
            }
            Output::Sight(observation) => {
                if let Some(what) = what(observation) {
                    witness.record(exactly(now, what));
                }
            }
            Output::Bytes { .. } | Output::Persist(_) | Output::Reject { .. } => {}
        }
    }

    fn dut_does(&mut self, now: Instant, output: Output<()>, witness: &mut impl Witness) {
        match output {
            Output::Bytes { port, bytes } => {
                self.bench.hear(now, port, bytes);
            }
            Output::Sight(()) => {}
            Output::Persist(bytes) => self.persisted = Some(bytes),
            Output::Reject { port, skipped, why } => {
                let reject = Observation::Reject { device: "controller", cable: role(port), skipped, why };
                if let Some(what) = what(reject) {
                    witness.record(exactly(now, what));
                }
            }
        }
    }

    fn act(&mut self, now: Instant, action: DutAction) {
        match action {
            DutAction::Power(on) => self.power(now, on),
            DutAction::Operator(operator) => self.dut.handle_input(now, Input::Operator(operator)),
            DutAction::Stall => self.stalled = true,
            DutAction::Resume => self.stalled = false,
        }
    }

    fn power(&mut self, now: Instant, on: bool) {
        match (on, self.off_since) {
            (true, Some(since)) if now.since(since) > CAPACITORS => {
                self.dut = (self.make)(self.persisted.as_deref());
                self.stalled = false;
            }
            (false, None) => self.off_since = Some(now),
            (true, _) | (false, Some(_)) => {}
        }
        if on {
            self.off_since = None;
        }
        self.dut.handle_input(now, Input::Power(on));
    }
}

fn never_rests(why: &str) -> String {
    format!(
        "the controller asks to be woken again and again without letting time pass ({why}); each turn costs it {TURN} s"
    )
}

fn due(wake: Option<Wake>) -> Instant {
    wake.map_or(Instant::MAX, |wake| wake.at)
}

fn role(port: Port) -> CableRole {
    CableRole::ALL.get(usize::from(port.0)).copied().unwrap_or(CableRole::CameraA)
}

#[cfg(test)]
mod tests {
    use super::super::Fixed;
    use super::*;
    use crate::site::library;

    /// A controller that wants to be woken now, for ever.
    struct Sleepless;

    impl Device for Sleepless {
        type Act = ();
        type Sight = ();
        fn handle_input(&mut self, _: Instant, _: Input<'_, ()>) {}
        fn handle_timeout(&mut self, _: Instant) {}
        fn poll_output(&mut self) -> Option<Output<()>> {
            None
        }
        fn poll_timeout(&self) -> Option<Wake> {
            Some(Wake { at: Instant::from_ms(5), why: "never satisfied" })
        }
    }

    /// Counts what was noted.
    #[derive(Default)]
    struct Notes(usize);

    impl Witness for Notes {
        fn advance(&mut self, _: Instant) {}
        fn record(&mut self, record: Record) {
            self.0 += usize::from(matches!(record.what, What::Note(_)));
        }
        fn wants_stop(&self) -> bool {
            false
        }
    }

    #[test]
    fn time_passes_for_a_controller_that_never_rests_and_it_is_said_once() {
        let site = library::find("yudaihe-beixiaoyuan").expect("the default site");
        let run = VirtualRun::new(Bench::new(&site, 0, 1), |_: Option<&[u8]>| Sleepless);
        let mut notes = Notes::default();
        let ended = run.run(&mut Fixed::new(&[], Span::from_secs(1)), &mut notes);
        assert_eq!(ended, Ended::Planned(Instant::from_ms(1_000)));
        assert_eq!(notes.0, 1);
    }
}
