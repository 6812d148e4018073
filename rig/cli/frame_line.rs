//! A frame as a line of text: for whoever wants to see every byte on a cable.

use std::fmt;

use crate::site::CableRole;
use crate::trace::{Frame, Record, What};

/// What a record tells of a cable: begin and end, cable, sender, bytes that arrived, bytes that were sent where those differ, and whether another
/// transmission was in the way.
#[derive(Clone, Copy, Debug)]
pub(super) struct FrameLine<'a> {
    record: &'a Record,
    frame: &'a Frame,
}

impl FrameLine<'_> {
    /// Of a record, if it is one of a frame.
    #[must_use]
    pub(super) const fn of(record: &Record) -> Option<FrameLine<'_>> {
        match &record.what {
            What::Frame(frame) => Some(FrameLine { record, frame }),
            _ => None,
        }
    }
}

impl fmt::Display for FrameLine<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Frame { cable, from, start, bytes, sent, collided } = self.frame;
        let cable = CableRole::ALL.get(usize::from(*cable)).map_or("?", |role| role.name());
        let sender = match from {
            Some(0) => "controller".to_owned(),
            Some(end) => format!("end {end}"),
            None => "nobody".to_owned(),
        };
        write!(
            f,
            "{:<14} {:<14} {cable:<10} {sender:<10}",
            start.to_string(),
            self.record.latest.to_string()
        )?;
        hex(f, bytes)?;
        if let Some(sent) = sent {
            write!(f, "  sent")?;
            hex(f, sent)?;
        }
        if *collided { write!(f, "  collided") } else { Ok(()) }
    }
}

fn hex(f: &mut fmt::Formatter<'_>, bytes: &[u8]) -> fmt::Result {
    if bytes.is_empty() {
        return write!(f, " nothing");
    }
    bytes.iter().try_for_each(|byte| write!(f, " {byte:02x}"))
}

#[cfg(test)]
mod tests {
    use emulators::time::Instant;

    use super::*;

    fn line(frame: Frame) -> String {
        let (earliest, latest) = (Instant::from_ms(1_000), Instant::from_ms(1_000));
        let record = Record { earliest, latest, what: What::Frame(frame) };
        FrameLine::of(&record).expect("a frame").to_string()
    }

    #[test]
    fn what_arrived_and_what_was_sent_are_both_told() {
        let frame = Frame {
            cable: CableRole::Lamps.index() as u8,
            from: Some(0),
            start: Instant::from_ms(995),
            bytes: vec![0x01, 0x0f],
            sent: None,
            collided: false,
        };
        assert_eq!(line(frame.clone()), "0.995          1.000          lamps      controller 01 0f");
        let lost =
            Frame { from: Some(2), bytes: Vec::new(), sent: Some(vec![0xff]), collided: true, ..frame };
        assert_eq!(
            line(lost),
            "0.995          1.000          lamps      end 2      nothing  sent ff  collided"
        );
    }

    #[test]
    fn other_records_are_no_frames() {
        let at = Instant::ZERO;
        assert!(FrameLine::of(&Record { earliest: at, latest: at, what: What::End }).is_none());
    }
}
