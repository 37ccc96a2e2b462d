//! A sink as lanes see it.

use std::sync::{Arc, OnceLock};

use adr_core::{Failure, TransactionalSink};
use tokio::sync::{Notify, OwnedSemaphorePermit, Semaphore, mpsc};

use crate::counters::Counters;
use crate::job::Job;

/// A running sink: its name, its counts, and the way in.
pub(crate) struct Port {
    pub(crate) name: Arc<str>,
    /// Which one it is: another may have its name later.
    pub(crate) number: u64,
    pub(crate) entry: Entry,
    /// How much may wait here, if that has a limit of its own.
    pub(crate) buffer: Option<Buffer>,
    pub(crate) counters: Arc<Counters>,
    /// Why its stage has ended before it was told to, once it has.
    pub(crate) ended: Arc<OnceLock<Failure>>,
    /// To be told when a life that sends to it has ended: what it has there is of no use to anybody.
    pub(crate) ends: Arc<Notify>,
}

/// A limit of the events that wait at a sink until they are delivered. Who has more waits.
pub(crate) struct Buffer {
    pub(crate) most: u32,
    room: Arc<Semaphore>,
}

/// The room of a batch at a sink, for as long as it is there.
pub(crate) type Room = Arc<OwnedSemaphorePermit>;

impl Buffer {
    pub(crate) fn new(most: u32) -> Self {
        let room = usize::try_from(most).unwrap_or(usize::MAX).min(Semaphore::MAX_PERMITS);
        Self { most, room: Arc::new(Semaphore::new(room)) }
    }

    /// Waits for room for so many events. A batch of more than there can be passes alone.
    pub(crate) async fn room(&self, events: usize) -> Room {
        let events = u32::try_from(events).map_or(self.most, |events| events.min(self.most));
        let permit = self.room.clone().acquire_many_owned(events).await;
        Arc::new(permit.expect("the semaphore is never closed"))
    }
}

/// The way into a sink.
#[derive(Clone)]
pub(crate) enum Entry {
    Plain(mpsc::Sender<Job>),
    Transactional(Arc<dyn TransactionalSink>),
}
