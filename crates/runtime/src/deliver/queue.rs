//! The batches of one life at a sink.

use std::collections::VecDeque;
use std::sync::Arc;
use std::time::Duration;

use adr_core::Failure;
use futures_util::future::AbortHandle;
use tokio::time::Instant;

use crate::backoff::Backoff;
use crate::counters::Counters;
use crate::job::{Job, Life};
use crate::spans;

pub(super) struct Queue {
    pub(super) life: Arc<Life>,
    /// Written, delivery open, by ticket.
    pub(super) open: VecDeque<(u64, Job, AbortHandle)>,
    /// To be written (again), after those that are open.
    pub(super) parked: VecDeque<Job>,
    pub(super) retry_at: Option<Instant>,
    pub(super) backoff: Backoff,
    /// Since when nothing was delivered for failures.
    pub(super) failing: Option<Instant>,
}

impl Queue {
    pub(super) fn new(life: Arc<Life>, seed: u64) -> Self {
        let backoff = Backoff::new(Duration::from_millis(200), Duration::from_secs(30), seed ^ life.number);
        Self { life, open: VecDeque::new(), parked: VecDeque::new(), retry_at: None, backoff, failing: None }
    }

    pub(super) fn is_empty(&self) -> bool {
        self.open.is_empty() && self.parked.is_empty()
    }

    /// What is open from that place on is not waited for any more.
    pub(super) fn withdraw(&mut self, place: usize) -> VecDeque<Job> {
        let withdrawn = self.open.split_off(place).into_iter().map(|(_, job, abort)| {
            abort.abort();
            job
        });
        withdrawn.collect()
    }

    /// These are the first to be written again.
    pub(super) fn park(&mut self, jobs: VecDeque<Job>) {
        for job in jobs.into_iter().rev() {
            self.parked.push_front(job);
        }
    }

    /// What is parked is tried at once.
    pub(super) fn hurry(&mut self) {
        if !self.parked.is_empty() {
            self.retry_at = Some(Instant::now());
            self.backoff.reset();
        }
    }

    /// Nothing of it can get through any more.
    pub(super) fn fail(mut self, failure: &Failure, counters: &Counters) {
        self.life.end();
        for job in self.withdraw(0).into_iter().chain(self.parked) {
            fail(job, failure, counters);
        }
    }
}

/// This batch did not get through: its lane reads it again.
pub(super) fn fail(job: Job, failure: &Failure, counters: &Counters) {
    job.life.end();
    Counters::add(&counters.failed, job.events().len());
    spans::failed(&job.span, failure);
    job.ack.fail(failure.clone());
}
