//! Lamp sense on the bench: the rig's poller, the emulated module, and which lamp hangs on which input.

use emulators::device::{Device, Input, Wake};
use emulators::discrete_inputs::{Act as InputAct, Config as InputsConfig, DiscreteInputs};
use emulators::lamp_sense::{LampSense, SenseSight};
use emulators::lamps::{Lamp, Lamps};
use emulators::time::{Instant, Line};

use super::node::Node;
use super::{Bench, Observation, PORT};
use crate::scenario::{Head, Side};
use crate::site::SenseWiring;

const HEADS: [Head; 4] =
    [Head::Vehicle(Side::A), Head::Vehicle(Side::B), Head::Pedestrian(Side::A), Head::Pedestrian(Side::B)];

/// Poller, module, wires.
#[derive(Debug)]
pub(super) struct Sense {
    pub(super) poller: LampSense,
    /// `None`: a module on the table answers.
    module: Option<DiscreteInputs>,
    wiring: SenseWiring,
    /// Bit n: the lamp at input n is lit.
    lit: u64,
    /// Bit n: input n sticks; and what it reads as.
    stuck: (u64, u64),
    /// What the poller read last.
    read: Option<u64>,
}

impl Sense {
    pub(super) fn new(wiring: SenseWiring, line: Line) -> Sense {
        let module = DiscreteInputs::new(InputsConfig { unit: wiring.unit, line, inputs: wiring.inputs() });
        Sense {
            poller: LampSense::new(wiring.poller(line)),
            module: Some(module),
            wiring,
            lit: 0,
            stuck: (0, 0),
            read: None,
        }
    }

    pub(super) fn take_out_module(&mut self) {
        self.module = None;
    }

    /// Whether a module on the table answers.
    pub(super) const fn is_real(&self) -> bool {
        self.module.is_none()
    }

    pub(super) fn module(&mut self) -> Option<&mut DiscreteInputs> {
        self.module.as_mut()
    }

    pub(super) fn power(&mut self, now: Instant, on: bool) {
        if let Some(module) = &mut self.module {
            module.handle_input(now, Input::Power(on));
        }
        self.wire_all(now);
        self.poller.handle_input(now, Input::Power(on));
    }

    pub(super) fn hear(&mut self, now: Instant, node: Node, bytes: &[u8]) {
        let input = Input::Bytes { port: PORT, bytes };
        match (node, &mut self.module) {
            (Node::SenseModule, Some(module)) => module.handle_input(now, input),
            (Node::SenseModule, None) => {}
            (_poller, _) => self.poller.handle_input(now, Input::Bytes { port: PORT, bytes }),
        }
    }

    pub(super) fn timeout(&mut self, now: Instant, node: Node) {
        match (node, &mut self.module) {
            (Node::SenseModule, Some(module)) => module.handle_timeout(now),
            (Node::SenseModule, None) => {}
            (_poller, _) => self.poller.handle_timeout(now),
        }
    }

    pub(super) fn wake(&self, node: Node) -> Option<Wake> {
        match node {
            Node::SenseModule => self.module.as_ref().and_then(Device::poll_timeout),
            _poller => self.poller.poll_timeout(),
        }
    }

    /// The inputs of a head's lamps; a pedestrian head has no yellow.
    fn inputs_of(&self, head: Head) -> [(Lamp, Option<u8>); 3] {
        let [red, yellow, green] = match head {
            Head::Vehicle(side) => self.wiring.vehicle[side as usize].map(Some),
            Head::Pedestrian(side) => {
                let [red, green] = self.wiring.pedestrian[side as usize];
                [Some(red), None, Some(green)]
            }
        };
        [(Lamp::Red, red), (Lamp::Yellow, yellow), (Lamp::Green, green)]
    }

    /// An emulated head shows this.
    pub(super) fn shine(&mut self, now: Instant, head: Head, lamps: Lamps) {
        for (lamp, input) in self.inputs_of(head) {
            let lit = match lamp {
                Lamp::Red => lamps.red,
                Lamp::Yellow => lamps.yellow,
                Lamp::Green => lamps.green,
            };
            if let Some(input) = input {
                self.lit = self.lit & !(1 << input) | u64::from(lit) << input;
                self.wire(now, input);
            }
        }
    }

    /// A lamp's input sticks, or reads its lamp again.
    pub(super) fn stick(&mut self, now: Instant, head: Head, lamp: Lamp, lit: Option<bool>) {
        let found = self.inputs_of(head).into_iter().find(|(other, _)| *other == lamp);
        if let Some((_, Some(input))) = found {
            let bit = 1 << input;
            self.stuck.0 = if lit.is_some() { self.stuck.0 | bit } else { self.stuck.0 & !bit };
            self.stuck.1 = if lit == Some(true) { self.stuck.1 | bit } else { self.stuck.1 & !bit };
            self.wire(now, input);
        }
    }

    fn wire(&mut self, now: Instant, input: u8) {
        let seen = self.lit & !self.stuck.0 | self.stuck.1;
        let on = (seen ^ self.wiring.inverted) & (1 << input) != 0;
        if let Some(module) = &mut self.module {
            module.handle_input(now, Input::Act(InputAct::Wire { input, on }));
        }
    }

    /// An inverted input reads 1 before its lamp has ever been lit.
    fn wire_all(&mut self, now: Instant) {
        for input in 0..self.wiring.inputs() {
            self.wire(now, input);
        }
    }

    /// What these inputs say of a head.
    fn lamps(&self, inputs: u64, head: Head) -> Lamps {
        let inputs = inputs ^ self.wiring.inverted;
        let [red, yellow, green] =
            self.inputs_of(head).map(|(_, input)| input.is_some_and(|input| inputs & (1 << input) != 0));
        Lamps { red, yellow, green }
    }
}

impl Bench {
    /// The poller has learnt something. Where no emulated heads shine, people walk by what it says.
    pub(super) fn sensed(&mut self, now: Instant, sight: SenseSight) {
        let Some(sense) = &mut self.sense else { return };
        let (inputs, earliest) = match sight {
            SenseSight::Inputs { on, earliest, .. } => (Some(on), earliest),
            SenseSight::Lost { since } => (None, since),
        };
        let before = std::mem::replace(&mut sense.read, inputs);
        for head in HEADS {
            let Some(sense) = &self.sense else { return };
            let lit = inputs.map(|inputs| sense.lamps(inputs, head));
            // A loss is told of every head, also where nothing was ever known.
            if lit.is_some() && before.map(|before| sense.lamps(before, head)) == lit {
                continue;
            }
            self.see(Observation::Sensed { head, lit, earliest });
            if self.has_lamp_bus {
                continue;
            }
            let lamps = lit.unwrap_or_default();
            match head {
                Head::Vehicle(side) => {
                    let inputs = self.feedback_wiring.vehicle[side as usize];
                    for (input, on) in inputs.into_iter().zip([lamps.red, lamps.yellow, lamps.green]) {
                        self.wire(now, input, on);
                    }
                }
                Head::Pedestrian(side) => {
                    let inputs = self.feedback_wiring.pedestrian[side as usize];
                    for (input, on) in inputs.into_iter().zip([lamps.red, lamps.green]) {
                        self.wire(now, input, on);
                    }
                    self.people_see(now, side, lamps.green);
                }
            }
        }
    }
}
