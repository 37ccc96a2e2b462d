//! One recent event of each lane, as it came and as it went, for a person who wants to see what becomes of his events.

use std::collections::HashMap;
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use adr_core::{ByteString, Event, LaneId};
use bytes::Bytes;
use tokio::time::Instant;

/// A lane's event is looked at so often at most.
const EVERY: Duration = Duration::from_secs(1);

/// An event as it came and as it went.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Sample {
    /// As the source read it.
    pub raw: Bytes,
    /// As a sink was given it; None where it reached none, or has not yet.
    pub mapped: Option<Bytes>,
}

/// The last of each lane.
#[derive(Debug, Default)]
pub(crate) struct Samples {
    lanes: Mutex<HashMap<LaneId, Looked>>,
    /// Whether anybody wants them.
    wanted: bool,
}

#[derive(Debug)]
struct Looked {
    at: Instant,
    id: ByteString,
    sample: Sample,
}

impl Samples {
    pub(crate) fn new(wanted: bool) -> Self {
        Self { lanes: Mutex::default(), wanted }
    }

    /// A page came: its last event is the sample, unless the one before is younger than a second.
    pub(crate) fn came(&self, lane: &LaneId, page: &[Event]) {
        let Some(event) = page.last().filter(|_| self.wanted) else { return };
        let mut lanes = self.lanes();
        if lanes.get(lane).is_some_and(|looked| looked.at.elapsed() < EVERY) {
            return;
        }
        // Copies: a sample holds no page of the pipeline's memory.
        let sample = Sample { raw: Bytes::copy_from_slice(&event.body), mapped: None };
        let id = ByteString::from(&*event.meta.id);
        lanes.insert(lane.clone(), Looked { at: Instant::now(), id, sample });
    }

    /// These go to a sink.
    pub(crate) fn went(&self, lane: &LaneId, events: &[Event]) {
        if !self.wanted || events.is_empty() {
            return;
        }
        let mut lanes = self.lanes();
        let Some(looked) = lanes.get_mut(lane).filter(|looked| looked.sample.mapped.is_none()) else { return };
        // An event without an id is known by its place.
        let is_it = |event: &&Event| looked.id.is_empty() || event.meta.id == looked.id;
        let found = events.iter().rev().find(is_it);
        looked.sample.mapped = found.map(|event| Bytes::copy_from_slice(&event.body));
    }

    /// The last one.
    pub(crate) fn of(&self, lane: &LaneId) -> Option<Sample> {
        self.lanes().get(lane).map(|looked| looked.sample.clone())
    }

    /// There is no such lane any more.
    pub(crate) fn forget(&self, lane: &LaneId) {
        self.lanes().remove(lane);
    }

    fn lanes(&self) -> MutexGuard<'_, HashMap<LaneId, Looked>> {
        self.lanes.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
