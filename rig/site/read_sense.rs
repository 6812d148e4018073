//! `[wiring.sense]`: which lamp hangs on which input of the lamp-sense module, and how well it is seen.

use emulators::lamp_sense::{SHORTEST_PERIOD, exchange};
use emulators::time::Span;

use super::check;
use super::document::{Entry, Section};
use super::file_error::FileError;
use super::quantity::write_duration;
use super::read_wiring::line;
use super::wiring::SenseWiring;

pub(crate) const KEYS: &[&str] = &[
    "line",
    "unit",
    "period",
    "latency",
    "vehicle_a",
    "vehicle_b",
    "pedestrian_a",
    "pedestrian_b",
    "inverted",
];

/// A lamp must be seen within this, or flashing cannot be told from switching: a darkness of 200 ms is a gap, and the
/// judge waits 30 ms more before it calls a lamp broken.
const SEEN_WITHIN: Span = Span::from_ms(150);

/// Reads `[wiring.sense]`.
pub(crate) fn module(section: &Section<'_>) -> Result<SenseWiring, FileError> {
    let vehicle = "write the inputs of red, yellow and green: `[0, 1, 2]`";
    let pedestrian = "write the inputs of red and green: `[6, 7]`";
    let entries = [
        section.required("vehicle_a", vehicle)?,
        section.required("vehicle_b", vehicle)?,
        section.required("pedestrian_a", pedestrian)?,
        section.required("pedestrian_b", pedestrian)?,
    ];
    check::no_two_alike("input", &entries, 0, 63)?;
    let span = |key, default, low| match section.get(key) {
        Some(entry) => entry.time(low),
        None => Ok(Span::from_ms(default)),
    };
    let mut wiring = SenseWiring {
        unit: section.required("unit", "write the module's unit, 1 to 247")?.number(1, 247)?,
        period: span("period", 25, SHORTEST_PERIOD)?,
        latency: match section.get("latency") {
            Some(entry) => entry.quantity(super::quantity::duration)?,
            None => Span::from_ms(10),
        },
        vehicle: [entries[0].bytes(0, 63)?, entries[1].bytes(0, 63)?],
        pedestrian: [entries[2].bytes(0, 63)?, entries[3].bytes(0, 63)?],
        inverted: 0,
    };
    wiring.inverted = section.get("inverted").map_or(Ok(0), |entry| inverted(&entry, &wiring))?;
    check_times(section, &wiring)?;
    Ok(wiring)
}

/// The inputs that read 1 while their lamp is dark.
fn inverted(list: &Entry<'_>, wiring: &SenseWiring) -> Result<u64, FileError> {
    let wired = |input: &u8| {
        wiring.vehicle.iter().flatten().chain(wiring.pedestrian.iter().flatten()).any(|known| known == input)
    };
    let mut all = 0;
    for item in list.list()? {
        let input: u8 = item.number(0, 63)?;
        if !wired(&input) {
            return Err(item.error(
                format!("no lamp hangs on input {input}"),
                "name inputs of `vehicle_a`, `vehicle_b`, `pedestrian_a`, `pedestrian_b`",
            ));
        }
        if all & (1 << input) != 0 {
            return Err(item.error(format!("input {input} stands here twice"), "name each input once"));
        }
        all |= 1 << input;
    }
    Ok(all)
}

/// Refuses a period that the line has no room for, and one that sees too little.
fn check_times(section: &Section<'_>, wiring: &SenseWiring) -> Result<(), FileError> {
    let line = line(section, 9_600)?;
    let complain = |keys: &[&'static str], message: String, hint: String| {
        let entry = keys.iter().find_map(|key| section.get(key));
        entry.map_or_else(|| section.error(&*message, &*hint), |entry| entry.error(&*message, &*hint))
    };
    let needed = exchange(line, wiring.inputs());
    if wiring.period < needed {
        let message = format!(
            "a question and its answer take {} on this line, longer than the period of {}",
            write_duration(needed),
            write_duration(wiring.period)
        );
        return Err(complain(
            &["period", "line"],
            message,
            "read less often, or use a faster line".to_owned(),
        ));
    }
    let seen = wiring.poller(line).seen_within();
    if seen > SEEN_WITHIN {
        let message = format!(
            "a lamp would be seen up to {} late (period, latency and an exchange on the line)",
            write_duration(seen)
        );
        let hint = format!("at most {}, or flashing cannot be recognised", write_duration(SEEN_WITHIN));
        return Err(complain(&["period", "latency"], message, hint));
    }
    Ok(())
}
