//! What each fault does.

use super::tests::{A, B, bytes, cable, ms, run, us};
use super::*;

fn full(fault: Fault) -> Cable {
    let mut cable = cable(Duplex::Full, 7);
    cable.handle_act(ms(0), Act::Break(fault));
    cable
}

/// 0, 1, 2 … so that a lost byte is missed.
fn count(len: usize) -> Vec<u8> {
    (0..len).map(|n| n as u8).collect()
}

#[test]
fn drop_loses_about_as_many_bytes_as_it_says() {
    let mut cable = full(Fault::Drop(100_000));
    cable.send(ms(0), A, vec![9; 10_000]);
    let got = run(&mut cable, Instant::MAX);
    assert!((8_800..9_200).contains(&got[0].bytes.len()), "{}", got[0].bytes.len());
    assert_eq!(got[0].sent.as_ref().map(Vec::len), Some(10_000));
}

#[test]
fn drop_of_everything_delivers_nothing_and_says_what_was_sent() {
    let mut cable = full(Fault::Drop(1_000_000));
    cable.send(ms(0), A, count(3));
    let got = run(&mut cable, Instant::MAX);
    assert_eq!((got[0].bytes.len(), got[0].sent.clone()), (0, Some(count(3))));
}

#[test]
fn flip_changes_one_bit_of_a_byte() {
    let mut cable = full(Fault::Flip(1_000_000));
    cable.send(ms(0), A, count(256));
    let got = run(&mut cable, Instant::MAX);
    let flipped: Vec<u8> = got[0].bytes.iter().zip(count(256)).map(|(a, b)| a ^ b).collect();
    assert!(flipped.iter().all(|bits| bits.count_ones() == 1));
    assert!((0..8).all(|bit| flipped.contains(&(1 << bit))), "every bit is flipped somewhere");
    assert_eq!(got[0].sent, Some(count(256)));
}

#[test]
fn duplicate_makes_bytes_arrive_twice() {
    let mut cable = full(Fault::Duplicate(1_000_000));
    cable.send(ms(0), A, count(3));
    assert_eq!(bytes(&run(&mut cable, Instant::MAX)), [[0, 0, 1, 1, 2, 2]]);
}

#[test]
fn a_transmission_that_happens_to_be_spared_has_no_sent() {
    let mut cable = full(Fault::Flip(1));
    cable.send(ms(0), A, count(3));
    let got = run(&mut cable, Instant::MAX);
    assert_eq!((got[0].bytes.clone(), got[0].sent.clone()), (count(3), None));
}

#[test]
fn delay_makes_everything_later_and_mending_overtakes_nothing() {
    let mut cable = full(Fault::Delay(Span::from_ms(100)));
    cable.send(ms(0), A, count(3));
    cable.handle_act(ms(10), Act::Mend);
    cable.send(ms(10), A, count(1));
    let got = run(&mut cable, Instant::MAX);
    assert_eq!(
        got.iter().map(|d| (d.start, d.end)).collect::<Vec<_>>(),
        [(ms(0), us(103_125)), (ms(10), us(103_125))]
    );
}

#[test]
fn jitter_is_within_its_span_and_keeps_the_order() {
    let mut cable = full(Fault::Jitter(Span::from_ms(20)));
    let mut late = Vec::new();
    let mut order = Vec::new();
    for n in 0..50_u64 {
        cable.send(ms(n * 10), A, vec![n as u8]);
    }
    for delivery in run(&mut cable, Instant::MAX) {
        late.push((delivery.end - (delivery.start + Span::from_us(1_042))).as_us());
        order.push(delivery.bytes[0]);
    }
    assert_eq!(order, count(50));
    assert!(late.iter().all(|&us| us <= 20_000), "{late:?}");
    assert!(late.iter().any(|&us| us > 15_000) && late.iter().any(|&us| us < 5_000), "{late:?}");
}

#[test]
fn after_a_stall_everything_comes_at_once() {
    let mut cable = full(Fault::Stall(Span::from_ms(50)));
    for n in 0..3_u64 {
        cable.send(ms(n * 10), A, vec![n as u8]);
    }
    cable.send(ms(60), A, vec![3]);
    let got = run(&mut cable, Instant::MAX);
    assert_eq!(bytes(&got), [[0], [1], [2], [3]]);
    assert_eq!(got.iter().map(|d| d.end).collect::<Vec<_>>(), [ms(50), ms(50), ms(50), us(61_042)]);
}

#[test]
fn mending_ends_a_stall() {
    let mut cable = full(Fault::Stall(Span::from_secs(50)));
    cable.send(ms(0), A, vec![1]);
    assert_eq!(run(&mut cable, ms(20)), []);
    cable.handle_act(ms(20), Act::Mend);
    assert_eq!(run(&mut cable, Instant::MAX)[0].end, ms(20));
}

#[test]
fn split_delivers_two_parts_with_a_pause() {
    let mut cable = full(Fault::Split(Span::from_ms(30)));
    cable.send(ms(0), A, count(5));
    cable.send(ms(100), A, vec![9]);
    let got = run(&mut cable, Instant::MAX);
    assert_eq!(got.len(), 3, "one byte cannot be split");
    assert_eq!((got[0].end, got[1].end), (us(5_209), us(35_209)));
    assert!(!got[0].bytes.is_empty() && !got[1].bytes.is_empty());
    assert_eq!([got[0].bytes.clone(), got[1].bytes.clone()].concat(), count(5));
    assert_eq!((&got[0].sent, &got[1].sent), (&None, &None));
}

#[test]
fn merge_holds_until_the_line_is_quiet() {
    let mut cable = full(Fault::Merge(Span::from_ms(20)));
    cable.send(ms(0), A, vec![1]);
    cable.send(ms(19), A, vec![2, 2]);
    cable.send(ms(50), A, vec![3]);
    let got = run(&mut cable, Instant::MAX);
    assert_eq!(bytes(&got), [vec![1, 2, 2], vec![3]]);
    assert_eq!((got[0].start, got[0].end), (ms(0), us(19_000 + 2_084 + 20_000)));
}

#[test]
fn merge_lets_go_of_4_kib_and_on_mending() {
    let mut cable = full(Fault::Merge(Span::from_secs(20)));
    for _ in 0..5 {
        cable.send(ms(0), A, vec![1; 1_024]);
    }
    let line = Line::n81(9_600);
    let full_at = (0..4).fold(ms(0), |at, _| at + line.time_of(1_024));
    assert_eq!(
        run(&mut cable, ms(6_000)).iter().map(|d| (d.bytes.len(), d.end)).collect::<Vec<_>>(),
        [(4_096, full_at)]
    );
    cable.handle_act(ms(6_000), Act::Mend);
    assert_eq!(
        run(&mut cable, ms(6_000)).iter().map(|d| (d.bytes.len(), d.end)).collect::<Vec<_>>(),
        [(1_024, ms(6_000))]
    );
}

#[test]
fn a_shorter_merge_does_not_deliver_in_the_past() {
    let mut cable = full(Fault::Merge(Span::from_secs(20)));
    cable.send(ms(0), A, vec![1]);
    cable.handle_act(ms(500), Act::Break(Fault::Merge(Span::from_ms(1))));
    cable.handle_timeout(ms(500));
    assert_eq!(cable.poll_delivery().map(|delivery| delivery.end), Some(ms(500)));
}

#[test]
fn echo_is_marked_and_the_bytes_are_whole() {
    let mut cable = full(Fault::Echo);
    cable.send(ms(0), B, vec![1]);
    let got = run(&mut cable, Instant::MAX);
    assert_eq!((got[0].echo, got[0].bytes.clone(), got[0].sent.clone()), (true, vec![1], None));
}

#[test]
fn in_break_every_character_is_zero() {
    let mut cable = full(Fault::Break);
    cable.send(ms(0), A, vec![1, 2, 3]);
    let got = run(&mut cable, Instant::MAX);
    assert_eq!((got[0].bytes.clone(), got[0].sent.clone()), (vec![0, 0, 0], Some(vec![1, 2, 3])));
}

#[test]
fn nothing_arrives_that_was_under_way_while_the_cable_was_unplugged() {
    let mut cable = cable(Duplex::Full, 7);
    cable.send(ms(0), A, vec![1; 10]);
    cable.send(ms(0), A, vec![2; 10]);
    cable.send(ms(0), A, vec![3; 10]);
    cable.handle_act(ms(5), Act::Break(Fault::Unplugged));
    cable.handle_act(ms(15), Act::Mend);
    let got = run(&mut cable, Instant::MAX);
    assert_eq!(bytes(&got), [vec![], vec![], vec![3; 10]]);
    assert_eq!(
        got.iter().map(|d| d.sent.clone()).collect::<Vec<_>>(),
        [Some(vec![1; 10]), Some(vec![2; 10]), None]
    );
}

#[test]
fn unplugging_loses_what_a_converter_still_held() {
    for fault in [Fault::Delay(Span::from_ms(100)), Fault::Merge(Span::from_ms(100))] {
        let mut cable = full(fault);
        cable.send(ms(0), A, vec![1]);
        cable.handle_act(ms(50), Act::Break(Fault::Unplugged));
        cable.handle_act(ms(60), Act::Mend);
        let got = run(&mut cable, Instant::MAX);
        assert_eq!((got.len(), got[0].bytes.len(), got[0].sent.clone()), (1, 0, Some(vec![1])));
    }
}

#[test]
fn a_byte_that_ends_in_the_instant_of_unplugging_is_lost() {
    let mut cable = cable(Duplex::Full, 7);
    cable.send(ms(0), A, vec![1; 3]);
    cable.handle_act(us(3_125), Act::Break(Fault::Unplugged));
    assert_eq!(bytes(&run(&mut cable, Instant::MAX)), [vec![]], "inputs come before timeouts");
}

#[test]
fn garbage_comes_at_its_rate_from_nobody_and_only_while_plugged_in() {
    let mut cable = full(Fault::Garbage(3_600));
    let got = run(&mut cable, ms(1_000_000));
    assert!((900..1_100).contains(&got.len()), "{}", got.len());
    for delivery in &got {
        assert!(delivery.from.is_none() && delivery.sent.is_none());
        assert_eq!(delivery.end - delivery.start, Line::n81(9_600).time_of(delivery.bytes.len()));
    }
    cable.handle_act(ms(1_000_000), Act::Break(Fault::Unplugged));
    assert_eq!(run(&mut cable, ms(2_000_000)), []);
    cable.handle_act(ms(2_000_000), Act::Mend);
    assert_eq!(cable.poll_timeout(), None);
}

#[test]
fn garbage_begins_only_on_an_idle_line_and_gives_way_to_a_sender() {
    let mut cable = full(Fault::Garbage(360_000));
    let mut got = Vec::new();
    for n in 0..1_000 {
        cable.send(ms(n * 50), A, vec![1; 20]);
        got.extend(run(&mut cable, us((n + 1) * 50_000 - 1)));
    }
    let (sent, noise): (Vec<_>, Vec<_>) = got.into_iter().partition(|delivery| delivery.from.is_some());
    assert!(sent.iter().all(|delivery| delivery.bytes == [1; 20] && !delivery.collided));
    assert!(noise.len() > 1_000, "{}", noise.len());
    for burst in &noise {
        let in_turn = burst.start.as_us() % 50_000;
        assert!(in_turn >= 20_834 && in_turn + (burst.end - burst.start).as_us() <= 50_000, "{burst:?}");
    }
    assert!(noise.iter().any(|burst| burst.end.as_us().is_multiple_of(50_000)), "some bursts are cut short");
}

#[test]
fn faults_of_different_kinds_combine_and_mending_ends_them_all() {
    let mut cable = full(Fault::Duplicate(1_000_000));
    for fault in [Fault::Break, Fault::Split(Span::from_ms(5)), Fault::Delay(Span::from_ms(10)), Fault::Echo]
    {
        cable.handle_act(ms(0), Act::Break(fault));
    }
    cable.send(ms(0), A, vec![1, 2, 3]);
    let got = run(&mut cable, ms(100));
    assert_eq!([got[0].bytes.clone(), got[1].bytes.clone()].concat(), [0; 6]);
    assert_eq!((got[0].end, got[1].end, got[0].echo), (us(13_125), us(18_125), true));
    cable.handle_act(ms(100), Act::Mend);
    cable.send(ms(100), A, vec![1, 2, 3]);
    let got = run(&mut cable, Instant::MAX);
    assert_eq!((got[0].bytes.clone(), got[0].end, got[0].echo), (vec![1, 2, 3], us(103_125), false));
}

#[test]
fn the_same_kind_again_replaces_the_fault() {
    let mut cable = full(Fault::Drop(1_000_000));
    cable.handle_act(ms(0), Act::Break(Fault::Drop(0)));
    cable.send(ms(0), A, vec![1, 2, 3]);
    assert_eq!(bytes(&run(&mut cable, Instant::MAX)), [[1, 2, 3]]);
}

#[test]
fn taking_one_fault_away_does_not_move_another() {
    let dropped = |with_jitter: bool| {
        let mut cable = full(Fault::Drop(300_000));
        if with_jitter {
            cable.handle_act(ms(0), Act::Break(Fault::Jitter(Span::from_ms(5))));
            cable.handle_act(ms(0), Act::Break(Fault::Garbage(36_000)));
        }
        for n in 0..20 {
            cable.send(ms(n * 100), A, count(10));
        }
        let mut got = run(&mut cable, ms(10_000));
        got.retain(|delivery| delivery.from.is_some());
        bytes(&got)
    };
    assert_eq!(dropped(false), dropped(true));
}

#[test]
fn a_cable_that_tells_departures_tells_what_was_sent_when_it_was_sent() {
    for fault in [
        Fault::Delay(Span::from_ms(700)),
        Fault::Stall(Span::from_ms(700)),
        Fault::Merge(Span::from_ms(700)),
        Fault::Split(Span::from_ms(700)),
    ] {
        let mut cable = cable(Duplex::Full, 7).tell_departures();
        cable.handle_act(ms(0), Act::Break(fault));
        cable.handle_act(ms(0), Act::Break(Fault::Flip(1_000_000)));
        cable.send(ms(0), A, count(8));
        let got = run(&mut cable, Instant::MAX);
        let left = ms(0) + Line::n81(9_600).time_of(8);
        let sent: Vec<&[u8]> = got.iter().filter_map(|delivery| delivery.sent.as_deref()).collect();
        assert_eq!((got[0].end, got[0].bytes.len(), sent[0]), (left, 0, &count(8)[..]), "{fault:?}");
        assert!(got.len() > 1 && sent[1..].iter().all(|sent| sent.is_empty()), "{fault:?}: {got:?}");
        assert_eq!(sent.len(), got.len(), "{fault:?}: nothing is sent twice");
        assert_eq!(got.iter().map(|delivery| delivery.bytes.len()).sum::<usize>(), 8, "{fault:?}");
        assert!(got.last().expect("it arrives").end >= ms(700), "{fault:?}");
    }
}

#[test]
fn a_cable_that_tells_departures_tells_what_is_not_held_up_once() {
    let mut cable = cable(Duplex::Full, 7).tell_departures();
    cable.handle_act(ms(0), Act::Break(Fault::Flip(1_000_000)));
    cable.send(ms(0), A, count(8));
    let got = run(&mut cable, Instant::MAX);
    assert_eq!((got.len(), got[0].bytes.len(), got[0].sent.clone()), (1, 8, Some(count(8))));
}
