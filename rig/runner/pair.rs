//! Metamorphic properties: two runs of one scenario, one changed in a way that must (not) matter.

use emulators::cable::Fault as CableFault;
use emulators::camera::Fault as CameraFault;
use emulators::time::{Instant, Span};

use crate::monitor::{Margin, PropertyResult, Unit, Verdict, Violation};
use crate::scenario::{Pair, Scenario, Side, Stimulus};
use crate::site::{CableRole, Site};

/// A head's driven lamps from an instant on: instant, head, lamps.
type Edge = (Instant, u8, u8);

/// The margin of what never came.
const NEVER: i64 = i64::MIN / 2;
const HEAD_PEDESTRIAN_A: u8 = 2;
const GREEN: u8 = 4;
/// Twelve bursts a minute: several in every stage.
const NOISE_PER_HOUR: u32 = 720;
/// Replayed reports are older than so many periods: old enough to matter, not too old to be used if nobody looked.
const REPLAYED_PERIODS: u64 = 4;

/// Which property a pair judges.
const fn id(kind: Pair) -> &'static str {
    match kind {
        Pair::MorePeople => "P31",
        Pair::SwappedKerbs => "P32",
        Pair::Noise(_) | Pair::DamagedFrames => "P43",
        Pair::Repeats => "P44",
        Pair::ClockStep(_) => "P54",
    }
}

/// The changed run.
pub(super) fn twin(kind: Pair, site: &Site, scenario: &Scenario) -> (Site, Scenario) {
    let site = site.clone();
    let mut scenario = scenario.clone();
    let begin = Instant::from_ms(1);
    let first = |scenario: &mut Scenario, stimulus: Stimulus| scenario.steps.insert(0, (begin, stimulus));
    match kind {
        Pair::MorePeople => {
            for (_, step) in &mut scenario.steps {
                if let Stimulus::Arrive { count, .. } = step {
                    *count = count.saturating_mul(2);
                }
            }
        }
        Pair::SwappedKerbs => {
            for (_, step) in &mut scenario.steps {
                swap(step);
            }
        }
        Pair::Noise(cable) => {
            first(&mut scenario, Stimulus::CableFails(cable, CableFault::Garbage(NOISE_PER_HOUR)));
        }
        Pair::Repeats => {
            for side in [Side::A, Side::B] {
                first(&mut scenario, Stimulus::CameraFails(side, CameraFault::Repeats));
                // Old reports leave between the new ones.
                let period = site.wiring.cameras[side as usize].period;
                let old = period * REPLAYED_PERIODS + period.div(2);
                first(&mut scenario, Stimulus::CameraFails(side, CameraFault::Replays(old)));
            }
        }
        Pair::DamagedFrames => {
            for (_, step) in &mut scenario.steps {
                if let Stimulus::CameraFails(_, fault @ CameraFault::BadCrc) = step {
                    *fault = CameraFault::Silent;
                }
            }
        }
        Pair::ClockStep(seconds) => {
            let middle = Instant::ZERO + scenario.lasts.div(2);
            for side in [Side::A, Side::B] {
                scenario.steps.push((middle, Stimulus::CameraFails(side, CameraFault::ClockStep(seconds))));
            }
            scenario.steps.sort_by_key(|(at, _)| *at);
        }
    }
    (site, scenario)
}

const fn other(side: Side) -> Side {
    match side {
        Side::A => Side::B,
        Side::B => Side::A,
    }
}

fn swap(step: &mut Stimulus) {
    match step {
        Stimulus::Arrive { kerb, .. } | Stimulus::Leave { kerb, .. } => *kerb = other(*kerb),
        Stimulus::CameraFails(side, _) | Stimulus::CameraHeals(side) => *side = other(*side),
        Stimulus::CableFails(role, _) | Stimulus::CableMended(role) => {
            *role = match role {
                CableRole::CameraA => CableRole::CameraB,
                CableRole::CameraB => CableRole::CameraA,
                CableRole::Lamps
                | CableRole::Feedback
                | CableRole::Countdown
                | CableRole::Service
                | CableRole::Sense => *role,
            }
        }
        Stimulus::LampFails(..)
        | Stimulus::LampMended(..)
        | Stimulus::SenseFails(..)
        | Stimulus::SenseMended(..)
        | Stimulus::DisplayFails(..)
        | Stimulus::DisplayMended(_)
        | Stimulus::PostFails(..)
        | Stimulus::PostMended(_)
        | Stimulus::Power(_)
        | Stimulus::Operator(_)
        | Stimulus::Stall
        | Stimulus::Resume
        | Stimulus::ServiceWrite { .. } => {}
    }
}

/// Compares and writes the verdict into the results.
pub(super) fn judge(kind: Pair, site: &Site, edges: &[Edge], twin: &[Edge], results: &mut [PropertyResult]) {
    let Some(result) = results.iter_mut().find(|result| result.id == id(kind)) else { return };
    if result.verdict == Verdict::NotApplicable {
        return;
    }
    let tolerance = site.limits.time("edge_tolerance").unwrap_or(Span::from_ms(100));
    let (triggers, worst) = match kind {
        Pair::MorePeople => later(edges, twin, tolerance),
        // The edge of a lamp may move by one report period (P43, P44: another frame counts) and the tolerance.
        Pair::Noise(_) | Pair::Repeats | Pair::DamagedFrames | Pair::ClockStep(_) | Pair::SwappedKerbs => {
            let period = site.wiring.cameras.iter().map(|camera| camera.period).max().unwrap_or_default();
            apart(edges, twin, period + tolerance)
        }
    };
    result.triggers = triggers;
    match worst {
        None => result.verdict = Verdict::NotExercised,
        Some(Difference { at, margin_us, text }) => {
            // What never came is late by no time.
            result.worst =
                Some(Margin { amount: margin_us, unit: Unit::Time, at }).filter(|_| margin_us > NEVER);
            if margin_us < 0 {
                let violation = Violation { at, text };
                result.violations = 1;
                result.first.push(violation.clone());
                result.verdict = Verdict::Violated(violation);
            } else {
                result.verdict = Verdict::Passed;
            }
        }
    }
}

struct Difference {
    at: Instant,
    margin_us: i64,
    text: String,
}

fn signed(later: Instant, earlier: Instant) -> i64 {
    let span = |a: Instant, b: Instant| i64::try_from(a.since(b).as_us()).unwrap_or(i64::MAX);
    if later >= earlier { span(later, earlier) } else { -span(earlier, later) }
}

/// P31: only the first pedestrian green is compared; with more people it must not come later.
fn later(edges: &[Edge], twin: &[Edge], tolerance: Span) -> (u64, Option<Difference>) {
    let green = |edges: &[Edge]| {
        edges.iter().find(|edge| edge.1 == HEAD_PEDESTRIAN_A && edge.2 & GREEN != 0).map(|edge| edge.0)
    };
    match (green(edges), green(twin)) {
        (None, _) => (0, None),
        (Some(at), None) => {
            let text = format!("pedestrian green at {at}; with twice as many people it never came");
            (1, Some(Difference { at, margin_us: NEVER, text }))
        }
        (Some(at), Some(more)) => {
            let margin_us = i64::try_from(tolerance.as_us()).unwrap_or(i64::MAX) - signed(more, at);
            let text = format!("pedestrian green at {at}; with twice as many people only at {more}");
            (1, Some(Difference { at, margin_us, text }))
        }
    }
}

/// Same lamps in the same order, each edge moved by at most `bound`.
fn apart(edges: &[Edge], twin: &[Edge], bound: Span) -> (u64, Option<Difference>) {
    let bound_us = i64::try_from(bound.as_us()).unwrap_or(i64::MAX);
    let mut worst: Option<Difference> = None;
    let mut count = 0;
    for head in 0..4u8 {
        let of = |edges: &[Edge]| edges.iter().filter(|edge| edge.1 == head).copied().collect::<Vec<_>>();
        let (one, other) = (of(edges), of(twin));
        count += one.len() as u64;
        for (index, a) in one.iter().enumerate() {
            let difference = match other.get(index) {
                Some(b) if b.2 == a.2 => {
                    let moved = signed(b.0, a.0).abs();
                    let text = format!("a lamp edge at {} moved to {}", a.0, b.0);
                    Difference { at: a.0, margin_us: bound_us - moved, text }
                }
                Some(_) | None if a.0 + bound >= edges.last().map_or(Instant::ZERO, |last| last.0) => {
                    continue;
                }
                Some(b) => {
                    let text = format!(
                        "at {} the lamps of head {head} were {:#05b}, in the other run {:#05b}",
                        a.0, a.2, b.2
                    );
                    Difference { at: a.0, margin_us: -bound_us, text }
                }
                None => {
                    let text = format!("a lamp edge at {} is missing in the other run", a.0);
                    Difference { at: a.0, margin_us: -bound_us, text }
                }
            };
            if worst.as_ref().is_none_or(|worst| difference.margin_us < worst.margin_us) {
                worst = Some(difference);
            }
        }
    }
    (count, worst)
}

#[cfg(test)]
mod tests {
    use super::*;

    const RED: u8 = 1;

    fn edges(shift_ms: u64) -> Vec<Edge> {
        let at = |ms| Instant::from_ms(ms);
        vec![(at(0), 2, RED), (at(20_000 + shift_ms), 2, GREEN), (at(35_000), 2, RED), (at(60_000), 2, RED)]
    }

    #[test]
    fn an_edge_may_move_by_the_bound_and_no_more() {
        let bound = Span::from_ms(600);
        let margin = |shift| apart(&edges(0), &edges(shift), bound).1.map(|worst| worst.margin_us);
        assert_eq!(margin(600), Some(0));
        assert_eq!(margin(601), Some(-1_000));
    }

    #[test]
    fn a_missing_or_different_edge_is_a_difference_unless_the_run_was_about_to_end() {
        let bound = Span::from_ms(600);
        let short = &edges(0)[..2];
        assert!(apart(&edges(0), short, bound).1.is_some_and(|worst| worst.margin_us < 0));
        let until_the_last = &edges(0)[..3];
        assert!(apart(&edges(0), until_the_last, bound).1.is_some_and(|worst| worst.margin_us >= 0));
        let mut other = edges(0);
        other[1].2 = RED;
        assert!(apart(&edges(0), &other, bound).1.is_some_and(|worst| worst.margin_us < 0));
    }

    #[test]
    fn what_is_damaged_does_not_come_at_all_in_the_other_run() {
        let site =
            crate::site::library::find("yudaihe-beixiaoyuan").unwrap_or_else(|error| panic!("{error}"));
        let scenario =
            crate::scenario::library::find("damaged-frames", 1).unwrap_or_else(|error| panic!("{error}"));
        let failing = |scenario: &Scenario, wanted: CameraFault| {
            let fails = |step: &&(Instant, Stimulus)| matches!(step.1, Stimulus::CameraFails(_, fault) if fault == wanted);
            scenario.steps.iter().filter(fails).count()
        };
        let (_, twin) = twin(Pair::DamagedFrames, &site, &scenario);
        assert_eq!(
            (failing(&scenario, CameraFault::BadCrc), failing(&scenario, CameraFault::Silent)),
            (2, 0)
        );
        assert_eq!((failing(&twin, CameraFault::BadCrc), failing(&twin, CameraFault::Silent)), (0, 2));
    }

    #[test]
    fn more_people_may_bring_the_green_earlier_but_not_later() {
        let tolerance = Span::from_ms(100);
        let margin = |shift| later(&edges(500), &edges(shift), tolerance).1.map(|worst| worst.margin_us);
        assert_eq!(margin(0), Some(600_000));
        assert_eq!(margin(600), Some(0));
        assert_eq!(margin(601), Some(-1_000));
        assert_eq!(
            later(&edges(0), &edges(0)[..1], tolerance).1.map(|worst| worst.margin_us < 0),
            Some(true)
        );
        assert_eq!(later(&edges(0)[..1], &edges(0), tolerance).0, 0, "nothing to compare with");
    }
}
