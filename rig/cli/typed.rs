//! Lines of standard input: what a person, or a program that started this one, tells a running device.

use std::io::BufRead as _;

use tokio::sync::mpsc;

use crate::driver::live::News;

/// Hands on each line until nobody listens. For a program that is `attached` to whoever started it, the end of its input
/// is a `quit`.
pub(super) fn hand_on(tell: &mpsc::Sender<News>, attached: bool) {
    let mut input = std::io::stdin().lock();
    let mut bytes = Vec::new();
    while input.read_until(b'\n', &mut bytes).is_ok_and(|read| read > 0) {
        // What is no text is an unknown command like any other.
        let line = String::from_utf8_lossy(&bytes).trim_end_matches(['\n', '\r']).to_owned();
        bytes.clear();
        if tell.blocking_send(News::Told(line)).is_err() {
            return;
        }
    }
    if attached {
        let _ = tell.blocking_send(News::Told("quit".to_owned()));
    }
}
