//! The engine against the definitions: random records on a grid, every pattern, no disagreement.

use emulators::time::{Instant, Span};

use crate::monitor::naive::{Grid, Naive, Said};
use crate::monitor::parse::Scope;
use crate::monitor::{
    Change, Domain, Engine, Property, PropertyResult, SignalId, Value, Verdict, Vocabulary, load,
};
use crate::site::{Limits, Quantity};

const STEP: i64 = 10_000;
const NAMES: &[&str] = &["R", "Y", "G"];

/// Bodies of checks. Times lie on the grid.
const FORMULAS: [&str; 37] = [
    "never = \"A=G and not B=R\"",
    "never = \"A=Y\"\nlonger_than = \"200ms\"\ntolerance = \"30ms\"\ntriggers = \"up(F)\"",
    "never = \"A=B0 or G\"\nlonger_than = \"150ms\"\nwhile = \"F\"",
    "never = \"held(A=G, 120ms) and recent(F, 80ms)\"\nlonger_than = \"50ms\"",
    "lasts = \"A=Y\"\nat_least = \"100ms\"\nat_most = \"300ms\"\ntolerance = \"20ms\"",
    "lasts = \"A in {Y,G}\"\nat_most = \"400ms\"\nwhile = \"F\"",
    "lasts = \"F and not B=Y\"\nat_least = \"$short\"\nunless_then = \"A=R\"",
    "lasts = \"recent(G, 100ms)\"\nat_least = \"110ms\"\nat_most = \"2*$short\"",
    "lasts = \"not held(F, 100ms)\"\nat_most = \"left(G, 500ms) + 50ms\"",
    "when = \"up(F)\"\nthen = \"A=G\"\nwithin = \"300ms\"",
    "when = \"up(A=G)\"\nthen = \"up(B=R)\"\nwithin = [\"100ms\", \"500ms\"]\ntolerance = \"20ms\"",
    "when = \"at(E)\"\nthen = \"F\"\nwithin = [\"100ms\", \"200ms\"]\nunless = \"A=Y\"",
    "when = \"down(G)\"\nthen = \"at(E=1)\"\nwithin = \"400ms\"\nwhile = \"not B=Y\"",
    "when = \"change(A) and before(F) and not G\"\nthen = \"change(B)\"\nwithin = \"$short\"",
    "when = \"up(held(F, 100ms))\"\nthen = \"not recent(G, 150ms)\"\nwithin = \"100ms\"",
    "when = \"down(recent(F, 100ms))\"\nthen = \"recent(F, 100ms) or A=G\"\nwithin = [\"50ms\", \"150ms\"]",
    "when = \"up(A=Y) and N!=nil\"\nthen = \"B=Y\"\nwithin = \"50*signal(N) + 100ms\"",
    "at = \"up(A=G)\"\nheld = \"B=R\"\nfor = \"200ms\"\ntolerance = \"20ms\"",
    "at = \"at(E)\"\nheld = \"recent(F, 50ms)\"\nfor = \"100ms\"\nwhile = \"G\"",
    "at = \"up(F)\"\nheld = \"A=R or B=R\"\nfor = \"0s\"",
    "at = \"up(F)\"\nseen = \"A=Y\"\nwithin = \"300ms\"",
    "at = \"change(B) and B=G\"\nseen = \"at(E)\"\nwithin = \"250ms\"\ntolerance = \"10ms\"",
    "at = \"at(E)\"\nvalue = \"N\"\nmin = 1\nmax = \"$count\"",
    "at = \"at(E) and F\"\nvalue = \"E\"\nmin = 1",
    "steps = \"N\"\nby = -1\nevery = \"150ms\"\nlast = 1\ntolerance = \"60ms\"\nunless = \"A=Y\"",
    "steps = \"N\"\nby = 1\nevery = \"200ms\"\ntolerance = \"100ms\"\nwhile = \"F\"",
    "counts_to = \"up(F)\"\ncounter = \"M\"\ntolerance = \"200ms\"\nunless = \"A=Y\"",
    "counts_to = \"change(B)\"\ncounter = \"M\"\ntolerance = \"500ms\"\nwhile = \"not A=G\"",
    "transitions = \"A\"\nallow = [\"R>G\", \"G>Y\", \"Y>R\"]",
    "transitions = \"B\"\nallow = [\"*>R\", \"R>*\"]\nwhile = \"F\"",
    "every = \"at(E)\"\nat_least = \"50ms\"\nat_most = \"400ms\"\ntolerance = \"20ms\"",
    "every = \"up(F)\"\nat_most = \"600ms\"\nwhile = \"not A=Y\"",
    "agree = [\"A\", \"B\"]\nwithin = \"200ms\"\nwhile = \"G\"",
    "agree = [\"N\", \"M\"]\noffset = 1\nboth_shown = true\nwithin = \"300ms\"\ntolerance = \"20ms\"",
    "share = \"A=G\"\nwindow = \"1s\"\nat_least = \"1000*$short/($short+600ms)\"\ntolerance = \"10ms\"",
    "lasts = \"recent(not G or N=nil, 100ms) and not A=Y\"\nat_least = \"50ms\"\nat_most = \"600ms\"",
    "share = \"F or B=Y\"\nwindow = \"500ms\"\nat_least = 300\nwhile = \"not A=Y\"",
];

struct Draw(u64);

impl Draw {
    fn next(&mut self, below: u64) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let z = (self.0 ^ (self.0 >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        let z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        (z ^ (z >> 31)) % below
    }
}

fn vocabulary() -> Vocabulary {
    let mut vocabulary = Vocabulary::default();
    for name in ["A", "B"] {
        vocabulary.add(name, Domain::Names(NAMES));
    }
    for name in ["F", "G"] {
        vocabulary.add(name, Domain::Flag);
    }
    for name in ["N", "M"] {
        vocabulary.add(name, Domain::Number);
    }
    vocabulary.add("E", Domain::Event);
    vocabulary
}

fn limits() -> Limits {
    let mut limits = Limits::default();
    limits.set("short", Quantity::Time(Span::from_ms(150)));
    limits.set("count", Quantity::Number(3));
    limits.set("edge_tolerance", Quantity::Time(Span::ZERO));
    limits
}

fn properties() -> Vec<Property> {
    let formulas = FORMULAS.iter().enumerate().map(|(place, body)| {
        format!(
            "[[property]]\nid = \"F{place}\"\n[[property.check]]\n{}\n",
            body.replace("A=B0", "A=R and B=R")
        )
    });
    load(&formulas.collect::<String>(), "formulas").expect("well formed")
}

fn grid(draw: &mut Draw) -> Grid {
    let length = 20 + draw.next(120) as usize;
    let calm = 4 + draw.next(14);
    let mut values = vec![Vec::new(); 7];
    let mut events = vec![vec![None; length]; 7];
    for (signal, list) in values.iter_mut().enumerate() {
        let mut value = Value::Nil;
        for instant in 0..length {
            if instant == 0 || draw.next(calm) == 0 {
                value = match signal {
                    0 | 1 => Value::Level(draw.next(3) as u8),
                    2 | 3 => Value::Level(draw.next(2) as u8),
                    _number => match (draw.next(6), value) {
                        (0, _) => Value::Nil,
                        (1..=3, Value::Number(n)) if n > 0 => Value::Number(n - 1),
                        (4, Value::Number(n)) => Value::Number(n + 1),
                        (n, _) => Value::Number(n as i64),
                    },
                };
            }
            list.push(if signal == 6 { Value::Nil } else { value });
            if signal == 6 && draw.next(calm) == 0 {
                events[6][list.len() - 1] = Some(draw.next(3) as i64);
            }
        }
    }
    Grid { step: STEP, values, events }
}

fn judge(grid: &Grid, properties: &[Property]) -> Vec<PropertyResult> {
    let mut engine = Engine::new(properties, &vocabulary(), &limits(), "", &[]).expect("compiles");
    let instants = grid.values[0].len();
    for instant in 0..instants {
        let at = Instant::from_us(instant as u64 * STEP as u64);
        for signal in 0..7 {
            let before = instant.checked_sub(1).map_or(Value::Nil, |before| grid.values[signal][before]);
            let value = grid.values[signal][instant];
            let signal_id = SignalId(signal as u16);
            let mut tell = |value| {
                engine.change(&Change { signal: signal_id, value, at, since: at, uncertainty: Span::ZERO });
            };
            if let Some(number) = grid.events[signal][instant] {
                tell(Value::Number(number));
            } else if before != value {
                tell(value);
            }
        }
    }
    engine.finish(Instant::from_us((instants as u64 - 1) * STEP as u64))
}

fn as_said(result: &PropertyResult) -> Said {
    Said {
        triggers: result.triggers as i64,
        violations: result.violations as i64,
        first: result.first.first().map(|violation| violation.at.as_us() as i64),
        worst: result.worst.map(|worst| worst.amount),
        left: match result.verdict {
            Verdict::Pending { left } => Some(left.as_us() as i64),
            Verdict::Passed
            | Verdict::Violated(_)
            | Verdict::Inconclusive(_)
            | Verdict::NotExercised
            | Verdict::NotApplicable
            | Verdict::NotObservable { .. } => None,
        },
    }
}

#[test]
fn the_engine_and_the_definitions_agree_on_two_thousand_records() {
    let (properties, vocabulary, limits) = (properties(), vocabulary(), limits());
    let mut draw = Draw(1);
    let mut verdicts = [[0u32; 4]; FORMULAS.len()];
    for record in 0..2_000 {
        let grid = grid(&mut draw);
        let results = judge(&grid, &properties);
        for (place, result) in results.iter().enumerate() {
            let scope = Scope { vocabulary: &vocabulary, limits: &limits };
            let mut said = Naive { grid: &grid, scope, check: &properties[place].checks[0] }.said();
            // A violation counts more than what is still open.
            said.left = said.left.filter(|_| said.violations == 0);
            // A margin that was kept is not that of a violation.
            said.worst = said.worst.filter(|margin| said.violations == 0 || *margin < 0);
            // When a shortage begins between two places where the engine looks, it is told at the second.
            if FORMULAS[place].starts_with("share") {
                said.violations = result.violations as i64 * i64::from(said.violations > 0);
                said.first = result.first.first().map(|one| one.at.as_us() as i64);
            }
            assert_eq!(as_said(result), said, "record {record}: {}: {result}", FORMULAS[place]);
            let kind = match result.verdict {
                Verdict::Violated(_) => 0,
                Verdict::Pending { .. } => 1,
                Verdict::Passed => 2,
                Verdict::NotExercised => 3,
                Verdict::Inconclusive(_) | Verdict::NotApplicable | Verdict::NotObservable { .. } => {
                    panic!("{result}: nothing is uncertain here")
                }
            };
            verdicts[place][kind] += 1;
        }
    }
    for (place, counts) in verdicts.iter().enumerate() {
        assert!(counts[0] > 20, "{} was hardly ever violated: {counts:?}", FORMULAS[place]);
        assert!(counts[1] + counts[2] > 20, "{} was hardly ever kept: {counts:?}", FORMULAS[place]);
    }
}
