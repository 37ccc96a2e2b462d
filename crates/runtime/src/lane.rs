//! The supervisor of a lane: load the checkpoint, build, run; again after every failure.

use std::panic::AssertUnwindSafe;
use std::sync::Arc;
use std::time::Duration;

use adr_core::{Checkpoint, Failure, FailureKind, Lane, LaneId, Source};
use futures_util::FutureExt;
use tokio::time::sleep;
use tokio_util::sync::CancellationToken;

use crate::backoff::{Backoff, seed_for};
use crate::counters::Counters;
use crate::job::Life;
use crate::life::{Ended, Living};
use crate::run::{Port, Shared, SinkPort};
use crate::status::LaneState;
use crate::topology::Plan;
use crate::transaction::Transactions;

/// How a lane ended.
pub(crate) struct LaneEnd {
    pub(crate) lane: LaneId,
    /// Why it stopped for good, if that is a failure.
    pub(crate) failure: Option<Failure>,
    /// Progress that a destination without acknowledgement has not earned yet.
    pub(crate) rest: Option<Checkpoint>,
}

/// A lane and what it runs with.
pub(crate) struct Supervised {
    pub(crate) shared: Arc<Shared>,
    pub(crate) plan: Arc<Plan>,
    pub(crate) counters: Arc<Counters>,
    pub(crate) lane: Arc<dyn Lane>,
    pub(crate) stop: CancellationToken,
}

type Opened = (Box<dyn Source>, Option<Transactions>);

impl Supervised {
    /// Runs the lane until it ends, is stopped, or cannot go on.
    pub(crate) async fn run(self) -> LaneEnd {
        let id = self.lane.id().clone();
        let seed = seed_for(self.shared.seed, &id.to_string());
        let mut backoff = Backoff::new(Duration::from_millis(500), Duration::from_secs(60), seed);
        let mut failures = 0;
        loop {
            self.shared.status.set(&id, LaneState::Starting);
            let events_before = self.shared.status.update(&id, |status| {
                status.opened += 1;
                status.events
            });
            let failure = match AssertUnwindSafe(self.live(&id, seed)).catch_unwind().await {
                Ok(Ok(ended)) => return self.end(id, ended.failure, ended.rest),
                Ok(Err(failure)) => failure,
                Err(_) => Failure::new(FailureKind::Internal, "the lane panicked"),
            };
            if self.shared.status.update(&id, |status| status.events) > events_before {
                backoff.reset();
                failures = 0;
            }
            failures += 1;
            let Some(delay) = backoff.delay(&failure).filter(|_| self.shared.limits.persists(&failure, failures))
            else {
                return self.end(id, Some(failure), None);
            };
            tracing::warn!(lane = %id, error_type = failure.kind.as_str(), retry_in = %format_args!("{delay:.1?}"), "lane opens anew: {failure}");
            self.shared.status.set(&id, LaneState::Retrying(failure));
            tokio::select! {
                biased;
                () = self.stop.cancelled() => return self.end(id, None, None),
                () = sleep(delay) => {}
            }
        }
    }

    async fn live(&self, id: &LaneId, seed: u64) -> Result<Ended, Failure> {
        let Some((source, transactions)) = self.open(id, seed).await? else {
            return Ok(Ended { rest: None, failure: None });
        };
        let number = self.shared.next_life();
        let living = Living {
            shared: &self.shared,
            plan: &self.plan,
            life: Arc::new(Life::new(number, id.clone())),
            counters: &self.counters,
            stop: &self.stop,
            seed: seed ^ number,
        };
        living.run(source, transactions).await
    }

    /// `None`: a stop came first.
    async fn open(&self, id: &LaneId, seed: u64) -> Result<Option<Opened>, Failure> {
        let owner = self.plan.transactional.map(|place| &self.shared.sinks[self.plan.sinks[place].0]);
        let (transactions, records) = match owner {
            Some(Port { name, port: SinkPort::Transactional(sink), counters }) => {
                let opened = tokio::select! {
                    biased;
                    opened = sink.open(id) => opened,
                    () = self.stop.cancelled() => return Ok(None),
                };
                let (writer, records) = opened.map_err(|failure| failure.at(format!("sink {name}")))?;
                let (sink, counters) = (name.clone(), counters.clone());
                let dead_letter = self.shared.dead_letter.clone();
                (Some(Transactions { writer, sink, counters, dead_letter, seed }), records)
            }
            _ => (None, self.shared.store.load(id).await?),
        };
        Ok(Some((self.lane.open(records)?, transactions)))
    }

    fn end(&self, lane: LaneId, failure: Option<Failure>, rest: Option<Checkpoint>) -> LaneEnd {
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
        LaneEnd { lane, failure, rest }
    }
}
