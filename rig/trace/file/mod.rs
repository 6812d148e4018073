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

mod form;
#[cfg(test)]
mod tests;

use std::io::{self, Read, Write};

use emulators::time::Instant;

use super::record::{Header, Record};
use form::{decode, encode, put_varint};

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
