//! Who gets a supply when: the cabinet's, and the bench's own.

use emulators::device::{Device, Input};
use emulators::time::Instant;

use super::node::Node;
use super::{Bench, DutAction, Observation, display_index};
use crate::scenario::{Head, Side};

impl Bench {
    /// The cabinet's supply: everything but the cameras, which have their own, and the cables.
    pub(super) fn power(&mut self, now: Instant, on: bool) {
        self.see(Observation::Power(on));
        self.see(Observation::Dut(DutAction::Power(on)));
        self.supply_cabinet(now, on);
    }

    fn supply_cabinet(&mut self, now: Instant, on: bool) {
        for node in Node::CABINET {
            let no_lamps = !self.has_lamp_bus && matches!(node, Node::Head(_) | Node::Post(_));
            if no_lamps || !self.is_here(node) {
                continue;
            }
            match node {
                Node::Head(Head::Vehicle(side)) => {
                    self.vehicle[side as usize].handle_input(now, Input::Power(on));
                }
                Node::Head(Head::Pedestrian(side)) => {
                    self.pedestrian[side as usize].handle_input(now, Input::Power(on));
                }
                Node::Display(head) => self.displays[display_index(head)].handle_input(now, Input::Power(on)),
                Node::Post(side) => self.posts[side as usize].handle_input(now, Input::Power(on)),
                Node::Feedback => self.feedback.handle_input(now, Input::Power(on)),
                Node::Cable(_)
                | Node::Crowd
                | Node::Camera(_)
                | Node::Panel
                | Node::Sense
                | Node::SenseModule => {}
            }
            self.drain(now, node);
        }
    }

    /// Supply for the whole bench, cameras and the rig's own panel included: how a run begins.
    pub(super) fn switch_on(&mut self, now: Instant, on: bool) {
        self.supply_own(now, on);
        self.power(now, on);
    }

    /// How a run begins beside a controller that has been running: everything here gets its supply, and nobody has seen
    /// the controller's come.
    pub fn stand_by(&mut self, now: Instant) {
        self.supply_own(now, true);
        self.supply_cabinet(now, true);
        self.wakes.soonest();
    }

    /// Cameras and the rig's own panel do not hang on the cabinet's supply.
    fn supply_own(&mut self, now: Instant, on: bool) {
        for side in [Side::A, Side::B] {
            if self.is_here(Node::Camera(side)) {
                self.cameras[side as usize].handle_input(now, Input::Power(on));
                self.drain(now, Node::Camera(side));
            }
        }
        if !self.is_here(Node::Panel) {
            return;
        }
        if let Some(panel) = &mut self.panel {
            panel.handle_input(now, Input::Power(on));
        }
        self.drain(now, Node::Panel);
        if let Some(sense) = &mut self.sense {
            sense.power(now, on);
            self.drain(now, Node::SenseModule);
            self.drain(now, Node::Sense);
        }
    }
}
