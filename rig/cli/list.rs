//! `rig list`.

use clap::ValueEnum;
use serde_json::json;

use super::{Exit, complain};
use crate::monitor::catalogue;
use crate::scenario::library as scenarios;
use crate::site::library as sites;

/// Arguments of `rig list`.
#[derive(Debug, clap::Args)]
pub(super) struct Arguments {
    /// What to list.
    #[arg(value_enum)]
    what: Kind,
    /// As JSON.
    #[arg(long)]
    json: bool,
}

#[derive(Clone, Copy, Debug, ValueEnum)]
enum Kind {
    Sites,
    Scenarios,
    Properties,
}

/// One line of a list: name and text.
struct Row {
    name: String,
    text: String,
}

/// Runs the command.
pub(super) fn run(arguments: &Arguments) -> Exit {
    let rows = match arguments.what {
        Kind::Sites => site_rows(),
        Kind::Scenarios => scenario_rows(),
        Kind::Properties => property_rows(),
    };
    let rows = match rows {
        Ok(rows) => rows,
        Err(error) => {
            complain(&error);
            return Exit::Usage;
        }
    };
    if arguments.json {
        let all: Vec<_> = rows.iter().map(|row| json!({ "name": row.name, "text": row.text })).collect();
        say!("{:#}", json!(all));
    } else {
        let width = rows.iter().map(|row| row.name.len()).max().unwrap_or(0);
        for row in rows {
            say!("{:<width$}  {}", row.name, row.text);
        }
    }
    Exit::Passed
}

type Rows = Result<Vec<Row>, Box<dyn std::error::Error>>;

fn site_rows() -> Rows {
    let mut rows = Vec::new();
    for name in sites::names() {
        let site = sites::find(&name)?;
        let metres = f64::from(site.geometry.width_mm) / 1_000.0;
        let text = format!("{} ({metres} m, {})", site.title, site.policy());
        rows.push(Row { name, text });
    }
    Ok(rows)
}

fn scenario_rows() -> Rows {
    let mut rows = Vec::new();
    for name in scenarios::names() {
        let scenario = scenarios::find(&name, 1)?;
        let text = format!("{} ({} s)", scenario.title, scenario.lasts.as_secs());
        rows.push(Row { name, text });
    }
    Ok(rows)
}

fn property_rows() -> Rows {
    let rows = catalogue()?.into_iter().map(|property| {
        let left_out = None::<String>.as_ref().map(|why| format!(" (left out: {why})")).unwrap_or_default();
        Row {
            text: format!("{}: {} [{}]{left_out}", property.title, property.sentence, property.source),
            name: property.id,
        }
    });
    Ok(rows.collect())
}
