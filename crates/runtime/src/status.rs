//! What is true of every lane right now.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, PoisonError};

use adr_core::{Clock, Failure, LaneId, Timestamp};

/// What a lane is doing.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum LaneState {
    /// Opened, nothing came yet. What has failed before says so until it is open.
    Starting,
    /// Pages come without waiting: behind, or busy.
    Flowing,
    /// Caught up; the next poll comes in its time.
    Idle,
    /// The last call failed; it will be made again.
    Retrying(Failure),
    /// Ended with all it read delivered and committed.
    Finished,
    /// Stopped for good; the failure says why.
    Failed(Failure),
}

/// What is known of a lane.
#[derive(Clone, Debug)]
pub struct LaneStatus {
    /// What it is doing.
    pub state: LaneState,
    /// Since when.
    pub since: Timestamp,
    /// When the other side last gave what was asked for.
    pub answered: Option<Timestamp>,
    /// Everything that happened before is read.
    pub read_until: Option<Timestamp>,
    /// Everything that happened before is delivered.
    pub delivered_until: Option<Timestamp>,
    /// The newest event time seen.
    pub last_event: Option<Timestamp>,
    /// New events read.
    pub events: u64,
    /// Events dropped because they were known.
    pub duplicates: u64,
    /// How often the lane was opened.
    pub opened: u64,
    /// How many calls in a row have failed.
    pub failures: u64,
    /// Why what is delivered cannot be saved as delivered, until it can.
    pub unsaved: Option<Failure>,
}

/// What is known of a sink.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct SinkStatus {
    /// What must be known of it: see [`SinkNode::caveats`](crate::SinkNode::caveats).
    pub caveats: Vec<String>,
    /// Since when it is known to deliver nothing although events wait.
    pub stalled: Option<Timestamp>,
    /// Why it delivers nothing, where it says why, until it delivers again.
    pub failing: Option<Failing>,
}

/// Why a sink delivers nothing.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Failing {
    /// The last failure.
    pub failure: Failure,
    /// When the first one was.
    pub since: Timestamp,
    /// How many there were.
    pub times: u64,
}

/// How far a lane has come: what is delivered counts, where that is known, else what was read.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Come {
    delivered: Option<Timestamp>,
    events: u64,
}

impl Come {
    fn of(status: &LaneStatus) -> Self {
        Self { delivered: status.delivered_until, events: status.events }
    }

    pub(crate) fn is_further_than(self, before: Self) -> bool {
        self.delivered > before.delivered || (self.delivered.is_none() && self.events > before.events)
    }
}

/// The status of every lane and every sink, shared.
#[derive(Clone)]
pub struct Status {
    lanes: Arc<Mutex<BTreeMap<LaneId, LaneStatus>>>,
    sinks: Arc<Mutex<BTreeMap<Arc<str>, SinkStatus>>>,
    /// Components that stand still, and since when that is known.
    still: Arc<Mutex<BTreeMap<Arc<str>, Timestamp>>>,
    clock: Arc<dyn Clock>,
}

impl Status {
    pub(crate) fn new(clock: Arc<dyn Clock>) -> Self {
        Self { lanes: Arc::default(), sinks: Arc::default(), still: Arc::default(), clock }
    }

    /// There is such a sink from now on.
    pub(crate) fn know(&self, sink: &Arc<str>, caveats: Vec<String>) {
        let mut sinks = self.sinks.lock().unwrap_or_else(PoisonError::into_inner);
        sinks.entry(sink.clone()).or_default().caveats = caveats;
    }

    /// There is no such sink any more.
    pub(crate) fn forget_sink(&self, sink: &Arc<str>) {
        self.sinks.lock().unwrap_or_else(PoisonError::into_inner).remove(sink);
        self.still.lock().unwrap_or_else(PoisonError::into_inner).remove(sink);
    }

    /// There is no such lane any more.
    pub(crate) fn forget(&self, lane: &LaneId) {
        self.lanes.lock().unwrap_or_else(PoisonError::into_inner).remove(lane);
    }

    /// All sinks as they are now.
    pub fn sinks(&self) -> BTreeMap<Arc<str>, SinkStatus> {
        self.sinks.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    /// A delivery of it has failed.
    pub(crate) fn failing(&self, sink: &Arc<str>, failure: &Failure) {
        let now = self.clock.now();
        let mut sinks = self.sinks.lock().unwrap_or_else(PoisonError::into_inner);
        let Some(status) = sinks.get_mut(sink) else { return };
        let failing = status.failing.get_or_insert_with(|| Failing { failure: failure.clone(), since: now, times: 0 });
        failing.failure = failure.clone();
        failing.times += 1;
    }

    /// It delivers.
    pub(crate) fn delivers(&self, sink: &Arc<str>) {
        let mut sinks = self.sinks.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(status) = sinks.get_mut(sink) {
            status.failing = None;
        }
    }

    /// Components that stand still although they have input, and since when that is known.
    pub fn standing_still(&self) -> BTreeMap<Arc<str>, Timestamp> {
        self.still.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    /// It stands still, or no longer.
    pub(crate) fn stalled(&self, component: &Arc<str>, stalled: bool) {
        let since = stalled.then(|| self.clock.now());
        let mut still = self.still.lock().unwrap_or_else(PoisonError::into_inner);
        match since {
            Some(since) => drop(still.insert(component.clone(), since)),
            None => drop(still.remove(component)),
        }
        drop(still);
        if let Some(status) = self.sinks.lock().unwrap_or_else(PoisonError::into_inner).get_mut(component) {
            status.stalled = since;
        }
    }

    /// All lanes as they are now.
    pub fn lanes(&self) -> BTreeMap<LaneId, LaneStatus> {
        self.lanes.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    /// Sets the state; says whether the kind of state has changed.
    pub(crate) fn set(&self, lane: &LaneId, state: LaneState) -> bool {
        let now = self.clock.now();
        self.update(lane, |status| {
            status.failures = match &state {
                LaneState::Retrying(_) | LaneState::Failed(_) => status.failures + 1,
                // It is open again, and whether it works is not known.
                LaneState::Starting => status.failures,
                LaneState::Flowing | LaneState::Idle | LaneState::Finished => 0,
            };
            let changed = match (&status.state, &state) {
                (LaneState::Retrying(old), LaneState::Retrying(new)) => old.kind != new.kind,
                (old, new) => old != new,
            };
            if changed {
                status.since = now;
            }
            status.state = state;
            changed
        })
    }

    /// A lane opens, for the first time or again: whether that works is open, so that what has failed is told until then.
    /// Gives how far it has come.
    pub(crate) fn opens(&self, lane: &LaneId) -> Come {
        let now = self.clock.now();
        self.update(lane, |status| {
            status.opened += 1;
            let (state, is_new) = match std::mem::replace(&mut status.state, LaneState::Starting) {
                LaneState::Retrying(failure) => (LaneState::Retrying(failure), false),
                LaneState::Failed(failure) => (LaneState::Retrying(failure), true),
                old => (LaneState::Starting, old != LaneState::Starting),
            };
            status.state = state;
            if is_new {
                status.since = now;
            }
            Come::of(status)
        })
    }

    /// How far a lane has come.
    pub(crate) fn come(&self, lane: &LaneId) -> Come {
        self.update(lane, |status| Come::of(status))
    }

    /// Whether a sink is known to deliver nothing although events wait.
    pub(crate) fn fails(&self, sink: &Arc<str>) -> bool {
        let sinks = self.sinks.lock().unwrap_or_else(PoisonError::into_inner);
        sinks.get(sink).is_some_and(|sink| sink.failing.is_some() || sink.stalled.is_some())
    }

    pub(crate) fn update<T>(&self, lane: &LaneId, change: impl FnOnce(&mut LaneStatus) -> T) -> T {
        let now = self.clock.now();
        let mut lanes = self.lanes.lock().unwrap_or_else(PoisonError::into_inner);
        let status = lanes.entry(lane.clone()).or_insert_with(|| LaneStatus {
            state: LaneState::Starting,
            since: now,
            answered: None,
            read_until: None,
            delivered_until: None,
            last_event: None,
            events: 0,
            duplicates: 0,
            opened: 0,
            failures: 0,
            unsaved: None,
        });
        change(status)
    }

    /// The time by the clock that all of this is told by.
    pub fn now(&self) -> Timestamp {
        self.clock.now()
    }
}
