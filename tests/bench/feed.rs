//! Properties of the catalogue over rows: what changed since the row before, nothing else.
//!
//! Loaded are P01 and P10 as they stand, all checks, and the one of P25 that owes a green within `$wait_max`, with the
//! limits of the default site. What only a whole record has is constant: the crossing runs and has supply, nothing is upset or out,
//! the lamp bus works, the interlock refuses nothing. The longest wait is set to 60 s, and a presence counts at once.

use emulators::time::{Instant, Span};
use rig::monitor::{Change, Domain, Engine, PropertyResult, SignalId, Value, Vocabulary, load};
use rig::site::{Quantity, library};

use crate::rows::Row;

const CATALOGUE: &str = include_str!("../../fixtures/properties/catalogue.toml");
const VEHICLE: Domain = Domain::Names(&["OFF", "R", "Y", "G", "FY", "OTHER"]);
const PEDESTRIAN: Domain = Domain::Names(&["OFF", "R", "G", "FG", "OTHER"]);
/// The signals, in the order in which a row tells them.
const SIGNALS: [(&str, Domain); 17] = [
    ("VA", VEHICLE),
    ("VB", VEHICLE),
    ("PA", PEDESTRIAN),
    ("PB", PEDESTRIAN),
    ("pres", Domain::Flag),
    ("RUNNING", Domain::Flag),
    ("POWER", Domain::Flag),
    ("UPSET", Domain::Flag),
    ("interlock", Domain::Event),
    ("REFUSED_AFTER", Domain::Number),
    ("log", Domain::Event),
    ("SUPPLY_FAILS", Domain::Flag),
    ("PRED_OUT", Domain::Flag),
    ("LAMP_LINK", Domain::Flag),
    ("LAMP_NOISE", Domain::Flag),
    ("LAMP_UNHEARD", Domain::Flag),
    ("PRED_DARK", Domain::Flag),
];
/// What does not change: signal and value.
const CONSTANT: [(u16, u8); 9] =
    [(5, 1), (6, 1), (7, 0), (11, 0), (12, 0), (13, 1), (14, 0), (15, 0), (16, 0)];

/// The three properties: id, and a text that a check must contain to be taken.
pub(crate) const PROPERTIES: [(&str, &str); 3] =
    [("P01", ""), ("P25", "within = \"$wait_max\""), ("P10", "")];

/// A property's table in the catalogue, with those of its checks that contain `wanted`.
#[must_use]
pub(crate) fn property((id, wanted): (&str, &str)) -> String {
    let table = CATALOGUE
        .split("[[property]]\n")
        .find(|table| table.starts_with(&format!("id = \"{id}\"")))
        .expect("the catalogue has it");
    let mut parts = table.split("[[property.check]]\n");
    let head = parts.next().unwrap_or_default();
    let checks: Vec<&str> = parts.filter(|check| check.contains(wanted)).collect();
    assert!(!checks.is_empty(), "{id} has no check with {wanted:?}");
    format!("[[property]]\n{head}[[property.check]]\n{}", checks.join("[[property.check]]\n"))
}

/// An engine for catalogue text, as a run would make it.
#[must_use]
pub(crate) fn engine(catalogue: &str) -> Engine {
    let mut vocabulary = Vocabulary::default();
    for (name, domain) in SIGNALS {
        vocabulary.add(name, domain);
    }
    let mut limits = library::find("yudaihe-beixiaoyuan").expect("the default site").limits;
    limits.set("wait_max", Quantity::Time(Span::from_secs(60)));
    limits.set("debounce", Quantity::Time(Span::ZERO));
    let properties = load(catalogue, "catalogue.toml").expect("the catalogue is well formed");
    Engine::new(&properties, &vocabulary, &limits, "observed", &[]).expect("its names are known")
}

/// Judges the rows.
pub(crate) fn feed(engine: &mut Engine, rows: &[Row]) -> Vec<PropertyResult> {
    let (mut vehicle, mut pedestrian, mut waits) = (u8::MAX, u8::MAX, u8::MAX);
    let first = Instant::from_us(rows.first().map_or(0, |row| row.at));
    let mut tell = |at, signal, level| {
        let (signal, value) = (SignalId(signal), Value::Level(level));
        engine.change(&Change { signal, value, at, since: at, uncertainty: Span::ZERO });
    };
    for (signal, level) in CONSTANT {
        tell(first, signal, level);
    }
    for row in rows {
        let at = Instant::from_us(row.at);
        if row.vehicle != vehicle {
            vehicle = row.vehicle;
            tell(at, 0, vehicle);
            tell(at, 1, vehicle);
        }
        if row.pedestrian != pedestrian {
            pedestrian = row.pedestrian;
            tell(at, 2, pedestrian);
            tell(at, 3, pedestrian);
        }
        let waiting = u8::from(row.waiting > 0);
        if waiting != waits {
            waits = waiting;
            tell(at, 4, waits);
        }
    }
    engine.finish(Instant::from_us(rows.last().map_or(0, |row| row.at)))
}
