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

#[cfg(test)]
mod tests {
    use emulators::device::{Output, Port};

    use super::*;
    use crate::site::{CableRole, Site, library};

    const SENSED: &str = include_str!("../../fixtures/sites/yudaihe-beixiaoyuan-sensed.toml");

    /// What a bench hands out up to `end`: bytes for the sense port, frames on the cable by who sent them, heads sensed.
    #[derive(Default)]
    struct Seen {
        asked: usize,
        senders: Vec<Option<u8>>,
        sensed: Vec<(Head, Option<Lamps>)>,
        /// Changes of the emulated heads.
        shone: usize,
    }

    fn run(bench: &mut Bench, end: Instant, answer: Option<&[u8]>) -> Seen {
        let mut seen = Seen::default();
        let port = Port(CableRole::Sense.index() as u8);
        let mut now = Instant::ZERO;
        while now < end {
            while let Some(output) = bench.poll_output() {
                match output {
                    Output::Bytes { port: to, .. } if to == port => {
                        seen.asked += 1;
                        if let Some(answer) = answer {
                            bench.hear(now, port, answer.to_vec());
                        }
                    }
                    Output::Sight(Observation::Frame { cable: CableRole::Sense, from, .. }) => {
                        seen.senders.push(from);
                    }
                    Output::Sight(Observation::Sensed { head, lit, .. }) => seen.sensed.push((head, lit)),
                    Output::Sight(Observation::Head { .. }) => seen.shone += 1,
                    _other => {}
                }
            }
            now = bench.poll_timeout().map_or(end, |wake| wake.at.max(now));
            bench.handle_timeout(now);
        }
        seen
    }

    fn powered(mut bench: Bench) -> Bench {
        bench.handle_input(Instant::ZERO, Input::Power(true));
        bench
    }

    fn sensed_site() -> Site {
        library::find("yudaihe-beixiaoyuan-sensed").expect("the site with sensed lamps")
    }

    const RED: Lamps = Lamps { red: true, yellow: false, green: false };
    const DARK: Lamps = Lamps { red: false, yellow: false, green: false };

    #[test]
    fn the_emulated_module_answers_and_the_controllers_side_hears_nothing_of_it() {
        let mut bench = powered(Bench::new(&sensed_site(), 0, 1));
        let seen = run(&mut bench, Instant::from_ms(200), None);
        assert_eq!(seen.asked, 0);
        assert_eq!(seen.senders[..4], [Some(1), Some(2), Some(1), Some(2)]);
        assert_eq!(seen.sensed[..4], HEADS.map(|head| (head, Some(DARK))), "inverted inputs are dark too");
    }

    #[test]
    fn what_the_controllers_side_sends_on_the_emulated_modules_cable_is_not_there() {
        let mut bench = powered(Bench::new(&sensed_site(), 0, 1));
        bench.hear(Instant::ZERO, Port(CableRole::Sense.index() as u8), vec![1, 2, 3]);
        let seen = run(&mut bench, Instant::from_ms(100), None);
        assert!(!seen.senders.contains(&Some(0)), "{:?}", seen.senders);
    }

    #[test]
    fn a_module_on_the_table_is_asked_and_the_emulated_one_is_silent() {
        let mut bench = powered(Bench::new(&sensed_site(), 0, 1).sense_is_real());
        // Input 0: the red of vehicle head A. Inputs 10 and 11 are inverted: both 1 is both dark.
        let answer = [0x01, 0x02, 0x02, 0x01, 0x0C, 0xB8, 0x2D];
        let seen = run(&mut bench, Instant::from_ms(200), Some(&answer));
        assert!(seen.asked > 5, "{}", seen.asked);
        assert!(!seen.senders.contains(&Some(2)), "{:?}", seen.senders);
        let lamps = [RED, DARK, DARK, DARK];
        let told: Vec<_> = HEADS.into_iter().zip(lamps.map(Some)).collect();
        assert_eq!(seen.sensed, told);
    }

    #[test]
    fn a_module_on_the_table_that_does_not_answer_leaves_everything_unknown() {
        let mut bench = powered(Bench::new(&sensed_site(), 0, 1).sense_is_real());
        let seen = run(&mut bench, Instant::from_ms(700), None);
        assert_eq!(seen.sensed, HEADS.map(|head| (head, None)));
    }

    #[test]
    fn without_a_lamp_bus_emulated_heads_stay_dark_and_people_walk_by_what_is_sensed() {
        let (start, end) = (SENSED.find("[wiring.lamps]").expect("lamps"), SENSED.find("[wiring.countdown]"));
        let bare = format!("{}{}", &SENSED[..start], &SENSED[end.expect("countdown")..]);
        let site = Site::load(&bare, "x.toml").unwrap_or_else(|error| panic!("{error}"));
        let mut bench = powered(Bench::new(&site, 0, 1).sense_is_real());
        // Input 9: the green of pedestrian head A; 10 and 11 as above.
        let answer = [0x01, 0x02, 0x02, 0x00, 0x0E, 0x38, 0x7C];
        let seen = run(&mut bench, Instant::from_ms(3_000), Some(&answer));
        assert_eq!(bench.green_lit, [true, false]);
        assert_eq!(seen.sensed.len(), 4);
        assert_eq!(seen.shone, 0, "no flash unit without supply");
    }
}
