//! What cases have touched: which kinds of events happened in which state of the signals, early, in the middle or late in
//! it, and in which mode. A figure, not a guide. States and modes are the judge's view of the trace.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt;

use emulators::crowd::Habit;
use emulators::time::{Instant, Span};

use crate::monitor::Seen;
use crate::scenario::Stimulus;

/// Heads do not change at one instant: what is shorter than this lies between two states.
const BETWEEN: Span = Span::from_ms(250);

/// States of the signals, in the order in which a day begins.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Phase {
    /// All lamps off, or nothing known.
    Dark,
    /// Vehicle heads flash yellow.
    Flash,
    /// All red out of flashing or darkness.
    StartUpRed,
    /// Vehicle green.
    VehicleGreen,
    /// Vehicle yellow.
    Yellow,
    /// All red before the pedestrians' green.
    AllRed,
    /// Steady pedestrian green.
    Walk,
    /// Flashing pedestrian green.
    FlashingGreen,
    /// All red behind the pedestrians' green.
    Buffer,
    /// Anything else.
    Other,
}

impl Phase {
    /// All there are, and a word for each.
    pub const ALL: [(Phase, &'static str); 10] = [
        (Phase::Dark, "dark"),
        (Phase::Flash, "flash"),
        (Phase::StartUpRed, "start"),
        (Phase::VehicleGreen, "green"),
        (Phase::Yellow, "yellow"),
        (Phase::AllRed, "allred"),
        (Phase::Walk, "walk"),
        (Phase::FlashingGreen, "fl.gr"),
        (Phase::Buffer, "buffer"),
        (Phase::Other, "other"),
    ];

    fn of(vehicle: Option<&str>, pedestrian: Option<&str>, before: Phase) -> Phase {
        match (vehicle, pedestrian) {
            (None | Some("OFF"), None | Some("OFF")) => Phase::Dark,
            (Some("FY"), _) => Phase::Flash,
            (Some("G"), Some("R")) => Phase::VehicleGreen,
            (Some("Y"), Some("R")) => Phase::Yellow,
            (Some("R"), Some("G")) => Phase::Walk,
            (Some("R"), Some("FG")) => Phase::FlashingGreen,
            (Some("R"), Some("R")) => match before {
                Phase::Dark | Phase::Flash | Phase::StartUpRed => Phase::StartUpRed,
                Phase::Walk | Phase::FlashingGreen | Phase::Buffer => Phase::Buffer,
                _ => Phase::AllRed,
            },
            _ => Phase::Other,
        }
    }
}

/// One thing that was touched: kind of event, state, third of it, mode.
type Cell = (String, Phase, u8, &'static str);

/// What one case has touched.
#[derive(Clone, Debug, Default)]
pub(super) struct Touched {
    cells: BTreeSet<Cell>,
    transitions: Vec<(Phase, Phase)>,
}

impl Touched {
    /// By what was done, and what the judge saw until its `end`.
    pub(super) fn by(steps: &[(Instant, Stimulus)], seen: &[Seen], end: Instant) -> Touched {
        let phases = phases(seen, end);
        let transitions = phases.windows(2).map(|pair| (pair[0].1, pair[1].1)).collect();
        let modes = timeline(seen, "MODE");
        let cells = steps.iter().filter_map(|(at, stimulus)| {
            let (begun, phase, length) = place(&phases, *at, end)?;
            let third = (at.since(begun).as_us() * 3 / length.as_us().max(1)).min(2) as u8;
            Some((kind(stimulus), phase, third, value_at(&modes, *at).unwrap_or("unknown")))
        });
        Touched { cells: cells.collect(), transitions }
    }
}

/// What all cases have touched.
#[derive(Clone, Debug, Default)]
pub struct Coverage {
    cells: BTreeSet<Cell>,
    transitions: BTreeMap<(Phase, Phase), u64>,
    kinds: BTreeSet<String>,
}

impl Coverage {
    /// Coverage in which all of `kinds` count, touched or not.
    #[must_use]
    pub fn of(kinds: impl IntoIterator<Item = String>) -> Coverage {
        Coverage { kinds: kinds.into_iter().collect(), ..Coverage::default() }
    }

    /// Takes in a case: what was done, and what the judge saw until its `end`.
    pub fn add(&mut self, steps: &[(Instant, Stimulus)], seen: &[Seen], end: Instant) {
        let touched = Touched::by(steps, seen, end);
        for transition in touched.transitions {
            *self.transitions.entry(transition).or_default() += 1;
        }
        self.kinds.extend(touched.cells.iter().map(|cell| cell.0.clone()));
        self.cells.extend(touched.cells);
    }

    /// How many cells of a case no other has touched.
    pub(super) fn new_in(&self, touched: &Touched) -> usize {
        touched.cells.difference(&self.cells).count()
    }

    /// How many cells were touched.
    #[must_use]
    pub fn cells(&self) -> usize {
        self.cells.len()
    }

    /// Kinds of events that never happened in a state, in any mode; states of no interest left out.
    pub fn empty(&self) -> impl Iterator<Item = (&str, &'static str)> {
        self.kinds.iter().flat_map(move |kind| {
            Phase::ALL
                .iter()
                .filter(move |(phase, _)| *phase != Phase::Other && self.thirds(kind, *phase) == 0)
                .map(move |(_, word)| (kind.as_str(), *word))
        })
    }

    fn thirds(&self, kind: &str, phase: Phase) -> usize {
        let in_it = |cell: &&Cell| cell.0 == kind && cell.1 == phase;
        self.cells.iter().filter(in_it).map(|cell| cell.2).collect::<BTreeSet<_>>().len()
    }
}

impl fmt::Display for Coverage {
    /// A row a kind, a column a state; in it how many of early, middle and late were touched.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:<24}", "event \\ state (thirds)")?;
        for (_, word) in Phase::ALL {
            write!(f, " {word:>6}")?;
        }
        writeln!(f)?;
        for kind in &self.kinds {
            write!(f, "  {kind:<22}")?;
            for (phase, _) in Phase::ALL {
                match self.thirds(kind, phase) {
                    0 => write!(f, " {:>6}", ".")?,
                    thirds => write!(f, " {thirds:>6}")?,
                }
            }
            writeln!(f)?;
        }
        let word = |phase: Phase| Phase::ALL[phase as usize].1;
        let told: Vec<String> = self
            .transitions
            .iter()
            .map(|((from, to), times)| format!("{}>{} {times}", word(*from), word(*to)))
            .collect();
        writeln!(f, "transitions: {}", told.join(", "))
    }
}

/// The values of a signal that held, and since when.
fn timeline(seen: &[Seen], signal: &str) -> Vec<(Instant, Option<&'static str>)> {
    let mut line: Vec<(Instant, Option<&'static str>)> = Vec::new();
    for change in seen.iter().filter(|change| change.signal == signal) {
        // What a later change reaches back behind never held.
        while line.last().is_some_and(|(since, _)| *since >= change.since) {
            line.pop();
        }
        line.push((change.since, change.value));
    }
    line
}

fn value_at(line: &[(Instant, Option<&'static str>)], at: Instant) -> Option<&'static str> {
    line.iter().rev().find(|(since, _)| *since <= at).and_then(|(_, value)| *value)
}

/// States of the signals, each with its beginning.
fn phases(seen: &[Seen], end: Instant) -> Vec<(Instant, Phase)> {
    let lines = [timeline(seen, "VA"), timeline(seen, "PA")];
    let mut times: Vec<Instant> = lines.iter().flatten().map(|(since, _)| *since).collect();
    times.sort_unstable();
    times.dedup();
    let mut phases = vec![(Instant::ZERO, Phase::Dark)];
    for (place, at) in times.iter().enumerate() {
        let until = times.get(place + 1).copied().unwrap_or(end);
        let before = phases[phases.len() - 1].1;
        let phase = Phase::of(value_at(&lines[0], *at), value_at(&lines[1], *at), before);
        if phase != before && until.since(*at) >= BETWEEN {
            phases.push((*at, phase));
        }
    }
    phases
}

/// The state in which an instant lies: since when, which, how long.
fn place(phases: &[(Instant, Phase)], at: Instant, end: Instant) -> Option<(Instant, Phase, Span)> {
    let index = phases.iter().rposition(|(since, _)| *since <= at)?;
    let (since, phase) = phases[index];
    let until = phases.get(index + 1).map_or(end, |next| next.0);
    Some((since, phase, until.since(since)))
}

/// A word or two for what kind of event it is.
fn kind(stimulus: &Stimulus) -> String {
    /// `Flicker(40)`: `flicker`; `MissingSegment`: `missing-segment`.
    fn name(fault: &dyn fmt::Debug) -> String {
        let mut text = String::new();
        for c in format!("{fault:?}").chars().take_while(|c| c.is_alphanumeric()) {
            if c.is_uppercase() && !text.is_empty() {
                text.push('-');
            }
            text.push(c.to_ascii_lowercase());
        }
        text
    }
    match stimulus {
        Stimulus::Arrive { habit, .. } => match habit {
            Habit::Crosses => "comes".to_owned(),
            habit => format!("comes: {}", name(habit)),
        },
        Stimulus::Leave { .. } => "leaves".to_owned(),
        Stimulus::CameraFails(_, fault) => format!("camera {}", name(fault)),
        Stimulus::CameraHeals(_) => "camera heals".to_owned(),
        Stimulus::CableFails(_, fault) => format!("cable {}", name(fault)),
        Stimulus::CableMended(_) => "cable mended".to_owned(),
        Stimulus::LampFails(_, _, fault) => format!("lamp {}", name(fault)),
        Stimulus::LampMended(..) => "lamp mended".to_owned(),
        Stimulus::SenseFails(..) => "sense sticks".to_owned(),
        Stimulus::SenseMended(..) => "sense mended".to_owned(),
        Stimulus::DisplayFails(_, fault) => format!("display {}", name(fault)),
        Stimulus::DisplayMended(_) => "display mended".to_owned(),
        Stimulus::PostFails(_, fault) => format!("post {}", name(fault)),
        Stimulus::PostMended(_) => "post mended".to_owned(),
        Stimulus::Power(on) => if *on { "power on" } else { "power off" }.to_owned(),
        Stimulus::Operator(operator) => format!("panel {}", operator.word()),
        other => name(other),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn seen(ms: u64, signal: &'static str, value: &'static str) -> Seen {
        Seen { since: Instant::from_ms(ms), signal, value: Some(value) }
    }

    #[test]
    fn an_event_is_placed_in_its_state_and_third() {
        let record = [
            seen(0, "VA", "Y"),
            seen(0, "PA", "OFF"),
            // The flash is recognised later than it began: the yellow never held.
            seen(0, "VA", "FY"),
            seen(10_000, "VA", "R"),
            seen(10_020, "PA", "R"),
            seen(15_000, "VA", "G"),
            seen(45_000, "VA", "Y"),
            seen(200, "MODE", "BOOT"),
            seen(15_100, "MODE", "NORMAL"),
        ];
        let mut coverage = Coverage::default();
        let steps = [
            (Instant::from_ms(1_000), Stimulus::Power(false)),
            (Instant::from_ms(14_900), Stimulus::Power(true)),
            (Instant::from_ms(30_000), Stimulus::Power(true)),
        ];
        coverage.add(&steps, &record, Instant::from_ms(50_000));
        let cells: Vec<Cell> = coverage.cells.iter().cloned().collect();
        assert_eq!(
            cells,
            [
                ("power off".to_owned(), Phase::Flash, 0, "BOOT"),
                ("power on".to_owned(), Phase::StartUpRed, 2, "BOOT"),
                ("power on".to_owned(), Phase::VehicleGreen, 1, "NORMAL"),
            ]
        );
        assert!(coverage.empty().any(|cell| cell == ("power off", "walk")));
        assert!(coverage.transitions.contains_key(&(Phase::StartUpRed, Phase::VehicleGreen)));
    }
}
