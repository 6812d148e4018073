//! A server alone on a bus.

use super::Server;
use super::bus_tests::{Board, LINE, SILENCE, answer, answered, at, frame, lamps};
use super::frame::{Exception, Request, Response};
use crate::time::Span;

#[test]
fn a_server_serves_on_arrival_and_answers_after_the_turn_around() {
    let (mut server, mut board) = (Server::new(1, LINE), Board::default());
    server.handle_bytes(at(50_000), &frame(1, &lamps()), &mut board);
    assert_eq!(board.served, [(at(50_000), lamps())]);
    assert_eq!(
        answered(&mut server),
        Some((at(50_000) + SILENCE, answer(1, &Response::Written(0x0f, 0, 3))))
    );
    assert_eq!(server.poll_timeout(), None);
}

#[test]
fn a_request_in_any_two_pieces_is_served_and_a_pause_inside_loses_it() {
    let whole = frame(1, &lamps());
    for cut in 1..whole.len() {
        let (mut server, mut board) = (Server::new(1, LINE), Board::default());
        let rest = LINE.time_of(whole.len() - cut);
        server.handle_bytes(at(50_000), &whole[..cut], &mut board);
        server.handle_bytes(at(50_000) + rest, &whole[cut..], &mut board);
        assert_eq!(board.served.len(), 1, "cut at {cut}");

        let (mut server, mut board) = (Server::new(1, LINE), Board::default());
        server.handle_bytes(at(50_000), &whole[..cut], &mut board);
        server.handle_bytes(at(50_000) + rest + SILENCE, &whole[cut..], &mut board);
        assert_eq!(board.served.len(), 0, "cut at {cut}");
        assert_eq!(server.poll_reject(), Some((cut, "frame cut short by silence")));
        server.handle_bytes(at(90_000), &whole, &mut board);
        assert_eq!(board.served.len(), 1, "hears again after cut at {cut}");
    }
}

#[test]
fn requests_in_one_chunk_are_all_served_and_the_last_is_answered() {
    let (mut server, mut board) = (Server::new(1, LINE), Board::default());
    let write = frame(1, &Request::WriteRegister(2, 5));
    let read = frame(1, &Request::ReadHolding(2, 1));
    server.handle_bytes(at(50_000), &[&write[..], &read[..3]].concat(), &mut board);
    server.handle_bytes(at(56_000), &read[3..], &mut board);
    assert_eq!(board.served.len(), 2);
    assert_eq!(
        answered(&mut server).map(|(_, bytes)| bytes),
        Some(answer(1, &Response::Registers(3, vec![5].into())))
    );
}

#[test]
fn foreign_frames_are_passed_over_and_hide_what_follows_without_silence() {
    let (mut server, mut board) = (Server::new(1, LINE), Board::default());
    let foreign = frame(2, &Request::ReadHolding(0, 1));
    // A foreign answer that looks like a request to unit 1 behind its first byte.
    let ours = frame(1, &lamps());
    let nasty = answer(2, &Response::Other(0x41, ours.clone()));
    server.handle_bytes(at(50_000), &nasty, &mut board);
    for cut in (1..nasty.len()).filter(|&cut| nasty[cut] != 1 && nasty[cut] != 0) {
        let now = at(100_000 * cut as u64);
        server.handle_bytes(now, &nasty[..cut], &mut board);
        server.handle_bytes(now + LINE.time_of(nasty.len() - cut), &nasty[cut..], &mut board);
    }
    server.handle_bytes(at(2_000_000), &[&foreign[..], &ours[..]].concat(), &mut board);
    assert_eq!((board.served.len(), server.poll_reject(), server.poll_timeout()), (0, None, None));
    server.handle_bytes(at(2_000_000) + SILENCE + LINE.time_of(ours.len()), &ours, &mut board);
    assert_eq!(board.served.len(), 1);
}

#[test]
fn on_a_pty_a_request_that_arrives_in_no_time_after_silence_is_served() {
    let (mut server, mut board) = (Server::new(1, LINE), Board::default());
    server.handle_bytes(at(50_000), &frame(2, &lamps()), &mut board);
    server.handle_bytes(at(50_000) + SILENCE, &frame(1, &lamps()), &mut board);
    assert_eq!(board.served.len(), 1);
    // The rest of a foreign frame that begins with our address is no reject.
    server.handle_bytes(at(150_000), &[2, 3], &mut board);
    server.handle_bytes(at(150_000) + SILENCE, &[1, 3, 0, 0, 0, 1, 0xff, 0xff], &mut board);
    assert_eq!((board.served.len(), server.poll_reject()), (1, None));
}

#[test]
fn a_damaged_request_is_dropped_without_answer_until_the_next_silence() {
    let (mut server, mut board) = (Server::new(1, LINE), Board::default());
    let good = frame(1, &lamps());
    let mut bad = good.clone();
    bad[7] ^= 1;
    server.handle_bytes(at(50_000), &bad, &mut board);
    assert_eq!(server.poll_reject(), Some((good.len(), "wrong checksum")));
    assert_eq!((board.served.len(), server.poll_timeout()), (0, None));
    server.handle_bytes(at(80_000), &good, &mut board);
    assert_eq!(board.served.len(), 1);
}

#[test]
fn what_a_device_need_not_check_is_refused_for_it() {
    let (mut server, mut board) = (Server::new(1, LINE), Board::default());
    let mut now = at(0);
    for (request, exception) in [
        (Request::ReadCoils(0, 0), Exception::IllegalValue),
        (Request::ReadHolding(0, 126), Exception::IllegalValue),
        (Request::WriteCoils(0, vec![].into()), Exception::IllegalValue),
        (Request::Other(0x10, vec![0, 0, 0, 2, 2, 0, 1]), Exception::IllegalValue),
        (Request::Other(0x41, vec![1]), Exception::IllegalFunction),
        (Request::ReadInputs(0, 1), Exception::DeviceFailure),
        (Request::WriteCoils(6, vec![true; 3].into()), Exception::IllegalAddress),
    ] {
        now += Span::from_ms(100);
        server.handle_bytes(now, &frame(1, &request), &mut board);
        let expected = answer(1, &Response::Exception(request.function(), exception));
        assert_eq!(answered(&mut server).map(|(_, bytes)| bytes), Some(expected), "{request}");
    }
}
