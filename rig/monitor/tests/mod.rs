//! Tests of the property engine.

mod against_naive;
mod against_reelay;
mod blind;
mod bounded;
mod counters;
mod durations;
mod obligations;
mod states;
mod texts;
mod uncertain;

use emulators::time::{Instant, Span};

use super::{Change, Domain, Engine, PropertyResult, Value, Verdict, Vocabulary, load};
use crate::site::{CableRole, Limits, Quantity};

const VEHICLE: &[&str] = &["OFF", "R", "Y", "G", "FY"];
const PEDESTRIAN: &[&str] = &["OFF", "R", "G", "FG"];

fn vocabulary() -> Vocabulary {
    let mut vocabulary = Vocabulary::default();
    vocabulary.add("VA", Domain::Names(VEHICLE));
    vocabulary.add("PA", Domain::Names(PEDESTRIAN));
    vocabulary.add("PB", Domain::Names(PEDESTRIAN));
    vocabulary.add("MODE", Domain::Names(&["BOOT", "NORMAL", "FLASH"]));
    vocabulary.add("ON", Domain::Flag);
    vocabulary.add("cdV", Domain::Number);
    vocabulary.add("cdP", Domain::Number);
    vocabulary.add("log", Domain::Event);
    vocabulary.add("frame", Domain::Event);
    vocabulary
}

fn limits() -> Limits {
    let mut limits = Limits::default();
    limits.set("edge_tolerance", Quantity::Time(Span::from_ms(100)));
    limits.set("yellow", Quantity::Time(Span::from_secs(3)));
    limits.set("green_min", Quantity::Time(Span::from_secs(25)));
    limits.set("capacity", Quantity::Number(40));
    limits
}

/// An engine with one property of one check, and words to feed it.
struct Scene {
    engine: Engine,
    vocabulary: Vocabulary,
}

fn scene(check: &str) -> Scene {
    property(&format!("id = \"P\"\n[[property.check]]\n{check}"), "observed", &[])
}

fn property(body: &str, policy: &str, cables: &[CableRole]) -> Scene {
    let vocabulary = vocabulary();
    let properties = load(&format!("[[property]]\n{body}\n"), "test.toml").expect("well formed");
    let engine = Engine::new(&properties, &vocabulary, &limits(), policy, cables).expect("compiles");
    Scene { engine, vocabulary }
}

impl Scene {
    /// `VA=G`, `ON=true`, `cdP=5`, `cdP=nil`, `log=7`, at a time in ms.
    fn set(&mut self, at: u64, what: &str) -> &mut Scene {
        self.late(at, at, 0, what)
    }

    /// Known at `at`, true at the earliest since `since`, and within `uncertainty` of that.
    fn late(&mut self, at: u64, since: u64, uncertainty: u64, what: &str) -> &mut Scene {
        let (name, text) = what.split_once('=').expect("NAME=VALUE");
        let (signal, domain) = self.vocabulary.find(name).expect("known");
        let value = match domain {
            Domain::Names(names) => {
                names.iter().position(|name| *name == text).map(|place| Value::Level(place as u8))
            }
            Domain::Flag => Some(Value::Level(u8::from(text == "true"))),
            Domain::Number | Domain::Event => text.parse().ok().map(Value::Number),
        };
        self.engine.change(&Change {
            signal,
            value: value.unwrap_or(Value::Nil),
            at: Instant::from_ms(at),
            since: Instant::from_ms(since),
            uncertainty: Span::from_ms(uncertainty),
        });
        self
    }

    fn finish(&mut self, at: u64) -> PropertyResult {
        self.engine.finish(Instant::from_ms(at)).remove(0)
    }
}

/// The margin in ms and where it was.
fn margin(result: &PropertyResult) -> Option<(i64, u64)> {
    result.worst.map(|worst| (worst.amount / 1_000, worst.at.as_us() / 1_000))
}

/// When it was first violated, in ms.
fn violated_at(result: &PropertyResult) -> Option<u64> {
    match &result.verdict {
        Verdict::Violated(violation) => Some(violation.at.as_us() / 1_000),
        Verdict::Passed
        | Verdict::Inconclusive(_)
        | Verdict::NotExercised
        | Verdict::Pending { .. }
        | Verdict::NotApplicable
        | Verdict::NotObservable { .. } => None,
    }
}

fn left(result: &PropertyResult) -> Option<u64> {
    match result.verdict {
        Verdict::Pending { left } => Some(left.as_ms()),
        Verdict::Passed
        | Verdict::Violated(_)
        | Verdict::Inconclusive(_)
        | Verdict::NotExercised
        | Verdict::NotApplicable
        | Verdict::NotObservable { .. } => None,
    }
}
