//! Tests only: one device, a clock that the test moves, and everything the device did.

use crate::device::{DRAIN_LIMIT, Device, Input, Output, Port};
use crate::time::{Instant, Line};
use crate::wire::modbus::{Request, emit_request};
use std::fmt::Debug;

/// The line of every rehearsal.
pub(crate) const LINE: Line = Line::n81(19_200);

/// One device on stage.
pub(crate) struct Rehearsal<D: Device> {
    pub(crate) device: D,
    pub(crate) now: Instant,
    /// Everything since it was last taken.
    pub(crate) done: Vec<(Instant, Output<D::Sight>)>,
}

impl<D: Device> Rehearsal<D>
where
    D::Sight: Debug + Clone + PartialEq,
{
    /// A device without power at the beginning of time.
    pub(crate) fn new(device: D) -> Self {
        Rehearsal { device, now: Instant::ZERO, done: Vec::new() }
    }

    /// A device that got power at the beginning of time; what it did then is forgotten.
    pub(crate) fn powered(device: D) -> Self {
        let mut stage = Rehearsal::new(device);
        stage.input(0, Input::Power(true));
        stage.done.clear();
        stage
    }

    /// Something happens at `ms`, before what is due at that instant.
    pub(crate) fn input(&mut self, ms: u64, input: Input<'_, D::Act>) {
        self.run_until(Instant::from_ms(ms), false);
        self.device.handle_input(self.now, input);
        self.drain();
    }

    /// Bytes end at `ms`.
    pub(crate) fn bytes(&mut self, ms: u64, bytes: &[u8]) {
        self.input(ms, Input::Bytes { port: Port(0), bytes });
    }

    /// A Modbus request ends at `ms`.
    pub(crate) fn ask(&mut self, ms: u64, unit: u8, request: &Request) {
        let mut frame = Vec::new();
        emit_request(unit, request, &mut frame);
        self.bytes(ms, &frame);
    }

    /// Lets time pass up to and including `ms`.
    pub(crate) fn run_to(&mut self, ms: u64) {
        self.run_until(Instant::from_ms(ms), true);
    }

    /// The sights since the last call, in whole ms.
    pub(crate) fn sights(&mut self) -> Vec<(u64, D::Sight)> {
        let done = std::mem::take(&mut self.done);
        done.into_iter()
            .filter_map(|(at, output)| match output {
                Output::Sight(sight) => Some((at.as_us() / 1_000, sight)),
                Output::Bytes { .. } | Output::Persist(_) | Output::Reject { .. } => None,
            })
            .collect()
    }

    /// The frames sent since the last call.
    pub(crate) fn sent(&mut self) -> Vec<(Instant, Vec<u8>)> {
        let done = std::mem::take(&mut self.done);
        done.into_iter()
            .filter_map(|(at, output)| match output {
                Output::Bytes { bytes, .. } => Some((at, bytes)),
                Output::Sight(_) | Output::Persist(_) | Output::Reject { .. } => None,
            })
            .collect()
    }

    fn run_until(&mut self, end: Instant, inclusive: bool) {
        assert!(end >= self.now, "time went back");
        for _ in 0..1_000_000 {
            let due = self.device.poll_timeout();
            let Some(wake) = due.filter(|wake| wake.at < end || (inclusive && wake.at == end)) else {
                self.now = end;
                return;
            };
            self.now = self.now.max(wake.at);
            self.device.handle_timeout(self.now);
            self.drain();
            let next = self.device.poll_timeout();
            assert!(next.is_none_or(|next| next.at > self.now), "{} stays due at {}", wake.why, self.now);
        }
        panic!("the device never comes to rest");
    }

    fn drain(&mut self) {
        for _ in 0..DRAIN_LIMIT {
            let Some(output) = self.device.poll_output() else { return };
            self.done.push((self.now, output));
        }
        panic!("more outputs than the contract allows");
    }
}

/// Snapshots live beside all others, named after what they show.
pub(crate) fn matrix(name: &str, text: &str) {
    insta::with_settings!({
        snapshot_path => concat!(env!("CARGO_MANIFEST_DIR"), "/../fixtures/snapshots"),
        prepend_module_to_snapshot => false,
        omit_expression => true,
    }, {
        insta::assert_snapshot!(name, text);
    });
}
