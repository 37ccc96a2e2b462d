//! Exactly once: the events of a group and the checkpoint after them are committed in one Kafka transaction.

mod attempted;
mod common;
mod deliveries;
mod layouts;
mod producer;
mod records;
mod sender;
mod shard;
mod shards;
mod transaction;
mod worker;
mod writer;

use std::sync::Arc;

use adr_core::{BoxFuture, Failure, LaneId, OwnedLane, TransactionalSink};

use crate::Settings;
use crate::record::Form;
use adr_kafka::Connection;

pub(crate) use layouts::agree;
pub use shards::Shards;

/// A sink that commits events and progress together.
pub struct ExactlyOnce {
    shards: Arc<Shards>,
}

impl ExactlyOnce {
    /// Offline: connects when the first lane is opened.
    ///
    /// # Errors
    /// When the settings do not say where progress is kept.
    pub fn new(connection: &Connection, settings: &Settings, form: &Form) -> Result<Self, Failure> {
        Ok(Self { shards: Shards::new(connection, settings, form)? })
    }

    /// The shards, which a cluster grants and revokes. Without one all are granted from the start.
    pub fn shards(&self) -> Arc<Shards> {
        self.shards.clone()
    }
}

impl Drop for ExactlyOnce {
    fn drop(&mut self) {
        self.shards.retire();
    }
}

impl TransactionalSink for ExactlyOnce {
    fn open<'a>(&'a self, lane: &'a LaneId) -> BoxFuture<'a, Result<OwnedLane, Failure>> {
        Box::pin(self.shards.open(lane))
    }
}
