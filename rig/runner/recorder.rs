//! The witness of a run: writes the trace, feeds the judge, draws the strip.

use std::fs::File;
use std::io;
use std::sync::atomic::{AtomicBool, Ordering};

use emulators::time::Instant;

use crate::driver::Witness;
use crate::monitor::Judge;
use crate::trace::{Lines, Record, Strip, What, Writer};

/// How the last note of a record begins whose run broke off.
pub(super) const BROKE_OFF: &str = "broke off: ";

/// Everything that listens to a run. What is `None` is not wanted.
pub(super) struct Recorder<'a> {
    pub(super) judge: Judge,
    pub(super) strip: Option<Strip>,
    pub(super) lines: Option<Lines>,
    pub(super) file: Option<Writer<File>>,
    /// Lamp edges as driven, for comparison with a second run.
    pub(super) edges: Vec<(Instant, u8, u8)>,
    pub(super) keep_edges: bool,
    pub(super) records: u64,
    pub(super) failed: Option<io::Error>,
    pub(super) stop: &'a AtomicBool,
    pub(super) at: Instant,
}

impl<'a> Recorder<'a> {
    pub(super) fn new(judge: Judge, stop: &'a AtomicBool) -> Recorder<'a> {
        Recorder {
            judge,
            strip: None,
            lines: None,
            file: None,
            edges: Vec::new(),
            keep_edges: false,
            records: 0,
            failed: None,
            stop,
            at: Instant::ZERO,
        }
    }

    /// Hands everything written so far to the disk.
    pub(super) fn flush(&mut self) {
        if let Some(file) = &mut self.file
            && let Err(error) = file.flush()
        {
            self.failed = Some(error);
            self.file = None;
        }
    }

    /// The run broke off here: the record says so, and has no end.
    pub(super) fn broke_off(&mut self, why: &dyn std::fmt::Display) {
        let (at, text) = (self.at, format!("{BROKE_OFF}{why}"));
        self.take(&Record { earliest: at, latest: at, what: What::Note(text) });
    }

    /// Takes in a record; used by live runs and replays alike.
    pub(super) fn take(&mut self, record: &Record) {
        self.records += 1;
        self.at = record.latest;
        if let Some(file) = &mut self.file
            && let Err(error) = file.write(record)
        {
            self.failed = Some(error);
            self.file = None;
        }
        self.judge.record(record);
        if let Some(strip) = &mut self.strip {
            strip.record(record);
        }
        if let Some(lines) = &mut self.lines {
            lines.record(record);
        }
        tell(record);
        if self.keep_edges
            && let What::Head { head, driven, .. } = record.what
        {
            self.edges.push((record.latest, head as u8, driven));
        }
    }
}

/// For who asked to hear more (`-vv`, `-vvv`). What happens all the time is not worth a look at every record.
fn tell(record: &Record) {
    match &record.what {
        What::Stimulus(text) => tracing::debug!(at = %record.latest, "stimulus: {text}"),
        What::Power(on) => tracing::debug!(at = %record.latest, on, "supply"),
        What::Note(text) => tracing::debug!(at = %record.latest, "note: {text}"),
        What::Reject { device, skipped, why, .. } => {
            tracing::debug!(at = %record.latest, device, skipped, "threw bytes away: {why}");
        }
        What::Head { head, driven, lit } => {
            tracing::trace!(at = %record.latest, ?head, driven, lit, "lamps");
        }
        What::Sensed { head, lit } => {
            tracing::trace!(at = %record.latest, earliest = %record.earliest, ?head, lit, "lamps sensed");
        }
        What::Frame(_) | What::Display { .. } | What::Post { .. } | What::People { .. } | What::End => {}
    }
}

impl Witness for Recorder<'_> {
    fn advance(&mut self, now: Instant) {
        self.judge.advance(now);
    }

    fn record(&mut self, record: Record) {
        self.take(&record);
    }

    fn wants_stop(&self) -> bool {
        self.failed.is_some() || self.stop.load(Ordering::Relaxed)
    }
}
