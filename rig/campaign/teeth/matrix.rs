//! What came of all defects, as tables.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt;

use super::bite::{Bite, Caught};
use super::defect::Defect;
use super::workshop::TeethError;
use crate::monitor::catalogue;

/// The slowest ones that are listed.
const SLOWEST: usize = 10;

/// Defects and what came of each, in the catalogue's order. Displayed it is a text in Markdown without times on the wall: the
/// same on every machine.
#[derive(Clone, Debug, Default)]
pub struct Matrix {
    rows: Vec<(Defect, Bite)>,
    /// Properties of the catalogue, in order.
    properties: Vec<String>,
    explored: bool,
}

impl Matrix {
    /// A table of `defects`; what is missing in `bites` was not tried and is left out.
    ///
    /// # Errors
    /// If the catalogue cannot be read.
    pub fn new(defects: &[Defect], bites: Vec<Bite>, explored: bool) -> Result<Matrix, TeethError> {
        let mut by_name: BTreeMap<String, Bite> =
            bites.into_iter().map(|bite| (bite.name.clone(), bite)).collect();
        let rows = defects
            .iter()
            .filter_map(|defect| Some((defect.clone(), by_name.remove(&defect.name)?)))
            .collect();
        let properties = catalogue().map_err(|error| TeethError::Program(error.to_string()))?;
        let properties = properties.into_iter().map(|property| property.id).collect();
        Ok(Matrix { rows, properties, explored })
    }

    /// Defects that neither suite nor exploration caught.
    pub fn survivors(&self) -> impl Iterator<Item = &Defect> {
        self.rows.iter().filter(|(_, bite)| !bite.is_caught()).map(|(defect, _)| defect)
    }

    /// Properties that no defect has made bite.
    pub fn toothless(&self) -> impl Iterator<Item = &str> {
        let bitten: BTreeSet<&str> = self
            .rows
            .iter()
            .flat_map(|(_, bite)| {
                let explored = bite.explored.iter().map(|caught| caught.property.as_str());
                bite.properties.iter().map(String::as_str).chain(explored)
            })
            .collect();
        self.properties.iter().map(String::as_str).filter(move |id| !bitten.contains(id))
    }

    /// Crossing time to the first violation, sorted: of the suite, of exploration.
    fn times(&self, caught: fn(&Bite) -> Option<&Caught>) -> Vec<(u64, &str)> {
        let mut times: Vec<(u64, &str)> = self
            .rows
            .iter()
            .filter_map(|(defect, bite)| Some((caught(bite)?.virtual_us, defect.name.as_str())))
            .collect();
        times.sort_unstable();
        times
    }

    fn events(&self) -> Vec<usize> {
        let mut events: Vec<usize> = self.rows.iter().filter_map(|(_, bite)| bite.events).collect();
        events.sort_unstable();
        events
    }

    fn count(&self, caught: impl Fn(&Bite) -> bool) -> usize {
        self.rows.iter().filter(|(_, bite)| caught(bite)).count()
    }
}

impl Bite {
    /// Whether anything caught it.
    #[must_use]
    pub const fn is_caught(&self) -> bool {
        self.suite.is_some() || self.explored.is_some()
    }
}

impl fmt::Display for Matrix {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let all = self.rows.len();
        let killed = self.count(Bite::is_caught);
        writeln!(f, "# Wrong controllers\n")?;
        writeln!(f, "{killed} of {all} caught, {} by the suite.", self.count(|bite| bite.suite.is_some()))?;
        if self.explored {
            writeln!(f, "Exploration alone caught {}.", self.count(|bite| bite.explored.is_some()))?;
        }
        self.figures(f)?;
        let survivors: Vec<&str> = self.survivors().map(|defect| defect.name.as_str()).collect();
        if !survivors.is_empty() {
            writeln!(f, "\n**Survivors**: {}", survivors.join(", "))?;
        }
        let toothless: Vec<&str> = self.toothless().collect();
        writeln!(f, "\nProperties not yet shown to bite: {}", or_none(&toothless))?;
        writeln!(f, "\n## What caught what\n")?;
        writeln!(f, "Times are crossing time up to the first violation, all runs before it included.\n")?;
        writeln!(
            f,
            "| defect | suite: scenario | property | time | explored: case | property | time | events | all that broke |"
        )?;
        writeln!(f, "| --- | --- | --- | ---: | --- | --- | ---: | ---: | --- |")?;
        for (defect, bite) in &self.rows {
            self.row(f, defect, bite)?;
        }
        Ok(())
    }
}

impl Matrix {
    fn figures(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (what, caught) in [
            ("suite", (|bite| bite.suite.as_ref()) as fn(&Bite) -> Option<&Caught>),
            ("exploration", |bite| bite.explored.as_ref()),
        ] {
            let times = self.times(caught);
            let Some((median, _)) = times.get(times.len() / 2) else { continue };
            let slowest: Vec<String> = times
                .iter()
                .rev()
                .take(SLOWEST)
                .map(|(time, name)| format!("{name} ({})", minutes(*time)))
                .collect();
            writeln!(f, "\nMedian time to detection, {what}: {}.", minutes(*median))?;
            writeln!(f, "Slowest: {}.", slowest.join(", "))?;
        }
        let events = self.events();
        if let Some(median) = events.get(events.len() / 2) {
            let largest = events.last().unwrap_or(median);
            writeln!(f, "\nMedian size of a shrunk case: {median} events; largest: {largest}.")?;
        }
        Ok(())
    }

    fn row(&self, f: &mut fmt::Formatter<'_>, defect: &Defect, bite: &Bite) -> fmt::Result {
        let cells = |caught: Option<&Caught>| match caught {
            Some(caught) => {
                format!("{} | {} | {}", caught.scenario, caught.property, minutes(caught.virtual_us))
            }
            None => "not caught | |".to_owned(),
        };
        let explored = if self.explored { cells(bite.explored.as_ref()) } else { " | |".to_owned() };
        let events = bite.events.map(|events| events.to_string()).unwrap_or_default();
        let site = match &bite.suite {
            Some(caught) if defect.needs.is_some() => format!(" ({})", caught.site),
            _ => String::new(),
        };
        let name = &defect.name;
        let suite = cells(bite.suite.as_ref());
        writeln!(f, "| {name}{site} | {suite} | {explored} | {events} | {} |", bite.properties.join(" "))
    }
}

fn or_none(list: &[&str]) -> String {
    if list.is_empty() { "none".to_owned() } else { list.join(" ") }
}

/// `2 min 03 s`.
fn minutes(us: u64) -> String {
    let seconds = us / 1_000_000;
    format!("{} min {:02} s", seconds / 60, seconds % 60)
}
