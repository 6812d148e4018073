//! How soon exploration finds a defect, by the way in which waits are drawn, over many seeds.

use std::fmt;
use std::time::Duration;

use super::bite::{Bite, Search, Task};
use super::defect::Defect;
use crate::campaign::Waits;

/// The ways that are compared.
const WAYS: [Waits; 3] = [Waits::Uniform, Waits::Mixed, Waits::Anchored];

/// One way of drawing against one defect.
#[derive(Clone, Debug)]
struct Row {
    defect: String,
    waits: Waits,
    seeds: usize,
    /// Cases and time up to the violation, for each seed that found it, sorted each for itself.
    cases: Vec<u64>,
    wall_ms: Vec<u64>,
}

/// The table. Displayed it is Markdown; its seconds are this machine's, its cases are the same everywhere.
#[derive(Clone, Debug)]
pub struct Odds {
    rows: Vec<Row>,
    within: Duration,
}

/// A task for each defect, way of drawing (all of them if `ways` is empty) and seed, from `first` on.
#[must_use]
pub fn odds_tasks(tasks: &[Task], ways: &[Waits], first: u64, seeds: u64) -> Vec<Task> {
    let ways = if ways.is_empty() { &WAYS } else { ways };
    let of = |task: &Task, waits: Waits| {
        let task = task.clone();
        (first..first + seeds).map(move |seed| Task {
            search: Search { seed, waits },
            sites: task.sites[..1].into(),
            ..task.clone()
        })
    };
    tasks.iter().flat_map(|task| ways.iter().flat_map(move |waits| of(task, *waits))).collect()
}

impl Odds {
    /// What came of [`odds_tasks`]; `within` is what a search may take.
    #[must_use]
    pub fn new(defects: &[Defect], bites: &[Bite], within: Duration) -> Odds {
        let row = |defect: &Defect, waits: Waits| {
            let of = |bite: &&Bite| bite.name == defect.name && bite.search.waits == waits;
            let found = || bites.iter().filter(of).filter_map(|bite| Some((bite, bite.explored.as_ref()?)));
            let mut cases: Vec<u64> = found().map(|(bite, _)| bite.cases).collect();
            let mut wall_ms: Vec<u64> = found().map(|(_, caught)| caught.wall_ms).collect();
            cases.sort_unstable();
            wall_ms.sort_unstable();
            let seeds = bites.iter().filter(of).count();
            Row { defect: defect.name.clone(), waits, seeds, cases, wall_ms }
        };
        let rows = defects.iter().flat_map(|defect| WAYS.map(|waits| row(defect, waits)));
        let rows = rows.filter(|row| row.seeds > 0).collect();
        Odds { rows, within }
    }
}

/// The value that so many of a hundred seeds do not exceed; nothing if it lies among those that found nothing.
fn quantile(sorted: &[u64], seeds: usize, percent: usize) -> Option<u64> {
    sorted.get((seeds * percent).div_ceil(100).checked_sub(1)?).copied()
}

impl fmt::Display for Odds {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let seconds = self.within.as_secs();
        writeln!(
            f,
            "| defect | waits | found | within {seconds} s | cases: median | 90 % | seconds: median | 90 % |"
        )?;
        writeln!(f, "| --- | --- | ---: | ---: | ---: | ---: | ---: | ---: |")?;
        for row in &self.rows {
            let Row { defect, waits, seeds, cases, wall_ms } = row;
            let in_time = wall_ms.iter().filter(|ms| Duration::from_millis(**ms) <= self.within).count();
            let count =
                |percent| quantile(cases, *seeds, percent).map_or("more".to_owned(), |n| n.to_string());
            let time = |percent| {
                let ms = quantile(wall_ms, *seeds, percent);
                ms.map_or("more".to_owned(), |ms| format!("{:.1}", ms as f64 / 1_000.0))
            };
            writeln!(
                f,
                "| {defect} | {} | {} of {seeds} | {in_time} | {} | {} | {} | {} |",
                waits.name(),
                cases.len(),
                count(50),
                count(90),
                time(50),
                time(90)
            )?;
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::super::bite::Caught;
    use super::*;

    fn bite(seed: u64, waits: Waits, found: Option<(u64, u64)>) -> Bite {
        let caught = |(_, wall_ms)| Caught {
            site: "s".to_owned(),
            scenario: "case".to_owned(),
            property: "P01".to_owned(),
            virtual_us: 0,
            wall_ms,
        };
        Bite {
            name: "001-x".to_owned(),
            search: Search { seed, waits },
            explored: found.map(caught),
            cases: found.map_or(100, |(cases, _)| cases),
            ..Bite::default()
        }
    }

    #[test]
    fn seeds_that_find_nothing_count_among_the_slowest() {
        let (name, what, patch) = ("001-x".to_owned(), String::new(), String::new());
        let defect = Defect { name, what, expected: Vec::new(), needs: None, patch };
        let bites = [
            bite(1, Waits::Anchored, Some((3, 500))),
            bite(2, Waits::Anchored, Some((7, 61_000))),
            bite(3, Waits::Anchored, None),
            bite(1, Waits::Mixed, Some((9, 1_000))),
        ];
        let odds = Odds::new(&[defect], &bites, Duration::from_secs(60)).to_string();
        let rows: Vec<&str> = odds.lines().skip(2).collect();
        assert_eq!(rows.len(), 2, "a way that was not tried has no row");
        assert_eq!(rows[0], "| 001-x | mixed | 1 of 1 | 1 | 9 | 9 | 1.0 | 1.0 |");
        assert_eq!(rows[1], "| 001-x | anchored | 2 of 3 | 1 | 7 | more | 61.0 | more |");
    }

    #[test]
    fn every_seed_is_tried_in_every_way() {
        let task =
            Task { name: "001-x".to_owned(), sites: vec!["s".to_owned(), "t".to_owned()], ..Task::default() };
        let tasks = odds_tasks(&[task], &[], 5, 2);
        let searches: Vec<(u64, Waits)> =
            tasks.iter().map(|task| (task.search.seed, task.search.waits)).collect();
        let of = |waits| [(5, waits), (6, waits)];
        assert_eq!(searches, [of(Waits::Uniform), of(Waits::Mixed), of(Waits::Anchored)].concat());
        assert!(tasks.iter().all(|task| task.sites == ["s"]));
    }
}
