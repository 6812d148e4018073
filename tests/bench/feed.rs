//! Feeds rows to an engine: what changed since the row before, nothing else.

use emulators::time::{Instant, Span};
use rig::monitor::{Change, Domain, Engine, PropertyResult, SignalId, Value, Vocabulary, load};
use rig::site::Limits;

use crate::rows::Row;

const VEHICLE: Domain = Domain::Names(&["OFF", "R", "Y", "G", "FY", "OTHER"]);
const PEDESTRIAN: Domain = Domain::Names(&["OFF", "R", "G", "FG", "OTHER"]);

/// An engine for catalogue text, as a run would make it.
#[must_use]
pub(crate) fn engine(catalogue: &str) -> Engine {
    let mut vocabulary = Vocabulary::default();
    vocabulary.add("VA", VEHICLE);
    vocabulary.add("PA", PEDESTRIAN);
    vocabulary.add("WAIT", Domain::Flag);
    let properties = load(catalogue, "bench.toml").expect("the bench's catalogue is well formed");
    Engine::new(&properties, &vocabulary, &Limits::default(), "observed", &[]).expect("its names are known")
}

/// Judges the rows.
pub(crate) fn feed(engine: &mut Engine, rows: &[Row]) -> Vec<PropertyResult> {
    let (mut vehicle, mut pedestrian, mut waits) = (u8::MAX, u8::MAX, u8::MAX);
    for row in rows {
        let at = Instant::from_us(row.at);
        let mut tell = |signal, level| {
            let (signal, value) = (SignalId(signal), Value::Level(level));
            engine.change(&Change { signal, value, at, since: at, uncertainty: Span::ZERO });
        };
        if row.vehicle != vehicle {
            vehicle = row.vehicle;
            tell(0, vehicle);
        }
        if row.pedestrian != pedestrian {
            pedestrian = row.pedestrian;
            tell(1, pedestrian);
        }
        let waiting = u8::from(row.waiting > 0);
        if waiting != waits {
            waits = waiting;
            tell(2, waits);
        }
    }
    engine.finish(Instant::from_us(rows.last().map_or(0, |row| row.at)))
}
