//! Files whole, cut, damaged and foreign.

use emulators::time::Span;

use super::form::decode;
use super::*;
use crate::trace::record::{Frame, HeadName, What};
use proptest::prelude::*;

fn header() -> Header {
    Header {
        format: FORMAT,
        tool: "0.1.0".to_owned(),
        site: "s".to_owned(),
        site_hash: "h".to_owned(),
        scenario: "c".to_owned(),
        scenario_hash: "k".to_owned(),
        seed: 7,
        clock: "virtual".to_owned(),
        starts_at: 63_600,
        site_text: "version = 1".to_owned(),
        scenario_text: "version = 1".to_owned(),
    }
}

fn records() -> Vec<Record> {
    let frame = Frame {
        cable: 2,
        from: Some(0),
        start: Instant::from_us(100),
        bytes: vec![1, 2, 3],
        sent: Some(vec![1, 2, 4]),
        collided: true,
    };
    let garbage = Frame {
        cable: 4,
        from: None,
        start: Instant::from_us(200),
        bytes: vec![],
        sent: None,
        collided: false,
    };
    let whats = vec![
        What::Power(true),
        What::Frame(frame),
        What::Frame(garbage),
        What::Head { head: HeadName::PedestrianB, driven: 1, lit: 5 },
        What::Sensed { head: HeadName::VehicleB, lit: Some(3) },
        What::Sensed { head: HeadName::PedestrianA, lit: None },
        What::Display { head: HeadName::VehicleA, told: (1, 15), shown: (3, 255) },
        What::Post { post: 1, light: 2, voice: 1, volume: 80 },
        What::People { waiting: [1, 300], walking: [0, 65535] },
        What::Stimulus("arrive a 3".to_owned()),
        What::Reject { device: "camera-a".to_owned(), cable: 0, skipped: 9, why: "checksum".to_owned() },
        What::Note("现在是绿灯，请通行".to_owned()),
        What::End,
    ];
    let at = |n: usize| Instant::from_us(1_000 * n as u64 + 300);
    whats
        .into_iter()
        .enumerate()
        .map(|(n, what)| Record { earliest: at(n).back(Span::from_us(n as u64)), latest: at(n), what })
        .collect()
}

fn written() -> Vec<u8> {
    let mut writer = Writer::new(Vec::new(), &header()).expect("a vector takes everything");
    for record in records() {
        writer.write(&record).expect("a vector takes everything");
    }
    writer.finish().expect("a vector takes everything")
}

#[test]
fn what_was_written_is_read_back() {
    let bytes = written();
    let mut reader = Reader::new(&bytes[..]).expect("a sound header");
    assert_eq!(reader.header(), &header());
    assert_eq!(reader.by_ref().collect::<Vec<_>>(), records());
    assert_eq!(reader.cut(), None);
}

#[test]
fn a_file_cut_anywhere_reads_up_to_its_last_whole_record() {
    let bytes = written();
    let body = bytes.len() - {
        let mut probe = Writer::new(Vec::new(), &header()).expect("a vector takes everything");
        probe.flush().expect("a vector takes everything");
        bytes.len() - probe.bytes() as usize
    };
    let mut seen = 0;
    for cut in body..bytes.len() {
        let mut reader = Reader::new(&bytes[..cut]).expect("the header is whole");
        let read: Vec<_> = reader.by_ref().collect();
        assert_eq!(read, records()[..read.len()]);
        assert!(read.len() >= seen, "a longer file never gives fewer records");
        seen = read.len();
    }
    assert_eq!(seen, records().len() - 1);
}

#[test]
fn a_flipped_bit_ends_the_reading_and_is_named() {
    let mut bytes = written();
    let middle = bytes.len() - 20;
    bytes[middle] ^= 4;
    let mut reader = Reader::new(&bytes[..]).expect("the header is whole");
    let read = reader.by_ref().count();
    assert!(read < records().len());
    assert!(reader.cut().is_some());
}

#[test]
fn another_file_is_refused_with_a_reason() {
    assert!(matches!(Reader::new(&b"hello"[..]), Err(ReadError::NotATrace)));
    let mut newer = written();
    newer[8] = 9;
    assert!(matches!(Reader::new(&newer[..]), Err(ReadError::Format(9))));
}

proptest! {
    #[test]
    fn any_bytes_never_panic(tail in proptest::collection::vec(any::<u8>(), 0..300)) {
        let mut bytes = written();
        bytes.truncate(bytes.len() / 2);
        bytes.extend(&tail);
        if let Ok(reader) = Reader::new(&bytes[..]) { let _ = reader.count(); }
        let _ = Reader::new(&tail[..]).map(Iterator::count);
        let _ = decode(&tail, Instant::ZERO);
    }
}
