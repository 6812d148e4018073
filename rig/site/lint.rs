//! Where a site's plan (`[controller]`) and its judge (`[limits]`) disagree. Neither is taken from the other, so that a
//! slip in one is seen by the other; a site on which they disagree would fail its own properties.

use std::fmt;

use emulators::controller::{CountdownTarget, PolicyChoice};
use emulators::time::Span;

use super::Site;
use super::quantity::write_duration;

/// A value of the plan that the judge would not accept.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Disagreement {
    /// Key in `[controller]`.
    pub controller: &'static str,
    /// Name in `[limits]`.
    pub limit: &'static str,
    /// The two values and how they should relate.
    pub message: String,
}

impl fmt::Display for Disagreement {
    /// `[controller] yellow, [limits] yellow_min: 2s, at least 3s wanted`
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "[controller] {}, [limits] {}: {}", self.controller, self.limit, self.message)
    }
}

/// How a value of the plan must relate to the limit.
#[derive(Clone, Copy)]
enum Relation {
    AtLeast,
    AtMost,
    Equal,
}

struct Lint<'a> {
    site: &'a Site,
    found: Vec<Disagreement>,
}

impl Lint<'_> {
    fn time(&mut self, controller: &'static str, value: Span, relation: Relation, limit: &'static str) {
        let Some(bound) = self.site.limits.time(limit) else {
            return;
        };
        let words = [value, bound].map(write_duration);
        self.relate(controller, limit, (value.as_us(), bound.as_us()), relation, &words);
    }

    fn number(&mut self, controller: &'static str, value: u64, relation: Relation, limit: &'static str) {
        let Some(bound) = self.site.limits.number(limit) else {
            return;
        };
        let words = [value.to_string(), bound.to_string()];
        self.relate(controller, limit, (value, bound.unsigned_abs()), relation, &words);
    }

    fn relate(
        &mut self,
        controller: &'static str,
        limit: &'static str,
        (value, bound): (u64, u64),
        relation: Relation,
        [is, wanted]: &[String; 2],
    ) {
        let (holds, how) = match relation {
            Relation::AtLeast => (value >= bound, "at least "),
            Relation::AtMost => (value <= bound, "at most "),
            Relation::Equal => (value == bound, ""),
        };
        if !holds {
            self.found.push(Disagreement {
                controller,
                limit,
                message: format!("{is}, {how}{wanted} wanted"),
            });
        }
    }
}

impl Site {
    /// Everything in which the plan and the judge disagree; empty for a site that can pass.
    #[must_use]
    pub fn lint(&self) -> Vec<Disagreement> {
        let mut lint = Lint { site: self, found: Vec::new() };
        durations(&mut lint);
        announcement(&mut lint);
        demand_and_diagnostics(&mut lint);
        lint.found
    }
}

fn durations(lint: &mut Lint<'_>) {
    use Relation::{AtLeast, AtMost, Equal};
    let timing = lint.site.controller.timing;
    lint.time("startup_flash", timing.startup_flash, AtLeast, "startup_flash");
    lint.time("startup_all_red", timing.startup_all_red, AtLeast, "startup_all_red");
    lint.time("yellow", timing.yellow, AtLeast, "yellow_min");
    lint.time("yellow", timing.yellow, AtMost, "yellow_max");
    lint.time("yellow", timing.yellow, Equal, "yellow");
    lint.time("all_red", timing.all_red, AtLeast, "all_red_min");
    lint.time("green_min", timing.green_min, AtLeast, "green_min");
    lint.time("buffer", timing.buffer, AtLeast, "buffer");
    lint.time("walk", timing.walk, AtLeast, "walk_min");
    lint.time("walk_flash", timing.walk_flash, AtLeast, "walk_flash_min");
    lint.time("walk + walk_flash", timing.walk + timing.walk_flash, Equal, "walk_total");
    lint.time("walk_max", timing.walk_max, AtMost, "walk_total_max");
    // P03: whoever steps on in the last moment of steady green is across before cars go.
    lint.time("walk_flash + buffer", timing.walk_flash + timing.buffer, AtLeast, "crossing_time");
    lint.time("red_out_extra", timing.red_out_extra, AtLeast, "red_out_extra");
    lint.time("watchdog", Span::from_ms(lint.site.controller.watchdog_ms.into()), AtMost, "lamp_watchdog");
    lint.number("count_lengthens_green", timing.count_lengthens_green.into(), Equal, "count_lengthens_green");
    lint.time("extension_max", timing.extension_max, AtMost, "extension_max");
    lint.time("extension_gap", timing.extension_gap, Equal, "extension_gap");
    lint.time("flash_half", timing.flash_half * 2, AtLeast, "flash_period_min");
    lint.time("flash_half", timing.flash_half * 2, AtMost, "flash_period_max");
}

fn announcement(lint: &mut Lint<'_>) {
    use Relation::{AtMost, Equal};
    let timing = lint.site.controller.timing;
    let offset = match timing.countdown_target {
        CountdownTarget::PedestrianGreen => Span::ZERO,
        CountdownTarget::VehicleRed => timing.all_red,
        CountdownTarget::VehicleYellow => timing.yellow + timing.all_red,
    };
    lint.number("countdown_target", offset.as_secs(), Equal, "countdown_offset");
    match lint.site.controller.policy {
        PolicyChoice::Observed => {
            lint.time("decision", timing.decision, Equal, "decision");
            lint.time("announcement", timing.announcement, Equal, "announcement");
        }
        PolicyChoice::Balanced { wait_cap, .. } => {
            lint.time("balanced.wait_cap", wait_cap, AtMost, "decision_max");
            lint.time("announcement", timing.announcement, Equal, "announcement");
        }
        PolicyChoice::FixedTime { cycle } => {
            // From vehicle green to the announcement: what is left of the cycle.
            let rest = timing.walk + timing.walk_flash + timing.buffer + timing.announcement;
            lint.time("fixed_time.cycle", cycle.saturating_sub(rest), AtMost, "decision");
            lint.time("announcement", timing.announcement, Equal, "announcement");
            // Whoever comes as the flash begins waits for all but the steady green, and for an extension.
            let longest = cycle.saturating_sub(timing.walk) + timing.extension_max;
            lint.time("fixed_time.cycle", longest, AtMost, "wait_max");
        }
        // Yellow begins at once: nothing is announced, the limit bounds the change alone.
        PolicyChoice::PushButton => {
            lint.time("yellow + all_red", timing.yellow + timing.all_red, AtMost, "announcement");
        }
    }
}

fn demand_and_diagnostics(lint: &mut Lint<'_>) {
    use Relation::{AtLeast, AtMost, Equal};
    let detectors = lint.site.controller.detectors;
    let voice = lint.site.controller.voice;
    lint.time("debounce", detectors.debounce, Equal, "debounce");
    lint.time("hold", detectors.hold, Equal, "hold");
    lint.time("silence", detectors.silence, Equal, "camera_silence");
    lint.time("stuck", detectors.stuck, Equal, "stuck");
    lint.number("stuck_walks", detectors.stuck_walks.into(), Equal, "stuck_walks");
    lint.time("no_activity", detectors.no_activity, Equal, "no_activity");
    lint.number("erratic_per_min", detectors.erratic_per_min.into(), Equal, "erratic_per_min");
    lint.number("jump_max", detectors.jump_max.into(), Equal, "jump_max");
    lint.time("bad_hold", detectors.bad_hold, AtMost, "bad_hold");
    lint.number("readmit", detectors.readmit.into(), AtLeast, "readmit");
    lint.time("recall", detectors.recall, AtMost, "recall");
    lint.time("fallback_cycle", detectors.fallback_cycle, AtMost, "fallback_cycle");
    lint.time("stop_repeat", voice.stop_repeat, AtMost, "stop_repeat");
    lint.time("go_lasts", voice.go_lasts, Equal, "go_lasts");
    lint.time("stop_lasts", voice.stop_lasts, Equal, "stop_lasts");
    lint.number("volume", voice.volume.into(), AtLeast, "voice_volume");
    lint.number("quiet_volume", voice.quiet_volume.into(), AtMost, "quiet_volume");
    lint.number("voice_from", voice.active.0.into(), AtLeast, "voice_from");
    lint.number("voice_to", voice.active.1.into(), AtMost, "voice_to");
}
