//! What wires and light carry in the street: lamp light to the feedback module and to people's eyes, people into the
//! cameras' view.

use emulators::camera::{Act as CameraAct, View};
use emulators::crowd::{Act as CrowdAct, CrowdSight};
use emulators::device::{Device, Input};
use emulators::discrete_inputs::Act as InputAct;
use emulators::lamps::HeadSight;
use emulators::time::Instant;

use super::node::Node;
use super::{Bench, Observation};
use crate::scenario::{Head, Side};

impl Bench {
    #[inline(never)]
    pub(super) fn head_seen(&mut self, now: Instant, head: Head, sight: HeadSight) {
        self.see(Observation::Head { head, sight });
        if let Some(sense) = &mut self.sense {
            sense.shine(now, head, sight.lit);
        }
        let lit = [sight.lit.red, sight.lit.yellow, sight.lit.green];
        match head {
            Head::Vehicle(side) => {
                let inputs = self.feedback_wiring.vehicle[side as usize];
                for (input, on) in inputs.into_iter().zip(lit) {
                    self.wire(now, input, on);
                }
            }
            Head::Pedestrian(side) => {
                let [red, green] = self.feedback_wiring.pedestrian[side as usize];
                self.wire(now, red, sight.lit.red);
                self.wire(now, green, sight.lit.green);
                self.people_see(now, side, sight.lit.green);
            }
        }
    }

    pub(super) fn people_see(&mut self, now: Instant, side: Side, green: bool) {
        let before = self.green_lit != [false; 2];
        self.green_lit[side as usize] = green;
        let lit = self.green_lit != [false; 2];
        if lit != before {
            self.crowd.handle_input(now, Input::Act(CrowdAct::Green(lit)));
            self.drain(now, Node::Crowd);
        }
    }

    pub(super) fn wire(&mut self, now: Instant, input: u8, on: bool) {
        self.feedback.handle_input(now, Input::Act(InputAct::Wire { input, on }));
    }

    #[inline(never)]
    pub(super) fn people_moved(&mut self, now: Instant, people: CrowdSight) {
        self.people = people;
        self.see(Observation::People(people));
        for side in [Side::A, Side::B] {
            self.look(now, side);
        }
    }

    /// A camera's view is its own waiting area, and the crosswalk where it covers it.
    fn look(&mut self, now: Instant, side: Side) {
        let [up, down] = if self.covers_crosswalk[side as usize] { self.people.walking } else { [0, 0] };
        let view = View { waiting: self.people.waiting[side as usize], up, down };
        self.cameras[side as usize].handle_input(now, Input::Act(CameraAct::See(view)));
        self.drain(now, Node::Camera(side));
    }
}
