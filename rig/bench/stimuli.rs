//! What happens to the bench from outside: a stimulus becomes an act of the device that it concerns.

use emulators::cable::Act as CableAct;
use emulators::camera::Act as CameraAct;
use emulators::countdown::Act as DisplayAct;
use emulators::crowd::Act as CrowdAct;
use emulators::device::{Device, Input};
use emulators::lamps::{HeadAct, Lamp};
use emulators::light_post::Act as PostAct;
use emulators::service_panel::Act as PanelAct;
use emulators::time::Instant;

use super::node::Node;
use super::{Bench, DutAction, Observation, display_index};
use crate::scenario::{Head, Side, Stimulus};
use crate::site::CableRole;

impl Bench {
    pub(super) fn stimulus(&mut self, now: Instant, stimulus: &Stimulus) {
        self.see(Observation::Stimulus(stimulus.clone()));
        match *stimulus {
            Stimulus::Arrive { kerb, count, speed_mm_s, habit } => {
                self.crowd(now, CrowdAct::Arrive { kerb, count, speed_mm_s, habit });
            }
            Stimulus::Leave { kerb, count } => self.crowd(now, CrowdAct::Leave { kerb, count }),
            Stimulus::CameraFails(side, fault) => self.camera(now, side, CameraAct::Fail(fault)),
            Stimulus::CameraHeals(side) => self.camera(now, side, CameraAct::Heal),
            Stimulus::CableFails(role, fault) => self.cable(now, role, CableAct::Break(fault)),
            Stimulus::CableMended(role) => self.cable(now, role, CableAct::Mend),
            Stimulus::LampFails(head, lamp, fault) => self.head(now, head, HeadAct::Break(lamp, fault)),
            Stimulus::LampMended(head, lamp) => self.head(now, head, HeadAct::Mend(lamp)),
            Stimulus::SenseFails(head, lamp, lit) => self.sense_sticks(now, head, lamp, Some(lit)),
            Stimulus::SenseMended(head, lamp) => self.sense_sticks(now, head, lamp, None),
            Stimulus::DisplayFails(head, fault) => self.display(now, head, DisplayAct::Break(fault)),
            Stimulus::DisplayMended(head) => self.display(now, head, DisplayAct::Mend),
            Stimulus::PostFails(side, fault) => self.post(now, side, PostAct::Break(fault)),
            Stimulus::PostMended(side) => self.post(now, side, PostAct::Mend),
            Stimulus::Power(on) => self.power(now, on),
            Stimulus::Operator(action) => self.see(Observation::Dut(DutAction::Operator(action))),
            Stimulus::Stall => self.see(Observation::Dut(DutAction::Stall)),
            Stimulus::Resume => self.see(Observation::Dut(DutAction::Resume)),
            Stimulus::ServiceWrite { register, value } => {
                if let Some(panel) = &mut self.panel {
                    panel.handle_input(now, Input::Act(PanelAct::Write { register, value }));
                    self.drain(now, Node::Panel);
                }
            }
        }
    }

    fn crowd(&mut self, now: Instant, act: CrowdAct) {
        self.crowd.handle_input(now, Input::Act(act));
        self.drain(now, Node::Crowd);
    }

    fn camera(&mut self, now: Instant, side: Side, act: CameraAct) {
        self.cameras[side as usize].handle_input(now, Input::Act(act));
        self.drain(now, Node::Camera(side));
    }

    fn cable(&mut self, now: Instant, role: CableRole, act: CableAct) {
        if let Some(cable) = &mut self.cables[role.index()] {
            cable.handle_act(now, act);
        }
        self.cable_due(now, role);
    }

    fn head(&mut self, now: Instant, head: Head, act: HeadAct) {
        match head {
            Head::Vehicle(side) => self.vehicle[side as usize].handle_input(now, Input::Act(act)),
            Head::Pedestrian(side) => self.pedestrian[side as usize].handle_input(now, Input::Act(act)),
        }
        self.drain(now, Node::Head(head));
    }

    fn sense_sticks(&mut self, now: Instant, head: Head, lamp: Lamp, lit: Option<bool>) {
        if let Some(sense) = &mut self.sense {
            sense.stick(now, head, lamp, lit);
        }
    }

    fn display(&mut self, now: Instant, head: Head, act: DisplayAct) {
        self.displays[display_index(head)].handle_input(now, Input::Act(act));
        self.drain(now, Node::Display(head));
    }

    fn post(&mut self, now: Instant, side: Side, act: PostAct) {
        self.posts[side as usize].handle_input(now, Input::Act(act));
        self.drain(now, Node::Post(side));
    }
}
