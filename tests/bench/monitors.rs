//! `cargo bench --bench monitors`: one property of the catalogue alone, and the three together, over 1,000,000 rows of lamp
//! states. What of the catalogue is loaded, and how, stands in `feed.rs`. `tests/peers` measures the same properties over the
//! same rows beside another engine.

mod feed;
mod rows;

use divan::Bencher;
use divan::counter::ItemsCount;

const COUNT: usize = 1_000_000;
const NAMES: [&str; 3] = ["P01 never conflict", "P25 responds within 60 s", "P10 yellow lasts 3 s"];

fn main() {
    divan::main();
}

#[divan::bench(args = NAMES, sample_count = 10, sample_size = 1)]
fn alone(bencher: Bencher<'_, '_>, name: &str) {
    let place = NAMES.iter().position(|known| *known == name).unwrap_or_default();
    measure(bencher, &feed::property(feed::PROPERTIES[place]));
}

#[divan::bench(sample_count = 10, sample_size = 1)]
fn together(bencher: Bencher<'_, '_>) {
    measure(bencher, &feed::PROPERTIES.map(feed::property).concat());
}

fn measure(bencher: Bencher<'_, '_>, catalogue: &str) {
    let rows = rows::rows(COUNT, 7);
    bencher
        .counter(ItemsCount::new(COUNT))
        .with_inputs(|| feed::engine(catalogue))
        .bench_local_values(|mut engine| feed::feed(&mut engine, &rows));
}
