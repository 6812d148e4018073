//! Client and servers, alone and together over an ideal line.

use super::frame::{Exception, Request, Response, emit_request, emit_response};
use super::{Client, ClientConfig, Done, Failure, Registers, Server};
use crate::time::{Instant, Line, Span};

pub(super) const LINE: Line = Line::n81(9_600);
/// P65: 3.5 characters at 9600 8N1.
pub(super) const SILENCE: Span = Span::from_us(3_646);
const CONFIG: ClientConfig =
    ClientConfig { line: LINE, timeout: Span::from_ms(100), urgent_timeout: Span::from_ms(40), retries: 1 };

/// Eight coils and eight registers, and a record of what was asked.
#[derive(Clone, Default)]
pub(super) struct Board {
    coils: [bool; 8],
    registers: [u16; 8],
    pub(super) served: Vec<(Instant, Request)>,
}

impl Registers for Board {
    fn serve(&mut self, now: Instant, request: &Request) -> Result<Response, Exception> {
        self.served.push((now, request.clone()));
        match request {
            Request::WriteCoils(start, coils) => {
                let start = usize::from(*start);
                let room = self.coils.get_mut(start..start + coils.len()).ok_or(Exception::IllegalAddress)?;
                room.copy_from_slice(coils);
                Ok(Response::Written(0x0f, start as u16, coils.len() as u16))
            }
            Request::ReadHolding(start, count) => {
                let (start, count) = (usize::from(*start), usize::from(*count));
                let values = self.registers.get(start..start + count).ok_or(Exception::IllegalAddress)?;
                Ok(Response::Registers(3, values.into()))
            }
            Request::WriteRegister(address, value) => {
                let cell = self.registers.get_mut(usize::from(*address)).ok_or(Exception::IllegalAddress)?;
                *cell = *value;
                Ok(Response::Written(6, *address, *value))
            }
            // An answer that no frame can carry.
            Request::ReadInputs(..) => Ok(Response::Registers(4, vec![0; 200].into())),
            Request::ReadCoils(..)
            | Request::ReadDiscreteInputs(..)
            | Request::WriteCoil(..)
            | Request::WriteRegisters(..)
            | Request::Other(..) => Err(Exception::IllegalFunction),
        }
    }
}

pub(super) fn frame(unit: u8, request: &Request) -> Vec<u8> {
    let mut out = Vec::new();
    emit_request(unit, request, &mut out);
    out
}

pub(super) fn answer(unit: u8, response: &Response) -> Vec<u8> {
    let mut out = Vec::new();
    emit_response(unit, response, &mut out);
    out
}

pub(super) fn lamps() -> Request {
    Request::WriteCoils(0, vec![true, false, true].into())
}

pub(super) fn at(us: u64) -> Instant {
    Instant::from_us(us)
}

/// Lets a server's answer leave.
pub(super) fn answered(server: &mut Server) -> Option<(Instant, Vec<u8>)> {
    let wake = server.poll_timeout()?;
    server.handle_timeout(wake.at.back(Span::from_us(1)));
    assert_eq!(server.poll_send(), None, "woken early it does nothing");
    server.handle_timeout(wake.at);
    Some((wake.at, server.poll_send().expect("due")))
}

/// One client and two boards, units 1 and 2, on a line that delivers each frame whole, at its end.
struct Bus {
    client: Client<u32>,
    servers: [Server; 2],
    boards: [Board; 2],
    /// Every frame on the line: from, to, bytes.
    sent: Vec<(Instant, Instant, Vec<u8>)>,
    done: Vec<(Instant, Done<u32>)>,
}

impl Bus {
    fn new() -> Bus {
        Bus {
            client: Client::new(CONFIG),
            servers: [Server::new(1, LINE), Server::new(2, LINE)],
            boards: [Board::default(), Board::default()],
            sent: Vec::new(),
            done: Vec::new(),
        }
    }

    /// Runs until nobody waits for anything.
    fn run(&mut self, mut now: Instant) {
        for _ in 0..1_000 {
            let mut flying = Vec::new();
            flying.extend(self.client.poll_send().map(|bytes| (9, bytes)));
            for (place, server) in self.servers.iter_mut().enumerate() {
                flying.extend(server.poll_send().map(|bytes| (place, bytes)));
            }
            assert!(flying.len() <= 1, "two send at once");
            while let Some(done) = self.client.poll_done() {
                self.done.push((now, done));
            }
            if let Some((from, bytes)) = flying.pop() {
                let end = now + LINE.time_of(bytes.len());
                self.sent.push((now, end, bytes.clone()));
                now = end;
                for (place, server) in self.servers.iter_mut().enumerate() {
                    if from != place {
                        server.handle_bytes(now, &bytes, &mut self.boards[place]);
                    }
                }
                if from != 9 {
                    self.client.handle_bytes(now, &bytes);
                }
                continue;
            }
            let wakes = self.servers.iter().map(Server::poll_timeout).chain([self.client.poll_timeout()]);
            let Some(wake) = wakes.flatten().min_by_key(|wake| wake.at) else { return };
            now = now.max(wake.at);
            for server in &mut self.servers {
                server.handle_timeout(now);
            }
            self.client.handle_timeout(now);
        }
        panic!("the bus does not come to rest");
    }
}

#[test]
fn requests_are_answered_in_order_with_silence_between_frames() {
    let mut bus = Bus::new();
    assert!(bus.client.ask(at(0), 1, 1, lamps(), false));
    assert!(bus.client.ask(at(0), 2, 2, Request::WriteRegister(3, 77), false));
    assert!(bus.client.ask(at(0), 3, 2, Request::ReadHolding(3, 1), false));
    assert!(bus.client.ask(at(0), 4, 1, Request::ReadHolding(8, 1), false));
    assert!(bus.client.ask(at(0), 5, 0, lamps(), false));
    assert_eq!(bus.client.waiting(), 5);
    bus.run(at(0));
    let results: Vec<_> = bus.done.iter().map(|(_, done)| (done.tag, done.result.clone())).collect();
    assert_eq!(
        results,
        [
            (1, Ok(Some(Response::Written(0x0f, 0, 3)))),
            (2, Ok(Some(Response::Written(6, 3, 77)))),
            (3, Ok(Some(Response::Registers(3, vec![77].into())))),
            (4, Ok(Some(Response::Exception(3, Exception::IllegalAddress)))),
            (5, Ok(None)),
        ]
    );
    assert_eq!(bus.sent.len(), 9, "a broadcast is not answered");
    for pair in bus.sent.windows(2) {
        assert_eq!(pair[1].0 - pair[0].1, SILENCE, "P65");
    }
    assert_eq!(bus.done[4].0 - bus.sent[8].1, SILENCE, "a broadcast ends with the turn-around");
    assert!(bus.boards.iter().all(|board| board.coils[..3] == [true, false, true]));
    assert!(
        bus.servers.iter_mut().all(|server| server.poll_reject().is_none()),
        "foreign traffic is no reject"
    );
    assert_eq!(bus.client.waiting(), 0);
    assert_eq!(bus.client.poll_timeout(), None);
}

#[test]
fn an_idle_client_sends_at_once_and_a_busy_line_makes_it_wait() {
    let mut client = Client::new(CONFIG);
    client.handle_bytes(at(10_000), &[0xff]);
    assert_eq!(client.poll_reject(), Some((1, "no answer was awaited")));
    client.ask(at(10_001), 1, 1, lamps(), false);
    assert_eq!(client.poll_send(), None);
    assert_eq!(client.poll_timeout().map(|wake| (wake.at, wake.why)), Some((at(13_646), "modbus silence")));
    client.handle_timeout(at(13_645));
    assert_eq!(client.poll_send(), None);
    client.handle_timeout(at(13_646));
    assert_eq!(client.poll_send(), Some(frame(1, &lamps())));

    let mut client = Client::new(CONFIG);
    client.handle_bytes(at(10_000), &[0xff]);
    client.ask(at(13_646), 1, 1, lamps(), false);
    assert_eq!(client.poll_send(), Some(frame(1, &lamps())));
}

#[test]
fn silence_is_asked_again_and_then_reported() {
    let mut client = Client::new(CONFIG);
    client.ask(at(0), 1, 1, lamps(), false);
    let request = client.poll_send().expect("at once");
    let end = at(0) + LINE.time_of(request.len());
    let wake = client.poll_timeout().expect("time-out");
    assert_eq!((wake.at, wake.why), (end + CONFIG.timeout, "modbus time-out"));
    client.handle_timeout(wake.at);
    assert_eq!((client.poll_send(), client.poll_done()), (None, None));
    let again = client.poll_timeout().expect("silence").at;
    assert_eq!(again, wake.at + SILENCE);
    client.handle_timeout(again);
    assert_eq!(client.poll_send(), Some(request));
    let wake = client.poll_timeout().expect("time-out");
    client.handle_timeout(wake.at);
    assert_eq!(client.poll_done(), Some(Done { tag: 1, unit: 1, result: Err(Failure::Silence) }));
    assert_eq!(client.poll_timeout(), None);
}

#[test]
fn a_damaged_answer_is_asked_again_as_soon_as_the_line_is_silent() {
    let mut client = Client::new(CONFIG);
    client.ask(at(0), 1, 1, lamps(), false);
    let request = client.poll_send().expect("at once");
    let mut damaged = answer(1, &Response::Written(0x0f, 0, 3));
    damaged[4] ^= 0x10;
    client.handle_bytes(at(30_000), &damaged);
    let wake = client.poll_timeout().expect("damage");
    assert_eq!((wake.at, wake.why), (at(30_000) + SILENCE, "modbus damage"));
    client.handle_timeout(wake.at);
    assert_eq!(client.poll_send(), Some(request));
    assert_eq!(client.poll_reject(), Some((8, "not the answer that was awaited")));
    client.handle_bytes(at(70_000), &damaged);
    client.handle_timeout(at(70_000) + SILENCE);
    assert_eq!(client.poll_done(), Some(Done { tag: 1, unit: 1, result: Err(Failure::Garbled) }));
}

#[test]
fn garbage_before_an_answer_and_an_answer_in_pieces_do_no_harm() {
    let mut client = Client::new(CONFIG);
    client.ask(at(0), 1, 1, Request::ReadHolding(0, 2), false);
    client.poll_send().expect("at once");
    client.handle_bytes(at(20_000), &[0x00, 0x01, 0x03, 0xff]);
    let whole = answer(1, &Response::Registers(3, vec![1, 2].into()));
    for (place, byte) in whole.iter().enumerate() {
        assert_eq!(client.poll_done(), None);
        client.handle_bytes(at(30_000 + 1_042 * place as u64), &[*byte]);
    }
    let done = client.poll_done().expect("answered");
    assert_eq!(done.result, Ok(Some(Response::Registers(3, vec![1, 2].into()))));
    assert_eq!(client.poll_reject(), Some((4, "around an answer")));
}

#[test]
fn an_answer_that_has_begun_may_end_but_babble_extends_the_wait_no_further() {
    let mut client = Client::new(CONFIG);
    client.ask(at(0), 1, 1, lamps(), false);
    let request = client.poll_send().expect("at once");
    let until = at(0) + LINE.time_of(request.len()) + CONFIG.timeout;
    let whole = answer(1, &Response::Written(0x0f, 0, 3));
    client.handle_bytes(until.back(Span::from_us(10)), &whole[..1]);
    assert_eq!(
        client.poll_timeout().map(|wake| wake.at),
        Some(until.back(Span::from_us(10)) + LINE.time_of(8))
    );
    for _ in 0..50 {
        client.handle_bytes(until + Span::from_us(1), &[0x55]);
    }
    assert_eq!(client.poll_timeout().map(|wake| wake.at), Some(until + LINE.time_of(8)));
    client.handle_bytes(until + Span::from_ms(8), &whole);
    assert_eq!(client.poll_done().map(|done| done.result), Some(Ok(Some(Response::Written(0x0f, 0, 3)))));
}

#[test]
fn answers_of_other_units_functions_addresses_and_counts_are_not_taken() {
    for wrong in [
        answer(2, &Response::Registers(3, vec![1, 2].into())),
        answer(1, &Response::Registers(4, vec![1, 2].into())),
        answer(1, &Response::Registers(3, vec![1].into())),
        answer(1, &Response::Exception(4, Exception::Busy)),
        answer(1, &Response::Written(6, 0, 2)),
    ] {
        let mut client = Client::new(ClientConfig { retries: 0, ..CONFIG });
        client.ask(at(0), 1, 1, Request::ReadHolding(0, 2), false);
        client.handle_bytes(at(20_000), &wrong);
        assert_eq!(client.poll_done(), None, "{wrong:02X?}");
        client.handle_timeout(at(200_000));
        assert_eq!(client.poll_done().map(|done| done.result), Some(Err(Failure::Garbled)), "{wrong:02X?}");
    }
    let mut client = Client::new(CONFIG);
    client.ask(at(0), 1, 1, lamps(), false);
    client.handle_bytes(at(20_000), &answer(1, &Response::Written(0x0f, 1, 3)));
    assert_eq!(client.poll_done(), None, "another address");
}

#[test]
fn urgent_requests_go_first_and_do_not_interrupt() {
    let mut bus = Bus::new();
    bus.client.ask(at(0), 1, 1, lamps(), false);
    bus.client.ask(at(0), 2, 1, lamps(), false);
    bus.client.ask(at(0), 3, 1, lamps(), true);
    bus.client.ask(at(0), 4, 1, lamps(), true);
    bus.run(at(0));
    let order: Vec<u32> = bus.done.iter().map(|(_, done)| done.tag).collect();
    assert_eq!(order, [1, 3, 4, 2]);
}

/// When a client without retries gives up the one under way, in ms after the end of its frame.
fn gives_up_after(urgent: bool, then: impl FnOnce(&mut Client<u32>, Instant)) -> u64 {
    let mut client = Client::new(ClientConfig { retries: 0, ..CONFIG });
    client.ask(at(0), 1, 1, lamps(), urgent);
    let end = at(0) + LINE.time_of(client.poll_send().expect("the line was silent").len());
    then(&mut client, end);
    let wake = client.poll_timeout().expect("an answer is awaited");
    client.handle_timeout(wake.at);
    assert!(matches!(client.poll_done(), Some(Done { tag: 1, result: Err(_), .. })));
    wake.at.since(end).as_ms()
}

#[test]
fn an_answer_may_take_longer_when_nothing_urgent_waits() {
    let ask = |client: &mut Client<u32>, end: Instant, after: u64, urgent| {
        client.ask(end + Span::from_ms(after), 2, 2, lamps(), urgent);
    };
    assert_eq!(gives_up_after(false, |_, _| {}), 100);
    assert_eq!(gives_up_after(true, |_, _| {}), 40);
    assert_eq!(gives_up_after(false, |client, end| ask(client, end, 10, false)), 100, "it is not urgent");
    assert_eq!(gives_up_after(false, |client, end| ask(client, end, 10, true)), 40);
    // Its time is over already: at once, which is before what the wake said.
    assert_eq!(gives_up_after(false, |client, end| ask(client, end, 60, true)), 40);
    let begun = |client: &mut Client<u32>, end: Instant| {
        client.handle_bytes(end + Span::from_ms(5), &answer(1, &Response::Written(0x0f, 0, 3))[..4]);
        ask(client, end, 6, true);
    };
    assert_eq!(gives_up_after(false, begun), 100, "an answer has begun");
}

#[test]
fn an_urgent_request_overtakes_one_that_waits_for_silence() {
    let mut client = Client::new(CONFIG);
    client.handle_bytes(at(10_000), &[0xff]);
    client.ask(at(10_000), 1, 1, lamps(), false);
    client.ask(at(10_001), 2, 2, lamps(), true);
    client.handle_timeout(at(13_646));
    assert_eq!(client.poll_send(), Some(frame(2, &lamps())));
}

#[test]
fn a_full_queue_and_an_impossible_request_are_refused() {
    let mut client = Client::new(CONFIG);
    for tag in 0..65 {
        assert!(client.ask(at(0), tag, 1, lamps(), false), "{tag}");
    }
    assert!(!client.ask(at(0), 65, 1, lamps(), true));
    assert_eq!(client.waiting(), 65);
    client.clear();
    assert_eq!((client.waiting(), client.poll_timeout(), client.poll_send()), (0, None, None));
    assert!(!client.ask(at(0), 1, 1, Request::WriteCoils(0, vec![true; 2_000].into()), false));
    assert_eq!(client.waiting(), 0);
}

#[test]
fn what_is_asked_next_goes_before_everything_that_waits() {
    let mut client = Client::new(ClientConfig { retries: 0, ..CONFIG });
    for (tag, unit) in [(1, 1), (2, 2), (3, 3)] {
        assert!(client.ask(at(0), tag, unit, lamps(), true));
    }
    assert!(client.ask_next(at(0), 4, 4, lamps()));
    let mut sent = Vec::new();
    while let Some(wake) = client.poll_timeout() {
        sent.extend(client.poll_send().map(|frame| frame[0]));
        client.handle_timeout(wake.at);
    }
    assert_eq!(sent, [1, 4, 2, 3]);
}

#[test]
fn what_is_taken_back_is_not_sent_unless_it_is_under_way() {
    for (urgent, sent) in [(false, &[1, 2, 3][..]), (true, &[1, 3])] {
        let mut bus = Bus::new();
        for (tag, urgent) in [(1, false), (2, true), (3, false), (2, false)] {
            bus.client.ask(at(0), tag, 1, lamps(), urgent);
        }
        bus.client.withdraw(&1, true);
        bus.client.withdraw(&2, urgent);
        bus.run(at(0));
        let order: Vec<u32> = bus.done.iter().map(|(_, done)| done.tag).collect();
        assert_eq!(order, sent);
    }
}

#[test]
fn a_client_that_forgets_everything_still_waits_for_its_own_frame_to_end() {
    let mut client = Client::new(CONFIG);
    client.ask(at(0), 1, 1, lamps(), false);
    let sent = client.poll_send().expect("the line was silent");
    client.clear();
    client.ask(at(0), 2, 2, lamps(), false);
    assert_eq!(client.poll_send(), None);
    let free = at(0) + LINE.time_of(sent.len()) + LINE.modbus_silence();
    client.handle_timeout(free);
    assert_eq!(client.poll_send(), Some(frame(2, &lamps())));
}

#[test]
fn any_chunks_leave_a_server_and_a_client_able_to_work() {
    use rand_core::Rng;
    let mut random = rand_pcg::Pcg64Mcg::new(7);
    let (mut server, mut board) = (Server::new(1, LINE), Board::default());
    let mut client = Client::new(ClientConfig { retries: 0, ..CONFIG });
    let mut now = at(0);
    for _ in 0..3_000 {
        let length = random.next_u32() as usize % 300 + 1;
        // Mostly our own address and functions, so that much of it looks like the beginning of a frame.
        let noise: Vec<u8> = (0..length).map(|_| (random.next_u32() % 5) as u8).collect();
        now += Span::from_us(u64::from(random.next_u32() % 20_000));
        server.handle_bytes(now, &noise, &mut board);
        server.handle_timeout(now);
        client.ask(now, 0, 1, Request::ReadHolding(0, 1), false);
        client.handle_bytes(now, &noise);
        client.handle_timeout(now);
        while client.poll_done().is_some() {}
        client.poll_send();
    }
    client.clear();
    now += Span::from_secs(1);
    server.handle_timeout(now);
    server.poll_send();
    now += Span::from_secs(1);
    board.served.clear();
    client.ask(now, 1, 1, Request::ReadHolding(0, 1), false);
    let request = client.poll_send().expect("silent");
    server.handle_bytes(now + LINE.time_of(request.len()), &request, &mut board);
    let (then, bytes) = answered(&mut server).expect("served");
    client.handle_bytes(then + LINE.time_of(bytes.len()), &bytes);
    assert!(matches!(client.poll_done(), Some(Done { tag: 1, result: Ok(Some(_)), .. })));
}
