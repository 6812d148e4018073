//! Bytes that nobody sent: what a line without bias makes of noise, and what looks like the beginning of a
//! frame and is none.

use super::faults::{Draw, Draws};
use crate::time::Span;

/// The longest burst, in bytes.
const BURST_MAX: u64 = 16;

/// The idle time before the next burst: uniform between nothing and twice the mean that `per_hour` gives.
pub(super) fn gap(draws: &mut Draws, per_hour: u32) -> Span {
    let mean_us = 3_600_000_000 / u64::from(per_hour.max(1));
    Span::from_us(1 + draws.below(Draw::Garbage, 2 * mean_us))
}

/// A burst of 1 to 16 bytes. A quarter of the bursts hold 55 AA (how a GA/T 508 frame begins), a quarter C0
/// (how a GB/T 43229 frame begins and ends), a quarter are the beginning of a plausible Modbus request, the
/// rest are noise alone.
pub(super) fn burst(draws: &mut Draws) -> Vec<u8> {
    let mut below = |bound: u64| draws.below(Draw::Garbage, bound);
    let len = 1 + below(BURST_MAX) as usize;
    let kind = below(4);
    let mut bytes: Vec<u8> = (0..len).map(|_| below(256) as u8).collect();
    match kind {
        0 => overlay(&mut bytes, below(BURST_MAX) as usize, &[0x55, 0xAA]),
        1 => overlay(&mut bytes, below(BURST_MAX) as usize, &[0xC0]),
        2 => {
            let function = [0x01, 0x02, 0x03, 0x05, 0x06, 0x0F][below(6) as usize];
            let request = [1 + below(6) as u8, function, 0, below(8) as u8, 0, 1 + below(4) as u8];
            overlay(&mut bytes, 0, &request);
        }
        _noise => {}
    }
    bytes
}

/// Writes as much of `pattern` as fits, beginning at `offset` taken modulo the burst's length.
fn overlay(bytes: &mut [u8], offset: usize, pattern: &[u8]) {
    let from = offset.checked_rem(bytes.len()).unwrap_or(0);
    for (byte, &wanted) in bytes[from..].iter_mut().zip(pattern) {
        *byte = wanted;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn bursts_are_short_and_some_look_like_the_beginning_of_a_frame() {
        let mut draws = Draws::new(1);
        let bursts: Vec<Vec<u8>> = (0..1_000).map(|_| burst(&mut draws)).collect();
        assert!(bursts.iter().all(|b| (1..=16).contains(&b.len())));
        let with = |test: &dyn Fn(&Vec<u8>) -> bool| bursts.iter().filter(|b| test(b)).count();
        assert!((150..350).contains(&with(&|b| b.windows(2).any(|w| w == [0x55, 0xAA]))));
        assert!((250..400).contains(&with(&|b| b.contains(&0xC0))));
        assert!((100..250).contains(&with(&|b| b.len() >= 6 && b[0] < 7 && b[2] == 0 && b[4] == 0)));
    }

    #[test]
    fn gaps_have_the_mean_that_the_rate_asks_for() {
        let mut draws = Draws::new(2);
        let total: u64 = (0..10_000).map(|_| gap(&mut draws, 3_600).as_us()).sum();
        assert!((970_000..1_030_000).contains(&(total / 10_000)), "{total}");
        assert!(gap(&mut draws, u32::MAX) >= Span::from_us(1));
    }
}
