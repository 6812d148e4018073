//! Statistics: sums over a period, made of frames, and the blocks of earlier periods.
//!
//! Whoever a frame shows beyond the frame before has entered. Occupancy is the mean of the frames. The mean wait
//! is over the waits that ended in the period.

use std::collections::VecDeque;

use super::Config;
use super::eye::Picture;
use crate::wire::gbt43229::{Region, Statistics, ZoneStatistics};

/// Blocks that are kept for history queries.
pub(super) const BLOCKS: usize = 64;

/// Occupancy in 0.1 %: `people` of `capacity`, at most 1000.
pub(super) fn occupancy(people: u16, capacity: u16) -> u16 {
    let thousandths = u32::from(people) * 1_000 / u32::from(capacity.max(1));
    u16::try_from(thousandths.min(1_000)).unwrap_or(1_000)
}

/// The running period and the blocks of the last [`BLOCKS`] periods.
#[derive(Clone, Debug, Default)]
pub(super) struct Ledger {
    /// Local time at which the period began, in s.
    start: u32,
    frames: u64,
    entered: u32,
    up: u32,
    down: u32,
    waiting_occupancy: u64,
    crosswalk_occupancy: u64,
    last: Picture,
    blocks: VecDeque<Statistics>,
}

impl Ledger {
    /// An empty ledger whose first period begins at local time `start`.
    pub(super) fn new(start: u32) -> Ledger {
        Ledger { start, ..Ledger::default() }
    }

    /// Another frame.
    pub(super) fn add(&mut self, picture: Picture, config: &Config) {
        let entered = |is: u16, was: u16| u32::from(is.saturating_sub(was));
        self.frames += 1;
        self.entered = self.entered.saturating_add(entered(picture.waiting, self.last.waiting));
        self.up = self.up.saturating_add(entered(picture.up, self.last.up));
        self.down = self.down.saturating_add(entered(picture.down, self.last.down));
        let walking = picture.up.saturating_add(picture.down);
        self.waiting_occupancy += u64::from(occupancy(picture.waiting, config.waiting_capacity));
        self.crosswalk_occupancy += u64::from(occupancy(walking, config.crosswalk_capacity));
        self.last = picture;
    }

    /// Ends the period at local time `end` and begins the next. `waits`: number and sum (ms) of ended waits.
    pub(super) fn close(&mut self, end: u32, (waits, sum_ms): (u32, u64), config: &Config) {
        let mean = |sum: u64| u16::try_from(sum / self.frames.max(1)).unwrap_or(u16::MAX);
        let wait_s = sum_ms / u64::from(waits.max(1)) / 1_000;
        let short = |sum: u32| u16::try_from(sum).unwrap_or(u16::MAX);
        let mut zones = vec![ZoneStatistics {
            channel: config.waiting_channel,
            region: Region::Waiting,
            total: short(self.entered),
            occupancy: mean(self.waiting_occupancy),
            wait_s: u8::try_from(wait_s).unwrap_or(u8::MAX),
            up: 0,
            down: 0,
        }];
        if let Some(channel) = config.crosswalk_channel {
            zones.push(ZoneStatistics {
                channel,
                region: Region::Crosswalk,
                total: short(self.up.saturating_add(self.down)),
                occupancy: mean(self.crosswalk_occupancy),
                wait_s: 0,
                up: short(self.up),
                down: short(self.down),
            });
        }
        let mut blocks = std::mem::take(&mut self.blocks);
        if blocks.len() == BLOCKS {
            blocks.pop_front();
        }
        blocks.push_back(Statistics { start: self.start, end, zones });
        *self = Ledger { start: end, last: self.last, blocks, ..Ledger::default() };
    }

    /// The block of the period that ended last.
    pub(super) fn newest(&self) -> Option<&Statistics> {
        self.blocks.back()
    }

    /// The kept blocks that lie within `start..=end`, oldest first.
    pub(super) fn within(&self, start: u32, end: u32) -> Vec<Statistics> {
        self.blocks.iter().filter(|block| start <= block.start && block.end <= end).cloned().collect()
    }
}
