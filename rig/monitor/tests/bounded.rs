//! A long record costs time, not memory.

use emulators::time::{Instant, Span};

use super::{limits, vocabulary};
use crate::monitor::{Change, Engine, SignalId, Value, load};

const MANY: u64 = 1_000_000;

#[test]
fn a_million_events_leave_nothing_behind_but_what_the_bounds_allow() {
    let checks = [
        "never = \"ON and cdP>3\"\nlonger_than = \"1h\"",
        "lasts = \"ON\"\nat_least = \"1ms\"\nat_most = \"1h\"",
        "when = \"at(frame)\"\nthen = \"VA=FY\"\nwithin = \"10h\"",
        "when = \"at(frame)\"\nthen = \"at(log)\"\nwithin = [\"1h\", \"10h\"]",
        "at = \"at(frame)\"\nseen = \"held(ON, 5s) or recent(not ON, 1h)\"\nwithin = \"10h\"",
        "counts_to = \"up(VA=FY)\"\ncounter = \"cdP\"",
        "steps = \"cdP\"\nby = -1\nevery = \"1s\"",
        "every = \"at(frame)\"\nat_most = \"1h\"",
        "share = \"ON\"\nwindow = \"1h\"\nat_least = 1",
        "agree = [\"cdP\", \"cdV\"]\nwithin = \"1h\"",
    ];
    let text: String = checks
        .iter()
        .enumerate()
        .map(|(place, check)| format!("[[property]]\nid = \"B{place}\"\n[[property.check]]\n{check}\n"))
        .collect();
    let vocabulary = vocabulary();
    let properties = load(&text, "bounded").expect("well formed");
    let mut engine = Engine::new(&properties, &vocabulary, &limits(), "", &[]).expect("compiles");
    let find = |name: &str| vocabulary.find(name).expect("known").0;
    let (on, counter, frame) = (find("ON"), find("cdP"), find("frame"));
    let mut most = 0;
    for step in 0..MANY / 3 {
        let at = Instant::from_ms(step * 7);
        let mut tell = |signal: SignalId, value| {
            engine.change(&Change { signal, value, at, since: at, uncertainty: Span::ZERO });
        };
        tell(on, Value::Level((step % 2) as u8));
        tell(counter, Value::Number((step % 200) as i64));
        tell(frame, Value::Number(0));
        if step % 1_000 == 0 {
            most = most.max(engine.held());
        }
    }
    // Obligations and changes a window have their own limits; everything else holds one thing and one timer each.
    assert!(most < 2 * 256 + 256 + 4_200 + 5 * checks.len(), "{most} things held");
    let results = engine.finish(Instant::from_ms(MANY / 3 * 7));
    assert!(results.iter().all(|result| result.first.len() <= crate::monitor::KEPT));
    assert!(results[2].triggers > MANY / 4, "all of them are counted");
}
