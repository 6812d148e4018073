//! Lines of standard input: what a person, or a program that started this one, tells a running device.

use tokio::sync::mpsc;

use crate::driver::live::News;

/// Hands on each line until nobody listens. For a program that is `attached` to whoever started it, the end of its input
/// is a `quit`.
pub(super) fn hand_on(tell: &mpsc::Sender<News>, attached: bool) {
    for line in std::io::stdin().lines() {
        let Ok(line) = line else { break };
        if tell.blocking_send(News::Told(line)).is_err() {
            return;
        }
    }
    if attached {
        let _ = tell.blocking_send(News::Told("quit".to_owned()));
    }
}
