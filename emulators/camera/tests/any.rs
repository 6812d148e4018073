//! A camera at the end of a cable that carries anything.

use proptest::prelude::*;
use proptest::test_runner::FileFailurePersistence;

use super::*;
use crate::device::DRAIN_LIMIT;

fn any_packet() -> impl Strategy<Value = Vec<u8>> {
    let receiver =
        prop_oneof![3 => Just(CAMERA), 1 => Just(Address { number: Address::BROADCAST, ..CAMERA })];
    let object = proptest::sample::select(vec![
        0x0101, 0x0201, 0x0202, 0x0204, 0x0205, 0x0801, 0x0802, 0x0803, 0x0999,
    ]);
    let content = proptest::collection::vec(any::<u8>(), 0..20);
    (receiver, 0x7f..=0x87_u8, object, content).prop_map(|(to, operation, object, content)| {
        frame(&Message::Unknown { operation, object, content }, CONTROLLER, to)
    })
}

fn any_fault() -> impl Strategy<Value = Fault> {
    let span = any::<u64>().prop_map(Span::from_us);
    prop_oneof![
        any::<u16>().prop_map(Fault::Miss),
        any::<u16>().prop_map(Fault::Clip),
        (any::<u16>(), span.clone()).prop_map(|(per_hour, span)| Fault::Ghosts(per_hour, span)),
        any::<u16>().prop_map(Fault::Flicker),
        any::<u16>().prop_map(Fault::Stuck),
        Just(Fault::Frozen),
        span.clone().prop_map(Fault::Late),
        span.clone().prop_map(Fault::Jitter),
        any::<u8>().prop_map(Fault::RawCount),
        any::<i32>().prop_map(Fault::ClockStep),
        span.clone().prop_map(Fault::Replays),
        span.prop_map(Fault::Reboot),
        Just(Fault::NoHeartbeat),
        Just(Fault::BadCrc),
        Just(Fault::Repeats),
        Just(Fault::SelfReported),
        Just(Fault::Impostor),
        Just(Fault::Misdirected),
    ]
}

#[derive(Clone, Debug)]
enum Event {
    Bytes(Vec<u8>),
    Act(Act),
    Power(bool),
    Pass(u64),
}

fn any_event() -> impl Strategy<Value = Event> {
    prop_oneof![
        2 => proptest::collection::vec(any::<u8>(), 1..40).prop_map(Event::Bytes),
        4 => any_packet().prop_map(Event::Bytes),
        2 => any::<(u16, u16, u16)>().prop_map(|(waiting, up, down)| Event::Act(see(waiting, up, down))),
        2 => any_fault().prop_map(|fault| Event::Act(Act::Fail(fault))),
        1 => Just(Event::Act(Act::Heal)),
        1 => any::<bool>().prop_map(Event::Power),
        4 => (0..20_000_u64).prop_map(Event::Pass),
    ]
}

proptest! {
    #![proptest_config(ProptestConfig {
        failure_persistence: Some(Box::new(FileFailurePersistence::Direct("../fixtures/regressions/camera.txt"))),
        ..ProptestConfig::default()
    })]

    #[test]
    fn whatever_happens_it_never_panics_drains_and_never_wants_to_be_woken_in_the_past(
        events in proptest::collection::vec(any_event(), 0..30)
    ) {
        let mut bench = Bench::online(config());
        for event in events {
            let before = bench.raw.len();
            match event {
                Event::Bytes(bytes) => bench.bytes(&bytes),
                Event::Act(act) => bench.act(act),
                Event::Power(on) => bench.input(Input::Power(on)),
                Event::Pass(ms) => bench.run_ms(ms),
            }
            prop_assert!(bench.raw.len() - before < DRAIN_LIMIT);
            prop_assert!(bench.camera.poll_timeout().is_none_or(|wake| wake.at >= bench.now));
        }
    }
}
