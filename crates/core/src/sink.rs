use std::sync::Arc;

use crate::{BoxFuture, Checkpoint, Event, Failure, LaneId, Records};

/// A destination. Its crate's doc says what `Ok` of a [`Delivery`] proves.
pub trait Sink: Send {
    /// Accepts a batch, or a portion of one. Returns once the batch is accepted, with a delivery that resolves later. Batches are
    /// accepted in order; the runtime keeps up to its `in_flight` deliveries open.
    ///
    /// The future may be dropped; then the sink is not used again, it is built anew.
    fn write<'a>(&'a mut self, events: &'a [Event]) -> BoxFuture<'a, Result<Delivery, Failure>>;

    /// Called once after the last batch, when every delivery has resolved.
    fn close(&mut self) -> BoxFuture<'_, Result<(), Failure>>;
}

/// Resolves when the fate of an accepted batch is known. An error fails the batch and all after it in its lane.
pub type Delivery = BoxFuture<'static, Result<Delivered, Failure>>;

/// What a resolved delivery says besides "delivered".
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Delivered {
    /// Events that the destination can never take: they go to the dead letter, the rest is delivered.
    pub rejected: Vec<Rejection>,
    /// The destination cannot acknowledge (a pipe): progress becomes durable only so long after the write.
    pub trail: Option<std::time::Duration>,
}

/// An event of the batch that the destination can never take.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Rejection {
    /// Its place in the batch.
    pub index: usize,
    /// Why, for a person.
    pub reason: String,
}

/// A sink that owns the checkpoints of its lanes: events and progress are committed together or not at all.
pub trait TransactionalSink: Send + Sync {
    /// Fences every earlier writer of the lane, then loads its records.
    fn open<'a>(&'a self, lane: &'a LaneId) -> BoxFuture<'a, Result<OwnedLane, Failure>>;
}

/// A lane that a [`TransactionalSink`] opened: its writer, and the records as they were once earlier writers were fenced.
pub type OwnedLane = (Box<dyn LaneWriter>, Records);

/// One lane's writer into a [`TransactionalSink`], valid until a later `open` of the same lane fences it.
pub trait LaneWriter: Send {
    /// Commits a closed group of batches with the checkpoint after them. `Ok` says which of the two came true. After an
    /// error, or when the future is dropped, the outcome may be unknown: the writer is dropped and the lane opened anew.
    fn commit(&mut self, group: Group) -> BoxFuture<'_, Result<Committed, Failure>>;
}

/// What a [`LaneWriter`] commits in one transaction.
#[derive(Clone, Debug)]
pub struct Group {
    /// The events in order. Rejections count through all of them.
    pub events: Arc<Vec<Event>>,
    /// The checkpoint that is true once they are committed.
    pub checkpoint: Arc<Checkpoint>,
}

/// What became of a [`Group`].
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Committed {
    /// Its events and its checkpoint are committed.
    All,
    /// Nothing is: the destination can never take these events. Once they are kept elsewhere, the rest can be committed.
    Nothing(Vec<Rejection>),
}
