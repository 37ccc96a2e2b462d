use std::sync::Arc;

use adr_core::{Clock, Timestamp};
use tokio::time::Instant;

/// Wall time that moves with tokio's paused time.
pub(crate) struct SimulatedClock {
    start: Timestamp,
    origin: Instant,
}

impl SimulatedClock {
    /// A clock that shows `start` now.
    pub(crate) fn starting_at(start: Timestamp) -> Arc<Self> {
        Arc::new(Self { start, origin: Instant::now() })
    }
}

impl Clock for SimulatedClock {
    fn now(&self) -> Timestamp {
        self.start.plus(self.origin.elapsed())
    }
}
