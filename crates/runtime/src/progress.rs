//! A lane's durable progress.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use adr_core::{Checkpoint, CheckpointStore, Failure, FailureKind, Lane, LaneId, Records};
use tokio::time::sleep;

use crate::backoff::{Backoff, seed_for};
use crate::plan::Plan;
use crate::run::Shared;
use crate::status::Status;
use crate::trail::Trail;

/// Where a lane's progress is kept, unless a sink owns it; and whether there is any.
pub(crate) struct Progress {
    lane: LaneId,
    /// The lane's own, else the one of the process.
    store: Arc<dyn CheckpointStore>,
    status: Status,
    /// Who keeps it: what was kept elsewhere says nothing here.
    keeper: Keeper,
    /// Something of the lane is durable: its records cannot be empty any more.
    saved: AtomicBool,
    seed: u64,
}

#[derive(PartialEq)]
enum Keeper {
    Process,
    Lane,
    /// A sink, by its number.
    Sink(u64),
}

impl Progress {
    /// That of a lane whose events go this way, and which takes the place of one with `last`.
    pub(crate) fn new(shared: &Shared, lane: &dyn Lane, plan: &Plan, last: Option<&Self>) -> Self {
        let own = lane.store();
        let keeper = match (plan.owner(), &own) {
            (Some(sink), _) => Keeper::Sink(sink.number),
            (None, Some(_)) => Keeper::Lane,
            (None, None) => Keeper::Process,
        };
        // Another store of a lane's own may be another place altogether.
        let known = last.is_some_and(|last| last.keeper == keeper && keeper != Keeper::Lane && last.has_any());
        let lane = lane.id().clone();
        let seed = seed_for(shared.seed, &lane.to_string());
        let store = own.unwrap_or_else(|| shared.store.clone());
        let status = shared.status.clone();
        Self { lane, store, status, keeper, saved: AtomicBool::new(known), seed }
    }

    pub(crate) fn lane(&self) -> &LaneId {
        &self.lane
    }

    /// The records in the store.
    pub(crate) async fn load(&self) -> Result<Records, Failure> {
        self.store.load(&self.lane).await
    }

    /// These are the lane's records. `trail`: what it was given and is not durable yet.
    pub(crate) fn check(&self, records: &Records, trail: &Trail) -> Result<(), Failure> {
        if !records.is_empty() {
            self.saved.store(true, Ordering::Relaxed);
        } else if trail.is_empty() && self.has_any() {
            // To begin at the start again would deliver everything twice, in silence.
            return Err(Failure::fatal(
                FailureKind::Storage,
                "its progress was saved and is gone: where it is kept was emptied or made anew meanwhile; put it back, or \
                 start the program again to read everything from `start` on",
            ));
        }
        Ok(())
    }

    /// A checkpoint became durable, here or in the sink that owns it.
    pub(crate) fn note(&self, checkpoint: &Checkpoint) {
        self.saved.fetch_or(!checkpoint.writes.is_empty(), Ordering::Relaxed);
    }

    /// Saves a checkpoint in the store, however long that takes.
    pub(crate) async fn save(&self, checkpoint: Checkpoint) -> Result<(), Failure> {
        if checkpoint.writes.is_empty() {
            return Ok(());
        }
        let lane = &self.lane;
        let mut backoff = Backoff::new(Duration::from_millis(200), Duration::from_secs(30), self.seed);
        let mut failed = false;
        loop {
            let Err(failure) = self.store.save(lane, checkpoint.clone()).await else {
                self.note(&checkpoint);
                if failed {
                    self.status.update(lane, |status| status.unsaved = None);
                }
                return Ok(());
            };
            let Some(delay) = backoff.delay(&failure) else { return Err(failure) };
            failed = true;
            self.status.update(lane, |status| status.unsaved = Some(failure.clone()));
            tracing::warn!(%lane, error_type = failure.kind.as_str(), stage = "committing", retry_in = %format_args!("{delay:.1?}"), "{failure}");
            sleep(delay).await;
        }
    }

    fn has_any(&self) -> bool {
        self.saved.load(Ordering::Relaxed)
    }
}
