//! The bench: a site brought to life. A device made of devices and cables, with a tap that sees everything in
//! order. The controller is not part of it: it is plugged into the bench's ports, one per cable
//! ([`CableRole::index`]), and may be the soft one or a cabinet on the table.
//!
//! The bench knows the order of events and nothing about traffic: it carries lamp light to the feedback module
//! and to people's eyes, and people into the cameras' view, because wires and light do that in the street.
//!
//! Where lamps are sensed, the rig's poller has an end on the cable to the lamp-sense module, which the controller has
//! not: its port is where a module on the table is plugged in, and until [`Bench::sense_is_real`] says that there is
//! one, an emulated module is wired to what the emulated heads show.
//!
//! **Ties** at one instant: stimuli first, then what arrives on cables in site order, then the devices' own
//! wakes in the order of `Node::ALL`.

mod alone;
mod build;
mod node;
mod observation;
mod sense;
mod stimuli;
mod street;
mod supply;
mod wakes;
mod wire;

use std::collections::VecDeque;

use emulators::cable::{Cable, Delivery, End};
use emulators::camera::Camera;
use emulators::countdown::Countdown;
use emulators::crowd::{Crowd, CrowdSight};
use emulators::device::{DRAIN_LIMIT, Device, Input, Output, Port, Wake};
use emulators::discrete_inputs::DiscreteInputs;
use emulators::light_post::LightPost;
use emulators::pedestrian_head::PedestrianHead;
use emulators::service_panel::ServicePanel;
use emulators::time::Instant;
use emulators::vehicle_head::VehicleHead;

use crate::scenario::{Head, Stimulus};
use crate::site::{CableRole, FeedbackWiring};
use node::Node;
use sense::Sense;
use wakes::Wakes;
use wire::{Wire, from_controller};

pub use alone::Emulator;
pub use observation::{DutAction, Observation};

/// Every device of this bench has one connector.
const PORT: Port = Port(0);

/// Devices and cables of one crossing.
#[derive(Debug)]
pub struct Bench {
    cables: [Option<Cable>; CableRole::COUNT],
    /// Real wires, where the cable's time is not the bench's to compute.
    wires: [Option<Wire>; CableRole::COUNT],
    /// What the site has and this bench has not (by [`Node::index`]): it gets no supply.
    absent: [bool; Node::COUNT],
    crowd: Crowd,
    cameras: [Camera; 2],
    vehicle: [VehicleHead; 2],
    pedestrian: [PedestrianHead; 2],
    displays: [Countdown; 4],
    posts: [LightPost; 2],
    feedback: DiscreteInputs,
    panel: Option<ServicePanel>,
    sense: Option<Sense>,
    /// Without a lamp bus the emulated heads and posts stay without supply: others shine.
    has_lamp_bus: bool,
    feedback_wiring: FeedbackWiring,
    covers_crosswalk: [bool; 2],
    green_lit: [bool; 2],
    people: CrowdSight,
    wakes: Wakes,
    out: VecDeque<Output<Observation>>,
    /// A buffer that came back from the controller, for the next frame that it hears.
    spare: Vec<u8>,
}

impl Bench {
    /// The controller starts to send: as [`Input::Bytes`], for a driver that has the bytes to give away.
    pub fn hear(&mut self, now: Instant, port: Port, bytes: Vec<u8>) {
        if let Some(&role) = CableRole::ALL.get(usize::from(port.0)) {
            if role == CableRole::Sense && !self.sense.as_ref().is_some_and(Sense::is_real) {
                return;
            }
            self.send(now, role, End(0), bytes);
        }
    }

    /// A lamp-sense module on the table is plugged into the port of the cable `sense`: the emulated one is taken out.
    #[must_use]
    pub fn sense_is_real(mut self) -> Bench {
        if let Some(sense) = &mut self.sense {
            sense.take_out_module();
        }
        self
    }

    /// The controller has heard these bytes and their buffer is free: it serves the next frame.
    pub fn take_back(&mut self, mut bytes: Vec<u8>) {
        bytes.clear();
        self.spare = bytes;
    }

    /// What a node sends goes onto its cable; what it rejects is noted; what it shows is handed back.
    #[inline(never)]
    fn common<Sight>(&mut self, now: Instant, node: Node, output: Output<Sight>) -> Option<Sight> {
        match output {
            Output::Bytes { bytes, .. } => {
                if let Some((role, end)) = node.plug() {
                    self.send(now, role, end, bytes);
                }
                None
            }
            Output::Sight(sight) => Some(sight),
            Output::Persist(_) => None,
            Output::Reject { skipped, why, .. } => {
                let cable = node.plug().map_or(CableRole::CameraA, |(role, _)| role);
                self.see(Observation::Reject { device: node.name(), cable, skipped, why });
                None
            }
        }
    }

    fn see(&mut self, observation: Observation) {
        self.out.push_back(Output::Sight(observation));
    }

    fn send(&mut self, now: Instant, role: CableRole, end: End, bytes: Vec<u8>) {
        if let Some(cable) = &mut self.cables[role.index()] {
            cable.send(now, end, bytes);
            self.wakes.set(role.index(), self.cable_wake(role));
        }
    }

    /// Gives a device its input and carries out what it does.
    fn input(&mut self, now: Instant, node: Node, bytes: &[u8]) {
        macro_rules! give {
            ($device:expr) => {
                $device.handle_input(now, Input::Bytes { port: PORT, bytes })
            };
        }
        match node {
            Node::Cable(_) | Node::Crowd => {}
            Node::Camera(side) => give!(self.cameras[side as usize]),
            Node::Head(Head::Vehicle(side)) => give!(self.vehicle[side as usize]),
            Node::Head(Head::Pedestrian(side)) => give!(self.pedestrian[side as usize]),
            Node::Display(head) => give!(self.displays[display_index(head)]),
            Node::Post(side) => give!(self.posts[side as usize]),
            Node::Feedback => give!(self.feedback),
            Node::Panel => {
                if let Some(panel) = &mut self.panel {
                    give!(panel);
                }
            }
            Node::Sense | Node::SenseModule => {
                if let Some(sense) = &mut self.sense {
                    sense.hear(now, node, bytes);
                }
            }
        }
        self.drain(now, node);
    }

    /// Carries out what a device does until it does nothing more, and notes its next wake.
    fn drain(&mut self, now: Instant, node: Node) {
        for _ in 0..DRAIN_LIMIT {
            if let Some(wake) = self.step_out(now, node) {
                self.wakes.set(node.index(), wake);
                return;
            }
        }
        self.does_not_end(node);
    }

    #[cold]
    fn does_not_end(&mut self, node: Node) {
        self.wakes.set(node.index(), self.wake_of(node));
        self.see(Observation::Note(format!(
            "{} did more than {DRAIN_LIMIT} things at once; the rest waits",
            node.name()
        )));
    }

    /// One output of a device; if there is none, its next wake. Both in one look: on a bus most frames are for
    /// somebody else and nothing comes of them. What follows from an output is kept out of line, or every look would
    /// pay for preparing it.
    fn step_out(&mut self, now: Instant, node: Node) -> Option<Instant> {
        macro_rules! take {
            ($device:expr, $seen:expr) => {{
                let Some(output) = $device.poll_output() else { return Some(at($device.poll_timeout())) };
                if let Some(sight) = self.common(now, node, output) {
                    $seen(self, sight);
                }
                None
            }};
        }
        match node {
            Node::Cable(role) => Some(self.cable_wake(role)),
            Node::Crowd => take!(self.crowd, |bench: &mut Bench, sight| bench.people_moved(now, sight)),
            Node::Camera(side) => take!(self.cameras[side as usize], |_: &mut Bench, ()| {}),
            Node::Head(head @ Head::Vehicle(side)) => {
                take!(self.vehicle[side as usize], |bench: &mut Bench, sight| bench
                    .head_seen(now, head, sight))
            }
            Node::Head(head @ Head::Pedestrian(side)) => {
                take!(self.pedestrian[side as usize], |bench: &mut Bench, sight| bench
                    .head_seen(now, head, sight))
            }
            Node::Display(head) => take!(self.displays[display_index(head)], |bench: &mut Bench, sight| {
                bench.changed(Observation::Display { head, sight });
            }),
            Node::Post(side) => take!(self.posts[side as usize], |bench: &mut Bench, sight| {
                bench.changed(Observation::Post { side, sight });
            }),
            Node::Feedback => take!(self.feedback, |_: &mut Bench, ()| {}),
            Node::Panel => {
                let Some(panel) = &mut self.panel else { return Some(Instant::MAX) };
                let Some(output) = panel.poll_output() else { return Some(at(panel.poll_timeout())) };
                let _: Option<()> = self.common(now, node, output);
                None
            }
            Node::Sense => {
                let Some(sense) = &mut self.sense else { return Some(Instant::MAX) };
                take!(sense.poller, |bench: &mut Bench, sight| bench.sensed(now, sight))
            }
            Node::SenseModule => {
                let Some(module) = self.sense.as_mut().and_then(Sense::module) else {
                    return Some(Instant::MAX);
                };
                take!(module, |_: &mut Bench, ()| {})
            }
        }
    }

    fn wake_of(&self, node: Node) -> Instant {
        at(match node {
            Node::Cable(role) => return self.cable_wake(role),
            Node::Crowd => self.crowd.poll_timeout(),
            Node::Camera(side) => self.cameras[side as usize].poll_timeout(),
            Node::Head(Head::Vehicle(side)) => self.vehicle[side as usize].poll_timeout(),
            Node::Head(Head::Pedestrian(side)) => self.pedestrian[side as usize].poll_timeout(),
            Node::Display(head) => self.displays[display_index(head)].poll_timeout(),
            Node::Post(side) => self.posts[side as usize].poll_timeout(),
            Node::Feedback => self.feedback.poll_timeout(),
            Node::Panel => self.panel.as_ref().and_then(ServicePanel::poll_timeout),
            Node::Sense | Node::SenseModule => self.sense.as_ref().and_then(|sense| sense.wake(node)),
        })
    }

    fn cable_wake(&self, role: CableRole) -> Instant {
        let cable = at(self.cables[role.index()].as_ref().and_then(Cable::poll_timeout));
        match &self.wires[role.index()] {
            None => cable,
            Some(wire) => wire.due().min(cable),
        }
    }

    fn timeout(&mut self, now: Instant, node: Node) {
        match node {
            Node::Cable(role) => return self.cable_due(now, role),
            Node::Crowd => self.crowd.handle_timeout(now),
            Node::Camera(side) => self.cameras[side as usize].handle_timeout(now),
            Node::Head(Head::Vehicle(side)) => self.vehicle[side as usize].handle_timeout(now),
            Node::Head(Head::Pedestrian(side)) => self.pedestrian[side as usize].handle_timeout(now),
            Node::Display(head) => self.displays[display_index(head)].handle_timeout(now),
            Node::Post(side) => self.posts[side as usize].handle_timeout(now),
            Node::Feedback => self.feedback.handle_timeout(now),
            Node::Panel => {
                if let Some(panel) = &mut self.panel {
                    panel.handle_timeout(now);
                }
            }
            Node::Sense | Node::SenseModule => {
                if let Some(sense) = &mut self.sense {
                    sense.timeout(now, node);
                }
            }
        }
        self.drain(now, node);
    }

    fn cable_due(&mut self, now: Instant, role: CableRole) {
        if let Some(cable) = &mut self.cables[role.index()] {
            cable.handle_timeout(now);
        }
        for _ in 0..DRAIN_LIMIT {
            let Some(delivery) = self.cables[role.index()].as_mut().and_then(Cable::poll_delivery) else {
                break;
            };
            if self.wires[role.index()].is_none() {
                self.deliver(now, role, delivery, true);
            } else {
                self.onto_wire(now, role, delivery);
            }
        }
        while let Some(delivery) = self.wires[role.index()].as_mut().and_then(|wire| wire.arrived(now)) {
            self.deliver(now, role, delivery, false);
        }
        self.wakes.set(role.index(), self.cable_wake(role));
    }

    /// What leaves a modelled line goes onto the real wire, or has just come from it.
    #[cold]
    fn onto_wire(&mut self, now: Instant, role: CableRole, mut delivery: Delivery) {
        let Some(wire) = &mut self.wires[role.index()] else { return };
        if from_controller(&delivery) {
            wire.heard(now, &mut delivery);
            return self.deliver(now, role, delivery, true);
        }
        if !delivery.bytes.is_empty() {
            let bytes = delivery.bytes.clone();
            self.out.push_back(Output::Bytes { port: Port(role.index() as u8), bytes });
        }
        wire.put(now, delivery);
    }

    /// The tap sees a transmission first; then every other end hears it, the controller (unless it has its bytes
    /// already) before the devices.
    fn deliver(&mut self, now: Instant, role: CableRole, delivery: Delivery, to_controller: bool) {
        let Delivery { from, start, end: _, bytes, sent, echo, collided } = delivery;
        let heard = |end: End| !bytes.is_empty() && (echo || from != Some(end));
        // The tap comes first in order, but its bytes are lent to everybody who hears them before it gets them.
        let tap = self.out.len();
        let from_end = from.map(|end| end.0);
        let frame =
            Observation::Frame { cable: role, from: from_end, start, bytes: Vec::new(), sent, collided };
        self.out.push_back(Output::Sight(frame));
        let hears = role != CableRole::Sense || self.sense.as_ref().is_some_and(Sense::is_real);
        if to_controller && hears && heard(End(0)) {
            let mut copy = std::mem::take(&mut self.spare);
            copy.extend_from_slice(&bytes);
            self.out.push_back(Output::Bytes { port: Port(role.index() as u8), bytes: copy });
        }
        for (end, &node) in Node::on_cable(role).iter().enumerate() {
            if heard(End(end as u8 + 1)) {
                self.input(now, node, &bytes);
            }
        }
        if let Some(Output::Sight(Observation::Frame { bytes: tapped, .. })) = self.out.get_mut(tap) {
            *tapped = bytes;
        }
    }

    /// What a display or a post shows is carried nowhere.
    #[inline(never)]
    fn changed(&mut self, observation: Observation) {
        self.see(observation);
    }
}

/// Displays stand in the order of the heads they hang at.
const fn display_index(head: Head) -> usize {
    match head {
        Head::Vehicle(side) => side as usize,
        Head::Pedestrian(side) => 2 + side as usize,
    }
}

fn at(wake: Option<Wake>) -> Instant {
    wake.map_or(Instant::MAX, |wake| wake.at)
}

impl Device for Bench {
    type Act = Stimulus;
    type Sight = Observation;

    fn handle_input(&mut self, now: Instant, input: Input<'_, Stimulus>) {
        match input {
            Input::Bytes { port, bytes } => self.hear(now, port, bytes.to_vec()),
            Input::Power(on) => self.switch_on(now, on),
            Input::Operator(action) => self.see(Observation::Dut(DutAction::Operator(action))),
            Input::Act(stimulus) => self.stimulus(now, &stimulus),
        }
        self.wakes.soonest();
    }

    fn handle_timeout(&mut self, now: Instant) {
        for _ in 0..DRAIN_LIMIT {
            let (first, due) = self.wakes.soonest();
            if due > now {
                return;
            }
            self.timeout(now, Node::ALL[first]);
        }
        self.see(Observation::Note(format!("more than {DRAIN_LIMIT} wakes at {now}; the rest waits")));
    }

    fn poll_output(&mut self) -> Option<Output<Observation>> {
        self.out.pop_front()
    }

    fn poll_timeout(&self) -> Option<Wake> {
        let (first, at) = self.wakes.peek();
        (at < Instant::MAX).then_some(Wake { at, why: Node::ALL[first].name() })
    }
}
