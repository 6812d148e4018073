//! Whatever people, operators, cameras and noise do: what must never be seen, is not.

use proptest::prelude::*;
use proptest::test_runner::FileFailurePersistence;

use super::street::{COUNTDOWN, FEEDBACK, LAMPS, SERVICE, Sight, Street};
use super::*;
use crate::device::{Operator, Port};

#[derive(Clone, Debug)]
enum Step {
    Pass(u64),
    Wait(usize, u8),
    Walk(usize, u8),
    Arrive,
    Operate(Operator),
    Bytes(Port, Vec<u8>),
    Silent(usize, bool),
    Power(u64),
    Short(u16),
}

fn step() -> impl Strategy<Value = Step> {
    let operator = prop_oneof![
        4 => Just(Operator::Automatic),
        2 => Just(Operator::Manual),
        3 => Just(Operator::Step),
        1 => Just(Operator::Flash),
        1 => Just(Operator::Off),
        2 => Just(Operator::Reset),
    ];
    let port = prop_oneof![
        Just(Port(0)),
        Just(Port(1)),
        Just(LAMPS),
        Just(FEEDBACK),
        Just(COUNTDOWN),
        Just(SERVICE),
        Just(Port(9)),
    ];
    prop_oneof![
        // Waits near the controller's own durations find more than even ones.
        8 => prop_oneof![0_u64..3_000, 9_900..10_100_u64, 14_900..15_100_u64, 24_000..26_000_u64, 30_000..60_000_u64]
            .prop_map(Step::Pass),
        6 => (0..2_usize, 0..8_u8).prop_map(|(kerb, count)| Step::Wait(kerb, count)),
        2 => (0..2_usize, 0..8_u8).prop_map(|(kerb, count)| Step::Walk(kerb, count)),
        2 => Just(Step::Arrive),
        2 => operator.prop_map(Step::Operate),
        2 => (port, prop::collection::vec(any::<u8>(), 1..40)).prop_map(|(port, bytes)| Step::Bytes(port, bytes)),
        1 => (0..2_usize, any::<bool>()).prop_map(|(kerb, silent)| Step::Silent(kerb, silent)),
        1 => prop_oneof![1..450_u64, 451..5_000_u64].prop_map(Step::Power),
        1 => prop_oneof![Just(0_u16), (0..10_u16).prop_map(|lamp| 1 << lamp)].prop_map(Step::Short),
    ]
}

fn play(street: &mut Street, steps: &[Step]) {
    for step in steps {
        match step.clone() {
            Step::Pass(ms) => street.run(ms),
            Step::Wait(kerb, count) => street.wait(kerb, count),
            Step::Walk(kerb, count) => street.walk(kerb, count),
            Step::Arrive => street.arrive(),
            Step::Operate(operator) => street.operate(operator),
            Step::Bytes(port, bytes) => street.bytes(port, &bytes),
            Step::Silent(kerb, silent) => street.eyes[kerb].silent = silent,
            Step::Power(ms) => {
                street.power(false);
                street.run(ms);
                street.power(true);
            }
            Step::Short(lamps) => {
                street.shorted = lamps;
                street.look();
            }
        }
    }
    street.run(120_000);
}

/// Steady states of the lamps that last, with how long: edges of the bus (50 ms between twins) are left out.
fn lasting(street: &Street) -> Vec<(u16, u64)> {
    let mut states: Vec<(u16, u64)> = Vec::new();
    let instants = street.history.iter().map(|(at, _)| *at).skip(1).chain([street.now]);
    for ((from, sight), to) in street.history.iter().zip(instants) {
        let ms = to.since(*from).as_us() / 1_000;
        match states.last_mut() {
            Some((lit, lasted)) if *lit == sight.lit => *lasted += ms,
            _ => states.push((sight.lit, ms)),
        }
    }
    states.retain(|(_, ms)| *ms > 60);
    let mut joined: Vec<(u16, u64)> = Vec::new();
    for (lit, ms) in states {
        match joined.last_mut() {
            Some((last, lasted)) if *last == lit => *lasted += ms,
            _ => joined.push((lit, ms)),
        }
    }
    joined
}

proptest! {
    #![proptest_config(ProptestConfig {
        cases: 96,
        max_shrink_iters: 2_000,
        failure_persistence: Some(Box::new(FileFailurePersistence::Direct("../fixtures/regressions/controller.txt"))),
        ..ProptestConfig::default()
    })]

    #[test]
    fn commands_never_conflict_and_keep_their_shortest_times(steps in prop::collection::vec(step(), 1..40)) {
        let without_shorts: Vec<Step> = steps.into_iter().filter(|step| !matches!(step, Step::Short(_))).collect();
        let mut street = Street::new();
        play(&mut street, &without_shorts);
        let conflict = |sight: &Sight| {
            sight.lit & FOOT_GREEN != 0 && sight.lit & (VEHICLE_GREEN | VEHICLE_YELLOW) != 0
        };
        prop_assert_eq!(street.first(0, conflict), None);
        let powered = !without_shorts.iter().any(|step| matches!(step, Step::Power(_)));
        let states = lasting(&street);
        for three in states.windows(3) {
            let [(before, _), (lit, ms), (after, _)] = *three else { continue };
            if lit == VEHICLE_YELLOW | FOOT_RED && after & FOOT_RED != 0 && powered {
                prop_assert!((2_900..=3_100).contains(&ms), "yellow of {} ms", ms);
            }
            if lit == VEHICLE_GREEN | FOOT_RED && after & (FOOT_RED | FOOT_GREEN) != 0 && powered {
                prop_assert!(ms >= 24_900, "vehicle green of {} ms", ms);
            }
            if lit == VEHICLE_RED | FOOT_RED && before & FOOT_GREEN == 0 && after & FOOT_GREEN != 0 && powered {
                prop_assert!(ms >= 1_900, "all red of {} ms before the walk", ms);
            }
            if lit == VEHICLE_RED | FOOT_RED && after & VEHICLE_GREEN != 0 && powered {
                prop_assert!(ms >= 4_900, "all red of {} ms before vehicle green", ms);
            }
        }
    }

    #[test]
    fn a_lasting_conflict_is_never_left_to_burn(steps in prop::collection::vec(step(), 1..40)) {
        let mut street = Street::new();
        play(&mut street, &steps);
        // A shorted pedestrian green can't be switched off: then at least no vehicle green stands beside it.
        for (lit, ms) in lasting(&street) {
            let conflict = lit & FOOT_GREEN != 0 && lit & VEHICLE_GREEN != 0;
            prop_assert!(!conflict || ms <= 450, "conflict {lit:010b} for {} ms", ms);
        }
    }
}
