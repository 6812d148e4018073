//! The search in earnest, with a clock of the test's own: each run takes as long as it says.

use std::cell::Cell;
use std::sync::atomic::AtomicBool;

use emulators::controller::{Config, Controller};
use emulators::time::Span;

use super::{Came, Earnest, Hunt, Shrunk, Waits};
use crate::runner::{Options, Outcome, RunError, Soft, Status, Subject, run_on};
use crate::scenario::Scenario;
use crate::site::{Quantity, Site, library};

/// Its yellow is too short.
#[derive(Debug)]
struct Hasty;

impl Subject for Hasty {
    type Controller = Controller;

    fn make(&self, config: &Config, persisted: Option<&[u8]>) -> Controller {
        let mut config = config.clone();
        config.timing.yellow = Span::from_ms(2_500);
        Controller::new(config, persisted)
    }
}

fn site() -> Site {
    library::find("yudaihe-beixiaoyuan").expect("the default site")
}

/// What is connected, and a budget that its runs use up.
struct Street<'a, S> {
    controller: S,
    site: &'a Site,
    left: Cell<Span>,
    stop: AtomicBool,
}

impl<'a, S: Subject> Street<'a, S> {
    fn new(controller: S, site: &'a Site, budget: Span) -> Street<'a, S> {
        Street { controller, site, left: Cell::new(budget), stop: AtomicBool::new(false) }
    }

    fn run(&self, scenario: &Scenario) -> Result<Outcome, RunError> {
        let left = self.left.get();
        assert!(scenario.lasts <= left, "nothing begins that does not end in time");
        self.left.set(left.saturating_sub(scenario.lasts));
        let options = Options { out: None, draw: true, stop: &self.stop };
        run_on(&self.controller, self.site, scenario, 1, options)
    }

    fn hunt(&self) -> Hunt<'_, Soft> {
        Hunt::new(&Soft, self.site, Waits::Anchored, 1, 0, &self.stop)
    }
}

/// The first case that breaks a property.
fn first_sighting<S: Subject>(street: &Street<'_, S>) -> super::Sighting {
    let left = || street.left.get();
    let mut search = Earnest::new(street.hunt(), |scenario| street.run(scenario), 0, 5, &left);
    while let Some(case) = search.next(u64::MAX).expect("a sound twin") {
        if let (Came::Broken(sighting), Some(_)) = search.run(case).expect("a sound run") {
            return *sighting;
        }
    }
    panic!("nothing was found in time");
}

#[test]
fn what_only_the_street_does_wrong_is_confirmed_and_shrunk_there() {
    let site = site();
    let street = Street::new(Hasty, &site, Span::from_secs(200 * 3_600));
    let sighting = first_sighting(&street);
    assert_eq!((sighting.drawn, sighting.small), ((5, 5), (5, 5)));
    assert_eq!((sighting.property.as_str(), sighting.shrunk), ("P10", Shrunk::InEarnest));
    assert!(sighting.events.1 <= 1, "one person is enough: {:?}", sighting.events);
    let again = Scenario::load(&sighting.scenario.text, "found", 1).expect("a file like any other");
    let outcome = street.run(&again).expect("a sound run");
    assert_eq!(outcome.status, Status::Violated);
}

#[test]
fn what_the_soft_controller_does_wrong_as_well_is_shrunk_in_virtual_time() {
    let mut site = site();
    // A judge that wants more than either of them does.
    site.limits.set("yellow", Quantity::Time(Span::from_ms(4_000)));
    let street = Street::new(Soft, &site, Span::from_secs(3 * 3_600));
    let sighting = first_sighting(&street);
    assert_eq!((sighting.drawn, sighting.small), ((5, 5), (5, 5)));
    assert_eq!((sighting.property.as_str(), sighting.shrunk), ("P10", Shrunk::InTheTwin));
    // Ten runs and the cases before the one that failed, no trials.
    assert!(street.left.get() > Span::from_secs(3_600), "{}", street.left.get());
}

#[test]
fn where_time_is_short_fewer_runs_confirm_and_nothing_begins_that_cannot_end() {
    let site = site();
    let street = Street::new(Hasty, &site, Span::from_secs(300));
    let sighting = first_sighting(&street);
    assert!(sighting.drawn.0 == sighting.drawn.1 && sighting.drawn.1 < 5, "{:?}", sighting.drawn);
}

#[test]
fn a_sound_controller_is_searched_until_time_is_over_and_the_most_promising_cases_go_first() {
    let site = site();
    let street = Street::new(Soft, &site, Span::from_secs(3_600));
    let left = || street.left.get();
    let mut search = Earnest::new(street.hunt(), |scenario| street.run(scenario), 0, 5, &left);
    let (mut cases, mut numbers) = (0, Vec::new());
    while let Some(case) = search.next(u64::MAX).expect("a sound twin") {
        numbers.push(case.number());
        let (came, _) = search.run(case).expect("a sound run");
        assert!(matches!(came, Came::Fine), "{came:?}");
        cases += 1;
    }
    assert!(cases >= 5, "{cases}");
    assert!(numbers.windows(2).any(|pair| pair[0] > pair[1]), "they are not in the order drawn: {numbers:?}");
    let ranked = search.covered().cells();
    // The same time spent on cases as they come.
    let street = Street::new(Soft, &site, Span::from_secs(3_600));
    let left = || street.left.get();
    let mut in_order = Earnest::new(street.hunt(), |scenario| street.run(scenario), 0, 5, &left);
    for end in 1.. {
        let Some(case) = in_order.next(end).expect("a sound twin") else { break };
        in_order.run(case).expect("a sound run");
    }
    assert!(ranked > in_order.covered().cells(), "{ranked} against {}", in_order.covered().cells());
}

#[test]
fn a_bench_in_trouble_gives_no_verdict() {
    let site = site();
    let stop = AtomicBool::new(false);
    let hunt = Hunt::new(&Soft, &site, Waits::Anchored, 1, 0, &stop);
    let bench = |scenario: &Scenario| {
        let mut outcome =
            run_on(&Hasty, &site, scenario, 1, Options { out: None, draw: false, stop: &stop })?;
        outcome.status = Status::Broken("host too slow".to_owned());
        Ok(outcome)
    };
    let mut search = Earnest::new(hunt, bench, 0, 5, &|| Span::from_secs(3_600));
    let case = search.next(1).expect("a sound twin").expect("there is time");
    let (came, outcome) = search.run(case).expect("a sound run");
    assert!(matches!(came, Came::NoVerdict(why) if why == "host too slow") && outcome.is_none());
}

#[test]
fn what_was_seen_before_an_interruption_is_told() {
    let site = site();
    let stop = AtomicBool::new(false);
    let hunt = Hunt::new(&Soft, &site, Waits::Anchored, 1, 0, &stop);
    let mut broken = 0;
    let bench = |scenario: &Scenario| {
        let outcome = run_on(&Hasty, &site, scenario, 1, Options { out: None, draw: true, stop: &stop })?;
        broken += u32::from(outcome.status == Status::Violated);
        // The run that confirms the first sighting is broken off.
        if broken > 1 { Err(RunError::Interrupted(outcome.ended)) } else { Ok(outcome) }
    };
    let left = || Span::from_secs(3_600);
    let mut search = Earnest::new(hunt, bench, 0, 5, &left);
    while let Some(case) = search.next(u64::MAX).expect("a sound twin") {
        if let (Came::Broken(sighting), _) = search.run(case).expect("the pursuit's trouble is kept") {
            assert_eq!((sighting.property.as_str(), sighting.drawn), ("P10", (1, 1)));
            assert!(matches!(search.take_trouble(), Some(RunError::Interrupted(_))));
            return;
        }
    }
    panic!("nothing was found");
}
