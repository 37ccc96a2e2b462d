use std::collections::{BTreeMap, HashMap};
use std::sync::{Mutex, PoisonError};

use adr_core::{BoxFuture, Checkpoint, CheckpointStore, Failure, LaneId, Records};
use bytes::Bytes;

/// Checkpoints that end with the process.
#[derive(Debug, Default)]
pub struct MemoryStore(Mutex<HashMap<LaneId, BTreeMap<Bytes, Bytes>>>);

impl MemoryStore {
    /// A store that has seen nothing.
    pub fn new() -> Self {
        Self::default()
    }
}

impl CheckpointStore for MemoryStore {
    fn load<'a>(&'a self, lane: &'a LaneId) -> BoxFuture<'a, Result<Records, Failure>> {
        let lanes = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let records = lanes.get(lane).into_iter().flatten();
        let records = records.map(|(key, value)| (key.clone(), value.clone())).collect();
        Box::pin(std::future::ready(Ok(records)))
    }

    fn save<'a>(&'a self, lane: &'a LaneId, checkpoint: Checkpoint) -> BoxFuture<'a, Result<(), Failure>> {
        let mut lanes = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let records = lanes.entry(lane.clone()).or_default();
        for write in checkpoint.writes {
            // Copied, because a slice would keep the whole page it came from in the memory budget.
            match write.value {
                Some(value) => {
                    records.insert(Bytes::copy_from_slice(&write.key), Bytes::copy_from_slice(&value));
                }
                None => {
                    records.remove(&write.key);
                }
            }
        }
        Box::pin(std::future::ready(Ok(())))
    }
}
