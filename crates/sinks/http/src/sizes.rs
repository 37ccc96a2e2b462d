//! How large requests may be: what the receiver's answers have taught.

use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use adr_core::Timestamp;

/// Requests are not made smaller than this for a connection that ends under them.
const LEAST: usize = 64 << 10;
/// After so many deliveries larger ones are tried again.
const CALM: u32 = 64;
/// After so long it is tried whether the receiver takes more than it did.
const AGAIN: Duration = Duration::from_secs(3600);

/// Shared by all deliveries. Sizes are in bytes before compression.
#[derive(Debug)]
pub(crate) struct Sizes {
    /// What the settings allow.
    allowed: usize,
    learned: Mutex<Learned>,
}

#[derive(Debug)]
struct Learned {
    /// Requests are no larger than this.
    limit: usize,
    /// What `limit` may grow to.
    most: usize,
    /// The largest request that was taken.
    taken: usize,
    /// How many deliveries there were since `limit` has changed.
    calm: u32,
    /// When `most` has changed.
    since: Option<Timestamp>,
}

impl Sizes {
    pub(crate) fn new(allowed: usize) -> Self {
        let learned = Learned { limit: allowed, most: allowed, taken: 0, calm: 0, since: None };
        Self { allowed, learned: Mutex::new(learned) }
    }

    /// Requests are no larger than this.
    pub(crate) fn limit(&self) -> usize {
        self.learned().limit
    }

    pub(crate) fn was_taken(&self, bytes: usize) {
        let mut learned = self.learned();
        learned.taken = learned.taken.max(bytes);
    }

    /// So many bytes were refused: such requests are not made again for a while.
    pub(crate) fn was_too_large(&self, bytes: usize, now: Timestamp) {
        let mut learned = self.learned();
        if bytes <= learned.taken {
            // It takes less than it did.
            learned.taken = 0;
        }
        learned.most = learned.most.min(bytes / 2).max(learned.taken);
        learned.limit = learned.limit.min(learned.most);
        learned.since = Some(now);
    }

    /// A connection has ended under a request of so many bytes: some close under what is too large, without a word.
    pub(crate) fn was_cut(&self, bytes: usize) {
        let mut learned = self.learned();
        learned.calm = 0;
        learned.limit = learned.limit.min((bytes / 2).max(LEAST));
    }

    /// A delivery is done. Too early a growth would cost the next one a failure each time.
    pub(crate) fn delivered(&self, now: Timestamp) {
        let mut learned = self.learned();
        if learned.since.is_some_and(|since| now.since(since) >= AGAIN) {
            learned.most = learned.most.saturating_mul(2).min(self.allowed);
            learned.limit = learned.limit.saturating_mul(2).min(learned.most);
            learned.since = (learned.most < self.allowed).then_some(now);
        }
        if learned.limit < learned.most {
            learned.calm += 1;
            if learned.calm > CALM {
                learned.calm = 0;
                learned.limit = learned.limit.saturating_mul(2).min(learned.most);
            }
        }
    }

    /// The receiver takes nothing at all: its answers were not about sizes.
    pub(crate) fn forget(&self) {
        let mut learned = self.learned();
        *learned = Learned { limit: self.allowed, most: self.allowed, taken: 0, calm: 0, since: None };
    }

    fn learned(&self) -> MutexGuard<'_, Learned> {
        self.learned.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const NOON: Timestamp = Timestamp::from_secs(1_767_268_800);

    fn after_minutes(minutes: u64) -> Timestamp {
        NOON.plus(Duration::from_secs(60 * minutes))
    }

    #[test]
    fn what_was_taken_is_not_too_large() {
        let sizes = Sizes::new(1000);
        sizes.was_taken(800);
        sizes.was_too_large(900, NOON);
        assert_eq!(sizes.limit(), 800);
        sizes.was_too_large(700, NOON);
        assert_eq!(sizes.limit(), 350, "it takes less than it did");
    }

    #[test]
    fn what_was_too_large_is_tried_again_each_hour() {
        let sizes = Sizes::new(1000);
        sizes.was_too_large(1000, NOON);
        sizes.was_too_large(500, NOON);
        for (minutes, limit) in [(59, 250), (60, 500), (119, 500), (120, 1000), (600, 1000)] {
            sizes.delivered(after_minutes(minutes));
            assert_eq!(sizes.limit(), limit, "after {minutes} minutes");
        }
    }

    #[test]
    fn after_a_connection_has_ended_requests_grow_again_by_and_by() {
        let sizes = Sizes::new(LEAST * 4);
        sizes.was_cut(LEAST * 4);
        for deliveries in 0..=CALM {
            assert_eq!(sizes.limit(), LEAST * 2, "{deliveries}");
            sizes.delivered(NOON);
        }
        assert_eq!(sizes.limit(), LEAST * 4);
        sizes.was_cut(1);
        assert_eq!(sizes.limit(), LEAST);
    }
}
