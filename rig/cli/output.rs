//! Stdout: results that could not be written are no success, whatever the verdict.
//!
//! A reader that has gone away (`| head`) has seen what it wanted: the exit code still tells. Everything else (a full disk) is
//! remembered and ends the process with code 3. A stdout that was closed from the beginning (`>&-`) is opened as
//! `/dev/null` by the language's runtime before `main` and cannot be told from `> /dev/null`.

use std::fmt::Arguments;
use std::io::{self, ErrorKind, Write as _};
use std::sync::OnceLock;

use super::Exit;

/// The first failure.
static FAILED: OnceLock<io::Error> = OnceLock::new();

/// Remembers a failure, unless it is only that nobody reads any more.
pub(super) fn note(result: io::Result<()>) {
    if let Err(error) = result
        && error.kind() != ErrorKind::BrokenPipe
    {
        // Only the first is told.
        let _ = FAILED.set(error);
    }
}

/// Writes a line.
pub(super) fn line(text: Arguments<'_>) {
    note(writeln!(io::stdout(), "{text}"));
}

/// The exit code, once everything is written. An interruption stays one.
pub(super) fn finish(exit: Exit) -> Exit {
    note(io::stdout().flush());
    match FAILED.get() {
        Some(error) if exit != Exit::Interrupted => {
            complain_line!("error: the results could not be written to stdout: {error}");
            Exit::Broken
        }
        Some(_) | None => exit,
    }
}
