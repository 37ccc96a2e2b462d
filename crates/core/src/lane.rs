use std::fmt;
use std::sync::Arc;

use crate::{BoxFuture, CheckpointStore, Failure, Records, Source};

/// The name of a lane: one tenant of one source component. Checkpoints are kept under it.
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct LaneId {
    /// The source's name in the pipeline file.
    pub source: Arc<str>,
    /// The tenant: for JumpCloud, the organization id.
    pub tenant: Arc<str>,
}

impl LaneId {
    /// A lane's name from its parts.
    pub fn new(source: impl Into<Arc<str>>, tenant: impl Into<Arc<str>>) -> Self {
        Self { source: source.into(), tenant: tenant.into() }
    }
}

impl fmt::Display for LaneId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}/{}", self.source, self.tenant)
    }
}

/// One tenant's stream, before it is opened. The runtime opens it again after every failure: start-up,
/// failure and crash are one path.
pub trait Lane: Send + Sync {
    /// Its name.
    fn id(&self) -> &LaneId;

    /// A number for all its settings: a lane whose number is the same runs on when its pipeline is loaded again. `None`: it
    /// is never the same.
    fn revision(&self) -> Option<u64> {
        None
    }

    /// Where its progress is kept, if what it reads keeps that itself (the offsets of a Kafka group). A transactional sink
    /// that the lane reaches comes first. `None`: in the store of the process.
    fn store(&self) -> Option<Arc<dyn CheckpointStore>> {
        None
    }

    /// Builds the source from its last durable records. Offline: connecting happens in [`Source::next`].
    fn open(&self, records: Records) -> Result<Box<dyn Source>, Failure>;
}

/// A change of the set of lanes that a source component has.
pub enum LaneChange {
    /// A lane to run from now on. A lane of the same name is replaced after it has drained.
    Start(Arc<dyn Lane>),
    /// A lane to drain and end.
    Stop(LaneId),
}

/// A source as the pipeline file names it: a set of lanes that may change while it runs.
pub trait SourceComponent: Send {
    /// The next change of the set; `None` when it will not change any more.
    fn next_change(&mut self) -> BoxFuture<'_, Option<LaneChange>>;
}
