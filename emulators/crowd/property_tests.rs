//! What holds for every crowd and every history.

use super::tests::{run, sight};
use super::*;
use proptest::prelude::*;
use proptest::test_runner::FileFailurePersistence;

const LIMIT: usize = 60;

fn habit() -> impl Strategy<Value = Habit> {
    let patience = || {
        prop_oneof![Just(0), 0_u64..20_000, any::<u64>()]
            .prop_map(|ms| Span::from_us(ms.saturating_mul(1_000)))
    };
    prop_oneof![
        4 => Just(Habit::Crosses),
        1 => patience().prop_map(Habit::RunsRed),
        1 => patience().prop_map(Habit::GivesUp),
        1 => Just(Habit::TurnsBack),
        1 => Just(Habit::StartsLate),
        1 => Just(Habit::Stands),
    ]
}

fn acts() -> impl Strategy<Value = Vec<(u64, Act)>> {
    let kerb = || prop_oneof![Just(Kerb::A), Just(Kerb::B)];
    let act = prop_oneof![
        3 => (kerb(), 0_u16..20, prop_oneof![0_u32..3_000, any::<u32>()], habit())
            .prop_map(|(kerb, count, speed_mm_s, habit)| Act::Arrive { kerb, count, speed_mm_s, habit }),
        1 => (kerb(), 0_u16..10).prop_map(|(kerb, count)| Act::Leave { kerb, count }),
        4 => any::<bool>().prop_map(Act::Green),
    ];
    prop::collection::vec((prop_oneof![Just(0), Just(500), 0_u64..8_000], act), 1..60)
}

fn people(sight: CrowdSight) -> usize {
    sight.waiting.iter().chain(&sight.walking).map(|&people| usize::from(people)).sum()
}

/// Plays a history and then a long red; all that was seen and when. Punctual: woken whenever the crowd asks.
fn play(acts: &[(u64, Act)], width_mm: u32, punctual: bool) -> (Crowd, Vec<(Instant, CrowdSight)>) {
    let mut crowd = Crowd::new(Config { width_mm, limit: LIMIT });
    let mut seen = Vec::new();
    let mut now = Instant::ZERO;
    for &(after, act) in acts {
        let next = now + Span::from_ms(after);
        if punctual && next > now {
            seen.extend(run(&mut crowd, next.back(Span::from_us(1))));
        }
        now = next;
        crowd.handle_input(now, Input::Act(act));
        seen.extend(sight(&mut crowd).map(|sight| (now, sight)));
    }
    crowd.handle_input(now, Input::Act(Act::Green(false)));
    seen.extend(run(&mut crowd, now + Span::from_secs(1_000)));
    (crowd, seen)
}

proptest! {
    #![proptest_config(ProptestConfig {
        failure_persistence: Some(Box::new(FileFailurePersistence::Direct("../fixtures/regressions/crowd.txt"))),
        ..ProptestConfig::default()
    })]

    #[test]
    fn nobody_is_lost_and_the_limit_holds(acts in acts(), width_mm in 0_u32..30_000) {
        let (crowd, seen) = play(&acts, width_mm, true);
        for (n, &(at, sight)) in seen.iter().enumerate() {
            prop_assert!(people(sight) <= LIMIT);
            prop_assert!(n == 0 || seen[n - 1].0 <= at && seen[n - 1].1 != sight, "a sight is a change");
        }
        let walking: u16 = crowd.sight.walking.iter().sum();
        prop_assert_eq!(walking, 0, "1,000 s after the last act everybody is across");
        prop_assert!(crowd.plans.len() <= LIMIT, "whoever left the kerb has no plan there");
    }

    #[test]
    fn a_late_driver_brings_everybody_to_the_same_place(acts in acts(), width_mm in 0_u32..30_000) {
        let (punctual, _) = play(&acts, width_mm, true);
        let (late, _) = play(&acts, width_mm, false);
        prop_assert_eq!(punctual.sight, late.sight);
        prop_assert_eq!(punctual.refused, late.refused);
        prop_assert_eq!(punctual.plans, late.plans);
    }
}
