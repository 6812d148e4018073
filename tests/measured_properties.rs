//! What `cargo bench --bench monitors` and `tests/peers` measure still is the catalogue's, and is exercised by their rows:
//! a property that learnt a new signal, or that is never triggered, would be measured for nothing.

#[path = "bench/feed.rs"]
mod feed;
#[path = "bench/rows.rs"]
mod rows;

use rig::monitor::Verdict;

#[test]
fn what_is_measured_is_exercised_and_holds() {
    let rows = rows::rows(10_000, 7);
    for chosen in feed::PROPERTIES {
        let mut engine = feed::engine(&feed::property(chosen));
        let results = feed::feed(&mut engine, &rows);
        let [result] = results.as_slice() else { panic!("one property was asked for: {results:?}") };
        assert_eq!(result.id, chosen.0);
        assert!(result.triggers > 100, "{result:?}");
        // Rows end while somebody waits.
        assert!(matches!(result.verdict, Verdict::Passed | Verdict::Pending { .. }), "{result:?}");
    }
}
