//! Event counts per component, so that it can be shown that nothing vanishes.

use std::collections::BTreeMap;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

/// The live counts of one component.
#[derive(Debug, Default)]
pub(crate) struct Counters {
    pub(crate) received: AtomicU64,
    pub(crate) received_bytes: AtomicU64,
    pub(crate) duplicates: AtomicU64,
    pub(crate) discarded: AtomicU64,
    pub(crate) rejected: AtomicU64,
    pub(crate) sent: AtomicU64,
    pub(crate) sent_bytes: AtomicU64,
    pub(crate) failed: AtomicU64,
    pub(crate) retries: AtomicU64,
}

/// The counts of one component at one moment.
///
/// For every component `received = sent + duplicates + discarded + rejected + failed + in flight`, where `failed` are
/// events of batches that did not get through and whose lane reads them again.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Counts {
    /// Events that came in.
    pub received: u64,
    /// Bytes of these, where the component knows them.
    pub received_bytes: u64,
    /// Known already, not sent again.
    pub duplicates: u64,
    /// Dropped by the user's own configuration.
    pub discarded: u64,
    /// Written to the dead letter.
    pub rejected: u64,
    /// Events that went out (of a sink: delivered).
    pub sent: u64,
    /// Bytes of these.
    pub sent_bytes: u64,
    /// In a batch that failed; read again by their lane.
    pub failed: u64,
    /// How often a batch was tried again.
    pub retries: u64,
}

/// The counters of all components by name. A component that goes away keeps its counts.
#[derive(Debug, Default)]
pub(crate) struct Registry(Mutex<BTreeMap<Arc<str>, Arc<Counters>>>);

impl Registry {
    /// The counters of a component.
    pub(crate) fn of(&self, component: &Arc<str>) -> Arc<Counters> {
        self.all().entry(component.clone()).or_default().clone()
    }

    /// Every component's counts.
    pub(crate) fn counts(&self) -> BTreeMap<Arc<str>, Counts> {
        self.all().iter().map(|(name, counters)| (name.clone(), counters.counts())).collect()
    }

    fn all(&self) -> MutexGuard<'_, BTreeMap<Arc<str>, Arc<Counters>>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Counters {
    pub(crate) fn add(counter: &AtomicU64, count: usize) {
        counter.fetch_add(count as u64, Ordering::Relaxed);
    }

    pub(crate) fn counts(&self) -> Counts {
        let read = |counter: &AtomicU64| counter.load(Ordering::Relaxed);
        Counts {
            received: read(&self.received),
            received_bytes: read(&self.received_bytes),
            duplicates: read(&self.duplicates),
            discarded: read(&self.discarded),
            rejected: read(&self.rejected),
            sent: read(&self.sent),
            sent_bytes: read(&self.sent_bytes),
            failed: read(&self.failed),
            retries: read(&self.retries),
        }
    }
}

impl Counts {
    /// Events that came in and of which nothing is known yet.
    pub fn in_flight(&self) -> u64 {
        let known = self.sent + self.duplicates + self.discarded + self.rejected + self.failed;
        self.received.saturating_sub(known)
    }
}
