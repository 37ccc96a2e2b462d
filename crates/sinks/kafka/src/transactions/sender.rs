//! Sends one record of a transaction, and waits for what was sent.

use adr_core::Failure;
use rdkafka::error::{KafkaError, RDKafkaErrorCode as Code};
use rdkafka::producer::{BaseRecord, ThreadedProducer};

use super::deliveries::{Deliveries, Reports};
use super::shard::Shard;

/// Why sending stopped.
pub(super) enum Stop {
    /// A delivery report is bad.
    Bad,
    Broken(Failure),
}

/// Why a record was not sent.
pub(super) enum Unsent {
    Stop(Stop),
    Error(KafkaError),
}

/// What sends, apart from what shapes.
pub(super) struct Sender<'a> {
    pub(super) producer: &'a ThreadedProducer<Reports>,
    pub(super) deliveries: &'a Deliveries,
    pub(super) shard: &'a Shard,
    pub(super) term: u64,
}

impl Sender<'_> {
    /// Sends a record. Waits while the queue is full.
    pub(super) fn send(&self, mut record: BaseRecord<'_, [u8], [u8], usize>) -> Result<(), Unsent> {
        if self.deliveries.any_bad() {
            return Err(Unsent::Stop(Stop::Bad));
        }
        loop {
            self.deliveries.sent();
            match self.producer.send(record) {
                Ok(()) => return Ok(()),
                Err((error, back)) => {
                    self.deliveries.unsent();
                    let open = self.deliveries.open();
                    if error.rdkafka_error_code() != Some(Code::QueueFull) || open == 0 {
                        return Err(Unsent::Error(error));
                    }
                    wait(self.deliveries, self.shard, self.term, open / 2).map_err(Unsent::Stop)?;
                    record = back;
                }
            }
        }
    }
}

/// Waits until no more than `most` records are without a report, or one has a bad one.
pub(super) fn wait(deliveries: &Deliveries, shard: &Shard, term: u64, most: usize) -> Result<(), Stop> {
    if !deliveries.wait(most, true, || shard.holds(term, false)) {
        return Err(Stop::Broken(shard.common.not_ours(shard.number)));
    }
    if deliveries.any_bad() { Err(Stop::Bad) } else { Ok(()) }
}
