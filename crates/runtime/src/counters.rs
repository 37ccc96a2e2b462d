//! Event counts per component, so that it can be shown that nothing vanishes.

use std::collections::BTreeMap;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use adr_core::FailureKind;

/// What a component does.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Role {
    /// It reads.
    Source,
    /// It maps.
    Transform,
    /// It writes.
    Sink,
}

/// What a component was doing when it failed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Stage {
    /// Asking for events.
    Receiving,
    /// Mapping them.
    Processing,
    /// Handing them on.
    Sending,
}

/// How many failures there were of each kind, by what was being done.
pub type Failures = BTreeMap<(Stage, &'static str), u64>;

/// The live counts of one component.
///
/// What comes in is counted before what becomes of it, and read after it: so a reading never shows more than came in.
#[derive(Debug, Default)]
pub(crate) struct Counters {
    /// None: nothing of that name was ever part of the topology.
    role: Mutex<Option<Role>>,
    pub(crate) received: AtomicU64,
    pub(crate) received_bytes: AtomicU64,
    pub(crate) duplicates: AtomicU64,
    pub(crate) discarded: AtomicU64,
    pub(crate) rejected: AtomicU64,
    pub(crate) sent: AtomicU64,
    pub(crate) sent_bytes: AtomicU64,
    pub(crate) failed: AtomicU64,
    pub(crate) retries: AtomicU64,
    /// Moves with each part of a batch that is worked on.
    pub(crate) moves: AtomicU64,
    /// The most events by which more became of them than came in, as far as anybody has looked.
    excess: AtomicU64,
    failures: Mutex<Failures>,
}

/// The counts of one component at one moment.
///
/// For every component `received = sent + duplicates + discarded + rejected + failed + in flight`, where `failed` are
/// events of batches that did not get through and whose lane reads them again. Each event that came in counts once: also
/// where a transform made several of it.
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
    /// Events that went on (of a sink: delivered).
    pub sent: u64,
    /// Bytes of what went on.
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

    /// What a component does from now on: a change of the topology may give its name to another.
    pub(crate) fn cast(&self, component: &Arc<str>, role: Role) {
        *self.of(component).lock_role() = Some(role);
    }

    /// Every component there was, with what it does.
    pub(crate) fn components(&self) -> Vec<(Arc<str>, Role, Arc<Counters>)> {
        let all = self.all();
        let known =
            all.iter().filter_map(|(name, counters)| Some((name.clone(), (*counters.lock_role())?, counters.clone())));
        known.collect()
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
        counter.fetch_add(count as u64, Ordering::Release);
    }

    /// Counts a failure. They are few: a lock is good enough.
    pub(crate) fn failure(&self, stage: Stage, kind: FailureKind) {
        *self.lock_failures().entry((stage, kind.as_str())).or_default() += 1;
    }

    /// How many there were.
    pub(crate) fn failures(&self) -> Failures {
        self.lock_failures().clone()
    }

    /// Notes what is wrong with a reading of the counts; says so where it is worse than ever.
    pub(crate) fn note_excess(&self, excess: u64) -> bool {
        self.excess.fetch_max(excess, Ordering::Relaxed) < excess
    }

    /// The worst that was noted.
    pub(crate) fn excess(&self) -> u64 {
        self.excess.load(Ordering::Relaxed)
    }

    fn lock_role(&self) -> MutexGuard<'_, Option<Role>> {
        self.role.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn lock_failures(&self) -> MutexGuard<'_, Failures> {
        self.failures.lock().unwrap_or_else(PoisonError::into_inner)
    }

    pub(crate) fn counts(&self) -> Counts {
        let read = |counter: &AtomicU64| counter.load(Ordering::Acquire);
        let mut counts = Counts {
            received: 0,
            received_bytes: read(&self.received_bytes),
            duplicates: read(&self.duplicates),
            discarded: read(&self.discarded),
            rejected: read(&self.rejected),
            sent: read(&self.sent),
            sent_bytes: read(&self.sent_bytes),
            failed: read(&self.failed),
            retries: read(&self.retries),
        };
        counts.received = read(&self.received);
        counts
    }
}

impl Counts {
    /// Events that came in and of which nothing is known yet.
    pub fn in_flight(&self) -> u64 {
        self.received.saturating_sub(self.known())
    }

    /// Events by which more became of them than came in. Anything but 0 is a bug: some were counted, or handed on, twice.
    pub fn excess(&self) -> u64 {
        self.known().saturating_sub(self.received)
    }

    /// Events of which it is known what became of them.
    fn known(&self) -> u64 {
        self.sent + self.duplicates + self.discarded + self.rejected + self.failed
    }
}

impl Role {
    /// As logs and metrics have it.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Source => "source",
            Self::Transform => "transform",
            Self::Sink => "sink",
        }
    }
}

impl Stage {
    /// As logs and metrics have it.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Receiving => "receiving",
            Self::Processing => "processing",
            Self::Sending => "sending",
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_more_than_came_in_is_no_event_in_flight() {
        let counts =
            Counts { received: 10, sent: 4, duplicates: 1, discarded: 1, rejected: 1, failed: 1, ..Counts::default() };
        assert_eq!((counts.in_flight(), counts.excess()), (2, 0));
        let counts = Counts { sent: 9, ..counts };
        assert_eq!((counts.in_flight(), counts.excess()), (0, 3));
    }

    /// Scenario: one thread counts what comes and what becomes of it while another reads.
    /// Guarantees: no reading shows more than came in.
    #[test]
    fn a_reading_beside_work_is_no_violation() {
        let counters = Arc::new(Counters::default());
        let works = counters.clone();
        let work = std::thread::spawn(move || {
            for _ in 0..200_000 {
                Counters::add(&works.received, 3);
                Counters::add(&works.duplicates, 1);
                Counters::add(&works.sent, 2);
            }
        });
        while !work.is_finished() {
            assert_eq!(counters.counts().excess(), 0);
        }
        work.join().unwrap();
        assert_eq!((counters.counts().in_flight(), counters.counts().sent), (0, 400_000));
    }

    #[test]
    fn the_worst_is_kept_and_told_once() {
        let counters = Counters::default();
        assert!(!counters.note_excess(0) && counters.note_excess(2) && !counters.note_excess(2));
        assert!(!counters.note_excess(1) && counters.note_excess(5));
        assert_eq!(counters.excess(), 5);
    }
}
