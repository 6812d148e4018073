//! A Modbus bus overheard: what is asked and what is answered. A frame that repeats an earlier one costs a
//! comparison; only others are parsed. What is damaged means nothing.

use emulators::time::{CharacterTimes, Instant, Line, Span};
use emulators::wire::Parsed;
use emulators::wire::modbus::{Request, Response, parse_request, parse_response};

/// Frames remembered for each direction of a bus.
const REMEMBERED: usize = 16;
/// Parts of a frame belong together if they are not further apart than this.
const PATIENCE: Span = Span::from_ms(200);
/// A line that takes this much longer than its characters need holds frames up.
pub(super) const HELD_UP: Span = Span::from_ms(2);
/// What a bus may be held up within a second before its edges come late: what is left of the 100 ms that an edge is allowed
/// when four heads have been written (T38).
const DRAGS: Span = Span::from_ms(60);
/// The most bytes that wait for the rest of a frame.
const WAITING: usize = 512;

/// Understood frames by their bytes; the oldest make room.
#[derive(Clone, Debug)]
struct Memory<T> {
    /// Length and checksum of each: a glance that nearly always tells two frames apart.
    glances: Vec<u32>,
    known: Vec<(Vec<u8>, T)>,
    oldest: usize,
}

fn glance(bytes: &[u8]) -> u32 {
    let tail = bytes.last_chunk::<2>().map_or(0, |tail| u32::from(u16::from_le_bytes(*tail)));
    (bytes.len() as u32) << 16 | tail
}

impl<T> Memory<T> {
    fn get(&self, bytes: &[u8]) -> Option<usize> {
        let wanted = glance(bytes);
        let same = |place: usize| self.known[place].0.as_slice() == bytes;
        self.glances
            .iter()
            .enumerate()
            .find(|(place, known)| **known == wanted && same(*place))
            .map(|(place, _)| place)
    }

    fn put(&mut self, bytes: &[u8], meaning: T) -> usize {
        if self.known.len() < REMEMBERED {
            self.glances.push(glance(bytes));
            self.known.push((bytes.to_vec(), meaning));
            return self.known.len() - 1;
        }
        let place = self.oldest;
        self.oldest = (self.oldest + 1) % REMEMBERED;
        self.glances[place] = glance(bytes);
        let (known, old) = &mut self.known[place];
        known.clear();
        known.extend_from_slice(bytes);
        *old = meaning;
        place
    }
}

/// One direction: frames, or parts of frames, in; meanings out.
#[derive(Clone, Debug)]
pub(super) struct Ear<T> {
    memory: Memory<(u8, T)>,
    parse: fn(&[u8]) -> Parsed<(u8, T)>,
    part: Vec<u8>,
    heard: Instant,
}

impl<T> Ear<T> {
    fn new(parse: fn(&[u8]) -> Parsed<(u8, T)>) -> Ear<T> {
        let memory = Memory { glances: Vec::new(), known: Vec::new(), oldest: 0 };
        Ear { memory, parse, part: Vec::new(), heard: Instant::ZERO }
    }

    /// Bytes that arrived from `start` to `now`. Calls `each` with unit, meaning and whether the frame is the same as before.
    pub(super) fn hear(&mut self, start: Instant, now: Instant, bytes: &[u8], each: &mut impl FnMut(u8, &T)) {
        if let Some(place) = self.memory.get(bytes) {
            self.part.clear();
            let (unit, meaning) = &self.memory.known[place].1;
            return each(*unit, meaning);
        }
        if start.since(self.heard) > PATIENCE {
            self.part.clear();
        }
        self.heard = now;
        if !self.part.is_empty() && !matches!((self.parse)(bytes), Parsed::Frame { .. }) {
            self.part.extend_from_slice(bytes);
            let whole = std::mem::take(&mut self.part);
            return self.understand(&whole, each);
        }
        self.part.clear();
        self.understand(bytes, each);
    }

    fn understand(&mut self, bytes: &[u8], each: &mut impl FnMut(u8, &T)) {
        let mut rest = bytes;
        while !rest.is_empty() {
            match (self.parse)(rest) {
                Parsed::Frame { frame, used } => {
                    let place = self.memory.put(&rest[..used], frame);
                    let (unit, meaning) = &self.memory.known[place].1;
                    each(*unit, meaning);
                    rest = &rest[used..];
                }
                Parsed::Reject { skip, why: _ } => rest = &rest[skip.clamp(1, rest.len())..],
                Parsed::NeedMore => {
                    self.part.extend_from_slice(&rest[..rest.len().min(WAITING)]);
                    return;
                }
            }
        }
    }
}

/// Both directions of a bus.
#[derive(Clone, Debug)]
pub(super) struct Bus {
    pub(super) asked: Ear<Request>,
    pub(super) answered: Ear<Response>,
    times: CharacterTimes,
    /// When the last transmission had left the line, and whether it was a request; another's not before it had arrived.
    last_end: Option<(Instant, bool)>,
    shortest_gap: Span,
    /// What cables have held up within a second from this instant on.
    drag: (Instant, Span),
    /// When something last arrived that was held up.
    held_at: Option<Instant>,
}

impl Bus {
    pub(super) fn new(line: Line) -> Bus {
        Bus {
            asked: Ear::new(parse_request),
            answered: Ear::new(parse_response),
            times: CharacterTimes::new(line),
            last_end: None,
            shortest_gap: Span::MAX,
            drag: (Instant::ZERO, Span::ZERO),
            held_at: None,
        }
    }

    /// The controller's supply goes: what is on the line then it does not hear, and need not wait for.
    pub(super) fn power_lost(&mut self) {
        self.last_end = None;
    }

    /// Whether a frame of `sent` bytes took so much longer than the line needs that some cable held it up.
    fn is_held_up(&self, start: Instant, end: Instant, sent: usize) -> bool {
        end > start + self.times.of(sent) + HELD_UP
    }

    /// Whether a cable held something up within a second.
    pub(super) fn held_up_lately(&self, now: Instant) -> bool {
        self.held_at.is_some_and(|at| now.since(at) <= Span::from_secs(1))
    }

    /// A frame of `sent` bytes arrived at `end`. Whether cables hold up so much that edges must come late. Now and then a
    /// converter or a busy host holds up a frame: that is nothing yet.
    pub(super) fn drags(&mut self, start: Instant, end: Instant, sent: usize) -> bool {
        if !self.is_held_up(start, end, sent) {
            return false;
        }
        self.held_at = Some(end);
        if end.since(self.drag.0) > Span::from_secs(1) {
            self.drag = (end, Span::ZERO);
        }
        self.drag.1 += end.since(start + self.times.of(sent));
        self.drag.1 > DRAGS
    }

    /// A frame of `sent` bytes arrived at `end`. What a cable holds up had left the line before. Gives the silence before it if it is a request that came after a shorter silence than any
    /// before, or after less than `required`: others need no judging. What had not yet arrived from another when the request began, and
    /// the rest of a request that a cable has split, broke no silence that the controller could have kept.
    pub(super) fn silence(
        &mut self,
        start: Instant,
        end: Instant,
        sent: usize,
        request: bool,
        required: Span,
    ) -> Option<Span> {
        let left = if request { end.min(start + self.times.of(sent)) } else { end };
        let (before, own) = self.last_end.replace((left, request))?;
        let gap = start.since(before);
        let unheard = if own { gap == Span::ZERO && !self.asked.part.is_empty() } else { start <= before };
        if !request
            || unheard
            || self.is_held_up(start, end, sent)
            || (gap >= required && gap >= self.shortest_gap)
        {
            return None;
        }
        self.shortest_gap = self.shortest_gap.min(gap);
        Some(gap)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_frame_late_is_nothing_and_many_are() {
        let mut bus = Bus::new(Line::n81(19_200));
        let late = |ms: u64| (Instant::from_ms(ms), Instant::from_ms(ms + 4 + 25));
        let frames: Vec<bool> =
            [0, 50, 100, 2_000, 2_050, 2_100].map(|ms| bus.drags(late(ms).0, late(ms).1, 8)).into();
        assert_eq!(frames, [false, false, true, false, false, true]);
    }

    #[test]
    fn what_a_cable_holds_up_had_left_the_line_before() {
        let mut bus = Bus::new(Line::n81(19_200));
        let required = Span::from_ms(2);
        let at = Instant::from_ms;
        // A request of 8 bytes (4.2 ms) is held up until 300 ms; the next one began long after it had left the line.
        assert_eq!(bus.silence(at(100), at(300), 8, true, required), None);
        assert_eq!(bus.silence(at(298), at(303), 8, true, required), None.or(Some(Span::from_us(193_833))));
        assert_eq!(bus.silence(at(303), at(308), 8, true, required), Some(Span::from_us(833)));
    }
}
