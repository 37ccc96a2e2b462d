//! Whether a connection still has a path to its peer.

use std::sync::Arc;
use std::time::Duration;

use tokio::time::{Instant, sleep};

use super::counted::{Look, Wire};
use super::words;

/// Watches bytes that stay unacknowledged. A receiver that reads nothing is waited for as long as it likes: its kernel
/// still answers probes. A path on which nothing comes back any more is lost, long before the kernel says so.
#[derive(Debug)]
pub(crate) struct Path {
    /// How long silence is borne.
    patience: Duration,
    /// How far the peer had acknowledged at the last look, and since when it is no further. `None`: nothing was open.
    stuck: Option<(u64, Instant)>,
}

impl Path {
    pub(crate) fn new(patience: Duration) -> Self {
        Self { patience, stuck: None }
    }

    /// Whether the path is lost, by this look at it.
    pub(crate) fn is_lost(&mut self, look: &Look, now: Instant) -> bool {
        if look.reading.unacked == 0 {
            self.stuck = None;
            return false;
        }
        let since = match self.stuck {
            Some((acked, since)) if acked == look.acked => since,
            _ => self.stuck.insert((look.acked, now)).1,
        };
        // An old acknowledgement says nothing about bytes that were written just now.
        let silence = look.reading.silence.min(now.duration_since(since));
        // A probe counts as unanswered as soon as it is sent, and one may be lost on the way.
        let asked = look.reading.retransmits > 0 || look.reading.probes > 2;
        asked && silence >= self.patience
    }
}

/// Looks at a connection now and then, and gives it up when its path is lost. For links whose deliveries ask the kernel
/// nothing.
pub(crate) async fn watch(wire: Arc<Wire>, patience: Duration) {
    let (mut path, pause) = (Path::new(patience), (patience / 8).min(Duration::from_secs(1)));
    loop {
        sleep(pause).await;
        let Ok(look) = wire.look() else { return };
        if path.is_lost(&look, Instant::now()) {
            return wire.give_up(words::silence(patience));
        }
    }
}

#[cfg(test)]
mod tests {
    use super::super::kernel::Reading;
    use super::*;

    const PATIENCE: Duration = Duration::from_secs(60);

    fn look(acked: u64, unacked: u64, silence: u64, retransmits: u32, probes: u32) -> Look {
        let silence = Duration::from_secs(silence);
        Look { acked, reading: Reading { unacked, established: true, silence, retransmits, probes } }
    }

    #[test]
    fn a_path_is_lost_when_data_is_sent_again_and_again_and_nothing_comes_back() {
        let (mut path, start) = (Path::new(PATIENCE), Instant::now());
        assert!(!path.is_lost(&look(0, 10, 0, 0, 0), start));
        assert!(!path.is_lost(&look(0, 10, 59, 8, 0), start + Duration::from_secs(59)));
        assert!(path.is_lost(&look(0, 10, 60, 8, 0), start + Duration::from_secs(60)));
    }

    #[test]
    fn a_long_quiet_before_a_write_does_not_count() {
        let (mut path, start) = (Path::new(PATIENCE), Instant::now());
        assert!(!path.is_lost(&look(0, 0, 3600, 0, 0), start));
        assert!(!path.is_lost(&look(0, 10, 3601, 1, 0), start + Duration::from_secs(1)));
    }

    #[test]
    fn a_receiver_that_reads_nothing_but_answers_probes_is_waited_for() {
        let (mut path, start) = (Path::new(PATIENCE), Instant::now());
        for second in 0..100_000 {
            // The kernel probes every two minutes at the slowest; one probe is on its way when this looks.
            let silence = second % 120;
            assert!(!path.is_lost(&look(5, 10, silence, 0, 1), start + Duration::from_secs(second)), "{second}");
        }
        // One probe was lost, the next is on its way.
        assert!(!path.is_lost(&look(5, 10, 240, 0, 2), start + Duration::from_secs(100_240)));
        // And given up when two probes stay without an answer.
        assert!(path.is_lost(&look(5, 10, 360, 0, 3), start + Duration::from_secs(100_360)));
    }

    #[test]
    fn progress_starts_the_patience_anew() {
        let (mut path, start) = (Path::new(PATIENCE), Instant::now());
        assert!(!path.is_lost(&look(0, 10, 0, 0, 0), start));
        assert!(!path.is_lost(&look(4, 6, 70, 3, 0), start + Duration::from_secs(70)));
        assert!(!path.is_lost(&look(4, 6, 129, 3, 0), start + Duration::from_secs(129)));
        assert!(path.is_lost(&look(4, 6, 130, 3, 0), start + Duration::from_secs(130)));
    }
}
