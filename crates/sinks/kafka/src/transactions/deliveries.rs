//! Counts the delivery reports of a transaction.

use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use rdkafka::error::KafkaError;
use rdkafka::message::Message;
use rdkafka::producer::{DeliveryResult, ProducerContext};

use adr_kafka::{Told, told_by};

/// How long to wait before it is asked whether waiting still makes sense.
const SLICE: Duration = Duration::from_millis(100);

/// What no number of records is ever below.
const NOBODY_WAITS: usize = usize::MAX;

/// A record that was not delivered.
#[derive(Debug)]
pub(crate) struct Bad {
    /// Its number in the transaction.
    pub(crate) number: usize,
    pub(crate) error: KafkaError,
    pub(crate) topic: String,
}

/// Records that were sent and have no report yet, and those with a bad one.
pub(crate) struct Deliveries {
    open: AtomicUsize,
    /// Whoever waits, waits until no more than so many are open.
    until: AtomicUsize,
    any_bad: AtomicBool,
    bad: Mutex<Vec<Bad>>,
    changed: Condvar,
}

impl Default for Deliveries {
    fn default() -> Self {
        Self {
            open: AtomicUsize::new(0),
            until: AtomicUsize::new(NOBODY_WAITS),
            any_bad: AtomicBool::new(false),
            bad: Mutex::default(),
            changed: Condvar::new(),
        }
    }
}

impl Deliveries {
    /// A record is about to be sent.
    pub(crate) fn sent(&self) {
        self.open.fetch_add(1, Ordering::SeqCst);
    }

    /// It was not sent after all.
    pub(crate) fn unsent(&self) {
        self.open.fetch_sub(1, Ordering::SeqCst);
    }

    /// Records without a report.
    pub(crate) fn open(&self) -> usize {
        self.open.load(Ordering::SeqCst)
    }

    /// Whether a record was not delivered.
    pub(crate) fn any_bad(&self) -> bool {
        self.any_bad.load(Ordering::SeqCst)
    }

    /// Those that were not delivered since this was last asked.
    pub(crate) fn take_bad(&self) -> Vec<Bad> {
        self.any_bad.store(false, Ordering::SeqCst);
        std::mem::take(&mut *self.lock())
    }

    /// Waits until no more than `most` records are open or, unless they do not matter, until there is a bad report:
    /// those that still wait may then never be sent. Gives up, with `false`, where `go_on` says so.
    pub(crate) fn wait(&self, most: usize, bad_matters: bool, mut go_on: impl FnMut() -> bool) -> bool {
        let met = || self.open() <= most || (bad_matters && self.any_bad());
        self.until.store(most, Ordering::SeqCst);
        let mut bad = self.lock();
        // A report that came before it was known that somebody waits has counted already.
        while !met() {
            let (guard, late) = self.changed.wait_timeout(bad, SLICE).unwrap_or_else(PoisonError::into_inner);
            bad = guard;
            if late.timed_out() && !met() {
                drop(bad);
                if !go_on() {
                    break;
                }
                bad = self.lock();
            }
        }
        self.until.store(NOBODY_WAITS, Ordering::SeqCst);
        met()
    }

    fn reported(&self) {
        let open = self.open.fetch_sub(1, Ordering::SeqCst) - 1;
        let until = self.until.load(Ordering::SeqCst);
        if until != NOBODY_WAITS && open <= until {
            drop(self.lock());
            self.changed.notify_all();
        }
    }

    fn lock(&self) -> MutexGuard<'_, Vec<Bad>> {
        self.bad.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Takes the delivery reports of one producer, on librdkafka's polling thread.
pub(crate) struct Reports {
    pub(crate) told: Told,
    pub(crate) deliveries: Arc<Deliveries>,
}

told_by!(Reports, told);

impl ProducerContext for Reports {
    type DeliveryOpaque = usize;

    fn delivery(&self, result: &DeliveryResult<'_>, number: usize) {
        if let Err((error, message)) = result {
            let bad = Bad { number, error: error.clone(), topic: message.topic().to_owned() };
            self.deliveries.lock().push(bad);
            self.deliveries.any_bad.store(true, Ordering::SeqCst);
            self.deliveries.changed.notify_all();
        }
        self.deliveries.reported();
    }
}
