//! What went wrong, what still stands, and what survives a loss of power.
//!
//! Three things that belong together: the ring of log entries (P53: every fault and every change of mode once,
//! at least 3000 entries), the faults that stand at this moment, and the latched ones among them, which only an
//! acknowledgement ends (P49). Latched faults and the newest entries are what the controller persists.

use std::collections::VecDeque;

use super::clock::Clock;
use crate::time::Instant;

/// Entries kept in the ring (GB 25280-2010: at least 3000).
pub(super) const RING: usize = 4_096;
/// Entries handed out to be kept over a loss of power; more would make every entry cost a long write.
pub(super) const PERSISTED: usize = 256;
/// First bytes of what is persisted: a name and a version.
const MAGIC: [u8; 4] = *b"xrc1";

/// One line of the log.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Entry {
    /// What happened, see [`super::map::log`].
    pub(super) code: u16,
    /// To whom.
    pub(super) arg: u16,
    /// Uptime in ms, low 32 bits.
    pub(super) uptime_ms: u32,
    /// Local seconds since 1970-01-01.
    pub(super) local: u32,
}

/// A fault that stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Standing {
    code: u16,
    arg: u16,
    latched: bool,
}

/// The log and the faults that stand.
#[derive(Clone, Debug)]
pub(super) struct FaultLog {
    clock: Clock,
    ring: VecDeque<Entry>,
    /// Entries written since the log began.
    written: u64,
    standing: Vec<Standing>,
    unsaved: bool,
}

impl FaultLog {
    /// An empty log, or what was persisted. Bytes that are not ours are ignored.
    pub(super) fn restore(clock: Clock, persisted: Option<&[u8]>) -> FaultLog {
        persisted.and_then(|bytes| read(clock, bytes)).unwrap_or_else(|| FaultLog::new(clock))
    }

    /// Whether this is what a log once gave to be kept.
    pub(super) fn is_kept(bytes: &[u8]) -> bool {
        bytes.starts_with(&MAGIC)
    }

    fn new(clock: Clock) -> FaultLog {
        FaultLog { clock, ring: VecDeque::new(), written: 0, standing: Vec::new(), unsaved: false }
    }

    /// The clock that stamps the entries.
    pub(super) const fn clock(&self) -> &Clock {
        &self.clock
    }

    /// Somebody set the clock.
    pub(super) const fn set_clock(&mut self, now: Instant, local: u32) {
        self.clock.set(now, local);
    }

    /// Power came (back): faults that are not latched are forgotten, they will be found again.
    pub(super) fn forget_passing(&mut self) {
        self.standing.retain(|fault| fault.latched);
    }

    /// Writes an entry.
    pub(super) fn note(&mut self, now: Instant, code: u16, arg: u16) {
        if self.ring.len() == RING {
            self.ring.pop_front();
        }
        let uptime = self.clock.uptime_ms(now) & u64::from(u32::MAX);
        let uptime_ms = u32::try_from(uptime).unwrap_or(0);
        self.ring.push_back(Entry { code, arg, uptime_ms, local: self.clock.local(now) });
        self.written = self.written.wrapping_add(1);
        self.unsaved = true;
    }

    /// A fault stands; it is logged if it did not stand before. Answers whether it is new.
    pub(super) fn raise(&mut self, now: Instant, code: u16, arg: u16, latched: bool) -> bool {
        if let Some(known) = self.standing.iter_mut().find(|fault| fault.code == code && fault.arg == arg) {
            if latched && !known.latched {
                known.latched = true;
                self.unsaved = true;
            }
            return false;
        }
        self.standing.push(Standing { code, arg, latched });
        self.note(now, code, arg);
        true
    }

    /// The cause of a fault is gone. Latched faults stay until they are acknowledged. Answers whether it stood.
    pub(super) fn end(&mut self, code: u16, arg: u16) -> bool {
        let before = self.standing.len();
        self.standing.retain(|fault| fault.latched || fault.code != code || fault.arg != arg);
        self.standing.len() != before
    }

    /// Somebody acknowledged the latched faults.
    pub(super) fn acknowledge(&mut self) {
        self.standing.retain(|fault| !fault.latched);
        self.unsaved = true;
    }

    /// Whether a latched fault stands.
    pub(super) fn latched(&self) -> bool {
        self.standing.iter().any(|fault| fault.latched)
    }

    /// Whether this fault stands, whatever its argument.
    pub(super) fn stands(&self, code: u16) -> bool {
        self.standing.iter().any(|fault| fault.code == code)
    }

    /// Code of the most recent fault that still stands, 0 when none.
    pub(super) fn newest_standing(&self) -> u16 {
        self.standing.last().map_or(0, |fault| fault.code)
    }

    /// The newest entry.
    pub(super) fn newest(&self) -> Option<Entry> {
        self.ring.back().copied()
    }

    /// Entries written since the log began, modulo 65536.
    pub(super) fn count(&self) -> u16 {
        u16::try_from(self.written & 0xffff).unwrap_or(0)
    }

    /// The entry of this number (modulo 65536, numbered from 0), if the ring still has it.
    pub(super) fn entry(&self, number: u16) -> Option<Entry> {
        let back = usize::from(self.count().wrapping_sub(number));
        if back == 0 { None } else { self.ring.get(self.ring.len().checked_sub(back)?).copied() }
    }

    /// What must survive a loss of power, if it changed since the last call.
    pub(super) fn save(&mut self) -> Option<Vec<u8>> {
        if !std::mem::take(&mut self.unsaved) {
            return None;
        }
        let latched: Vec<&Standing> = self.standing.iter().filter(|fault| fault.latched).take(255).collect();
        let kept = self.ring.len().min(PERSISTED);
        let mut out = Vec::with_capacity(16 + latched.len() * 4 + kept * 12);
        out.extend_from_slice(&MAGIC);
        out.push(u8::try_from(latched.len()).unwrap_or(u8::MAX));
        for fault in latched {
            out.extend_from_slice(&fault.code.to_be_bytes());
            out.extend_from_slice(&fault.arg.to_be_bytes());
        }
        out.extend_from_slice(&self.written.to_be_bytes());
        for entry in self.ring.iter().skip(self.ring.len() - kept) {
            out.extend_from_slice(&entry.code.to_be_bytes());
            out.extend_from_slice(&entry.arg.to_be_bytes());
            out.extend_from_slice(&entry.uptime_ms.to_be_bytes());
            out.extend_from_slice(&entry.local.to_be_bytes());
        }
        Some(out)
    }
}

/// Takes the first `N` bytes of `bytes`.
fn take<const N: usize>(bytes: &mut &[u8]) -> Option<[u8; N]> {
    let (head, rest) = bytes.split_first_chunk::<N>()?;
    *bytes = rest;
    Some(*head)
}

fn read(clock: Clock, mut bytes: &[u8]) -> Option<FaultLog> {
    if take::<4>(&mut bytes)? != MAGIC {
        return None;
    }
    let mut log = FaultLog::new(clock);
    for _ in 0..take::<1>(&mut bytes)?[0] {
        let code = u16::from_be_bytes(take(&mut bytes)?);
        let arg = u16::from_be_bytes(take(&mut bytes)?);
        log.standing.push(Standing { code, arg, latched: true });
    }
    log.written = u64::from_be_bytes(take(&mut bytes)?);
    while log.ring.len() < RING && !bytes.is_empty() {
        log.ring.push_back(Entry {
            code: u16::from_be_bytes(take(&mut bytes)?),
            arg: u16::from_be_bytes(take(&mut bytes)?),
            uptime_ms: u32::from_be_bytes(take(&mut bytes)?),
            local: u32::from_be_bytes(take(&mut bytes)?),
        });
    }
    Some(log)
}

#[cfg(test)]
mod tests {
    use super::super::map::log as code;
    use super::*;

    const CLOCK: Clock = Clock::new(1_000, 0);

    #[test]
    fn a_fault_is_logged_once_while_it_stands() {
        let mut log = FaultLog::new(CLOCK);
        assert!(log.raise(Instant::from_ms(5), code::UNIT_LOST, 3, false));
        assert!(!log.raise(Instant::from_ms(6), code::UNIT_LOST, 3, false));
        assert_eq!(log.count(), 1);
        assert_eq!(log.newest_standing(), code::UNIT_LOST);
        assert!(log.end(code::UNIT_LOST, 3));
        assert_eq!(log.newest_standing(), 0);
        assert!(log.raise(Instant::from_ms(7), code::UNIT_LOST, 3, false));
        assert_eq!(log.count(), 2);
    }

    #[test]
    fn a_latched_fault_outlives_its_cause_and_a_loss_of_power() {
        let mut log = FaultLog::new(CLOCK);
        log.raise(Instant::from_ms(5), code::CONFLICT, 0, true);
        assert!(!log.end(code::CONFLICT, 0));
        let saved = log.save().expect("something changed");
        assert!(log.save().is_none(), "nothing changed since");
        let mut again = FaultLog::restore(CLOCK, Some(&saved));
        assert!(again.latched());
        assert_eq!(again.newest(), log.newest());
        again.acknowledge();
        assert!(!again.latched());
    }

    #[test]
    fn the_ring_keeps_the_newest_3000_and_more() {
        let mut log = FaultLog::new(CLOCK);
        for number in 0..70_000_u32 {
            let arg = u16::try_from(number & 0xffff).unwrap_or(0);
            log.note(Instant::from_ms(u64::from(number)), code::MODE, arg);
        }
        let newest = log.count().wrapping_sub(1);
        assert_eq!(log.entry(newest).map(|entry| entry.arg), Some(newest));
        let old = newest.wrapping_sub(3_000);
        assert_eq!(log.entry(old).map(|entry| entry.arg), Some(old));
        assert_eq!(log.entry(newest.wrapping_sub(5_000)), None);
        assert_eq!(log.entry(log.count()), None);
    }

    #[test]
    fn damaged_bytes_restore_an_empty_log() {
        let mut log = FaultLog::new(CLOCK);
        log.raise(Instant::ZERO, code::CONFLICT, 0, true);
        let saved = log.save().expect("something changed");
        for end in 0..saved.len() {
            let _ = FaultLog::restore(CLOCK, Some(&saved[..end]));
        }
        assert!(!FaultLog::restore(CLOCK, Some(b"something else")).latched());
        assert!(!FaultLog::restore(CLOCK, Some(&saved[..saved.len() - 1])).latched());
    }
}
