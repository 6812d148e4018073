//! The client as a table: every stage of a transaction against everything that may happen.

use std::fmt::Write as _;

use super::bus_tests::{LINE, answer};
use super::frame::{Request, Response};
use super::{Client, ClientConfig};
use crate::time::{Instant, Span};

const UNIT: u8 = 3;
const STAGES: [&str; 6] =
    ["idle", "waits for silence", "awaits", "awaits, one bit wrong", "asks again", "told all"];
const EVENTS: [&str; 9] = [
    "its answer",
    "an exception",
    "another's answer",
    "one bit wrong",
    "half an answer",
    "time",
    "ask",
    "ask urgently",
    "clear",
];

fn question() -> Request {
    Request::ReadHolding(0, 1)
}

fn reply() -> Vec<u8> {
    answer(UNIT, &Response::Registers(3, [7].as_slice().into()))
}

fn wrong() -> Vec<u8> {
    let mut bytes = reply();
    bytes[4] ^= 1;
    bytes
}

/// A client in a stage, and the time.
fn reach(stage: &str) -> (Client<u8>, Instant) {
    let config = ClientConfig {
        line: LINE,
        timeout: Span::from_ms(100),
        urgent_timeout: Span::from_ms(40),
        retries: 1,
    };
    let mut client = Client::new(config);
    let mut now = Instant::from_ms(1_000);
    match stage {
        "idle" => return (client, now),
        "waits for silence" => {
            client.handle_bytes(now, &[0x55]);
            client.poll_reject();
            client.ask(now, 1, UNIT, question(), false);
            return (client, now);
        }
        "told all" => _ = client.ask(now, 1, 0, Request::WriteRegister(0, 1), false),
        _awaits => _ = client.ask(now, 1, UNIT, question(), false),
    }
    client.poll_send().expect("sent at once");
    now += Span::from_ms(20);
    match stage {
        "awaits, one bit wrong" => client.handle_bytes(now, &wrong()),
        "asks again" => {
            now = client.poll_timeout().expect("a time-out").at;
            client.handle_timeout(now);
        }
        _ready => {}
    }
    (client, now)
}

fn cell(stage: &str, event: &str) -> String {
    let (mut client, now) = reach(stage);
    match event {
        "its answer" => client.handle_bytes(now, &reply()),
        "an exception" => {
            client.handle_bytes(
                now,
                &answer(UNIT, &Response::Exception(3, super::frame::Exception::IllegalAddress)),
            );
        }
        "another's answer" => {
            client.handle_bytes(now, &answer(UNIT + 1, &Response::Registers(3, [7].as_slice().into())));
        }
        "one bit wrong" => client.handle_bytes(now, &wrong()),
        "half an answer" => client.handle_bytes(now, &reply()[..4]),
        "time" => match client.poll_timeout() {
            Some(wake) => client.handle_timeout(wake.at),
            None => return "-".to_owned(),
        },
        "ask" => _ = client.ask(now, 2, UNIT, question(), false),
        "ask urgently" => _ = client.ask(now, 3, UNIT, question(), true),
        "clear" => client.clear(),
        other => panic!("no event {other}"),
    }
    let mut parts = Vec::new();
    while let Some(done) = client.poll_done() {
        parts.push(format!(
            "{} done: {}",
            done.tag,
            match done.result {
                Ok(Some(Response::Exception(..))) => "exception".to_owned(),
                Ok(Some(_)) => "answered".to_owned(),
                Ok(None) => "told".to_owned(),
                Err(failure) => format!("{failure:?}"),
            }
        ));
    }
    if let Some((count, why)) = client.poll_reject() {
        parts.push(format!("throws {count} away ({why})"));
    }
    if client.poll_send().is_some() {
        parts.push("sends".to_owned());
    }
    if let Some(wake) = client.poll_timeout() {
        parts.push(format!("{} in {} s", wake.why, wake.at.since(now)));
    }
    if parts.is_empty() { "-".to_owned() } else { parts.join("; ") }
}

#[test]
fn the_client_is_a_table() {
    let mut text = String::new();
    for stage in STAGES {
        let _ = writeln!(text, "{stage}");
        for event in EVENTS {
            let _ = writeln!(text, "    {event:<17} {}", cell(stage, event));
        }
    }
    insta::with_settings!({ snapshot_path => "../../../fixtures/snapshots", prepend_module_to_snapshot => false }, {
        insta::assert_snapshot!("matrix_modbus_client", text);
    });
}
