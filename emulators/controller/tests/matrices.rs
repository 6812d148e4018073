//! State machines as tables: every state against every event.

use std::fmt::Write as _;

use super::super::camera_link::{CameraSession, Session};
use super::super::detector::Detector;
use super::super::map::{self, Mode};
use super::super::plan::{Circumstances, Plan, Stage};
use super::site;
use super::street::Street;
use crate::device::Operator;
use crate::time::{Instant, Span};
use crate::wire::gbt43229::{DeviceTime, Message, RealTime};

/// A table with a row per state and a column per event.
pub(super) fn table(events: &[&str], rows: impl IntoIterator<Item = (String, Vec<String>)>) -> String {
    let rows: Vec<_> = rows.into_iter().collect();
    let first = rows.iter().map(|(name, _)| name.len()).max().unwrap_or(0);
    let widths: Vec<usize> = (0..events.len())
        .map(|column| rows.iter().map(|(_, cells)| cells[column].len()).max().unwrap_or(0))
        .zip(events)
        .map(|(width, event)| width.max(event.len()))
        .collect();
    let mut text = String::new();
    let mut line = |name: &str, cells: &mut dyn Iterator<Item = &str>| {
        let _ = write!(text, "{name:first$}");
        for (cell, width) in cells.zip(&widths) {
            let _ = write!(text, " | {cell:width$}");
        }
        text = text.trim_end().to_owned();
        text.push('\n');
    };
    line("", &mut events.iter().copied());
    for (name, cells) in &rows {
        line(name, &mut cells.iter().map(String::as_str));
    }
    text
}

pub(super) fn snapshot(name: &str, text: &str) {
    insta::with_settings!({ snapshot_path => "../../../fixtures/snapshots", prepend_module_to_snapshot => false }, {
        insta::assert_snapshot!(name, text);
    });
}

const STAGES: [Stage; 11] = [
    Stage::StartFlash,
    Stage::StartAllRed,
    Stage::VehicleGreen,
    Stage::Yellow,
    Stage::AllRed,
    Stage::Walk,
    Stage::WalkFlash,
    Stage::Buffer,
    Stage::Extension,
    Stage::Flash,
    Stage::Off,
];

/// A plan that has just come into this stage, with an announced change where there is one.
fn reach(stage: Stage) -> (Plan, Instant) {
    let mut plan = Plan::new(site::config().timing, Instant::ZERO);
    let mut now = Instant::ZERO;
    match stage {
        Stage::Flash => assert!(plan.flash(now)),
        Stage::Off => assert!(plan.off(now)),
        _ => {}
    }
    while plan.stage() != stage {
        let seen = Circumstances {
            serve_at: Some(now),
            announces: true,
            occupied: stage == Stage::Extension,
            ..Circumstances::default()
        };
        now = plan.due(&seen).expect("leads on").max(now);
        plan.advance(now, &seen).expect("is due");
    }
    (plan, now)
}

#[test]
fn the_plan_is_a_table() {
    let events = [
        "time",
        "time, occupied",
        "time, no walk",
        "serve",
        "held",
        "held, step",
        "flash",
        "off",
        "start again",
    ];
    let later = |now: Instant| now + Span::from_secs(60);
    let rows = STAGES.map(|stage| {
        let cell = |event: &str| {
            let (mut plan, now) = reach(stage);
            let mut seen = Circumstances { empty_since: Some(now), ..Circumstances::default() };
            match event {
                "time" => {}
                "time, occupied" => {
                    seen.occupied = true;
                    seen.empty_since = None;
                }
                "time, no walk" => seen.no_walk = true,
                "serve" => {
                    seen.serve_at = Some(now);
                    seen.announces = true;
                }
                "held" => seen.held = true,
                "held, step" => {
                    seen.held = true;
                    plan.step();
                }
                "flash" => _ = plan.flash(now),
                "off" => _ = plan.off(now),
                "start again" => {}
                other => panic!("no event {other}"),
            }
            if event == "start again" {
                plan.start_again(now);
                assert_eq!(plan.stage(), stage, "flash and darkness last 3 s");
                plan.start_again(later(now));
            }
            if matches!(event, "flash" | "off" | "start again") {
                return format!("{:?}", plan.stage());
            }
            match plan.advance(later(now), &seen) {
                None => "-".to_owned(),
                Some(_) if plan.stage() != stage => format!("{:?}", plan.stage()),
                Some(happened) => format!("{happened:?}"),
            }
        };
        (format!("{stage:?}"), events.iter().map(|event| cell(event)).collect())
    });
    snapshot("controller_plan_matrix", &table(&events, rows));
}

#[test]
fn a_detector_is_a_table() {
    let limits = site::config().detectors;
    let states = ["healthy", "in doubt", "lost", "implausible", "self-reported", "lost, five good frames"];
    let at = |ms: u64| Instant::from_ms(100_000 + ms);
    let reach = |state: &str| {
        let mut changes = Vec::new();
        let mut zone = Detector::new(limits, 60, at(0));
        zone.frame(at(0), 1, &mut changes);
        match state {
            "healthy" => {}
            "in doubt" => _ = zone.frame(at(500), 99, &mut changes),
            "lost" => zone.offline(at(500), &mut changes),
            "implausible" => {
                zone.frame(at(500), 99, &mut changes);
                zone.handle_timeout(at(2_500), &mut changes);
            }
            "self-reported" => zone.self_report(at(500), true, &mut changes),
            "lost, five good frames" => {
                zone.offline(at(500), &mut changes);
                for frame in 0..5 {
                    zone.frame(at(10_000 + frame), 1, &mut changes);
                }
            }
            other => panic!("no state {other}"),
        }
        zone
    };
    let events = [
        "good frame",
        "empty frame",
        "impossible frame",
        "2 s later",
        "4 s later",
        "off-line",
        "abnormal",
        "normal",
    ];
    let rows = states.map(|state| {
        let cell = |event: &str| {
            let mut zone = reach(state);
            let mut changes = Vec::new();
            let now = at(12_000);
            let before = zone.bits();
            // Frames have kept coming, except where silence is the event.
            match event {
                "good frame" => _ = zone.frame(now, 1, &mut changes),
                "empty frame" => _ = zone.frame(now, 0, &mut changes),
                "impossible frame" => _ = zone.frame(now, 200, &mut changes),
                "2 s later" => zone.handle_timeout(at(2_600), &mut changes),
                "4 s later" => zone.handle_timeout(at(15_000), &mut changes),
                "off-line" => zone.offline(now, &mut changes),
                "abnormal" => zone.self_report(now, true, &mut changes),
                "normal" => zone.self_report(now, false, &mut changes),
                other => panic!("no event {other}"),
            }
            if changes.is_empty() {
                assert_eq!(zone.bits(), before);
                return format!("- count {}", zone.count());
            }
            format!("{changes:?} count {}", zone.count())
        };
        (state.to_owned(), events.iter().map(|event| cell(event)).collect())
    });
    snapshot("controller_detector_matrix", &table(&events, rows));
}

#[test]
fn a_camera_session_is_a_table() {
    let config = site::config();
    let link = config.cameras[0];
    let bytes = |message: &Message| {
        let mut bytes = Vec::new();
        message.packet(link.address, config.address, link.crosswalk_info_len).emit(link.crc, &mut bytes);
        bytes
    };
    let at = Instant::from_ms;
    let upload = |s: u32| Message::RealTime(RealTime { at: DeviceTime { s, ms: 0 }, zones: vec![] });
    let states = ["unknown", "on-line", "asked", "missed two", "off-line"];
    let reach = |state: &str| {
        let mut session = CameraSession::new(link, config.address, Span::from_secs(3));
        let mut heard = Vec::new();
        let queries = match state {
            "unknown" => return session,
            "on-line" => 0,
            "asked" => 1,
            "missed two" => 3,
            "off-line" => 4,
            other => panic!("no state {other}"),
        };
        session.handle_bytes(at(0), &bytes(&Message::ConnectRequest), &mut heard);
        session.handle_bytes(at(0), &bytes(&Message::ConfigSetReply), &mut heard);
        for query in 1..=queries {
            session.handle_timeout(at(query * 5_000), &mut heard);
        }
        while session.poll_send().is_some() {}
        session
    };
    let events =
        ["connect request", "heartbeat reply", "upload", "second upload with the same stamp", "5 s later"];
    let rows = states.map(|state| {
        let cell = |event: &str| {
            let mut session = reach(state);
            let mut heard = Vec::new();
            let now = at(22_000);
            match event {
                "connect request" => session.handle_bytes(now, &bytes(&Message::ConnectRequest), &mut heard),
                "heartbeat reply" => session.handle_bytes(now, &bytes(&Message::HeartbeatReply), &mut heard),
                "upload" => session.handle_bytes(now, &bytes(&upload(22)), &mut heard),
                "second upload with the same stamp" => {
                    session.handle_bytes(now, &bytes(&upload(22)), &mut heard);
                    heard.clear();
                    session.handle_bytes(now, &bytes(&upload(22)), &mut heard);
                }
                "5 s later" => session.handle_timeout(at(25_000), &mut heard),
                other => panic!("no event {other}"),
            }
            let sent = std::iter::from_fn(|| session.poll_send()).count();
            let after = match session.session {
                Session::Unknown => "unknown".to_owned(),
                Session::Offline => "off-line".to_owned(),
                Session::Online { missed, asked, .. } => {
                    format!("on-line, {missed} missed{}", if asked { ", asked" } else { "" })
                }
            };
            let heard: Vec<String> = heard
                .iter()
                .map(|heard| format!("{heard:?}").split('(').next().unwrap_or("").to_owned())
                .collect();
            format!(
                "{after}; hears {}; sends {sent}",
                if heard.is_empty() { "-".to_owned() } else { heard.join(" ") }
            )
        };
        (state.to_owned(), events.iter().map(|event| cell(event)).collect())
    });
    snapshot("controller_camera_session_matrix", &table(&events, rows));
}

#[test]
fn the_modes_are_a_table() {
    let states =
        ["start-up", "vehicle green", "announced", "walk", "manual", "flash", "off", "latched fault"];
    let reach = |state: &str| {
        let mut street = Street::new();
        match state {
            "start-up" => street.run_to(5_000),
            "vehicle green" => street.run_to(60_000),
            "announced" | "walk" => {
                street.run_to(60_000);
                street.wait(0, 1);
                street.run_to(if state == "walk" { 97_000 } else { 85_000 });
            }
            "manual" | "flash" | "off" => {
                street.run_to(60_000);
                street.operate(match state {
                    "manual" => Operator::Manual,
                    "flash" => Operator::Flash,
                    _ => Operator::Off,
                });
            }
            "latched fault" => {
                street.run_to(60_000);
                street.shorted = 1;
                street.look();
                street.run_to(61_000);
                street.shorted = 0;
                street.look();
            }
            other => panic!("no state {other}"),
        }
        street.run(4_000);
        street
    };
    let operators = [
        Operator::Automatic,
        Operator::Manual,
        Operator::Step,
        Operator::Flash,
        Operator::Off,
        Operator::Reset,
    ];
    let events = ["automatic", "manual", "step", "flash", "off", "reset", "both cameras lost"];
    let mode = |street: &mut Street| Mode::of(street.register(map::MODE));
    let rows = states.map(|state| {
        let mut cells: Vec<String> = operators
            .iter()
            .map(|&operator| {
                let mut street = reach(state);
                street.operate(operator);
                let soon = mode(&mut street);
                street.run(40_000);
                format!("{:?} then {:?}", soon.expect("a mode"), mode(&mut street).expect("a mode"))
            })
            .collect();
        let mut street = reach(state);
        street.eyes[0].silent = true;
        street.eyes[1].silent = true;
        street.run(4_000);
        cells.push(format!("{:?}", mode(&mut street).expect("a mode")));
        (state.to_owned(), cells)
    });
    snapshot("controller_mode_matrix", &table(&events, rows));
}
