//! What is in flight: a fixed set of slots, one for each batch, which delivery reports count down without a lock.

use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::sync::{Mutex, MutexGuard, OnceLock, PoisonError};

use adr_core::Rejection;
use rdkafka::Message;
use rdkafka::error::{KafkaError, RDKafkaErrorCode};
use rdkafka::producer::DeliveryResult;
use tokio::sync::{Notify, oneshot};

use super::room::Room;
use crate::record::too_large;

/// More batches than the runtime keeps open: a withdrawn one keeps its slot until its last report.
const SLOTS: usize = 1 << 10;

const INDEX_BITS: u32 = usize::BITS - 10;

/// What goes with a record through librdkafka and comes back in its report: one number, nothing allocated.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Ticket {
    pub(super) slot: usize,
    /// The event's place in its batch.
    pub(super) index: usize,
}

impl Ticket {
    pub(super) fn number(self) -> usize {
        self.slot << INDEX_BITS | self.index
    }

    fn of(number: usize) -> Self {
        Self { slot: number >> INDEX_BITS, index: number & ((1 << INDEX_BITS) - 1) }
    }
}

/// What became of a batch.
#[derive(Debug, Default)]
pub(super) struct Outcome {
    /// Not every record was delivered; why, the flight knows.
    pub(super) failed: bool,
    /// Records that a broker can never take.
    pub(super) too_large: Vec<Rejection>,
}

/// All batches of one producer.
#[derive(Debug)]
pub(super) struct Flight {
    slots: Box<[Slot]>,
    free: Mutex<Vec<usize>>,
    freed: Notify,
    pub(super) room: Room,
    /// The largest record batch. A record of this size shares its record batch with none.
    pub(super) alone: usize,
    max_message_bytes: usize,
    ended: AtomicBool,
    /// The first error, and the topic of its record.
    end: OnceLock<(KafkaError, String)>,
    /// Whoever guards the producer waits for it.
    pub(super) ending: Notify,
}

#[derive(Debug, Default)]
struct Slot {
    /// Records without a report.
    left: AtomicUsize,
    state: Mutex<State>,
}

#[derive(Debug, Default)]
struct State {
    done: Option<oneshot::Sender<Outcome>>,
    outcome: Outcome,
}

impl Flight {
    pub(super) fn new(room: usize, alone: usize, max_message_bytes: usize) -> Self {
        Self {
            slots: (0..SLOTS).map(|_| Slot::default()).collect(),
            free: Mutex::new((0..SLOTS).rev().collect()),
            freed: Notify::new(),
            room: Room::new(room),
            alone,
            max_message_bytes,
            ended: AtomicBool::new(false),
            end: OnceLock::new(),
            ending: Notify::new(),
        }
    }

    /// A slot for a batch. Waits while all are taken. Its outcome comes once each of `records` has its report or was
    /// [unsent](Flight::unsent), and `unsent` was called.
    pub(super) async fn begin(&self, records: usize) -> (usize, oneshot::Receiver<Outcome>) {
        let slot = loop {
            let freed = self.freed.notified();
            if let Some(slot) = lock(&self.free).pop() {
                break slot;
            }
            freed.await;
        };
        let (done, outcome) = oneshot::channel();
        *lock(&self.slots[slot].state) = State { done: Some(done), outcome: Outcome::default() };
        // One more for the writer itself.
        self.slots[slot].left.store(records + 1, Ordering::Release);
        (slot, outcome)
    }

    /// The writer is through; for so many records no report will come.
    pub(super) fn unsent(&self, slot: usize, records: usize) {
        self.count_down(slot, records + 1);
    }

    /// The report of one record. Whether it was the last of a batch that is delivered.
    pub(super) fn report(&self, result: &DeliveryResult<'_>, ticket: usize) -> bool {
        let Ticket { slot, index } = Ticket::of(ticket);
        let size = match result {
            Ok(message) => message.payload_len() + message.key_len(),
            Err((error, message)) => {
                let size = message.payload_len() + message.key_len();
                self.bad(slot, index, error, message.topic(), size);
                size
            }
        };
        self.room.give_back(size);
        self.count_down(slot, 1)
    }

    fn bad(&self, slot: usize, index: usize, error: &KafkaError, topic: &str, size: usize) {
        let mut state = lock(&self.slots[slot].state);
        let is_too_large = error.rdkafka_error_code() == Some(RDKafkaErrorCode::MessageSizeTooLarge);
        if is_too_large && size >= self.alone {
            let reason = too_large(size, topic, self.max_message_bytes);
            state.outcome.too_large.push(Rejection { index, reason });
            return;
        }
        state.outcome.failed = true;
        drop(state);
        self.ends(error.clone(), topic);
    }

    fn count_down(&self, slot: usize, records: usize) -> bool {
        let place = &self.slots[slot];
        if place.left.fetch_sub(records, Ordering::AcqRel) != records {
            return false;
        }
        let State { done, outcome } = std::mem::take(&mut *lock(&place.state));
        lock(&self.free).push(slot);
        self.freed.notify_one();
        let delivered = !outcome.failed;
        if let Some(done) = done {
            // Nobody waits for a delivery that was withdrawn.
            let _ = done.send(outcome);
        }
        delivered
    }

    /// The producer is of no more use: its records go out in order or not at all.
    pub(super) fn ends(&self, error: KafkaError, topic: &str) {
        let _ = self.end.set((error, topic.to_owned()));
        if !self.ended.swap(true, Ordering::AcqRel) {
            self.ending.notify_one();
        }
    }

    pub(super) fn has_ended(&self) -> bool {
        self.ended.load(Ordering::Acquire)
    }

    pub(super) fn end(&self) -> Option<&(KafkaError, String)> {
        self.end.get()
    }

    pub(super) fn was_too_large(&self) -> bool {
        let code = self.end().and_then(|(error, _)| error.rdkafka_error_code());
        code == Some(RDKafkaErrorCode::MessageSizeTooLarge)
    }
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    // What is inside is right after every statement: a panic elsewhere cannot break it.
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}
