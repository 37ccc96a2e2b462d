//! The bounds of a run, and when it gives up.

use std::time::Duration;

use adr_core::{Failure, FailureKind, Retry};
use tokio::time::Instant;

/// How often in a row a call may fail in a run to the end: about a quarter of a minute.
const ATTEMPTS: u32 = 5;

/// How long a sink may fail in a run to the end.
const PATIENCE: Duration = Duration::from_secs(15);

/// The bounds of a run.
#[derive(Clone, Copy, Debug)]
pub struct Limits {
    /// Batches that are mapped at the same time.
    pub workers: usize,
    /// Batches of one lane between poll and commit.
    pub window: usize,
    /// How long a drain may take before what is left is given up.
    pub drain: Duration,
    /// Give up instead of retrying for ever: a run to the end (`--once`) must end.
    pub once: bool,
    /// Run on although there is nothing to do, until it is stopped: a change may bring something.
    pub stays: bool,
    /// Keep a recent event of each lane, as it came and as it went.
    pub samples: bool,
}

impl Default for Limits {
    fn default() -> Self {
        Self { workers: 2, window: 4, drain: Duration::from_secs(60), once: false, stays: false, samples: false }
    }
}

impl Limits {
    /// Whether a sink is to be tried again that has failed `since` then.
    pub(crate) fn persists_since(&self, failure: &Failure, since: Instant) -> bool {
        self.persists(failure, 0) && (!self.once || since.elapsed() < PATIENCE)
    }

    /// Whether to try again after the `failures`th failure in a row.
    pub(crate) fn persists(&self, failure: &Failure, failures: u32) -> bool {
        use FailureKind::{BadRequest, Config, Forbidden, NotLicensed, Unauthorized};
        let refused = matches!(failure.kind, BadRequest | Config | Forbidden | NotLicensed | Unauthorized);
        let far_off = matches!(failure.retry, Retry::After(delay) if delay > Duration::from_secs(60));
        let waits = failure.kind == FailureKind::RateLimited || !far_off;
        !self.once || (!refused && waits && failures < ATTEMPTS)
    }
}
