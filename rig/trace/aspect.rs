//! What aspect a head shows, told from its lamp edges. Used by everything that reads a trace (strip, judge).
//!
//! Lamps are edges, aspects are meaning: a green that goes dark is flashing only if it comes back or is followed by
//! red, and a yellow is a flashing yellow only once it has gone dark. So some aspects are known later than they
//! begin; [`Sighting::since`] is when the aspect began, the call that returns it is when it is known. A sighting
//! whose `since` is not later than an earlier sighting's replaces that earlier one: it never was.
//!
//! An aspect is known at the latest [`KNOWN_WITHIN`] after it began.
//!
//! Edges may be known only between two instants (lamps that are sensed by polling). Lengths are then told by the later
//! ones, and each sighting carries how much earlier it may have begun. A recogniser that is told how late edges may be
//! known ([`Recogniser::knows_late`], at most [`SWITCHING_GAP`], or a flash could hide) waits so much longer.

use emulators::time::{Instant, Span};

/// Dark for longer than this is dark; a half period of 55..65 flashes a minute is at most 546 ms, and a lamp that is on for
/// longer is steady.
pub const FLASH_DARK: Span = Span::from_ms(700);
/// Longest on time of a flashing yellow when two flash units hand over: two halves and a little.
pub const HANDED_OVER: Span = Span::from_ms(1_200);
/// Half a period at the nominal 60 flashes a minute: so long before its first dark half a steady green or yellow began to flash.
pub const FLASH_HALF: Span = Span::from_ms(500);
/// Darkness shorter than this between two aspects is a gap of switching, no flash.
pub const SWITCHING_GAP: Span = Span::from_ms(200);
/// A combination that is no aspect counts from this on; shorter ones are overlaps of switching (T38).
pub const OVERLAP: Span = Span::from_ms(100);
/// The longest time from the beginning of an aspect until it is known (flashing yellow after green: on, dark, on again).
pub const KNOWN_WITHIN: Span = Span::from_ms(1_400);

/// Lamp bits as records carry them.
pub mod lamp {
    /// Red.
    pub const RED: u8 = 1;
    /// Yellow.
    pub const YELLOW: u8 = 2;
    /// Green.
    pub const GREEN: u8 = 4;
}

/// What a head shows.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Aspect {
    /// Dark.
    Off,
    /// Steady red.
    Red,
    /// Steady yellow (vehicle heads).
    Yellow,
    /// Steady green.
    Green,
    /// Flashing yellow (vehicle heads).
    FlashingYellow,
    /// Flashing green (pedestrian heads).
    FlashingGreen,
    /// Lamps that are no aspect together.
    Other,
}

/// Kinds of head: they flash in different colours.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum HeadKind {
    /// Red, yellow, green; flashes yellow.
    Vehicle,
    /// Red, green; flashes green.
    Pedestrian,
}

/// An aspect and when it began.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Sighting {
    /// What is shown.
    pub aspect: Aspect,
    /// Since when, at the latest.
    pub since: Instant,
    /// It may have begun so much earlier.
    pub vague: Span,
}

/// What the lamps may turn out to mean.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Doubt {
    /// Nothing: the lamps mean what was last sighted.
    None,
    /// Dark since: half of a flash, a gap, or off.
    Dark,
    /// Yellow since: first half of a flash, or steady.
    Yellow,
    /// The flashing lamp is on since: another half, or steady.
    On,
    /// No aspect since: an overlap, or a fault.
    Odd,
}

/// Recognises the aspects of one head from its driven lamps.
#[derive(Clone, Debug)]
pub struct Recogniser {
    kind: HeadKind,
    driven: Option<u8>,
    /// Since when the lamps are as they are, at the latest; and how much earlier it may have been.
    driven_since: Instant,
    driven_vague: Span,
    shown: Option<Aspect>,
    doubt: Doubt,
    /// Since when the flashing lamp (green or yellow) was on before it went dark.
    on_since: Instant,
    on_vague: Span,
    /// Edges may be known so much later than they happened.
    late: Span,
    /// Whether a yellow was a steady one or half of a flash could not be told.
    unclear: bool,
    powered: bool,
    /// The supply failed during the present darkness: it is no half of a flash.
    dark_for_want_of_power: bool,
}

impl Recogniser {
    /// Nothing seen yet.
    #[must_use]
    pub const fn new(kind: HeadKind) -> Recogniser {
        Recogniser {
            kind,
            driven: None,
            driven_since: Instant::ZERO,
            driven_vague: Span::ZERO,
            shown: None,
            doubt: Doubt::None,
            on_since: Instant::ZERO,
            on_vague: Span::ZERO,
            late: Span::ZERO,
            unclear: false,
            powered: true,
            dark_for_want_of_power: false,
        }
    }

    /// Edges may be known up to `late` after they happened.
    #[must_use]
    pub const fn knows_late(self, late: Span) -> Recogniser {
        Recogniser { late, ..self }
    }

    /// Whether something could not be told since the last call, because its edges are not known well enough; since when.
    pub fn take_unclear(&mut self) -> Option<Instant> {
        std::mem::take(&mut self.unclear).then(|| self.on_since.back(self.on_vague))
    }

    /// The last aspect sighted; one that is still in doubt is not.
    #[must_use]
    pub const fn shown(&self) -> Option<Aspect> {
        self.shown
    }

    /// When the lamps last changed, at the latest; and how much earlier it may have been.
    #[must_use]
    pub const fn last_edge(&self) -> (Instant, Span) {
        (self.driven_since, self.driven_vague)
    }

    /// When doubt ends if nothing happens before. At that very instant an edge still comes first.
    #[must_use]
    pub fn deadline(&self) -> Option<Instant> {
        match self.doubt {
            Doubt::None => None,
            Doubt::Dark | Doubt::Yellow => Some(self.driven_since + FLASH_DARK + self.late),
            Doubt::On => Some(self.driven_since + self.on_for() + self.late),
            Doubt::Odd => Some(self.driven_since + OVERLAP + self.late),
        }
    }

    /// How long a flashing lamp may be on and still be flashing. When a head's own flash unit hands over to the
    /// controller (or takes over from it) two halves of a flashing yellow may meet.
    const fn on_for(&self) -> Span {
        match self.kind {
            HeadKind::Vehicle => HANDED_OVER,
            HeadKind::Pedestrian => FLASH_DARK,
        }
    }

    /// The supply came or went at `now`.
    pub fn power(&mut self, on: bool) {
        self.powered = on;
        if !on {
            self.dark_for_want_of_power = true;
        }
    }

    /// What the head shows is not known any more.
    pub fn forget(&mut self) {
        *self = Recogniser { powered: self.powered, late: self.late, ..Recogniser::new(self.kind) };
    }

    /// Time has come to `now`; doubts that ended before it are settled.
    pub fn advance(&mut self, now: Instant, sight: &mut impl FnMut(Sighting)) {
        if self.deadline().is_none_or(|deadline| deadline >= now) {
            return;
        }
        let aspect = match self.doubt {
            Doubt::None => return,
            Doubt::Dark => Aspect::Off,
            Doubt::Yellow => Aspect::Yellow,
            Doubt::On => match self.kind {
                HeadKind::Vehicle => Aspect::Yellow,
                HeadKind::Pedestrian => Aspect::Green,
            },
            Doubt::Odd => Aspect::Other,
        };
        self.doubt = Doubt::None;
        self.show(aspect, self.driven_since, self.driven_vague, sight);
    }

    /// The head drives these lamps (see [`lamp`]) from `now` on, or for up to `vague` before.
    pub fn lamps(&mut self, now: Instant, vague: Span, driven: u8, sight: &mut impl FnMut(Sighting)) {
        self.advance(now, sight);
        if self.driven == Some(driven) {
            return;
        }
        let was_dark = self.driven == Some(0);
        // At least: what was seen to end may have ended earlier.
        let lasted = now.since(self.driven_since).saturating_sub(vague);
        let doubt = std::mem::replace(&mut self.doubt, Doubt::None);
        let flash_gap =
            was_dark && !self.dark_for_want_of_power && lasted >= SWITCHING_GAP && doubt == Doubt::Dark;
        match driven {
            0 => self.goes_dark(doubt, lasted, sight),
            lamp::RED => {
                if flash_gap {
                    self.flashing_green_began(sight);
                }
                self.show(Aspect::Red, now, vague, sight);
            }
            lamp::GREEN => self.green(now, vague, flash_gap, sight),
            lamp::YELLOW if self.kind == HeadKind::Vehicle => self.yellow(now, vague, flash_gap, sight),
            _odd => self.doubt = if self.shown == Some(Aspect::Other) { Doubt::None } else { Doubt::Odd },
        }
        self.driven = Some(driven);
        self.driven_since = now;
        self.driven_vague = vague;
    }

    fn goes_dark(&mut self, doubt: Doubt, lasted: Span, sight: &mut impl FnMut(Sighting)) {
        self.dark_for_want_of_power = !self.powered;
        if doubt == Doubt::Yellow && self.powered && lasted >= SWITCHING_GAP {
            self.show(Aspect::FlashingYellow, self.driven_since, self.driven_vague, sight);
        }
        // A yellow after green that goes dark after half a second was the first half of a flash, whatever comes next.
        let exact = self.driven_vague == Span::ZERO && self.late == Span::ZERO;
        if exact && self.powered && self.driven == Some(lamp::YELLOW) && lasted <= FLASH_DARK {
            self.show(Aspect::FlashingYellow, self.driven_since, Span::ZERO, sight);
        }
        if matches!(self.driven, Some(lamp::GREEN | lamp::YELLOW)) {
            self.on_since = self.driven_since;
            self.on_vague = self.driven_vague;
        }
        self.doubt = Doubt::Dark;
    }

    fn green(&mut self, now: Instant, vague: Span, flash_gap: bool, sight: &mut impl FnMut(Sighting)) {
        if flash_gap {
            self.flashing_green_began(sight);
        }
        match (self.kind, self.shown) {
            (HeadKind::Pedestrian, Some(Aspect::FlashingGreen)) => self.doubt = Doubt::On,
            (HeadKind::Pedestrian | HeadKind::Vehicle, _other) => {
                self.show(Aspect::Green, now, vague, sight);
            }
        }
    }

    /// A dark half of a flash is over: the steady green has been a flashing one since half a period before it.
    fn flashing_green_began(&mut self, sight: &mut impl FnMut(Sighting)) {
        if self.kind == HeadKind::Pedestrian && self.shown == Some(Aspect::Green) {
            let since = self.driven_since.back(FLASH_HALF).max(self.on_since);
            self.show(Aspect::FlashingGreen, since, self.driven_vague, sight);
        }
    }

    fn yellow(&mut self, now: Instant, vague: Span, flash_gap: bool, sight: &mut impl FnMut(Sighting)) {
        match self.shown {
            Some(Aspect::Green) => self.show(Aspect::Yellow, now, vague, sight),
            Some(Aspect::FlashingYellow) => self.doubt = Doubt::On,
            Some(Aspect::Yellow) if flash_gap => {
                let on = self.driven_since.since(self.on_since).saturating_sub(self.driven_vague);
                self.unclear |= on <= FLASH_DARK && on + self.driven_vague + self.on_vague > FLASH_DARK;
                // A flash begins with a lit half, and that of a steady yellow joins it.
                if on > FLASH_DARK {
                    let began = self.driven_since.back(FLASH_HALF);
                    self.show(Aspect::FlashingYellow, began, self.driven_vague, sight);
                } else {
                    self.show(Aspect::FlashingYellow, self.on_since, self.on_vague, sight);
                }
                self.doubt = Doubt::On;
            }
            Some(Aspect::Yellow | Aspect::Off | Aspect::Red | Aspect::FlashingGreen | Aspect::Other)
            | None => {
                self.doubt = Doubt::Yellow;
            }
        }
    }

    fn show(&mut self, aspect: Aspect, since: Instant, vague: Span, sight: &mut impl FnMut(Sighting)) {
        if self.shown != Some(aspect) {
            self.shown = Some(aspect);
            sight(Sighting { aspect, since, vague });
        }
    }
}

#[cfg(test)]
#[path = "aspect_tests.rs"]
mod tests;
