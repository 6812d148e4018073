//! A bench from a site.

use std::collections::VecDeque;

use emulators::cable::{Cable, Config as CableConfig};
use emulators::camera::{Camera, Config as CameraConfig};
use emulators::countdown::{Config as DisplayConfig, Countdown};
use emulators::crowd::{Config as CrowdConfig, Crowd, CrowdSight};
use emulators::discrete_inputs::{Config as InputsConfig, DiscreteInputs};
use emulators::light_post::{Config as PostConfig, LightPost};
use emulators::pedestrian_head::{Config as PedestrianConfig, PedestrianHead};
use emulators::service_panel::{Config as PanelConfig, ServicePanel};
use emulators::time::Line;
use emulators::vehicle_head::{Config as VehicleConfig, VehicleHead};

use super::Bench;
use super::node::Node;
use super::sense::Sense;
use super::wakes::Wakes;
use super::wire::{IN_NO_TIME, Wire};
use crate::site::{CableRole, Site};

/// More people than a crossing holds; what comes beyond is refused by the crowd.
const CROWD_LIMIT: usize = 10_000;
/// Tongzhou keeps Beijing time.
const UTC_OFFSET_S: i32 = 8 * 3_600;

impl Bench {
    /// A bench without supply. `starts_at` is the local time when the run begins (seconds since 1970-01-01); `seed`
    /// decides everything that is left to chance in cameras and cables, each part with a stream of its own.
    #[must_use]
    pub fn new(site: &Site, starts_at: u32, seed: u64) -> Bench {
        let wiring = &site.wiring;
        let line = |role: CableRole| wiring.cables[role.index()].map_or(Line::n81(9_600), |cable| cable.line);
        let lamps = line(CableRole::Lamps);
        let head = |unit| VehicleHead::new(VehicleConfig { unit, line: lamps });
        let pedestrian = |unit| PedestrianHead::new(PedestrianConfig { unit, line: lamps });
        let display = |number| Countdown::new(DisplayConfig { number, edition: wiring.countdown.edition });
        let post = |unit| {
            LightPost::new(PostConfig {
                unit,
                line: lamps,
                go_lasts: wiring.lamps.go_lasts,
                stop_lasts: wiring.lamps.stop_lasts,
            })
        };
        let [va, vb] = wiring.lamps.vehicle;
        let [pa, pb] = wiring.lamps.pedestrian;
        let [posta, postb] = wiring.lamps.posts;
        let inputs =
            wiring.feedback.vehicle.iter().flatten().chain(wiring.feedback.pedestrian.iter().flatten());
        let feedback = InputsConfig {
            unit: wiring.feedback.unit,
            line: line(CableRole::Feedback),
            inputs: inputs.max().map_or(1, |&last| last.saturating_add(1)),
        };
        let panel = wiring.service.map(|service| {
            ServicePanel::new(PanelConfig {
                unit: service.unit,
                line: line(CableRole::Service),
                period: service.period,
            })
        });
        Bench {
            cables: CableRole::ALL.map(|role| cable(site, role, seed, None)),
            wires: [const { None }; CableRole::COUNT],
            absent: [false; Node::COUNT],
            crowd: Crowd::new(CrowdConfig { width_mm: site.geometry.width_mm, limit: CROWD_LIMIT }),
            cameras: [0, 1].map(|side| Camera::new(camera(site, side, starts_at, seed))),
            vehicle: [head(va), head(vb)],
            pedestrian: [pedestrian(pa), pedestrian(pb)],
            displays: [
                display(wiring.countdown.vehicle[0]),
                display(wiring.countdown.vehicle[1]),
                display(wiring.countdown.pedestrian[0]),
                display(wiring.countdown.pedestrian[1]),
            ],
            posts: [post(posta), post(postb)],
            feedback: DiscreteInputs::new(feedback),
            panel,
            sense: wiring.sense.map(|sense| Sense::new(sense, line(CableRole::Sense))),
            has_lamp_bus: wiring.has(CableRole::Lamps),
            feedback_wiring: wiring.feedback,
            covers_crosswalk: [0, 1].map(|side| wiring.cameras[side].crosswalk_channel.is_some()),
            green_lit: [false; 2],
            people: CrowdSight::default(),
            wakes: Wakes::default(),
            out: VecDeque::with_capacity(64),
            spare: Vec::new(),
        }
    }
}

impl Bench {
    /// As [`Bench::new`], with real wires where `wires` (by [`CableRole::index`]) says so: those take their own time.
    #[must_use]
    pub fn on_wires(site: &Site, starts_at: u32, seed: u64, wires: [bool; CableRole::COUNT]) -> Bench {
        let mut bench = Bench::new(site, starts_at, seed);
        for role in CableRole::ALL.into_iter().filter(|role| wires[role.index()]) {
            if let Some(wiring) = site.wiring.cables[role.index()] {
                bench.cables[role.index()] = cable(site, role, seed, Some(IN_NO_TIME));
                bench.wires[role.index()] = Some(Wire::new(wiring.line));
            }
        }
        bench
    }
}

/// One stream per part: the same part draws the same numbers whatever the others do.
fn stream(seed: u64, part: u64) -> u64 {
    seed.wrapping_mul(0x9e37_79b9_7f4a_7c15).wrapping_add(part.wrapping_mul(0xbf58_476d_1ce4_e5b9))
}

fn cable(site: &Site, role: CableRole, seed: u64, line: Option<Line>) -> Option<Cable> {
    let wiring = site.wiring.cables[role.index()]?;
    let ends = 1 + Node::on_cable(role).len() as u8;
    let seed = stream(seed, 1 + role.index() as u64);
    let cable =
        Cable::new(CableConfig { line: line.unwrap_or(wiring.line), duplex: wiring.duplex, ends, seed });
    Some(if role == CableRole::Countdown { cable.tell_departures() } else { cable })
}

fn camera(site: &Site, side: usize, starts_at: u32, seed: u64) -> CameraConfig {
    let wiring = &site.wiring.cameras[side];
    let role = [CableRole::CameraA, CableRole::CameraB][side];
    CameraConfig {
        address: wiring.address,
        controller: site.wiring.controller,
        crc: wiring.crc,
        crosswalk_info_len: wiring.crosswalk_info_len,
        line: site.wiring.cables[role.index()].map_or(Line::n81(19_200), |cable| cable.line),
        waiting_channel: wiring.waiting_channel,
        crosswalk_channel: wiring.crosswalk_channel,
        waiting_capacity: wiring.waiting_capacity,
        crosswalk_capacity: wiring.crosswalk_capacity,
        period: wiring.period,
        statistics_period: wiring.statistics_period,
        clock: starts_at.saturating_add_signed(wiring.clock_error_s),
        utc_offset: UTC_OFFSET_S,
        seed: stream(seed, 101 + side as u64),
    }
}
