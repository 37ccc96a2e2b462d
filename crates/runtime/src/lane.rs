//! The supervisor of a lane: load the checkpoint, build, run; again after every failure.

use std::panic::AssertUnwindSafe;
use std::sync::Arc;
use std::time::Duration;

use adr_core::{Failure, FailureKind, Lane, LaneId, Source};
use futures_util::FutureExt;
use tokio::time::sleep;

use crate::backoff::{Backoff, seed_for};
use crate::counters::Counters;
use crate::job::Life;
use crate::life::{Ended, Living};
use crate::parting::Stop;
use crate::plan::Plan;
use crate::port::{Entry, Port};
use crate::progress::Progress;
use crate::run::Shared;
use crate::status::LaneState;
use crate::trail::Trail;
use crate::transaction::Transactions;

/// How a lane ended.
pub(crate) struct LaneEnd {
    pub(crate) progress: Arc<Progress>,
    /// Why it stopped for good, if that is a failure.
    pub(crate) failure: Option<Failure>,
    /// Progress that a destination without acknowledgement has not earned yet.
    pub(crate) trail: Trail,
}

/// A lane and what it runs with.
pub(crate) struct Supervised {
    pub(crate) shared: Arc<Shared>,
    pub(crate) plan: Arc<Plan>,
    pub(crate) counters: Arc<Counters>,
    pub(crate) lane: Arc<dyn Lane>,
    pub(crate) stop: Stop,
    pub(crate) progress: Arc<Progress>,
}

type Opened = (Box<dyn Source>, Option<Transactions>);

impl Supervised {
    /// Runs the lane until it ends, is stopped, or cannot go on. `trail` is what a lane of this name left behind.
    pub(crate) async fn run(self, mut trail: Trail) -> LaneEnd {
        let id = self.lane.id().clone();
        let seed = seed_for(self.shared.seed, &id.to_string());
        let mut backoff = Backoff::new(Duration::from_millis(500), Duration::from_secs(60), seed);
        let mut failures = 0;
        loop {
            let before = self.shared.status.opens(&id);
            let failure = match AssertUnwindSafe(self.live(&id, seed, &mut trail)).catch_unwind().await {
                Ok(Ok(ended)) => return self.end(id, ended.failure, ended.trail),
                Ok(Err(failure)) => failure,
                Err(_) => Failure::new(FailureKind::Internal, "the lane panicked"),
            };
            if self.shared.status.come(&id).is_further_than(before) {
                backoff.reset();
                failures = 0;
            }
            failures += 1;
            let Some(delay) = backoff.delay(&failure).filter(|_| self.shared.limits.persists(&failure, failures))
            else {
                return self.end(id, Some(failure), trail);
            };
            if self.stop.asked().is_cancelled() {
                tracing::warn!(lane = %id, error_type = failure.kind.as_str(), "lane stops before its end: {failure}");
                return self.end(id, None, trail);
            }
            tracing::warn!(lane = %id, error_type = failure.kind.as_str(), retry_in = %format_args!("{delay:.1?}"), "lane opens anew: {failure}");
            self.shared.status.set(&id, LaneState::Retrying(failure));
            tokio::select! {
                biased;
                () = self.stop.asked().cancelled() => return self.end(id, None, trail),
                () = sleep(delay) => {}
            }
        }
    }

    async fn live(&self, id: &LaneId, seed: u64, trail: &mut Trail) -> Result<Ended, Failure> {
        let Some((source, transactions)) = self.open(id, seed, trail).await? else {
            return Ok(Ended { trail: std::mem::take(trail), failure: None });
        };
        self.shared.status.set(id, LaneState::Starting);
        let number = self.shared.next_life();
        let living = Living {
            shared: &self.shared,
            plan: &self.plan,
            life: Arc::new(Life::new(number, id.clone())),
            counters: &self.counters,
            stop: &self.stop,
            progress: &self.progress,
            seed: seed ^ number,
        };
        // Should this life fail, the pipe may have: then it is read again.
        living.run(source, transactions, std::mem::take(trail)).await
    }

    /// `None`: a stop came first.
    async fn open(&self, id: &LaneId, seed: u64, trail: &Trail) -> Result<Option<Opened>, Failure> {
        let (transactions, records) = match self.plan.owner() {
            Some(Port { name, entry: Entry::Transactional(sink), counters, .. }) => {
                let opened = tokio::select! {
                    biased;
                    opened = sink.open(id) => opened,
                    () = self.stop.asked().cancelled() => return Ok(None),
                };
                let (writer, records) = opened.map_err(|failure| failure.at(format!("sink {name}")))?;
                let (sink, counters) = (name.clone(), counters.clone());
                let letters = self.shared.letters.clone();
                (Some(Transactions { writer, sink, counters, letters, seed }), records)
            }
            _ => (None, self.progress.load().await?),
        };
        self.progress.check(&records, trail)?;
        // What a pipe was given is no progress of a sink that owns it.
        let records = if transactions.is_some() { records } else { trail.over(records) };
        Ok(Some((self.lane.open(records)?, transactions)))
    }

    fn end(self, lane: LaneId, failure: Option<Failure>, trail: Trail) -> LaneEnd {
        match &failure {
            Some(failure) => {
                if failure.kind == FailureKind::ReaderGone {
                    // Nothing is wrong: whoever read has read enough.
                    tracing::debug!(%lane, "lane stopped: {failure}");
                } else {
                    tracing::error!(%lane, error_type = failure.kind.as_str(), "lane stopped: {failure}");
                }
                self.shared.status.set(&lane, LaneState::Failed(failure.clone()));
            }
            None => {
                self.shared.status.set(&lane, LaneState::Finished);
            }
        }
        LaneEnd { progress: self.progress, failure, trail }
    }
}
