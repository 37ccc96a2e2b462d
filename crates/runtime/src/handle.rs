//! Speaks to a running topology.

use std::collections::BTreeMap;
use std::sync::Arc;

use adr_core::{Failure, FailureKind, LaneId, Timestamp};
use tokio::sync::{mpsc, oneshot};
use tokio_util::sync::CancellationToken;

use crate::counters::{Counts, Failures, Role};
use crate::graph::{Changed, Exchanges};
use crate::run::Shared;
use crate::samples::Sample;
use crate::status::Status;
use crate::tap::Tap;
use crate::topology::Topology;

/// A wish for another topology, and where to say what became of it.
pub(crate) struct Change {
    pub(crate) topology: Topology,
    pub(crate) answer: oneshot::Sender<Result<Exchanges, Failure>>,
}

/// How a component does.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Vitals {
    /// What it does.
    pub role: Role,
    /// Its counts.
    pub counts: Counts,
    /// The most events by which more became of them than came in: anything but 0 is a bug, which the log has told.
    pub excess: u64,
    /// Since when it is known to stand still although it has input.
    pub stalled: Option<Timestamp>,
    /// Its failures.
    pub failures: Failures,
}

/// Speaks to a running topology.
#[derive(Clone)]
pub struct Handle {
    stop: CancellationToken,
    shared: Arc<Shared>,
    changes: mpsc::Sender<Change>,
}

impl Handle {
    pub(crate) fn new(stop: CancellationToken, shared: Arc<Shared>, changes: mpsc::Sender<Change>) -> Self {
        Self { stop, shared, changes }
    }

    pub(crate) fn stopped(&self) -> &CancellationToken {
        &self.stop
    }

    /// Asks for a drain: sources stop, what was read is delivered and committed, sinks close.
    pub fn stop(&self) {
        self.stop.cancel();
    }

    /// Whether a drain was asked for.
    pub fn is_stopping(&self) -> bool {
        self.stop.is_cancelled()
    }

    /// The status of every lane.
    pub fn status(&self) -> &Status {
        &self.shared.status
    }

    /// Every component's counts.
    pub fn counts(&self) -> BTreeMap<Arc<str>, Counts> {
        self.shared.counters.counts()
    }

    /// How every component does. One that has gone away keeps its counts.
    pub fn vitals(&self) -> BTreeMap<Arc<str>, Vitals> {
        let stalled = self.shared.status.standing_still();
        let components = self.shared.counters.components().into_iter().map(|(name, role, counters)| {
            let (counts, failures) = (counters.counts(), counters.failures());
            let excess = counters.excess().max(counts.excess());
            let vitals = Vitals { role, counts, excess, stalled: stalled.get(&name).copied(), failures };
            (name, vitals)
        });
        components.collect()
    }

    /// The names of all components.
    pub fn components(&self) -> Vec<Arc<str>> {
        self.shared.counters.counts().into_keys().collect()
    }

    /// A recent event of a lane, as it came and as it went, where [`Limits::samples`](crate::Limits::samples) asks for them.
    pub fn sample(&self, lane: &LaneId) -> Option<Sample> {
        self.shared.samples.of(lane)
    }

    /// Looks at the events of a component as they pass; `None` where there is none of that name.
    pub fn tap(&self, component: &str) -> Option<Tap> {
        let known = self.components().into_iter().find(|name| **name == *component);
        known.map(|name| self.shared.taps.open(name))
    }

    /// Goes over to another topology while it runs. Nodes that stay as they are hold nothing to build and are not touched:
    /// only lanes whose source or way has changed drain and start again. What a sink that goes away was given is still
    /// delivered.
    ///
    /// # Errors
    /// Where something of it cannot be built: then nothing is changed.
    pub async fn change(&self, topology: Topology) -> Result<Changed, Failure> {
        let gone = || Failure::fatal(FailureKind::Internal, "the pipeline has ended");
        let (answer, answered) = oneshot::channel();
        self.changes.send(Change { topology, answer }).await.map_err(|_| gone())?;
        Ok(answered.await.map_err(|_| gone())??.finish().await)
    }
}
