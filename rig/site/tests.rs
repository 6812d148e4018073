//! Every site built in loads and agrees with itself; every kind of broken file is told where it is broken.

use proptest::prelude::*;

use super::*;

const GOOD: &str = include_str!("../../fixtures/sites/yudaihe-beixiaoyuan.toml");

/// The message for the good site with one piece replaced. Where it names the line of the piece, that line is written
/// `@`, so that comments may come and go in the site's file.
fn broken(from: &str, to: &str) -> String {
    let at = GOOD.find(from).unwrap_or_else(|| panic!("{from}"));
    let start = at + from.len() - from.trim_start().len();
    let line = format!("x.toml:{}:", 1 + GOOD[..start].matches('\n').count());
    match Site::load(&GOOD.replacen(from, to, 1), "x.toml") {
        Ok(_) => panic!("accepted: {to}"),
        Err(error) => error.to_string().replacen(&line, "x.toml:@:", 1),
    }
}

#[test]
fn every_site_built_in_loads_and_agrees_with_itself() {
    let names = library::names();
    assert!(names.len() >= 5);
    for name in names {
        let site = library::find(&name).unwrap_or_else(|error| panic!("{error}"));
        assert_eq!(site.lint(), [], "{name}");
        for row in LIMITS {
            assert!(site.limits.get(row.name).is_some(), "{name}: {}", row.name);
        }
    }
}

#[test]
fn all_four_policies_have_a_site() {
    let sites = library::names().into_iter().map(|name| library::find(&name).expect("a site"));
    let mut policies: Vec<_> = sites.map(|site| site.policy()).collect();
    policies.sort_unstable();
    policies.dedup();
    assert_eq!(policies, ["balanced", "fixed_time", "observed", "push_button"]);
}

#[test]
fn the_default_site_has_the_reported_numbers() {
    let site = library::find("yudaihe-beixiaoyuan").expect("the default site");
    assert_eq!(site.geometry.width_mm, 12_800);
    assert_eq!(site.limits.time("crossing_time"), Some(Span::from_ms(12_800)));
    assert_eq!(site.limits.time("walk_flash_min"), Some(Span::from_secs(8)));
    assert_eq!(site.limits.number("announcement_s"), Some(15));
    assert_eq!(site.limits.number("voice_from"), Some(420));
    assert_eq!(site.limits.number("waiting_capacity_a"), Some(48));
    assert_eq!(site.limits.number("modbus_silence_lamps"), Some(1_823));
    assert_eq!(site.limits.time("service_poll"), Some(Span::from_ms(400)));
    assert_eq!(site.controller.timing.decision, Span::from_secs(20));
    assert_eq!(site.controller.cameras[0].period, 5);
    assert_eq!(site.controller.ports.service.map(|(port, _)| port.0), Some(5));
    assert_eq!(site.hash.len(), 64);
}

#[test]
fn an_unknown_key_is_refused_with_the_nearest_known_one() {
    assert_eq!(
        broken("\nyellow = \"3s\"", "\nyelow = \"3s\""),
        "x.toml:@: [controller] yelow: unknown key (hint: did you mean `yellow`?)"
    );
    assert_eq!(
        broken("[conflicts]", "[conflict]"),
        "x.toml:@: conflict: unknown key (hint: did you mean `conflicts`?)"
    );
    assert!(
        broken("unit = 1", "zebra = 1")
            .ends_with("(hint: known here: line, unit, vehicle_a, vehicle_b, pedestrian_a, pedestrian_b)")
    );
}

#[test]
fn a_duration_without_unit_is_refused() {
    assert_eq!(
        broken("\nyellow = \"3s\"", "\nyellow = 3"),
        "x.toml:@: [controller] yellow: `3` has no unit (hint: write a unit: `\"3s\"`)"
    );
    assert_eq!(
        broken("\nyellow = \"3s\"", "\nyellow = \"3\""),
        "x.toml:@: [controller] yellow: `3` has no unit (hint: write a unit: `\"3s\"`)"
    );
    assert_eq!(
        broken("width = \"12.8 m\"", "width = 12.8"),
        "x.toml:@: [geometry] width: `12.8` has no unit (hint: write a unit: `\"12.8m\"`)"
    );
    assert_eq!(
        broken("\nyellow = \"3s\"", "\nyellow = \"100ns\""),
        "x.toml:@: [controller] yellow: `100ns` is not a whole number of microseconds (hint: write whole microseconds: `\"250us\"`)"
    );
}

#[test]
fn two_devices_at_one_address_are_refused() {
    assert_eq!(
        broken("pedestrian = [3, 4]", "pedestrian = [3, 2]"),
        "x.toml:@: [wiring.lamps] pedestrian: unit 2 is taken twice on this cable (hint: 4 is free)"
    );
    assert_eq!(
        broken("pedestrian = [2, 3]", "pedestrian = [1, 3]"),
        "x.toml:@: [wiring.countdown] pedestrian: display 1 is taken twice on this cable (hint: 2 is free)"
    );
    assert_eq!(
        broken("pedestrian_b = [8, 9]", "pedestrian_b = [8, 7]"),
        "x.toml:@: [wiring.feedback] pedestrian_b: input 7 is taken twice on this cable (hint: 9 is free)"
    );
    assert_eq!(
        broken("110112/0010/102", "110112/0010/101"),
        "x.toml:@: [wiring.camera-b] address: address 110112/0010/101 is taken twice (hint: give every device a number of its own)"
    );
}

#[test]
fn a_conflict_table_without_the_crossing_is_refused() {
    let wanted = "x.toml:@: [conflicts] pairs: the crossing is missing: vehicle and pedestrian must conflict (hint: write `pairs = [[\"vehicle\", \"pedestrian\"]]`)";
    assert_eq!(broken("[[\"vehicle\", \"pedestrian\"]]", "[]"), wanted);
    assert!(
        broken("\"vehicle\", \"pedestrian\"", "\"vehicle\", \"vehicle\"")
            .contains("does not conflict with itself")
    );
    assert!(
        broken("pairs = [[\"vehicle\", \"pedestrian\"]]\n", "").contains("[conflicts] pairs: is missing")
    );
}

#[test]
fn a_bound_that_is_negative_or_zero_is_refused() {
    assert_eq!(
        broken("green_min = \"25s\"", "green_min = \"-25s\""),
        "x.toml:@: [limits] green_min: `-25s` is negative (hint: a duration is never negative)"
    );
    assert_eq!(
        broken("green_min = \"25s\"", "green_min = \"0s\""),
        "x.toml:@: [limits] green_min: is zero (hint: write at least `\"1us\"`)"
    );
    assert_eq!(
        broken("green_min = \"25s\"", "jump_max = -1"),
        "x.toml:@: [limits] jump_max: -1 is below 1 (hint: write a whole number from 1 to 1000000)"
    );
}

#[test]
fn a_key_that_stands_twice_is_named_with_its_table() {
    let text = "version = 1\ntitle = \"x\"\n\n[geometry]   # measures\nwidth = \"12 m\"\nwidth = \"13 m\"\n";
    let error = Site::load(text, "x.toml").expect_err("twice").to_string();
    assert!(error.starts_with("x.toml:6: [geometry] width: duplicate key"), "{error}");
    let text = "version = 1\n[[do]]\nat = \"1s\"\n[[do]]\nat = \"2s\"\nat = \"3s\"\n";
    let error = Site::load(text, "x.toml").expect_err("twice").to_string();
    assert!(error.starts_with("x.toml:6: [[do]] #2 at: duplicate key"), "{error}");
    let error = Site::load("version = 1\nversion = 1\n", "x.toml").expect_err("twice").to_string();
    assert!(error.starts_with("x.toml:2: version: duplicate key"), "{error}");
}

#[test]
fn noise_is_refused_unread() {
    let mut state = 1_u32;
    let noise: String = std::iter::repeat_with(|| {
        state = state.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
        char::from(b' ' + (state >> 24) as u8 % 95)
    })
    .take(10_000_000)
    .collect();
    let error = Site::load(&noise, "noise.toml").expect_err("noise");
    assert_eq!(
        error.to_string(),
        "noise.toml:1: is longer than 1048576 bytes and is no TOML from column 5 on (hint: a site or scenario file has a few hundred lines; is this the right file?)"
    );
    assert_eq!(Site::load(&noise[..FILE_LIMIT], "noise.toml").expect_err("noise").line, Some(1));
}

#[test]
fn brackets_nested_as_deep_as_the_file_allows_are_refused() {
    for deep in [
        "[".repeat(FILE_LIMIT),
        format!("x = {}", "[".repeat(100_000)),
        format!("x = {}", "{a=".repeat(100_000)),
        "a.".repeat(100_000),
    ] {
        assert!(Site::load(&deep, "deep.toml").is_err());
    }
}

#[test]
fn what_cannot_be_on_a_cable_is_refused() {
    assert!(
        broken("posts = [5, 6]", "posts = [0, 6]")
            .contains("[wiring.lamps] posts: 0 is the broadcast address")
    );
    assert!(broken("110112/0010/102", "110112/0010/65535").contains("is the broadcast address"));
    assert!(broken("110112/0010/102", "110112/0001/102").contains("another kind of device"));
    assert!(broken("line = \"9600 8N1\"", "line = \"0 8N1\"").contains("`0 8N1` has a baud rate outside"));
    assert!(broken("line = \"9600 8N1\"", "line = \"9600 7N1\"").contains("unknown character format"));
    assert!(broken("waiting_channel = 1", "waiting_channel = 0").contains("0 is below 1"));
    assert!(broken("crosswalk_channel = 2", "crosswalk_channel = 129").contains("129 is above 128"));
    assert!(broken("crosswalk_channel = 2", "crosswalk_channel = 1").contains("channel of the waiting area"));
    assert!(broken("period = \"500ms\"", "period = \"550ms\"").contains("cannot be set over the wire"));
    assert!(broken("edition = 2014", "edition = 2010").contains("no such edition"));
    assert!(broken("pedestrian = [2, 3]", "pedestrian = [2, 32]").contains("32 is above 31"));
}

#[test]
fn a_crosswalk_covered_by_both_cameras_or_neither_is_refused() {
    let neither = broken("crosswalk_channel = 2\n", "");
    assert!(neither.contains(
        ": [wiring.camera-a]: neither camera covers the crosswalk (hint: write `crosswalk_channel` at exactly one"
    ));
    let both =
        GOOD.replace("waiting_channel = 1\nperiod", "waiting_channel = 1\ncrosswalk_channel = 2\nperiod");
    let error = Site::load(&both, "x.toml").expect_err("both cover it");
    assert_eq!(error.key, "[wiring.camera-b] crosswalk_channel");
    let line = error.line.expect("a line") as usize;
    assert_eq!(both.lines().nth(line - 1), Some("crosswalk_channel = 2"));
    assert!(both.lines().take(line).any(|line| line == "[wiring.camera-b]"));
}

#[test]
fn a_missing_safety_duration_or_table_is_named() {
    assert!(
        broken("\nyellow = \"3s\"", "").contains(": [controller] yellow: is missing (hint: a site states")
    );
    assert!(broken("version = 1", "").contains("version: is missing"));
    assert!(
        broken("version = 1", "version = 2").contains("x.toml:@: version: this version is not known here")
    );
    assert!(
        broken("walk = \"7s\"", "walk = \"40s\"").contains("walk_max is shorter than walk and walk_flash")
    );
    assert!(
        broken("announcement = \"15s\"\ncountdown_target", "announcement = \"4s\"\ncountdown_target")
            .contains("shorter than yellow and all-red")
    );
    assert!(
        broken("[limits]", "[limits]\nyellow_min = \"6s\"").contains("`yellow_min` is 6s, `yellow` is 3s")
    );
}

#[test]
fn the_plan_and_the_judge_are_compared() {
    let text = GOOD
        .replace("\nall_red = \"2s\"", "\nall_red = \"1s\"")
        .replace("walk_flash = \"8s\"", "walk_flash = \"7s\"");
    let site = Site::load(&text, "x.toml").expect("it loads");
    let found: Vec<String> = site.lint().iter().map(ToString::to_string).collect();
    assert_eq!(
        found,
        [
            "[controller] all_red, [limits] all_red_min: 1s, at least 2s wanted",
            "[controller] walk_flash, [limits] walk_flash_min: 7s, at least 8s wanted",
            "[controller] walk + walk_flash, [limits] walk_total: 14s, 15s wanted",
            "[controller] walk_flash + buffer, [limits] crossing_time: 12s, at least 12s 800ms wanted",
        ]
    );
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::with_cases(256) })]

    #[test]
    fn any_text_is_a_site_or_a_complaint(text in "\\PC{0,400}") {
        let _ = Site::load(&text, "any.toml").map_err(|error| error.to_string());
    }

    #[test]
    fn a_good_site_with_any_piece_replaced_never_panics(at in 0..GOOD.len(), cut in 0_usize..40, piece in "[ -~\n]{0,12}") {
        // The file is ASCII: every offset is a character.
        let end = (at + cut).min(GOOD.len());
        let text = format!("{}{piece}{}", &GOOD[..at], &GOOD[end..]);
        if let Err(error) = Site::load(&text, "any.toml") {
            prop_assert!(error.line.is_none_or(|line| line as usize <= text.lines().count() + 1));
        }
    }
}

const SENSED: &str = include_str!("../../fixtures/sites/yudaihe-beixiaoyuan-sensed.toml");

/// As [`broken`], for the site with sensed lamps.
fn broken_sense(from: &str, to: &str) -> String {
    let at = SENSED.find(from).unwrap_or_else(|| panic!("{from}"));
    let line = format!("x.toml:{}:", 1 + SENSED[..at].matches('\n').count());
    match Site::load(&SENSED.replacen(from, to, 1), "x.toml") {
        Ok(_) => panic!("accepted: {to}"),
        Err(error) => error.to_string().replacen(&line, "x.toml:@:", 1),
    }
}

#[test]
fn lamps_are_sensed_as_the_site_says() {
    let site = library::find("yudaihe-beixiaoyuan-sensed").expect("the site with sensed lamps");
    let sense = site.wiring.sense.expect("a module");
    assert_eq!((sense.unit, sense.inputs(), sense.inverted), (1, 12, 0b1100_0000_0000));
    assert_eq!((sense.period, sense.latency), (Span::from_ms(20), Span::from_ms(10)));
    let least =
        SENSED.replace("line = \"19200 8N1\"\nunit = 1\nperiod = \"20ms\"\nlatency = \"10ms\"", "unit = 9");
    let site = Site::load(&least, "x.toml").unwrap_or_else(|error| panic!("{error}"));
    let sense = site.wiring.sense.expect("a module");
    assert_eq!((sense.unit, sense.period, sense.latency), (9, Span::from_ms(25), Span::from_ms(10)));
    assert_eq!(site.wiring.cables[CableRole::Sense.index()].map(|cable| cable.line.baud), Some(9_600));
    assert!(library::find("yudaihe-beixiaoyuan").expect("the default site").wiring.sense.is_none());
}

#[test]
fn a_wrong_lamp_sense_is_told_where() {
    for (from, to, wanted) in [
        (
            "pedestrian_b = [10, 11]",
            "pedestrian_b = [10, 9]",
            "x.toml:@: [wiring.sense] pedestrian_b: input 9 is taken twice on this cable (hint: 6 is free)",
        ),
        (
            "pedestrian_b = [10, 11]",
            "pedestrian_b = [10, 64]",
            "x.toml:@: [wiring.sense] pedestrian_b: 64 is above 63 (hint: write a whole number from 0 to 63)",
        ),
        (
            "pedestrian_b = [10, 11]",
            "pedestrian_b = [10]",
            "x.toml:@: [wiring.sense] pedestrian_b: has 1 items, not 2 (hint: write 2 numbers)",
        ),
        (
            "inverted = [10, 11]",
            "inverted = [10, 12]",
            "x.toml:@: [wiring.sense] inverted: no lamp hangs on input 12 (hint: name inputs of `vehicle_a`, `vehicle_b`, `pedestrian_a`, `pedestrian_b`)",
        ),
        (
            "inverted = [10, 11]",
            "inverted = [10, 10]",
            "x.toml:@: [wiring.sense] inverted: input 10 stands here twice (hint: name each input once)",
        ),
        (
            "inverted = [10, 11]",
            "invert = [10, 11]",
            "x.toml:@: [wiring.sense] invert: unknown key (hint: did you mean `inverted`?)",
        ),
        (
            "period = \"20ms\"",
            "period = \"11ms\"",
            "x.toml:@: [wiring.sense] period: a question and its answer take 11ms 459us on this line, longer than the period of 11ms (hint: read less often, or use a faster line)",
        ),
        (
            "period = \"20ms\"",
            "period = \"200ms\"",
            "x.toml:@: [wiring.sense] period: a lamp would be seen up to 221ms 459us late (period, latency and an exchange on the line) (hint: at most 150ms, or flashing cannot be recognised)",
        ),
        (
            "period = \"20ms\"",
            "period = 20",
            "x.toml:@: [wiring.sense] period: `20` has no unit (hint: write a unit: `\"20s\"`)",
        ),
    ] {
        assert_eq!(broken_sense(from, to), wanted, "{to}");
    }
}

#[test]
fn only_where_lamps_are_sensed_may_the_lamp_bus_be_missing() {
    let without = |text: &str, from: &str, to: &str| {
        let (start, end) = (text.find(from).expect("a table"), text.find(to).expect("the next table"));
        format!("{}{}", &text[..start], &text[end..])
    };
    let bare = without(SENSED, "[wiring.lamps]", "[wiring.countdown]");
    let site = Site::load(&bare, "x.toml").unwrap_or_else(|error| panic!("{error}"));
    assert!(!site.wiring.has(CableRole::Lamps) && !site.wiring.has(CableRole::Feedback));
    for (table, next) in
        [("[wiring.lamps]", "[wiring.feedback]"), ("[wiring.feedback]", "[wiring.countdown]")]
    {
        let Err(error) = Site::load(&without(GOOD, table, next), "x.toml") else {
            panic!("accepted without {table}")
        };
        let error = error.to_string();
        assert!(
            error.contains(&format!("`{table}` is missing")) && error.contains("[wiring.sense]"),
            "{error}"
        );
    }
}
