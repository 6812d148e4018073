//! Errors that name file, line, key and what may have been meant; what excuses a property.

use super::{limits, property, vocabulary};
use crate::monitor::{Engine, Verdict, load};
use crate::site::CableRole;

/// The message for a document, from reading it or from compiling it.
fn complaint(text: &str) -> String {
    let made = load(text, "catalogue.toml").and_then(|properties| {
        Engine::new(&properties, &vocabulary(), &limits(), "observed", &[]).map(|_| ())
    });
    made.expect_err("it is wrong").to_string()
}

fn check(body: &str) -> String {
    complaint(&format!("[[property]]\nid = \"P\"\n[[property.check]]\n{body}\n"))
}

#[test]
fn an_unknown_signal_is_named_with_its_place_and_the_closest_one() {
    assert_eq!(
        check("never = \"VB=G\""),
        "catalogue.toml:4: never: unknown signal `VB` (hint: did you mean `PB`?)"
    );
    assert_eq!(
        check("never = \"VA=GR\""),
        "catalogue.toml:4: never: unknown name of `VA` `GR` (hint: did you mean `G`?)"
    );
}

#[test]
fn an_unknown_limit_is_named_with_the_closest_one() {
    assert_eq!(
        check("lasts = \"VA=Y\"\nat_least = \"$yelow\""),
        "catalogue.toml:5: at_least: unknown limit `yelow` (hint: did you mean `yellow`?)"
    );
    assert_eq!(
        check("lasts = \"VA=Y\"\nat_least = \"$capacity\""),
        "catalogue.toml:5: at_least: `$capacity` is a number, a time is wanted"
    );
}

#[test]
fn an_unknown_key_is_named_with_the_closest_one() {
    assert_eq!(
        check("lasts = \"VA=Y\"\nat_leest = \"3s\""),
        "catalogue.toml:5: at_leest: unknown key (hint: did you mean `at_least`?)"
    );
    assert_eq!(
        complaint("[[property]]\nid = \"P\"\ntitel = \"x\"\n"),
        "catalogue.toml:3: titel: unknown key (hint: did you mean `title`?)"
    );
}

#[test]
fn a_missing_key_or_pattern_is_named() {
    assert_eq!(
        check("when = \"up(ON)\"\nthen = \"VA=G\""),
        "catalogue.toml:3: within: `when` needs `within`"
    );
    assert!(check("nevr = \"ON\"").contains("did you mean `never`?"));
    assert!(complaint("[[property]]\nid = \"P\"\n").starts_with("catalogue.toml:1: check: property `P`"));
    assert!(complaint("[[property]]\nid = \"P\"\nid = \"Q\"\n").starts_with("catalogue.toml:3: "));
}

#[test]
fn a_text_that_makes_no_sense_says_what_was_wanted() {
    assert_eq!(check("never = \"VA=G and\""), "catalogue.toml:4: never: wanted a signal, found the end");
    assert_eq!(
        check("never = \"log\""),
        "catalogue.toml:4: never: `log` is an event, not a state (hint: write at(log) where an edge is wanted)"
    );
    assert!(check("when = \"VA=G\"\nthen = \"ON\"\nwithin = \"1s\"").contains("wanted an edge"));
    assert!(check("never = \"before(ON)\"").contains("beside an edge only"));
    assert!(check("never = \"ON\"\nlonger_than = \"2.7s\"").contains("`.` has no meaning here"));
    assert!(
        check("never = \"ON\"\nlonger_than = \"5\"")
            .contains("`5` has no unit (hint: write 5s, 5ms or 5*$limit)")
    );
}

#[test]
fn deep_nesting_is_an_error_and_not_a_crash() {
    let text = format!("never = \"{}ON{}\"", "(".repeat(5_000), ")".repeat(5_000));
    assert!(check(&text).contains("nested too deeply"));
    let text = format!("never = \"{}ON\"", "not ".repeat(5_000));
    assert!(check(&text).contains("nested too deeply"));
}

#[test]
fn a_property_for_other_policies_is_not_applicable() {
    let body = "id = \"P\"\npolicies = [\"balanced\"]\n[[property.check]]\nnever = \"ON\"";
    assert_eq!(property(body, "observed", &[]).finish(9).verdict, Verdict::NotApplicable);
    assert_eq!(property(body, "balanced", &[]).set(0, "ON=false").finish(9).verdict, Verdict::Passed);
}

#[test]
fn a_property_without_its_cable_is_not_observable_and_says_why() {
    let body = "id = \"P\"\nneeds = [\"service\"]\n[[property.check]]\nnever = \"ON\"";
    let result = property(body, "observed", &[CableRole::Lamps]).finish(9);
    assert_eq!(result.verdict.to_string(), "not observable: no service cable");
    let with = property(body, "observed", &[CableRole::Service]).set(0, "ON=false").finish(9);
    assert_eq!(with.verdict, Verdict::Passed);
}

#[test]
fn the_worst_check_speaks_for_the_property_and_triggers_add_up() {
    let body = "id = \"P\"\n[[property.check]]\nlasts = \"VA=Y\"\nat_least = \"3s\"\n\
                [[property.check]]\nlasts = \"VA=G\"\nat_least = \"5s\"";
    let mut scene = property(body, "observed", &[]);
    let result = scene.set(0, "VA=R").set(10, "VA=G").set(6_010, "VA=Y").set(8_000, "VA=R").finish(9_000);
    assert!(matches!(result.verdict, Verdict::Violated(_)));
    assert_eq!(result.triggers, 2);
}
