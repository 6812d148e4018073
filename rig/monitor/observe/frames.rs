//! Frames: which cable one was on decides who reads it.

use emulators::time::{Instant, Span};
use emulators::wire::Parsed;
use emulators::wire::modbus::parse_request;

use super::Observer;
use super::bus::HELD_UP;
use super::heads::Heads;
use super::service::Learnt;
use super::sink::flag;
use crate::site::CableRole;
use crate::trace::Frame;
use crate::trace::aspect::Aspect;

/// Beginnings and ends of transmissions are whole microseconds each.
const ROUNDED: Span = Span::from_us(2);

/// A transmission that collided.
#[derive(Clone, Debug)]
pub(super) struct Sent {
    start: Instant,
    end: Instant,
    from: Option<u8>,
    held_up: bool,
}

impl Observer {
    pub(super) fn frame(&mut self, frame: &Frame) {
        let Some(role) = CableRole::ALL.get(usize::from(frame.cable)).copied() else { return };
        if frame.collided {
            self.collision(role, frame);
        } else if frame.from != Some(0) && !frame.bytes.is_empty() {
            self.others_spoke[role.index()] = Some(self.sink.now);
        }
        match role {
            CableRole::CameraA => self.camera(0, frame),
            CableRole::CameraB => self.camera(1, frame),
            CableRole::Lamps => self.lamp_bus(frame),
            CableRole::Feedback => self.feedback_bus(frame),
            CableRole::Countdown => self.broadcast(frame),
            CableRole::Service => self.service_frame(frame),
            // What the module answers stands in records of its own; that it answers does not.
            CableRole::Sense => self.sense_frame(frame),
        }
    }

    fn broadcast(&mut self, frame: &Frame) {
        let sink = &mut self.sink;
        if frame.from == Some(0) {
            let red = self.heads.shown(2) == Some(Aspect::Red);
            self.displays.sent(sink, frame.sent.as_deref().unwrap_or(&frame.bytes), red);
        }
        self.displays.heard(sink, &frame.bytes);
    }

    fn camera(&mut self, place: usize, frame: &Frame) {
        let Observer { sink, cameras, context, .. } = self;
        let camera = &mut cameras[place];
        match frame.from {
            Some(0) => camera.order(sink, frame.sent.as_deref().unwrap_or(&frame.bytes)),
            // What comes while the controller has no supply it does not hear.
            Some(_) | None if sink.has(sink.ids.power[0], flag(false)) => {}
            from => {
                if from.is_none() {
                    camera.line_disturbed(sink);
                }
                let people = camera.upload(sink, frame.start, &frame.bytes, self.pedestrian_red_since).people;
                context.on_crosswalk(sink, sink.is(sink.ids.on_crosswalk[0]));
                if people {
                    self.people();
                }
            }
        }
    }

    fn lamp_bus(&mut self, frame: &Frame) {
        let Observer { sink, lamps, heads, posts, units, context, .. } = self;
        let now = sink.now;
        if frame.sent.is_some() || frame.from.is_none() || lamps.drags(frame.start, now, length(frame)) {
            Heads::noise(sink, frame.start);
        }
        let request = frame.from == Some(0);
        if let Some(gap) = lamps.silence(frame.start, now, length(frame), request, self.silences[0])
            && sink.earliest == now
        {
            sink.event(sink.ids.modbus_gap[0], gap.as_us() as i64);
        }
        match frame.from {
            Some(0) => {
                lamps.asked.hear(frame.start, now, &frame.bytes, &mut |unit, request| {
                    heads.asked(sink, unit, request);
                    posts.asked(sink, unit, request);
                    if frame.sent.is_none() {
                        units.lamp_unit_asked(sink, unit);
                    }
                });
                if let Some(unit) = frame.sent.as_deref().and_then(unit_asked) {
                    units.lamp_unit_asked(sink, unit);
                }
                context.linked(sink);
            }
            Some(_) => lamps.answered.hear(frame.start, now, &frame.bytes, &mut |unit, response| {
                heads.answered(sink, unit, response);
                units.lamp_unit_answered(sink, unit);
            }),
            None => {}
        }
        if self.heads.sense.is_some() {
            self.reckon_all();
        }
    }

    fn feedback_bus(&mut self, frame: &Frame) {
        let Observer { sink, feedback, heads, units, .. } = self;
        let now = sink.now;
        if let Some(gap) =
            feedback.silence(frame.start, now, length(frame), frame.from == Some(0), self.silences[1])
            && sink.earliest == now
        {
            sink.event(sink.ids.modbus_gap[1], gap.as_us() as i64);
        }
        match frame.from {
            Some(0) => {
                units.feedback_asked(sink);
                // What never arrived was a question all the same.
                if let Some(Parsed::Frame { frame: (_unit, request), .. }) =
                    frame.sent.as_deref().map(parse_request)
                {
                    heads.feedback_asked(sink, &request);
                }
                feedback.asked.hear(frame.start, now, &frame.bytes, &mut |_unit, request| {
                    heads.feedback_asked(sink, request);
                });
            }
            Some(_) => feedback.answered.hear(frame.start, now, &frame.bytes, &mut |unit, response| {
                heads.feedback_answered(sink, unit, response);
                units.feedback_answered(sink);
            }),
            None => {}
        }
    }

    fn service_frame(&mut self, frame: &Frame) {
        let Observer { sink, service_bus, service, cameras, context, clock, units, .. } = self;
        let (now, clock) = (sink.now, *clock);
        let mut learnt = Learnt::default();
        match frame.from {
            Some(0) => service_bus.answered.hear(frame.start, now, &frame.bytes, &mut |unit, response| {
                learnt = service.answered(sink, unit, response, clock);
            }),
            Some(_) => service_bus.asked.hear(frame.start, now, &frame.bytes, &mut |unit, request| {
                service.asked(sink, unit, request);
            }),
            None => {}
        }
        if let Some((upsets, since)) = learnt.mode {
            context.mode(sink, upsets, since);
        }
        for (camera, lost) in cameras.iter_mut().zip(learnt.lost) {
            if let Some(since) = lost {
                camera.lost(sink, since);
            }
        }
        if let Some(since) = learnt.operated {
            context.operated(sink, since);
        }
        if learnt.reset {
            units.reset(sink);
        }
        if let Some(clock) = learnt.clock {
            self.clock = i64::from(clock) - now.as_us() as i64 / 1_000_000;
            self.quiet();
        }
    }

    /// Two transmissions overlapped: the one that began later is to blame, if it is the controller's. What a cable holds up has
    /// left its sender long before it arrives: who begins meanwhile cannot know.
    fn collision(&mut self, role: CableRole, frame: &Frame) {
        let (start, end) = (frame.start, self.sink.now);
        let line = self.times[role.index()].as_ref().map_or(Span::MAX, |times| times.of(length(frame)));
        let now = Sent { start, end, from: frame.from, held_up: end.since(start) > line + HELD_UP };
        let Some(before) = self.collided[role.index()].replace(now.clone()) else { return };
        let catching_up = role == CableRole::Lamps && self.lamps.held_up_lately(end);
        if before.end <= start + ROUNDED || before.held_up || now.held_up || catching_up {
            return;
        }
        // Two that begin at the same instant are not inside each other.
        let (later, began) =
            if start > before.start { (now.from, start) } else { (before.from, before.start) };
        if self.took_the_line(role, began) {
            return;
        }
        // Where instants are uncertain, so is who was first.
        let exact = self.sink.earliest == self.sink.now;
        let both_meant = now.from.is_some() && before.from.is_some() && exact;
        if both_meant && start != before.start && later == Some(0) {
            self.sink.event(self.sink.ids.overlap[0], role.index() as i64);
        }
    }
}

/// A frame arrives whole, so nobody hears that another has begun. Whoever shares a line with a camera has to wait for the end of a
/// frame, and for one that follows it at once; then, or when the camera has missed two reports, the line is his.
const FOLLOWS: Span = Span::from_ms(40);
const TURN: Span = Span::from_ms(100);

impl Observer {
    /// Whether the controller began when a line to a camera could be taken to be free.
    fn took_the_line(&self, role: CableRole, began: Instant) -> bool {
        let place = match role {
            CableRole::CameraA => 0,
            CableRole::CameraB => 1,
            _ => return false,
        };
        let quiet = self.others_spoke[role.index()].map_or(Span::MAX, |ended| began.since(ended));
        (FOLLOWS..=TURN).contains(&quiet) || quiet >= self.cameras[place].period() * 2
    }
}

/// Whom a request was meant for, whatever became of it on its way.
fn unit_asked(sent: &[u8]) -> Option<u8> {
    match parse_request(sent) {
        Parsed::Frame { frame: (unit, _request), used: _ } => Some(unit),
        Parsed::Reject { .. } | Parsed::NeedMore => None,
    }
}

/// How many bytes were on the line.
fn length(frame: &Frame) -> usize {
    frame.sent.as_ref().map_or(0, Vec::len).max(frame.bytes.len())
}
