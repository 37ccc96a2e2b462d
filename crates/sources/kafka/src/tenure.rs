//! The time in which a partition is this instance's: from its assignment until it is given up or lost.

use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::time::Instant;

use adr_core::{Failure, FailureKind};
use adr_kafka::{GroupConsumer, Partition};
use tokio::sync::Notify;

use crate::queue::Queue;

/// A partition while it is ours.
pub(crate) struct Tenure {
    pub(crate) partition: Partition,
    /// A number of its own: a partition that went and came again is told from one that stayed.
    pub(crate) number: u64,
    /// Told when the queue is not empty any more, and when the partition goes.
    pub(crate) arrived: Arc<Notify>,
    /// Gone when the partition is.
    queue: Mutex<Option<Queue>>,
    /// Held while a source takes its place in the partition: an earlier one must not move it away afterwards.
    pub(crate) placing: Mutex<()>,
    state: Mutex<State>,
    changed: Condvar,
}

#[derive(Debug, Default)]
struct State {
    phase: Phase,
    sources: usize,
    stores: usize,
    /// Commits under way.
    saving: usize,
    /// How often a source was opened.
    opened: u64,
    /// The offset after what sources have handed on, if they have.
    handed: Option<i64>,
    /// The group's committed offset, if that is the lane's progress; -1 while there is none.
    saved: Option<i64>,
}

#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
enum Phase {
    #[default]
    Ours,
    /// What was read may still be committed, but nothing is opened any more.
    Leaving,
    Gone,
}

impl State {
    /// Nothing of the partition is on its way any more.
    fn is_drained(&self) -> bool {
        let committed = self.saved.is_some_and(|saved| self.handed.is_none_or(|handed| saved >= handed));
        self.saving == 0 && self.sources == 0 && (self.stores == 0 || committed)
    }
}

/// What keeps a partition from going.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Use {
    Source,
    Store,
    Commit,
}

/// Such a use, until it is dropped.
pub(crate) struct Using {
    tenure: Arc<Tenure>,
    what: Use,
    /// Of all sources that were opened, which one this is.
    pub(crate) opened: u64,
}

impl Tenure {
    pub(crate) fn new(consumer: &Arc<GroupConsumer>, partition: Partition, number: u64) -> Option<Self> {
        let arrived = Arc::new(Notify::new());
        let queue = Queue::of(consumer, &partition, arrived.clone())?;
        Some(Self::with(partition, number, arrived, Some(queue)))
    }

    fn with(partition: Partition, number: u64, arrived: Arc<Notify>, queue: Option<Queue>) -> Self {
        let (placing, state, changed) = Default::default();
        Self { partition, number, arrived, queue: Mutex::new(queue), placing, state, changed }
    }

    /// Begins such a use.
    ///
    /// # Errors
    /// [`FailureKind::Fenced`] where the partition is going or gone. A commit cannot be tried again then.
    pub(crate) fn begin(self: &Arc<Self>, what: Use) -> Result<Using, Failure> {
        let mut state = self.state();
        let refused = match what {
            Use::Source => state.phase != Phase::Ours,
            Use::Store => false,
            Use::Commit => state.phase == Phase::Gone,
        };
        if refused {
            let message = format!("partition {} belongs to another instance now, which reads on", self.partition);
            return Err(match what {
                Use::Commit => Failure::fatal(FailureKind::Fenced, message),
                Use::Source | Use::Store => Failure::new(FailureKind::Fenced, message),
            });
        }
        *state.count(what) += 1;
        if what == Use::Source {
            state.opened += 1;
        }
        Ok(Using { tenure: self.clone(), what, opened: state.opened })
    }

    /// Whether no other source was opened since this one, and may still read.
    pub(crate) fn is_last(&self, opened: u64) -> bool {
        let state = self.state();
        state.opened == opened && state.phase == Phase::Ours
    }

    /// A source hands on all before this offset.
    pub(crate) fn hand_on(&self, offset: i64) {
        self.state().handed = Some(offset);
    }

    /// The group's offset is this; `None`: it has none.
    pub(crate) fn saved(&self, offset: Option<i64>) {
        self.state().saved = Some(offset.unwrap_or(-1));
    }

    /// Whether it may still be read.
    pub(crate) fn is_ours(&self) -> bool {
        self.state().phase == Phase::Ours
    }

    /// What was fetched of it; none where it has gone.
    pub(crate) fn queue(&self) -> MutexGuard<'_, Option<Queue>> {
        lock(&self.queue)
    }

    /// The consumer, where it is still ours.
    pub(crate) fn consumer(&self) -> Option<Arc<GroupConsumer>> {
        self.queue().as_ref().map(Queue::consumer)
    }

    /// Nothing of it is opened or read any more.
    pub(crate) fn leave(&self) {
        let mut state = self.state();
        if state.phase == Phase::Ours {
            state.phase = Phase::Leaving;
        }
        drop(state);
        self.arrived.notify_one();
    }

    /// Waits until nothing of it is on its way. Whether that was so in time.
    pub(crate) fn drained(&self, until: Instant) -> bool {
        let mut state = self.state();
        while !state.is_drained() {
            let Some(left) = until.checked_duration_since(Instant::now()) else { return false };
            state = self.changed.wait_timeout(state, left).unwrap_or_else(PoisonError::into_inner).0;
        }
        true
    }

    /// It is not ours any more: nothing of it is read or committed.
    pub(crate) fn end(&self) {
        self.state().phase = Phase::Gone;
        self.arrived.notify_one();
        // Dropped without the lock: with it, the consumer may go.
        let queue = self.queue().take();
        drop(queue);
    }

    fn state(&self) -> MutexGuard<'_, State> {
        lock(&self.state)
    }
}

impl State {
    fn count(&mut self, what: Use) -> &mut usize {
        match what {
            Use::Source => &mut self.sources,
            Use::Store => &mut self.stores,
            Use::Commit => &mut self.saving,
        }
    }
}

impl Drop for Using {
    fn drop(&mut self) {
        let mut state = self.tenure.state();
        *state.count(self.what) -= 1;
        self.tenure.changed.notify_all();
    }
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;

    fn tenure() -> Arc<Tenure> {
        let partition = Partition { topic: "raw".into(), number: 3 };
        Arc::new(Tenure::with(partition, 0, Arc::default(), None))
    }

    fn is_drained(tenure: &Tenure) -> bool {
        tenure.drained(Instant::now())
    }

    #[test]
    fn what_is_on_its_way_keeps_a_partition() {
        let tenure = tenure();
        let store = tenure.begin(Use::Store).unwrap();
        tenure.saved(None);
        let source = tenure.begin(Use::Source).unwrap();
        assert!(!is_drained(&tenure), "a source reads");
        tenure.hand_on(10);
        tenure.leave();
        drop(source);
        assert!(!is_drained(&tenure), "what it has read is not committed");
        let commit = tenure.begin(Use::Commit).unwrap();
        tenure.saved(Some(9));
        drop(commit);
        assert!(!is_drained(&tenure));
        tenure.saved(Some(10));
        assert!(is_drained(&tenure), "all is committed, although the lane is still there");
        tenure.hand_on(11);
        drop(store);
        assert!(is_drained(&tenure), "nobody is there to commit more");
    }

    #[test]
    fn whoever_waits_is_told() {
        let tenure = tenure();
        let source = tenure.begin(Use::Source).unwrap();
        let (waits, waiting) = std::sync::mpsc::channel();
        let waited = std::thread::spawn({
            let tenure = tenure.clone();
            move || {
                let start = Instant::now();
                waits.send(()).unwrap();
                (tenure.drained(start + Duration::from_secs(10)), start.elapsed())
            }
        });
        waiting.recv().unwrap();
        drop(source);
        let (drained, took) = waited.join().unwrap();
        assert!(drained && took < Duration::from_secs(5), "{took:?}");
    }

    #[test]
    fn what_goes_is_not_opened_and_what_is_gone_not_committed() {
        let tenure = tenure();
        tenure.leave();
        let refused = tenure.begin(Use::Source).map(drop).unwrap_err();
        assert_eq!(refused.kind, FailureKind::Fenced);
        assert!(!tenure.is_last(0), "nobody may move in it any more");
        assert!(tenure.begin(Use::Commit).is_ok(), "what was read before is committed");
        tenure.end();
        let refused = tenure.begin(Use::Commit).map(drop).unwrap_err();
        assert_eq!((refused.kind, refused.retry), (FailureKind::Fenced, adr_core::Retry::Never));
    }
}
