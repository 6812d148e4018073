//! Rows for measuring monitors: one snapshot of the lamps for each change. Vehicle green 30 s to 60 s, yellow 3 s +-
//! 20 ms, all red 2 s, pedestrian green 15 s, flashing 5 s, all red 2 s; people arrive every 1 s to 12 s and are all
//! served by the green, which makes a row every 4.9 s. Both vehicle heads show the same, and both pedestrian heads. Integers
//! and a seed only, so every machine measures the same rows.

/// A snapshot.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Row {
    /// Microseconds.
    pub(crate) at: u64,
    /// Position in `OFF R Y G FY OTHER`.
    pub(crate) vehicle: u8,
    /// Position in `OFF R G FG OTHER`.
    pub(crate) pedestrian: u8,
    /// Persons who wait.
    pub(crate) waiting: u8,
}

/// splitmix64.
fn draw(state: &mut u64, low: u64, high: u64) -> u64 {
    *state = state.wrapping_add(0x9e37_79b9_7f4a_7c15);
    let mut z = *state;
    z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    low + (z ^ (z >> 31)) % (high - low + 1)
}

/// `count` rows of seed `seed`.
#[must_use]
pub(crate) fn rows(count: usize, seed: u64) -> Vec<Row> {
    const MS: u64 = 1_000;
    let mut state = seed;
    let mut found = Vec::with_capacity(count + 8);
    let mut row = Row { at: 0, vehicle: 3, pedestrian: 1, waiting: 0 };
    let mut arrival = 5_000 * MS;
    found.push(row);
    while found.len() < count {
        let phases = [
            (3, 1, draw(&mut state, 30_000, 60_000)),
            (2, 1, draw(&mut state, 2_980, 3_020)),
            (1, 1, 2_000),
            (1, 2, 15_000),
            (1, 3, 5_000),
            (1, 1, 2_000),
        ];
        // Whoever comes waits less than 60 s.
        let soonest = (row.at + (phases[0].2 + phases[1].2 + phases[2].2) * MS).saturating_sub(58_000 * MS);
        let mut start = row.at;
        for (vehicle, pedestrian, length) in phases {
            row = Row { at: start.max(1), vehicle, pedestrian, ..row };
            if pedestrian == 2 {
                row.waiting = 0;
            }
            found.push(row);
            let end = start + length * MS;
            while arrival < end {
                // Who comes during green walks on at once.
                if arrival > row.at.max(soonest) && pedestrian != 2 && vehicle != 1 && row.waiting < 200 {
                    row = Row { at: arrival, waiting: row.waiting + 1, ..row };
                    found.push(row);
                }
                arrival += draw(&mut state, 1_000, 12_000) * MS;
            }
            start = end;
            row.at = end;
        }
    }
    found.truncate(count);
    found
}
