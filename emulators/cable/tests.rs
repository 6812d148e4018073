//! The rules of a cable with nothing wrong, and of a shared one. The faults are in `fault_tests.rs`.

use super::*;

pub(super) const A: End = End(0);
pub(super) const B: End = End(1);

/// 9600 8N1: 1,041.67 us a character.
pub(super) fn cable(duplex: Duplex, seed: u64) -> Cable {
    Cable::new(Config { line: Line::n81(9_600), duplex, ends: 3, seed })
}

pub(super) fn ms(ms: u64) -> Instant {
    Instant::from_ms(ms)
}

pub(super) fn us(us: u64) -> Instant {
    Instant::from_us(us)
}

/// Everything that is handed out, at its own wakes, until `until` or until nothing is left to do.
pub(super) fn run(cable: &mut Cable, until: Instant) -> Vec<Delivery> {
    let mut all: Vec<Delivery> = std::iter::from_fn(|| cable.poll_delivery()).collect();
    while let Some(wake) = cable.poll_timeout().filter(|wake| wake.at <= until) {
        cable.handle_timeout(wake.at);
        while let Some(delivery) = cable.poll_delivery() {
            assert_eq!(delivery.end, wake.at, "a delivery is handed out at its end");
            all.push(delivery);
        }
    }
    all
}

/// The bytes of one delivery after another.
pub(super) fn bytes(deliveries: &[Delivery]) -> Vec<Vec<u8>> {
    deliveries.iter().map(|delivery| delivery.bytes.clone()).collect()
}

#[test]
fn a_transmission_arrives_whole_when_its_last_byte_does() {
    let mut cable = cable(Duplex::Full, 1);
    assert_eq!(cable.poll_timeout(), None);
    cable.send(ms(5), A, vec![7; 68]);
    let end = us(5_000 + 70_834);
    assert_eq!(cable.poll_timeout(), Some(Wake { at: end, why: "arrival" }));
    cable.handle_timeout(us(5_000 + 70_833));
    assert_eq!(cable.poll_delivery(), None, "woken early it does nothing");
    let healthy = Delivery {
        from: Some(A),
        start: ms(5),
        end,
        bytes: vec![7; 68],
        sent: None,
        echo: false,
        collided: false,
    };
    assert_eq!(run(&mut cable, Instant::MAX), [healthy]);
    assert_eq!(cable.poll_timeout(), None);
}

#[test]
fn an_end_that_is_still_sending_queues_behind_itself() {
    for duplex in [Duplex::Full, Duplex::Shared] {
        let mut cable = cable(duplex, 1);
        cable.send(ms(0), A, vec![1; 3]);
        cable.send(ms(1), A, vec![2; 3]);
        let got = run(&mut cable, Instant::MAX);
        assert_eq!(bytes(&got), [[1; 3], [2; 3]]);
        assert_eq!((got[0].end, got[1].start, got[1].end), (us(3_125), us(3_125), us(6_250)));
        assert!(got.iter().all(|delivery| !delivery.collided));
    }
}

#[test]
fn both_directions_of_a_full_duplex_cable_are_independent() {
    let mut cable = cable(Duplex::Full, 1);
    cable.send(ms(0), B, vec![2; 4]);
    cable.send(ms(0), A, vec![1; 4]);
    let got = run(&mut cable, Instant::MAX);
    assert_eq!(bytes(&got), [[1; 4], [2; 4]], "at one instant in the order of the ends");
    assert!(
        got.iter().all(|delivery| delivery.end == us(4_167) && !delivery.collided && delivery.sent.is_none())
    );
}

#[test]
fn overlapping_transmissions_on_a_shared_cable_are_both_damaged_where_they_overlap() {
    let mut cable = cable(Duplex::Shared, 1);
    cable.send(ms(0), A, vec![0x0F; 4]);
    cable.send(us(2_500), B, vec![0x3C; 4]);
    let got = run(&mut cable, Instant::MAX);
    assert_eq!(got[0].bytes, [0x0F, 0x0F, 0x0C, 0x0C], "B begins during A's third byte; a 0 wins");
    assert_eq!(got[1].bytes, [0x0C, 0x0C, 0x3C, 0x3C]);
    assert_eq!(
        (got[0].sent.as_deref(), got[1].sent.as_deref()),
        (Some(&[0x0F; 4][..]), Some(&[0x3C; 4][..]))
    );
    assert!(got.iter().all(|delivery| delivery.collided));
}

#[test]
fn an_overlap_shows_even_where_both_say_the_same() {
    let mut cable = cable(Duplex::Shared, 1);
    for end in [A, B, End(2)] {
        cable.send(ms(0), end, vec![0x55; 2]);
    }
    let got = run(&mut cable, Instant::MAX);
    assert_eq!(got.len(), 3);
    assert!(got.iter().all(|delivery| delivery.collided && delivery.bytes == [0xAA, 0xAA]));
}

#[test]
fn who_begins_when_the_other_has_just_ended_does_not_collide() {
    let mut cable = cable(Duplex::Shared, 1);
    cable.send(ms(0), A, vec![1; 3]);
    cable.send(us(3_125), B, vec![2; 3]);
    let got = run(&mut cable, Instant::MAX);
    assert_eq!(bytes(&got), [[1; 3], [2; 3]]);
    assert!(got.iter().all(|delivery| !delivery.collided && delivery.sent.is_none()));
}

#[test]
fn a_queued_transmission_collides_with_who_begins_before_it() {
    let mut cable = cable(Duplex::Shared, 1);
    cable.send(us(0), A, vec![0xFF; 2]);
    cable.send(us(0), A, vec![0xFF; 2]);
    cable.send(us(2_084), B, vec![0x11; 1]);
    let got = run(&mut cable, Instant::MAX);
    let collided: Vec<(Option<End>, bool)> = got.iter().map(|d| (d.from, d.collided)).collect();
    assert_eq!(collided, [(Some(A), false), (Some(B), true), (Some(A), true)]);
    assert_eq!(got[2].bytes, [0x11, 0xFF]);
}

#[test]
fn more_than_64_transmissions_are_dropped_and_shown() {
    let mut cable = cable(Duplex::Full, 1);
    for n in 0..66 {
        cable.send(ms(0), A, vec![n]);
    }
    cable.send(ms(0), B, vec![99]);
    let got = run(&mut cable, Instant::MAX);
    let (lost, arrived): (Vec<_>, Vec<_>) = got.iter().partition(|delivery| delivery.bytes.is_empty());
    assert_eq!(arrived.len(), 65, "the other end has its own limit");
    assert_eq!(
        lost.iter().map(|d| (d.end, d.sent.clone())).collect::<Vec<_>>(),
        [(ms(0), Some(vec![64])), (ms(0), Some(vec![65]))]
    );
}

#[test]
fn more_than_64_kib_are_dropped_and_shown_and_room_comes_back() {
    let mut cable = cable(Duplex::Full, 1);
    cable.send(ms(0), A, vec![1; 64 * 1024]);
    cable.send(ms(0), A, vec![2; 1]);
    let got = run(&mut cable, Instant::MAX);
    assert_eq!((got[0].bytes.len(), got[0].sent.as_deref()), (0, Some(&[2][..])));
    assert_eq!(got[1].bytes.len(), 64 * 1024);
    cable.send(ms(100_000), A, vec![3; 64 * 1024]);
    assert_eq!(run(&mut cable, Instant::MAX)[0].sent, None);
}

#[test]
fn an_end_that_the_cable_does_not_have_is_heard_by_nobody() {
    let mut cable = cable(Duplex::Full, 1);
    cable.send(ms(1), End(3), vec![1]);
    cable.send(ms(1), A, Vec::new());
    let got = run(&mut cable, Instant::MAX);
    assert_eq!(got.len(), 1);
    assert_eq!((got[0].bytes.len(), got[0].sent.as_deref(), got[0].end), (0, Some(&[1][..]), ms(1)));
}

#[test]
fn a_cable_that_is_woken_late_does_all_that_was_due_at_its_time() {
    let mut cable = cable(Duplex::Full, 1);
    cable.send(ms(0), A, vec![1; 3]);
    cable.send(ms(0), B, vec![2; 6]);
    cable.send(ms(0), A, vec![3; 1]);
    cable.handle_timeout(ms(1_000));
    let ends: Vec<Instant> =
        std::iter::from_fn(|| cable.poll_delivery()).map(|delivery| delivery.end).collect();
    assert_eq!(ends, [us(3_125), us(4_167), us(6_250)]);
}
