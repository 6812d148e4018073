//! The session machine as a table: every state against every input.

use std::fmt::Write;

use super::*;
use crate::camera::session::State;

const LEGEND: &str = "\
Camera session: what each input does in each state.

cell    what is sent (operation/object, `banner`, `+` joins, `x3` three times), then the state if it changes; `.` is neither
upload  82/0801 people now, 82/0802 statistics, 82/0205 status, 82/0201 time
reply   83 to a query, 84 to a set, 86 error
81/0101 connect request
reboot  lasts 2 s here; periods: upload 0.5 s, statistics 60 s
";

type Do = fn(&mut Bench);

const INPUTS: [(&str, Do); 22] = [
    ("power comes", |bench| bench.input(Input::Power(true))),
    ("power goes", |bench| bench.input(Input::Power(false))),
    ("connect reply", |bench| bench.tell(&Message::ConnectReply)),
    ("heartbeat query", |bench| bench.tell(&Message::HeartbeatQuery)),
    ("time query", |bench| bench.tell(&Message::TimeQuery)),
    ("time set", |bench| bench.tell(&Message::TimeSet(crate::wire::gbt43229::DeviceTime { s: 9, ms: 0 }, 0))),
    ("serial query", |bench| bench.tell(&Message::SerialQuery)),
    ("config query", |bench| bench.tell(&Message::ConfigQuery)),
    ("status query", |bench| bench.tell(&Message::StatusQuery)),
    ("history query, none kept", |bench| bench.tell(&Message::HistoryQuery { start: 0, end: 1 })),
    ("statistics acknowledged", |bench| bench.tell(&Message::StatisticsAck)),
    ("query of object 0999", |bench| {
        bench.tell(&Message::Unknown { operation: 0x80, object: 0x0999, content: Vec::new() });
    }),
    ("heartbeat query, broadcast", |bench| {
        let everybody = Address { number: Address::BROADCAST, ..CAMERA };
        bench.bytes(&frame(&Message::HeartbeatQuery, CONTROLLER, everybody));
    }),
    ("heartbeat query to another", |bench| {
        let other = Address { number: 102, ..CAMERA };
        bench.bytes(&frame(&Message::HeartbeatQuery, CONTROLLER, other));
    }),
    ("damaged frame", |bench| bench.bytes(&[0xc0, 1, 2, 3, 0xc0])),
    ("somebody comes", |bench| bench.act(see(1, 0, 0))),
    ("reports itself abnormal", |bench| bench.fail(Fault::SelfReported)),
    ("reboots", |bench| bench.fail(Fault::Reboot(Span::from_secs(2)))),
    ("0.5 s pass", |bench| bench.run_ms(500)),
    ("woken early", |bench| {
        bench.camera.handle_timeout(bench.now);
        bench.drain();
    }),
    ("5 s pass, no uploads shown", |bench| bench.run_ms(5_000)),
    ("16 s pass, no uploads shown", |bench| bench.run_ms(16_000)),
];

fn in_state(state: State) -> Bench {
    let mut bench = match state {
        State::Off => Bench::off(config()),
        State::Offline => Bench::offline(config()),
        State::Online => Bench::online(config()),
        State::Rebooting => {
            let mut bench = Bench::offline(config());
            bench.fail(Fault::Reboot(Span::from_secs(2)));
            bench
        }
    };
    bench.heartbeat = false;
    bench.forget_sent();
    assert_eq!(bench.camera.state, state);
    bench
}

fn cell(state: State, what: &str, input: Do) -> String {
    let mut bench = in_state(state);
    input(&mut bench);
    let shown = |bytes: &[u8]| match read(bytes) {
        Some(Message::RealTime(_)) if what.ends_with("no uploads shown") => None,
        Some(message) => {
            let (operation, object) = message.code();
            Some(format!("{operation:02x}/{object:04x}"))
        }
        None => Some("banner".to_owned()),
    };
    let sent: Vec<String> = bench.raw.iter().filter_map(|(_, bytes)| shown(bytes)).collect();
    let runs: Vec<String> = sent
        .chunk_by(|one, next| one == next)
        .map(|run| if run.len() == 1 { run[0].clone() } else { format!("{} x{}", run[0], run.len()) })
        .collect();
    let mut text = runs.join(" + ");
    if bench.camera.state != state {
        let _ = write!(text, "{}-> {:?}", if text.is_empty() { "" } else { " " }, bench.camera.state);
    }
    if text.is_empty() { ".".to_owned() } else { text }
}

#[test]
fn the_session_machine_answers_every_input_in_every_state() {
    let states = [State::Off, State::Rebooting, State::Offline, State::Online];
    let mut rows = vec![vec!["input".to_owned()]];
    rows[0].extend(states.iter().map(|state| format!("{state:?}")));
    for (what, input) in INPUTS {
        let mut row = vec![what.to_owned()];
        row.extend(states.iter().map(|&state| cell(state, what, input)));
        rows.push(row);
    }
    let width = |column: usize| rows.iter().map(|row| row[column].len()).max().unwrap_or(0);
    let widths: Vec<usize> = (0..=states.len()).map(width).collect();
    let mut table = String::from(LEGEND);
    for row in &rows {
        let line: String = row.iter().zip(&widths).map(|(text, width)| format!("{text:width$}  ")).collect();
        let _ = write!(table, "\n{}", line.trim_end());
    }
    insta::with_settings!({
        snapshot_path => concat!(env!("CARGO_MANIFEST_DIR"), "/../fixtures/snapshots"),
        prepend_module_to_snapshot => false,
        omit_expression => true,
    }, {
        insta::assert_snapshot!("camera-session-matrix", table);
    });
}
