//! `cargo bench --bench monitors`: one property alone, and the three together, over rows of lamp states.

mod feed;
mod rows;

use divan::Bencher;
use divan::counter::ItemsCount;

const COUNT: usize = 100_000;

fn main() {
    divan::main();
}

#[divan::bench(args = ["never conflict", "responds within 60 s", "yellow lasts 3 s"])]
fn alone(bencher: Bencher<'_, '_>, name: &str) {
    let place = ["never conflict", "responds within 60 s", "yellow lasts 3 s"]
        .iter()
        .position(|known| *known == name);
    measure(bencher, rows::PROPERTIES[place.unwrap_or_default()]);
}

#[divan::bench]
fn together(bencher: Bencher<'_, '_>) {
    measure(bencher, &rows::PROPERTIES.concat());
}

fn measure(bencher: Bencher<'_, '_>, catalogue: &str) {
    let rows = rows::rows(COUNT, 7);
    bencher
        .counter(ItemsCount::new(COUNT))
        .with_inputs(|| feed::engine(catalogue))
        .bench_local_values(|mut engine| feed::feed(&mut engine, &rows));
}
