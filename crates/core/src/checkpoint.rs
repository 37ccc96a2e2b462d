use bytes::Bytes;

use crate::{BoxFuture, Failure, LaneId};

/// What becomes true once a page is delivered: a delta of the lane's durable records, written as one.
///
/// The source encodes it, the runtime's commit stage saves it, nobody else looks inside. It is a list of
/// record writes and not one blob, so that a commit costs in proportion to its page and not to all that the
/// lane remembers (dedupe ids of hours).
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Checkpoint {
    /// Record writes, applied in order; a later write to a key wins.
    pub writes: Vec<Write>,
}

/// One record of a lane set or removed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Write {
    /// The record's key, unique within its lane.
    pub key: Bytes,
    /// Its new value; `None` removes it.
    pub value: Option<Bytes>,
}

/// All durable records of a lane, in key order.
pub type Records = Vec<(Bytes, Bytes)>;

impl Checkpoint {
    /// Adds a record write.
    pub fn set(&mut self, key: impl Into<Bytes>, value: impl Into<Bytes>) {
        self.writes.push(Write { key: key.into(), value: Some(value.into()) });
    }

    /// Adds a record removal.
    pub fn remove(&mut self, key: impl Into<Bytes>) {
        self.writes.push(Write { key: key.into(), value: None });
    }

    /// Folds a later checkpoint of the same lane into this one: each key keeps its last write only.
    pub fn merge(&mut self, later: Checkpoint) {
        if self.writes.is_empty() {
            *self = later;
            return;
        }
        let mut last = std::collections::BTreeMap::new();
        for write in self.writes.drain(..).chain(later.writes) {
            last.insert(write.key, write.value);
        }
        self.writes.extend(last.into_iter().map(|(key, value)| Write { key, value }));
    }
}

/// Durable checkpoints. `Ok` from [`save`](CheckpointStore::save) means: on disk, all of it or none of it.
pub trait CheckpointStore: Send + Sync {
    /// The records of a lane, in key order; empty for a lane never seen.
    fn load<'a>(&'a self, lane: &'a LaneId) -> BoxFuture<'a, Result<Records, Failure>>;

    /// Applies a checkpoint durably. Implementations join calls that come together into one durable write.
    fn save<'a>(&'a self, lane: &'a LaneId, checkpoint: Checkpoint) -> BoxFuture<'a, Result<(), Failure>>;
}
