//! The trace file: a header and records, each with its length and a checksum.
//!
//! ```text
//! "CROSSRIG" | format u32 | header length u32 | header (JSON) | CRC-32 of the header u32      little-endian throughout
//! record: payload length (varint) | payload | CRC-32 of the payload u32
//! payload: kind u8 | latest - previous latest (varint, us) | latest - earliest (varint, us) | fields of the kind
//! ```
//!
//! A process that is killed leaves a file that reads up to its last whole record. Reading never panics and
//! never allocates more than 64 KiB for a record, whatever the bytes say.

use std::io::{self, Read, Write};

use emulators::time::{Instant, Span};

use super::record::{Frame, HeadName, Header, Record, What};

/// The format this tool writes and reads.
pub const FORMAT: u32 = 1;
/// Longest payload of a record in bytes.
pub(crate) const RECORD_LIMIT: usize = 64 * 1024;
/// Longest header in bytes (a site file and a scenario file of 1 MiB each, escaped).
const HEADER_LIMIT: usize = 8 * 1024 * 1024;
const MAGIC: &[u8; 8] = b"CROSSRIG";
const FLUSH_AT: usize = 64 * 1024;

/// Why a trace cannot be read.
#[derive(Debug, thiserror::Error)]
pub enum ReadError {
    /// The file could not be read.
    #[error("cannot read: {0}")]
    Io(#[from] io::Error),
    /// Not a trace.
    #[error("not a trace of this tool (it does not begin with CROSSRIG)")]
    NotATrace,
    /// From a newer tool.
    #[error("trace format {0}; this tool reads format {FORMAT} (use the version of the tool that wrote it)")]
    Format(u32),
    /// The header is damaged.
    #[error("the header is damaged: {0}")]
    Header(String),
}

/// Writes a trace. Buffered; [`Writer::flush`] hands everything over.
#[derive(Debug)]
pub struct Writer<W: Write> {
    out: W,
    buffer: Vec<u8>,
    /// Knows what this processor can do; a new one would look that up for every record.
    hasher: crc32fast::Hasher,
    last: Instant,
    bytes: u64,
}

impl<W: Write> Writer<W> {
    /// Writes the header.
    ///
    /// # Errors
    /// What the underlying writer says.
    pub fn new(out: W, header: &Header) -> io::Result<Writer<W>> {
        let json = serde_json::to_vec(header).map_err(io::Error::other)?;
        let mut buffer = Vec::with_capacity(FLUSH_AT + RECORD_LIMIT);
        buffer.extend_from_slice(MAGIC);
        buffer.extend_from_slice(&FORMAT.to_le_bytes());
        buffer.extend_from_slice(&(json.len() as u32).to_le_bytes());
        buffer.extend_from_slice(&json);
        buffer.extend_from_slice(&crc32fast::hash(&json).to_le_bytes());
        let mut writer =
            Writer { out, buffer, hasher: crc32fast::Hasher::new(), last: Instant::ZERO, bytes: 0 };
        writer.flush()?;
        Ok(writer)
    }

    /// Appends a record.
    ///
    /// # Errors
    /// What the underlying writer says; the records before are safe.
    pub fn write(&mut self, record: &Record) -> io::Result<()> {
        // Straight into the buffer, behind a length of one byte: nearly every record is shorter than 128.
        let length_at = self.buffer.len();
        self.buffer.push(0);
        encode(record, self.last, &mut self.buffer);
        self.last = record.latest;
        let payload = &self.buffer[length_at + 1..];
        let length = payload.len();
        let mut hasher = self.hasher.clone();
        hasher.update(payload);
        let sum = hasher.finalize();
        if length < 0x80 {
            self.buffer[length_at] = length as u8;
        } else {
            self.lengthen(length_at, length);
        }
        self.buffer.extend_from_slice(&sum.to_le_bytes());
        if self.buffer.len() >= FLUSH_AT { self.flush() } else { Ok(()) }
    }

    /// Makes room for a length that takes more than one byte.
    #[cold]
    fn lengthen(&mut self, length_at: usize, length: usize) {
        let mut bytes = Vec::new();
        put_varint(&mut bytes, length as u64);
        self.buffer.splice(length_at..=length_at, bytes);
    }

    /// Hands everything written so far to the underlying writer.
    ///
    /// # Errors
    /// What the underlying writer says.
    pub fn flush(&mut self) -> io::Result<()> {
        self.out.write_all(&self.buffer)?;
        self.bytes += self.buffer.len() as u64;
        self.buffer.clear();
        self.out.flush()
    }

    /// Bytes written so far, header included.
    #[must_use]
    pub fn bytes(&self) -> u64 {
        self.bytes + self.buffer.len() as u64
    }

    /// Flushes and gives the underlying writer back.
    ///
    /// # Errors
    /// What the underlying writer says.
    pub fn finish(mut self) -> io::Result<W> {
        self.flush()?;
        Ok(self.out)
    }
}

/// Reads a trace record by record.
#[derive(Debug)]
pub struct Reader<R: Read> {
    input: R,
    header: Header,
    last: Instant,
    payload: Vec<u8>,
    cut: Option<String>,
}

impl<R: Read> Reader<R> {
    /// Reads the header. Wrap files in a `BufReader`.
    ///
    /// # Errors
    /// If this is no trace, one of another format, or damaged.
    pub fn new(mut input: R) -> Result<Reader<R>, ReadError> {
        let mut start = [0u8; 16];
        if let Err(error) = input.read_exact(&mut start) {
            return Err(if error.kind() == io::ErrorKind::UnexpectedEof {
                ReadError::NotATrace
            } else {
                error.into()
            });
        }
        if &start[..8] != MAGIC {
            return Err(ReadError::NotATrace);
        }
        let format = u32::from_le_bytes([start[8], start[9], start[10], start[11]]);
        if format != FORMAT {
            return Err(ReadError::Format(format));
        }
        let length = u32::from_le_bytes([start[12], start[13], start[14], start[15]]) as usize;
        if length > HEADER_LIMIT {
            return Err(ReadError::Header(format!("{length} bytes long, at most {HEADER_LIMIT}")));
        }
        let mut json = Vec::new();
        (&mut input).take(length as u64).read_to_end(&mut json)?;
        let mut sum = [0u8; 4];
        input.read_exact(&mut sum).map_err(|_| ReadError::Header("cut off".to_owned()))?;
        if json.len() != length || crc32fast::hash(&json) != u32::from_le_bytes(sum) {
            return Err(ReadError::Header("checksum".to_owned()));
        }
        let header = serde_json::from_slice(&json).map_err(|error| ReadError::Header(error.to_string()))?;
        Ok(Reader { input, header, last: Instant::ZERO, payload: Vec::new(), cut: None })
    }

    /// The header.
    #[must_use]
    pub fn header(&self) -> &Header {
        &self.header
    }

    /// Why reading ended before the end of the file, if it did.
    #[must_use]
    pub fn cut(&self) -> Option<&str> {
        self.cut.as_deref()
    }

    fn read_record(&mut self) -> Result<Option<Record>, String> {
        let Some(length) = self.read_length()? else { return Ok(None) };
        if length > RECORD_LIMIT {
            return Err(format!("a record of {length} bytes, at most {RECORD_LIMIT}"));
        }
        self.payload.resize(length, 0);
        self.input.read_exact(&mut self.payload).map_err(|_| "cut off inside a record".to_owned())?;
        let mut sum = [0u8; 4];
        self.input.read_exact(&mut sum).map_err(|_| "cut off inside a record".to_owned())?;
        if crc32fast::hash(&self.payload) != u32::from_le_bytes(sum) {
            return Err("a record's checksum is wrong".to_owned());
        }
        let record = decode(&self.payload, self.last).ok_or_else(|| "a record makes no sense".to_owned())?;
        self.last = record.latest;
        Ok(Some(record))
    }

    fn read_length(&mut self) -> Result<Option<usize>, String> {
        let mut value = 0u64;
        for shift in 0..4 {
            let mut byte = [0u8; 1];
            match self.input.read(&mut byte) {
                Ok(0) if shift == 0 => return Ok(None),
                Ok(0) => return Err("cut off inside a record".to_owned()),
                Ok(_) => {}
                Err(error) => return Err(error.to_string()),
            }
            value |= u64::from(byte[0] & 0x7f) << (7 * shift);
            if byte[0] & 0x80 == 0 {
                return Ok(Some(value as usize));
            }
        }
        Err("a record's length is wrong".to_owned())
    }
}

impl<R: Read> Iterator for Reader<R> {
    type Item = Record;

    /// The next whole record; `None` at the end or where the file is damaged (see [`Reader::cut`]).
    fn next(&mut self) -> Option<Record> {
        if self.cut.is_some() {
            return None;
        }
        match self.read_record() {
            Ok(record) => record,
            Err(why) => {
                self.cut = Some(why);
                None
            }
        }
    }
}

const FRAME: u8 = 1;
const HEAD: u8 = 2;
const DISPLAY: u8 = 3;
const POST: u8 = 4;
const POWER: u8 = 5;
const PEOPLE: u8 = 6;
const STIMULUS: u8 = 7;
const REJECT: u8 = 8;
const NOTE: u8 = 9;
const END: u8 = 10;
const NOBODY: u8 = 0xff;
const COLLIDED: u8 = 1;
const DAMAGED: u8 = 2;

fn put_varint(out: &mut Vec<u8>, mut value: u64) {
    while value >= 0x80 {
        out.push(value as u8 | 0x80);
        value >>= 7;
    }
    out.push(value as u8);
}

fn encode(record: &Record, last: Instant, out: &mut Vec<u8>) {
    let kind = match &record.what {
        What::Frame(_) => FRAME,
        What::Head { .. } => HEAD,
        What::Display { .. } => DISPLAY,
        What::Post { .. } => POST,
        What::Power(_) => POWER,
        What::People { .. } => PEOPLE,
        What::Stimulus(_) => STIMULUS,
        What::Reject { .. } => REJECT,
        What::Note(_) => NOTE,
        What::End => END,
    };
    out.push(kind);
    put_varint(out, record.latest.since(last).as_us());
    put_varint(out, record.latest.since(record.earliest).as_us());
    match &record.what {
        What::Frame(frame) => encode_frame(frame, record.latest, out),
        What::Head { head, driven, lit } => out.extend_from_slice(&[*head as u8, *driven, *lit]),
        What::Display { head, told, shown } => {
            out.push(*head as u8);
            for (colour, number) in [told, shown] {
                out.push(*colour);
                out.extend_from_slice(&number.to_le_bytes());
            }
        }
        What::Post { post, light, voice, volume } => out.extend_from_slice(&[*post, *light, *voice, *volume]),
        What::Power(on) => out.push(u8::from(*on)),
        What::People { waiting, walking } => {
            for number in waiting.iter().chain(walking) {
                out.extend_from_slice(&number.to_le_bytes());
            }
        }
        What::Stimulus(text) | What::Note(text) => out.extend_from_slice(clipped(text)),
        What::Reject { device, cable, skipped, why } => {
            out.push(*cable);
            out.extend_from_slice(&skipped.to_le_bytes());
            let device = &device.as_bytes()[..device.len().min(255)];
            out.push(device.len() as u8);
            out.extend_from_slice(device);
            out.extend_from_slice(clipped(why));
        }
        What::End => {}
    }
}

/// Texts are the rig's own and short; one that is not must not break the file.
fn clipped(text: &str) -> &[u8] {
    let mut end = text.len().min(RECORD_LIMIT / 2);
    while !text.is_char_boundary(end) {
        end -= 1;
    }
    &text.as_bytes()[..end]
}

fn encode_frame(frame: &Frame, end: Instant, out: &mut Vec<u8>) {
    let flags = if frame.collided { COLLIDED } else { 0 } | if frame.sent.is_some() { DAMAGED } else { 0 };
    out.extend_from_slice(&[frame.cable, frame.from.unwrap_or(NOBODY), flags]);
    put_varint(out, end.since(frame.start).as_us());
    if let Some(sent) = &frame.sent {
        let sent = &sent[..sent.len().min(RECORD_LIMIT / 4)];
        put_varint(out, sent.len() as u64);
        out.extend_from_slice(sent);
    }
    out.extend_from_slice(&frame.bytes[..frame.bytes.len().min(RECORD_LIMIT / 2)]);
}

/// A cursor over a payload; everything answers `None` past the end.
struct Cursor<'a>(&'a [u8]);

impl<'a> Cursor<'a> {
    fn byte(&mut self) -> Option<u8> {
        let (first, rest) = self.0.split_first()?;
        self.0 = rest;
        Some(*first)
    }

    fn take(&mut self, length: usize) -> Option<&'a [u8]> {
        let (front, rest) = self.0.split_at_checked(length)?;
        self.0 = rest;
        Some(front)
    }

    fn word(&mut self) -> Option<u16> {
        let bytes = self.take(2)?;
        Some(u16::from_le_bytes([bytes[0], bytes[1]]))
    }

    fn varint(&mut self) -> Option<u64> {
        let mut value = 0u64;
        for shift in 0..10 {
            let byte = self.byte()?;
            value |= u64::from(byte & 0x7f).checked_shl(7 * shift)?;
            if byte & 0x80 == 0 {
                return Some(value);
            }
        }
        None
    }

    fn text(&mut self) -> String {
        let text = String::from_utf8_lossy(self.0).into_owned();
        self.0 = &[];
        text
    }

    fn head(&mut self) -> Option<HeadName> {
        HeadName::ALL.get(usize::from(self.byte()?)).copied()
    }
}

fn decode(payload: &[u8], last: Instant) -> Option<Record> {
    let mut cursor = Cursor(payload);
    let kind = cursor.byte()?;
    let latest = last + Span::from_us(cursor.varint()?);
    let earliest = latest.back(Span::from_us(cursor.varint()?));
    let what = match kind {
        FRAME => What::Frame(decode_frame(&mut cursor, latest)?),
        HEAD => What::Head { head: cursor.head()?, driven: cursor.byte()?, lit: cursor.byte()? },
        DISPLAY => {
            let head = cursor.head()?;
            let told = (cursor.byte()?, cursor.word()?);
            What::Display { head, told, shown: (cursor.byte()?, cursor.word()?) }
        }
        POST => What::Post {
            post: cursor.byte()?,
            light: cursor.byte()?,
            voice: cursor.byte()?,
            volume: cursor.byte()?,
        },
        POWER => What::Power(cursor.byte()? != 0),
        PEOPLE => {
            let waiting = [cursor.word()?, cursor.word()?];
            What::People { waiting, walking: [cursor.word()?, cursor.word()?] }
        }
        STIMULUS => What::Stimulus(cursor.text()),
        REJECT => {
            let cable = cursor.byte()?;
            let skipped = cursor.take(4)?;
            let skipped = u32::from_le_bytes([skipped[0], skipped[1], skipped[2], skipped[3]]);
            let length = usize::from(cursor.byte()?);
            let device = String::from_utf8_lossy(cursor.take(length)?).into_owned();
            What::Reject { device, cable, skipped, why: cursor.text() }
        }
        NOTE => What::Note(cursor.text()),
        END => What::End,
        _ => return None,
    };
    Some(Record { earliest, latest, what })
}

fn decode_frame(cursor: &mut Cursor<'_>, end: Instant) -> Option<Frame> {
    let cable = cursor.byte()?;
    let from = Some(cursor.byte()?).filter(|&from| from != NOBODY);
    let flags = cursor.byte()?;
    let start = end.back(Span::from_us(cursor.varint()?));
    let sent = if flags & DAMAGED != 0 {
        let length = usize::try_from(cursor.varint()?).ok()?;
        Some(cursor.take(length)?.to_vec())
    } else {
        None
    };
    Some(Frame { cable, from, start, bytes: cursor.0.to_vec(), sent, collided: flags & COLLIDED != 0 })
}

#[cfg(test)]
mod tests {
    use super::*;
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
}
