//! Golden frames: independent witnesses of what the codec reads and writes.

use super::*;

/// A golden frame and what it says.
struct Golden {
    capture: &'static str,
    crc: Crc,
    info_len: u8,
    sender: Address,
    receiver: Address,
    message: Message,
    text: &'static str,
}

fn up(capture: &'static str, crc: Crc, message: Message, text: &'static str) -> Golden {
    Golden { capture, crc, info_len: 5, sender: CAMERA, receiver: CONTROLLER, message, text }
}

fn down(capture: &'static str, crc: Crc, message: Message, text: &'static str) -> Golden {
    Golden { capture, crc, info_len: 5, sender: CONTROLLER, receiver: CAMERA, message, text }
}

fn block() -> Statistics {
    let zone = ZoneStatistics {
        channel: 1,
        region: Region::Waiting,
        total: 300,
        occupancy: 200,
        wait_s: 18,
        up: 0,
        down: 0,
    };
    let crosswalk = ZoneStatistics {
        channel: 2,
        region: Region::Crosswalk,
        total: 299,
        occupancy: 80,
        wait_s: 0,
        up: 150,
        down: 149,
    };
    Statistics { start: AT.s, end: AT.s + 60, zones: vec![zone, crosswalk] }
}

/// The frames of both checksum variants.
fn worked() -> Vec<Golden> {
    let status = || Message::StatusUpload(Status { at: AT, channels: vec![(2, true)] });
    let mut escape = up(
        capture!("escape"),
        Crc::Modbus,
        Message::HeartbeatReply,
        "camera 16.192 -> controller 1.1  query-reply 0101 heartbeat",
    );
    escape.sender.number = 0x00c0;
    let mut escape_cms = up(capture!("escape-cms"), Crc::Cms, Message::HeartbeatReply, escape.text);
    escape_cms.sender.number = 0x00c0;
    let connect = "camera 16.101 -> controller 1.1  set 0101 connect";
    let connected = "controller 1.1 -> camera 16.101  set-reply 0101 connected";
    let query = "controller 1.1 -> camera 16.101  query 0101 heartbeat";
    let reply = "camera 16.101 -> controller 1.1  query-reply 0101 heartbeat";
    let three = "camera 16.101 -> controller 1.1  upload 0801 real-time t=1760000000.000 ch1 waiting 3 (25.0 %, 12 s)";
    let abnormal = "camera 16.101 -> controller 1.1  upload 0205 status t=1760000000.000 ch2 abnormal";
    vec![
        up(capture!("connect-request"), Crc::Modbus, Message::ConnectRequest, connect),
        up(capture!("connect-request-cms"), Crc::Cms, Message::ConnectRequest, connect),
        down(capture!("connect-reply"), Crc::Modbus, Message::ConnectReply, connected),
        down(capture!("connect-reply-cms"), Crc::Cms, Message::ConnectReply, connected),
        down(capture!("heartbeat-query"), Crc::Modbus, Message::HeartbeatQuery, query),
        down(capture!("heartbeat-query-cms"), Crc::Cms, Message::HeartbeatQuery, query),
        up(capture!("heartbeat-reply"), Crc::Modbus, Message::HeartbeatReply, reply),
        up(capture!("heartbeat-reply-cms"), Crc::Cms, Message::HeartbeatReply, reply),
        up(capture!("three-waiting"), Crc::Modbus, three_waiting(), three),
        up(capture!("three-waiting-cms"), Crc::Cms, three_waiting(), three),
        up(capture!("status"), Crc::Modbus, status(), abnormal),
        up(capture!("status-cms"), Crc::Cms, status(), abnormal),
        escape,
        escape_cms,
    ]
}

/// The frames made up for the other objects.
fn made_up() -> Vec<Golden> {
    let serial = SerialParameters { port: 2, baud: 5, data_bits: 4, stop_bits: 1, parity: 1 };
    let config = DetectorConfig { realtime: 5, statistics_s: 300 };
    let mut short = up(
        capture!("crosswalk-4"),
        Crc::Modbus,
        crowded(None),
        "camera 16.101 -> controller 1.1  upload 0801 real-time t=1760000000.500 ch1 waiting >=255 (100.0 %, >=255 s) ch2 crosswalk 5 (12.5 %, up 3)",
    );
    short.info_len = 4;
    vec![
        short,
        up(
            capture!("crosswalk-5"),
            Crc::Modbus,
            crowded(Some(2)),
            "camera 16.101 -> controller 1.1  upload 0801 real-time t=1760000000.500 ch1 waiting >=255 (100.0 %, >=255 s) ch2 crosswalk 5 (12.5 %, up 3, down 2)",
        ),
        up(
            capture!("statistics"),
            Crc::Modbus,
            Message::Statistics(block()),
            "camera 16.101 -> controller 1.1  upload 0802 statistics t=1760000000..1760000060 ch1 waiting 300 (20.0 %, 18 s) ch2 crosswalk 299 (8.0 %, up 150, down 149)",
        ),
        down(
            capture!("statistics-reply"),
            Crc::Modbus,
            Message::StatisticsAck,
            "controller 1.1 -> camera 16.101  upload-reply 0802 statistics",
        ),
        down(
            capture!("history-query"),
            Crc::Modbus,
            Message::HistoryQuery { start: AT.s, end: AT.s + 60 },
            "controller 1.1 -> camera 16.101  query 0803 history t=1760000000..1760000060",
        ),
        up(
            capture!("history-reply"),
            Crc::Modbus,
            Message::HistoryReply { serial: 7, block: block() },
            "camera 16.101 -> controller 1.1  query-reply 0803 history #7 t=1760000000..1760000060 ch1 waiting 300 (20.0 %, 18 s) ch2 crosswalk 299 (8.0 %, up 150, down 149)",
        ),
        up(
            capture!("time-upload"),
            Crc::Modbus,
            Message::TimeUpload(HALF_PAST, 28_800),
            "camera 16.101 -> controller 1.1  upload 0201 time t=1760000000.500 UTC+28800 s",
        ),
        down(
            capture!("serial-set"),
            Crc::Modbus,
            Message::SerialSet(serial),
            "controller 1.1 -> camera 16.101  set 0202 serial RS-485 19200 8N1",
        ),
        down(
            capture!("config-set"),
            Crc::Modbus,
            Message::ConfigSet(config),
            "controller 1.1 -> camera 16.101  set 0204 config real-time 0.5 s, statistics 300 s",
        ),
        up(
            capture!("error"),
            Crc::Modbus,
            Message::Error { object: 0x0999, code: 7 },
            "camera 16.101 -> controller 1.1  error 0999 7 object",
        ),
    ]
}

fn golden() -> impl Iterator<Item = Golden> {
    worked().into_iter().chain(made_up())
}

fn packet_of(golden: &Golden) -> Packet {
    golden.message.packet(golden.sender, golden.receiver, golden.info_len)
}

#[test]
fn golden_frames_are_read_as_what_they_say() {
    for golden in golden() {
        let bytes = capture::bytes(golden.capture);
        let mut decoder = Decoder::new(golden.crc);
        decoder.push(&bytes);
        let Parsed::Frame { frame, used } = decoder.poll() else { panic!("{} is no frame", golden.text) };
        assert_eq!(used, bytes.len(), "{}", golden.text);
        assert_eq!(decoder.poll(), Parsed::NeedMore);
        assert_eq!(frame, packet_of(&golden), "{}", golden.text);
        assert_eq!(Message::of(&frame, golden.info_len), golden.message);
        assert_eq!(frame.to_string(), golden.text);
    }
}

#[test]
fn golden_frames_are_written_behind_what_a_buffer_already_holds() {
    for golden in golden() {
        let mut out = vec![0xa5];
        packet_of(&golden).emit(golden.crc, &mut out);
        assert_eq!(out[0], 0xa5);
        assert_eq!(out[1..], capture::bytes(golden.capture), "{}", golden.text);
    }
}

#[test]
fn a_frame_of_the_other_checksum_is_rejected() {
    for golden in golden() {
        let other = match golden.crc {
            Crc::Modbus => Crc::Cms,
            Crc::Cms => Crc::Modbus,
        };
        let (frames, rejects) = decode(other, &capture::bytes(golden.capture));
        assert_eq!((frames.len(), rejects.len()), (0, 1), "{}", golden.text);
        assert_eq!(rejects[0].1, Damage::Checksum.why());
    }
}

#[test]
fn a_stream_split_at_every_byte_reads_the_same() {
    let mut stream = b"CAM BOOT 1.4.2\r\n".to_vec();
    let made_up = made_up();
    for golden in &made_up {
        stream.extend_from_slice(&capture::bytes(golden.capture));
        stream.extend_from_slice(&[0xc0, 0xc0, 0x55]);
    }
    let whole = decode(Crc::Modbus, &stream);
    assert_eq!(whole.0.len(), made_up.len());
    for at in 0..=stream.len() {
        let mut decoder = Decoder::new(Crc::Modbus);
        decoder.push(&stream[..at]);
        let mut parts = drain(&mut decoder);
        decoder.push(&stream[at..]);
        let (frames, rejects) = drain(&mut decoder);
        parts.0.extend(frames);
        parts.1.extend(rejects);
        assert_eq!(parts, whole, "split at {at}");
    }
    let mut decoder = Decoder::new(Crc::Modbus);
    let mut single = (Vec::new(), Vec::new());
    for byte in &stream {
        decoder.push(std::slice::from_ref(byte));
        let (frames, rejects) = drain(&mut decoder);
        single.0.extend(frames);
        single.1.extend(rejects);
    }
    assert_eq!(single, whole);
}

#[test]
fn a_single_flipped_bit_costs_the_frame_and_never_the_next() {
    for golden in golden() {
        let intact = capture::bytes(golden.capture);
        for bit in 0..intact.len() * 8 {
            let mut stream = intact.clone();
            stream[bit / 8] ^= 1 << (bit % 8);
            stream.extend_from_slice(&intact);
            let (frames, rejects) = decode(golden.crc, &stream);
            assert_eq!(frames, [packet_of(&golden)], "bit {bit} of {}", golden.text);
            assert!(!rejects.is_empty(), "bit {bit} of {}", golden.text);
        }
    }
}
