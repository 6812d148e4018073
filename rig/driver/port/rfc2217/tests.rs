use proptest::prelude::*;

use emulators::time::Line;

use super::*;

const NOTHING: [u8; 0] = [];
const SITE: Settings = Settings { baud: 19_200, data: 8, parity: 1, stop: 1 };

/// What a side makes of a connection's bytes: the line's bytes, and what it answers.
fn heard(port: &mut ComPort, bytes: &[u8]) -> (Vec<u8>, Vec<u8>) {
    let mut data = Vec::new();
    port.hear(bytes, &mut data);
    (data, port.poll_send().unwrap_or_default())
}

/// A server that has said its opening words.
fn server() -> ComPort {
    let mut port = ComPort::server(SITE);
    port.poll_send();
    port
}

/// `IAC SB COM-PORT …  IAC SE`
fn sub(bytes: &[u8]) -> Vec<u8> {
    let mut out = vec![IAC, SB, COM_PORT];
    ComPort::escape(bytes, &mut out);
    out.extend([IAC, SE]);
    out
}

/// Lets two sides talk until neither has anything to say.
fn talk(client: &mut ComPort, server: &mut ComPort) -> usize {
    for turn in 0..20 {
        let (to_server, to_client) = (client.poll_send(), server.poll_send());
        if to_server.is_none() && to_client.is_none() {
            return turn;
        }
        let mut data = Vec::new();
        server.hear(&to_server.unwrap_or_default(), &mut data);
        client.hear(&to_client.unwrap_or_default(), &mut data);
        assert!(data.is_empty(), "negotiation is not the line's: {data:?}");
    }
    panic!("they never end");
}

#[test]
fn a_client_and_a_server_agree_and_fall_silent() {
    let wanted = Settings { baud: 57_600, data: 8, parity: 3, stop: 1 };
    let (mut client, mut server) = (ComPort::client(wanted), ComPort::server(SITE));
    talk(&mut client, &mut server);
    assert_eq!(server.settings(), wanted);
    assert_eq!(client.settings(), wanted);
    assert!(client.is_settled() && client.has_com_port() && client.is_telnet());
    assert!(client.missing().is_empty());
}

#[test]
fn a_server_answers_every_command_with_what_holds() {
    let mut port = server();
    for (question, answer) in [
        (&[1, 0, 0, 0x25, 0x80][..], &[101, 0, 0, 0x25, 0x80][..]),
        (&[1, 0, 0, 0, 0], &[101, 0, 0, 0x25, 0x80]),
        (&[1, 0, 0, 0xff, 0xff], &[101, 0, 0, 0xff, 0xff]),
        (&[2, 7], &[102, 7]),
        (&[2, 9], &[102, 7]),
        (&[2, 0], &[102, 7]),
        (&[3, 2], &[103, 2]),
        (&[3, 6], &[103, 2]),
        (&[4, 3], &[104, 3]),
        (&[5, 0], &[105, 1]),
        (&[5, 3], &[105, 3]),
        (&[5, 5], &[105, 5]),
        (&[5, 4], &[105, 5]),
        (&[5, 9], &[105, 9]),
        (&[5, 7], &[105, 9]),
        (&[5, 12], &[105, 12]),
        (&[5, 13], &[105, 14]),
        (&[6], &[106, 0x60]),
        (&[7], &[107, 0xb0]),
        (&[12, 3], &[112, 3]),
    ] {
        assert_eq!(heard(&mut port, &sub(question)), (vec![], sub(answer)), "{question:?}");
    }
    assert_eq!(heard(&mut port, &sub(&[0])).1, sub(b"\x64crossing-rig"));
    let settings = Settings { baud: 0xffff, data: 7, parity: 2, stop: 3 };
    assert_eq!(port.settings(), settings);
    assert_eq!(settings.to_string(), "65535 7O1.5");
}

#[test]
fn masks_are_answered_and_what_they_let_through_is_told() {
    let mut port = server();
    assert_eq!(heard(&mut port, &sub(&[10, 0x40])).1, [sub(&[110, 0x40]), sub(&[106, 0x40])].concat());
    assert_eq!(heard(&mut port, &sub(&[11, 0x10])).1, [sub(&[111, 0x10]), sub(&[107, 0x10])].concat());
    assert_eq!(heard(&mut port, &sub(&[10, 0])).1, sub(&[110, 0]));
}

#[test]
fn commands_that_are_none_are_not_answered() {
    let mut port = server();
    for question in [&[1, 0, 0][..], &[2], &[5, 99], &[12, 4], &[13], &[200, 1], &[255], &[]] {
        assert_eq!(heard(&mut port, &sub(question)), (vec![], vec![]), "{question:?}");
    }
    let other = [IAC, SB, 24, 1, IAC, SE];
    assert_eq!(heard(&mut port, &other), (vec![], vec![]));
    assert_eq!(port.settings(), SITE);
}

#[test]
fn options_are_answered_once_and_others_are_refused() {
    let mut port = server();
    assert_eq!(heard(&mut port, &[IAC, WILL, 0]).1, NOTHING, "it had asked");
    assert_eq!(heard(&mut port, &[IAC, WILL, 0]).1, NOTHING, "nothing changes");
    assert_eq!(heard(&mut port, &[IAC, WONT, 0]).1, [IAC, DONT, 0]);
    assert_eq!(heard(&mut port, &[IAC, WILL, 0]).1, [IAC, DO, 0]);
    assert_eq!(heard(&mut port, &[IAC, DO, 1]).1, [IAC, WONT, 1]);
    assert_eq!(heard(&mut port, &[IAC, WILL, 24]).1, [IAC, DONT, 24]);
    assert_eq!(heard(&mut port, &[IAC, DONT, 24, IAC, WONT, 31]).1, NOTHING);
}

#[test]
fn whoever_learns_of_the_com_port_is_told_of_its_lines_once() {
    let mut port = server();
    assert_eq!(heard(&mut port, &[IAC, WILL, COM_PORT]).1, sub(&[107, 0xb0]));
    assert_eq!(heard(&mut port, &[IAC, DO, COM_PORT]).1, [IAC, WILL, COM_PORT]);
}

#[test]
fn a_refused_com_port_leaves_nothing_to_wait_for_and_a_silent_server_everything() {
    let mut client = ComPort::client(SITE);
    assert!(!client.is_settled() && !client.is_telnet());
    heard(&mut client, b"login: ");
    assert!(!client.is_telnet(), "a raw connection");
    heard(&mut client, &[IAC, DONT, COM_PORT]);
    assert!(client.is_settled() && !client.has_com_port());
    assert_eq!(client.missing().len(), 5);
}

#[test]
fn a_server_without_flow_control_is_known_by_what_is_missing() {
    let mut client = ComPort::client(SITE);
    client.poll_send();
    let (_, asked) = heard(&mut client, &[IAC, DO, COM_PORT]);
    assert!(asked.windows(4).any(|part| part == [IAC, SB, COM_PORT, 1]), "{asked:?}");
    for answer in [&[101, 0, 0, 0x25, 0x80][..], &[102, 8], &[103, 1], &[104, 1]] {
        heard(&mut client, &sub(answer));
    }
    assert_eq!(client.missing(), ["flow control"]);
    assert_eq!(client.settings(), Settings { baud: 9_600, ..SITE });
    assert!(!client.is_settled());
}

#[test]
fn a_side_that_is_asked_for_silence_is_silent_until_it_is_wanted_again() {
    let (mut client, mut server) = (ComPort::client(SITE), server());
    heard(&mut server, &sub(&[8]));
    heard(&mut client, &sub(&[108]));
    assert!(server.is_suspended() && client.is_suspended());
    heard(&mut server, &sub(&[9]));
    heard(&mut client, &sub(&[109]));
    assert!(!server.is_suspended() && !client.is_suspended());
}

#[test]
fn what_never_ends_is_bounded() {
    let mut port = server();
    heard(&mut port, &[IAC, SB, COM_PORT, 1]);
    (0..1_000).for_each(|_| drop(heard(&mut port, &[7; 100])));
    assert!(port.sub.capacity() <= 4 * LONGEST);
    assert_eq!(heard(&mut port, &[IAC, SE]).1, NOTHING, "too long to be a command");
    let mut data = Vec::new();
    (0..100_000).for_each(|_| port.hear(&[IAC, DO, 1], &mut data));
    (0..100_000).for_each(|_| port.hear(&sub(&[0]), &mut data));
    assert!(port.out.len() <= ANSWERS + 64);
}

#[test]
fn a_command_inside_a_sub_negotiation_ends_it() {
    let mut port = server();
    let (data, _) = heard(&mut port, &[IAC, SB, COM_PORT, 3, IAC, WILL, 0, b'x']);
    assert_eq!(data, b"x");
    assert_eq!(port.settings(), SITE);
}

#[test]
fn more_stop_bits_are_understood_and_another_frame_is_not() {
    assert!(SITE.understands(Settings { stop: 2, ..SITE }));
    for other in
        [Settings { baud: 9_600, ..SITE }, Settings { data: 7, ..SITE }, Settings { parity: 3, ..SITE }]
    {
        assert!(!SITE.understands(other), "{other}");
    }
    let even = Line { baud: 9_600, bits: 11 };
    assert_eq!(Settings::of(even).to_string(), "9600 8E1");
}

/// Bytes that often mean something.
fn stream() -> impl Strategy<Value = Vec<u8>> {
    let telnet = prop_oneof![Just(IAC), Just(SB), Just(SE), Just(WILL), Just(DO), Just(DONT), Just(COM_PORT)];
    let byte = prop_oneof![3 => telnet, 2 => 0..14_u8, 1 => any::<u8>()];
    proptest::collection::vec(byte, 0..200)
}

proptest! {
    #[test]
    fn any_bytes_never_panic_and_borders_between_reads_mean_nothing(bytes in stream(), as_server in any::<bool>()) {
        let new = || if as_server { ComPort::server(SITE) } else { ComPort::client(SITE) };
        let mut whole = new();
        let once = heard(&mut whole, &bytes);
        for cut in 0..=bytes.len() {
            let mut parts = new();
            let mut data = Vec::new();
            parts.hear(&bytes[..cut], &mut data);
            parts.hear(&bytes[cut..], &mut data);
            prop_assert_eq!(&(data, parts.poll_send().unwrap_or_default()), &once);
            prop_assert_eq!(parts.settings(), whole.settings());
        }
    }

    #[test]
    fn what_one_side_sends_is_what_the_other_hears(bytes in proptest::collection::vec(any::<u8>(), 0..300)) {
        let mut carried = Vec::new();
        ComPort::escape(&bytes, &mut carried);
        let mut port = server();
        prop_assert_eq!(heard(&mut port, &carried), (bytes.clone(), vec![]));
        // Also with a command between any two of them.
        let middle = bytes.len() / 2;
        let mut mixed = Vec::new();
        ComPort::escape(&bytes[..middle], &mut mixed);
        mixed.extend(sub(&[3, 2]));
        ComPort::escape(&bytes[middle..], &mut mixed);
        prop_assert_eq!(heard(&mut port, &mixed).0, bytes);
    }
}
