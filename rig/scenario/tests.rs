//! Every scenario built in loads; what is written is read back; broken files are told where they are broken.

use emulators::crowd::{Habit, Kerb};
use emulators::device::Operator;
use emulators::lamps::{Lamp, LampFault};
use emulators::wire::gat508::Colour;
use emulators::{cable, camera, countdown, light_post};
use proptest::prelude::*;

use super::*;
use crate::site::FILE_LIMIT;

const START: &str = "version = 1\ntitle = \"x\"\nlasts = \"2m\"\n";

fn load(rest: &str) -> Result<Scenario, String> {
    Scenario::load(&format!("{START}{rest}"), "x.toml", 1).map_err(|error| error.to_string())
}

fn broken(rest: &str) -> String {
    load(rest).map_or_else(|error| error, |_| panic!("accepted: {rest}"))
}

fn steps(rest: &str) -> Vec<(Instant, Stimulus)> {
    load(rest).unwrap_or_else(|error| panic!("{error}")).steps
}

#[test]
fn every_scenario_built_in_loads_and_is_written_back() {
    let names = library::names();
    assert!(names.len() >= 35);
    for name in names {
        let scenario = library::find(&name, 7).unwrap_or_else(|error| panic!("{error}"));
        assert_eq!(scenario.name, name);
        assert!(scenario.text.starts_with("# "), "{name} says what it is for");
        assert!(!scenario.must_exercise.is_empty(), "{name} exercises something");
        assert_same(&scenario, &scenario.to_toml());
    }
}

/// Loads `text` with another seed and compares everything but name, text and hash.
fn assert_same(scenario: &Scenario, text: &str) {
    let again = Scenario::load(text, "again.toml", 99).unwrap_or_else(|error| panic!("{error}\n{text}"));
    assert_eq!(again.steps, scenario.steps);
    assert_eq!(again.title, scenario.title);
    assert_eq!(
        (again.starts_at, again.lasts, again.uptime_ms, again.pair),
        (scenario.starts_at, scenario.lasts, scenario.uptime_ms, scenario.pair)
    );
    assert_eq!((&again.must_exercise, &again.policies), (&scenario.must_exercise, &scenario.policies));
}

#[test]
fn every_fault_there_is_happens_in_some_scenario() {
    use super::action::{CABLE_FAULTS, CAMERA_FAULTS, DISPLAY_FAULTS, POST_FAULTS};
    let find = |name: &String| library::find(name, 1).unwrap_or_else(|error| panic!("{error}"));
    let text: String = library::names().iter().map(|name| find(name).text).collect();
    let cameras = CAMERA_FAULTS.iter().map(|(word, _)| ("camera", *word));
    let cables = CABLE_FAULTS.iter().map(|(word, _)| ("cable", *word));
    let displays = DISPLAY_FAULTS.iter().map(|(word, _)| ("display", *word));
    let posts = POST_FAULTS.iter().map(|(word, _)| ("post", *word));
    for (what, word) in cameras.chain(cables).chain(displays).chain(posts) {
        let fails = format!("fails = \"{word}\"");
        let used = text.lines().any(|line| line.starts_with(what) && line.contains(&fails));
        assert!(used, "no {what} ever fails by `{word}`");
    }
}

#[test]
fn the_language_is_described_to_the_last_word() {
    use super::action::{ACTIONS, CABLE_FAULTS, CAMERA_FAULTS, DISPLAY_FAULTS, POST_FAULTS};
    let text = include_str!("../../fixtures/scenarios/README.md");
    let words = CAMERA_FAULTS.map(|(word, _)| word).into_iter().chain(CABLE_FAULTS.map(|(word, _)| word));
    let words = words.chain(DISPLAY_FAULTS.map(|(word, _)| word)).chain(POST_FAULTS.map(|(word, _)| word));
    for word in words {
        assert!(text.contains(&format!("`{word}`")), "{word} is not described");
    }
    for (action, _) in ACTIONS {
        assert!(text.contains(&format!("`{action} = ")), "{action} is not described");
    }
    let example = text.split("```toml\n").nth(1).and_then(|rest| rest.split("```").next());
    let scenario = Scenario::load(example.unwrap_or_default(), "README.md", 1);
    assert_eq!(scenario.map(|scenario| scenario.steps.len()).map_err(|error| error.to_string()), Ok(3));
}

#[test]
fn the_same_seed_draws_the_same_people_and_another_seed_others() {
    let draw = |seed| library::find("school-burst", seed).expect("built in").to_toml();
    assert_eq!(draw(1), draw(1));
    assert_ne!(draw(1), draw(2));
}

#[test]
fn a_seed_draws_these_people_on_every_machine() {
    let drawn =
        steps("[[arrivals]]\nkerb = \"a\"\nper_hour = 600\ngroup = \"2 people\"\nred_runners = \"20%\"\n");
    let lines: Vec<String> = drawn.iter().take(4).map(|(at, stimulus)| format!("{at} {stimulus}")).collect();
    insta::with_settings!({
        snapshot_path => "../../fixtures/snapshots",
        prepend_module_to_snapshot => false,
    }, {
        insta::assert_snapshot!("scenario-drawn-from-seed-1", lines.join("\n"));
    });
}

#[test]
fn arrivals_come_about_as_often_as_the_file_says() {
    let text = "version = 1\ntitle = \"x\"\nlasts = \"48h\"\n[[arrivals]]\nkerb = \"a\"\nper_hour = 120\ngroup = \"1.5 people\"\n";
    let scenario = Scenario::load(text, "x.toml", 5).expect("it loads");
    let people: u64 = scenario.steps.iter().map(|(_, stimulus)| people_in(stimulus)).sum();
    let groups = scenario.steps.len() as u64;
    // 5,760 people in 3,840 groups expected; four standard deviations are about 6 %.
    assert!((5_400..6_120).contains(&people), "{people}");
    assert!((3_600..4_080).contains(&groups), "{groups}");
}

fn people_in(stimulus: &Stimulus) -> u64 {
    if let Stimulus::Arrive { count, .. } = stimulus { u64::from(*count) } else { 0 }
}

#[test]
fn a_burst_brings_exactly_its_people_within_its_time() {
    let drawn =
        steps("[[burst]]\nkerb = \"b\"\nat = \"10s\"\npeople = 60\nover = \"20s\"\ngroup = \"4 people\"\n");
    assert_eq!(drawn.iter().map(|(_, stimulus)| people_in(stimulus)).sum::<u64>(), 60);
    assert!(drawn.iter().all(|(at, _)| (10_000_000..30_000_000).contains(&at.as_us())));
    assert!(drawn.is_sorted_by_key(|(at, _)| *at));
}

#[test]
fn another_generator_does_not_change_the_first_ones_people() {
    let one = "[[arrivals]]\nkerb = \"a\"\nper_hour = 300\n";
    let two = format!("{one}[[arrivals]]\nkerb = \"b\"\nper_hour = 300\n");
    let at_a = |steps: Vec<(Instant, Stimulus)>| -> Vec<_> {
        steps.into_iter().filter(|(_, s)| matches!(s, Stimulus::Arrive { kerb: Kerb::A, .. })).collect()
    };
    let (first, both) = (steps(one), steps(&two));
    assert!(both.len() > first.len());
    assert_eq!(first, at_a(both));
}

#[test]
fn steps_are_in_order_of_time_and_then_of_the_file() {
    let text = "[[do]]\nat = \"9s\"\noperator = \"step\"\n[[do]]\nat = \"5s\"\npower = \"off\"\n[[do]]\nat = \"5s\"\npower = \"on\"\n";
    let at = |s: u64| Instant::from_ms(1_000 * s);
    let wanted = [
        (at(5), Stimulus::Power(false)),
        (at(5), Stimulus::Power(true)),
        (at(9), Stimulus::Operator(Operator::Step)),
    ];
    assert_eq!(steps(text), wanted);
}

#[test]
fn a_dip_and_a_stall_have_an_end() {
    let at = Instant::from_ms;
    let wanted = [
        (at(5_000), Stimulus::Power(false)),
        (at(5_300), Stimulus::Power(true)),
        (at(9_000), Stimulus::Stall),
        (at(11_000), Stimulus::Resume),
    ];
    assert_eq!(steps("[[do]]\nat = \"5s\"\ndip = \"300ms\"\n[[do]]\nat = \"9s\"\nstall = \"2s\"\n"), wanted);
}

#[test]
fn a_broken_scenario_is_told_where() {
    let cases = [
        (
            "[[do]]\nat = \"5s\"\narive = {}\n",
            "x.toml:6: [[do]] #1 arive: unknown key (hint: did you mean `arrive`?)",
        ),
        (
            "[[do]]\nat = 5\npower = \"on\"\n",
            "x.toml:5: [[do]] #1 at: `5` has no unit (hint: write a unit: `\"5s\"`)",
        ),
        (
            "[[do]]\nat = \"3m\"\npower = \"on\"\n",
            "x.toml:5: [[do]] #1 at: lies after the end (hint: the scenario ends at `lasts`)",
        ),
        (
            "[[do]]\nat = \"1m\"\ndip = \"61s\"\n",
            "x.toml:5: [[do]] #1 at: lasts beyond the end (hint: the scenario ends at `lasts`)",
        ),
        (
            "[[do]]\nat = \"5s\"\npower = \"on\"\ndip = \"1s\"\n",
            "x.toml:7: [[do]] #1 dip: is a second action (hint: write a `[[do]]` of its own for each action)",
        ),
        (
            "[[do]]\nat = \"5s\"\n",
            "x.toml:4: [[do]] #1: does nothing (hint: write one of: arrive, leave, camera, cable, lamp, sense, display, post, power, dip, operator, stall, service)",
        ),
        (
            "[[do]]\nat = \"5s\"\npower = \"on\"\n\n[[do]]\nat = \"6s\"\narrive = { kerb = \"c\" }\n",
            "x.toml:10: [[do]] #2 arrive.kerb: `c` is not known here (hint: did you mean `\"a\"`?)",
        ),
        (
            "[[do]]\nat = \"5s\"\ncamera = { kerb = \"a\", fails = \"flicker\" }\n",
            "x.toml:6: [[do]] #1 camera.share: is missing (hint: write how often: `\"30%\"`)",
        ),
        (
            "[[do]]\nat = \"5s\"\ncamera = { kerb = \"a\", fails = \"frozen\", share = \"3%\" }\n",
            "x.toml:6: [[do]] #1 camera.share: means nothing for this fault (hint: leave it out)",
        ),
        (
            "[[do]]\nat = \"5s\"\nlamp = { head = \"pedestrian-a\", lamp = \"yellow\", fails = \"out\" }\n",
            "x.toml:6: [[do]] #1 lamp.lamp: a pedestrian head has no yellow (hint: write red or green)",
        ),
        (
            "[[do]]\nat = \"5s\"\narrive = { kerb = \"a\", habit = \"crosses\", after = \"3s\" }\n",
            "x.toml:6: [[do]] #1 arrive.after: means nothing for this habit (hint: it belongs to runs-red and gives-up)",
        ),
        (
            "must_exercise = [\"P1\", \"P1\"]\n",
            "x.toml:4: must_exercise: P1 stands here twice (hint: leave one out)",
        ),
        (
            "policies = [\"fixedtime\"]\n",
            "x.toml:4: policies: `fixedtime` is not known here (hint: did you mean `\"fixed_time\"`?)",
        ),
        (
            "[[arrivals]]\nkerb = \"a\"\nper_hour = 0\n",
            "x.toml:6: [[arrivals]] #1 per_hour: 0 is below 1 (hint: write a whole number from 1 to 36000)",
        ),
    ];
    for (text, wanted) in cases {
        assert_eq!(broken(text), wanted);
    }
}

#[test]
fn limits_of_length_and_number_are_kept() {
    let error =
        Scenario::load("version = 1\ntitle = \"x\"\nlasts = \"49h\"\n", "x.toml", 1).expect_err("too long");
    assert_eq!((error.line, error.message.as_str()), (Some(3), "is longer than 48 h"));
    let many = "version = 1\ntitle = \"x\"\nlasts = \"48h\"\n[[arrivals]]\nkerb = \"a\"\nper_hour = 36000\n";
    let error = Scenario::load(many, "x.toml", 1).expect_err("too many");
    assert_eq!((error.line, error.message.as_str()), (Some(4), "makes more than 100000 steps in all"));
    assert!(
        broken(&"[[arrivals]]\nkerb = \"a\"\nper_hour = 1\n".repeat(33)).contains("more than 32 generators")
    );
    let noise = "\u{7f}".repeat(10_000_000);
    let error = Scenario::load(&noise, "noise.toml", 1).expect_err("noise");
    assert_eq!(error.message, format!("is longer than {FILE_LIMIT} bytes"));
}

fn any_kerb() -> impl Strategy<Value = Kerb> {
    prop_oneof![Just(Kerb::A), Just(Kerb::B)]
}

fn any_span() -> impl Strategy<Value = Span> {
    (1_u64..10_000_000_000).prop_map(Span::from_us)
}

fn any_head() -> impl Strategy<Value = Head> {
    prop_oneof![any_kerb().prop_map(Head::Vehicle), any_kerb().prop_map(Head::Pedestrian)]
}

/// A head and a lamp that it has.
fn any_lamp() -> impl Strategy<Value = (Head, Lamp)> {
    let vehicle = (
        any_kerb().prop_map(Head::Vehicle),
        prop_oneof![Just(Lamp::Red), Just(Lamp::Yellow), Just(Lamp::Green)],
    );
    let pedestrian = (any_kerb().prop_map(Head::Pedestrian), prop_oneof![Just(Lamp::Red), Just(Lamp::Green)]);
    prop_oneof![vehicle, pedestrian]
}

fn any_role() -> impl Strategy<Value = CableRole> {
    (0..CableRole::COUNT).prop_map(|index| CableRole::ALL[index])
}

fn any_camera_fault() -> impl Strategy<Value = camera::Fault> {
    use camera::Fault;
    let per_mille = 0_u16..=1_000;
    prop_oneof![
        per_mille.clone().prop_map(Fault::Miss),
        (0_u16..=10_000).prop_map(Fault::Clip),
        (1_u16..=3_600, any_span()).prop_map(|(per_hour, lasts)| Fault::Ghosts(per_hour, lasts)),
        per_mille.prop_map(Fault::Flicker),
        (0_u16..=10_000).prop_map(Fault::Stuck),
        Just(Fault::Frozen),
        any_span().prop_map(Fault::Late),
        any_span().prop_map(Fault::Jitter),
        any_span().prop_map(Fault::Replays),
        any::<u8>().prop_map(Fault::RawCount),
        (-86_400_000_i32..=86_400_000).prop_map(Fault::ClockStep),
        any_span().prop_map(Fault::Reboot),
        Just(Fault::Silent),
        Just(Fault::NoHeartbeat),
        Just(Fault::BadCrc),
        Just(Fault::Repeats),
        Just(Fault::SelfReported),
        Just(Fault::Impostor),
        Just(Fault::Misdirected),
    ]
}

fn any_cable_fault() -> impl Strategy<Value = cable::Fault> {
    use cable::Fault;
    let ppm = 0_u32..=1_000_000;
    prop_oneof![
        ppm.clone().prop_map(Fault::Drop),
        ppm.clone().prop_map(Fault::Flip),
        ppm.prop_map(Fault::Duplicate),
        any_span().prop_map(Fault::Delay),
        any_span().prop_map(Fault::Jitter),
        any_span().prop_map(Fault::Stall),
        any_span().prop_map(Fault::Split),
        any_span().prop_map(Fault::Merge),
        (1_u32..=1_000_000).prop_map(Fault::Garbage),
        Just(Fault::Echo),
        Just(Fault::Break),
        Just(Fault::Unplugged),
    ]
}

fn any_display_fault() -> impl Strategy<Value = countdown::Fault> {
    use countdown::Fault;
    let colour =
        prop_oneof![Just(Colour::Dark), Just(Colour::Green), Just(Colour::Yellow), Just(Colour::Red)];
    prop_oneof![
        Just(Fault::Dark),
        Just(Fault::Frozen),
        Just(Fault::MissingSegment),
        colour.prop_map(Fault::WrongColour),
        any_span().prop_map(Fault::Lag),
        Just(Fault::IgnoresLinkLoss),
    ]
}

fn any_lamp_fault() -> impl Strategy<Value = LampFault> {
    prop_oneof![Just(LampFault::Out), Just(LampFault::StuckOn), any_span().prop_map(LampFault::Flicker)]
}

fn any_habit() -> impl Strategy<Value = Habit> {
    prop_oneof![
        Just(Habit::Crosses),
        any_span().prop_map(Habit::RunsRed),
        any_span().prop_map(Habit::GivesUp),
        Just(Habit::TurnsBack),
        Just(Habit::StartsLate),
        Just(Habit::Stands),
    ]
}

fn any_stimulus() -> impl Strategy<Value = Stimulus> {
    let post = prop_oneof![
        Just(light_post::Fault::StuckColour),
        Just(light_post::Fault::Mute),
        Just(light_post::Fault::Loops)
    ];
    let operator = prop_oneof![
        Just(Operator::Automatic),
        Just(Operator::Manual),
        Just(Operator::Step),
        Just(Operator::Flash),
        Just(Operator::Off),
        Just(Operator::Reset)
    ];
    let arrive = (any_kerb(), 1_u16..=10_000, 100_u32..=5_000, any_habit());
    prop_oneof![
        arrive.prop_map(|(kerb, count, speed_mm_s, habit)| Stimulus::Arrive {
            kerb,
            count,
            speed_mm_s,
            habit
        }),
        (any_kerb(), 1_u16..=10_000).prop_map(|(kerb, count)| Stimulus::Leave { kerb, count }),
        (any_kerb(), any_camera_fault()).prop_map(|(side, fault)| Stimulus::CameraFails(side, fault)),
        any_kerb().prop_map(Stimulus::CameraHeals),
        (any_role(), any_cable_fault()).prop_map(|(role, fault)| Stimulus::CableFails(role, fault)),
        any_role().prop_map(Stimulus::CableMended),
        (any_lamp(), any_lamp_fault())
            .prop_map(|((head, lamp), fault)| Stimulus::LampFails(head, lamp, fault)),
        any_lamp().prop_map(|(head, lamp)| Stimulus::LampMended(head, lamp)),
        (any_lamp(), any::<bool>()).prop_map(|((head, lamp), lit)| Stimulus::SenseFails(head, lamp, lit)),
        any_lamp().prop_map(|(head, lamp)| Stimulus::SenseMended(head, lamp)),
        (any_head(), any_display_fault()).prop_map(|(head, fault)| Stimulus::DisplayFails(head, fault)),
        any_head().prop_map(Stimulus::DisplayMended),
        (any_kerb(), post).prop_map(|(side, fault)| Stimulus::PostFails(side, fault)),
        any_kerb().prop_map(Stimulus::PostMended),
        any::<bool>().prop_map(Stimulus::Power),
        operator.prop_map(Stimulus::Operator),
        Just(Stimulus::Stall),
        Just(Stimulus::Resume),
        (any::<u16>(), any::<u16>()).prop_map(|(register, value)| Stimulus::ServiceWrite { register, value }),
    ]
}

fn any_pair() -> impl Strategy<Value = Pair> {
    prop_oneof![
        Just(Pair::MorePeople),
        Just(Pair::SwappedKerbs),
        any_role().prop_map(Pair::Noise),
        Just(Pair::Repeats),
        Just(Pair::DamagedFrames),
        (-86_400_i32..86_400).prop_map(Pair::ClockStep),
    ]
}

prop_compose! {
    fn any_scenario()(
        title in "x\\PC{0,30}",
        starts_at in 0_u32..4_102_444_800,
        uptime_ms in 0_u64..5_000_000_000,
        policies in proptest::sample::subsequence(vec!["observed", "balanced", "fixed_time", "push_button"], 0..=4),
        pair in proptest::option::of(any_pair()),
        mut steps in proptest::collection::vec(((0_u64..3_600_000_000).prop_map(Instant::from_us), any_stimulus()), 0..30),
    ) -> Scenario {
        steps.sort_by_key(|(at, _)| *at);
        Scenario {
            name: "any".to_owned(),
            title,
            file: "any.toml".to_owned(),
            clock_matters: false,
            starts_at,
            lasts: Span::from_secs(3_600),
            uptime_ms,
            must_exercise: vec!["P25".to_owned(), "SITE-1".to_owned()],
            policies: policies.into_iter().map(str::to_owned).collect(),
            pair,
            steps,
            text: String::new(),
            hash: String::new(),
        }
    }
}

proptest! {
    #[test]
    fn what_a_trace_says_of_a_stimulus_can_be_typed(stimulus in any_stimulus(), any in "\\PC{0,40}") {
        prop_assert_eq!(said(&stimulus.to_string()), Ok(vec![(Span::ZERO, stimulus)]));
        // Whatever somebody types, it is read or refused.
        let _ = said(&any);
        let _ = said(&format!("arrive {any}"));
    }
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::with_cases(256) })]

    #[test]
    fn a_scenario_written_is_the_scenario_read(scenario in any_scenario()) {
        assert_same(&scenario, &scenario.to_toml());
    }

    #[test]
    fn any_text_is_a_scenario_or_a_complaint(text in "\\PC{0,400}") {
        let _ = Scenario::load(&text, "any.toml", 1).map_err(|error| error.to_string());
    }

    #[test]
    fn a_scenario_with_any_piece_replaced_never_panics(
        scenario in any_scenario(), at in any::<prop::sample::Index>(), piece in "[ -~\n]{0,12}",
    ) {
        let mut text: Vec<char> = scenario.to_toml().chars().collect();
        let start = at.index(text.len());
        let end = (start + 5).min(text.len());
        text.splice(start..end, piece.chars());
        let text: String = text.into_iter().collect();
        let _ = Scenario::load(&text, "any.toml", 1).map_err(|error| error.to_string());
    }
}
