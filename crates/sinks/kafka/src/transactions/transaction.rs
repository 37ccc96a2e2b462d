//! One transaction: the events of several groups, and their checkpoints.

use std::thread;
use std::time::{Duration, Instant};

use adr_core::{Event, Failure, FailureKind, Rejection};
use rdkafka::error::{KafkaError, RDKafkaErrorCode as Code};
use rdkafka::producer::{BaseRecord, Producer};
use rdkafka::util::Timeout;

use super::attempted::{Attempted, CHECKPOINTS, Numbers};
use super::deliveries::Bad;
use super::producer::Live;
use super::records;
use super::sender::{Sender, Stop, Unsent, wait};
use crate::record::{Shaped, too_large};
use adr_kafka::flush;

/// How long a transaction that cannot be used any more may take to be taken back. The producer is closed either way,
/// and its successor takes back what is left; until then readers of committed records would wait.
const FAREWELL: Duration = Duration::from_secs(5);

/// How long a transaction may take to be taken back, so that its producer can be used again.
const MOST: Duration = Duration::from_secs(30);

/// How long one call for that lasts.
const SLICE: Duration = Duration::from_millis(250);

/// After so long, waiting goes on where it is seen that a record was not delivered, or that the shard is not ours any
/// more.
const LITTLE: Duration = Duration::from_millis(200);

/// How often a commit that may be repeated is repeated.
const REPEATS: usize = 5;

/// How a transaction ended.
pub(crate) enum Ending {
    /// Committed, all of it.
    Committed,
    /// Taken back, all of it, for the sake of events that are refused or that must be sent alone.
    TakenBack,
    /// The outcome may be unknown. The producer must not be used again.
    Broken(Failure),
}

impl Live {
    /// Commits the groups in one transaction, or nothing of them. Blocks.
    pub(crate) fn attempt(&mut self, groups: &mut [Attempted]) -> Ending {
        if let Err(error) = self.producer.begin_transaction() {
            return Ending::Broken(self.failure(&error, "begin a transaction"));
        }
        let numbers = Numbers::new(groups);
        let sent = self.send(groups, &numbers);
        // Nothing more will come that could go with what waits.
        let sent = sent.and_then(|()| {
            flush(self.producer.client(), LITTLE);
            self.wait(0)
        });
        match sent {
            Err(Stop::Broken(failure)) => self.give_up(failure),
            Ok(()) if !self.deliveries.any_bad() && groups.iter().all(|group| group.rejections.is_empty()) => {
                self.commit()
            }
            Ok(()) | Err(Stop::Bad) => self.take_back(groups, &numbers),
        }
    }

    fn send(&mut self, groups: &mut [Attempted], numbers: &Numbers) -> Result<(), Stop> {
        for (group, first) in groups.iter_mut().zip(&numbers.first) {
            self.send_events(group, *first)?;
        }
        if groups.iter().any(|group| !group.rejections.is_empty()) {
            // Nothing of this transaction will be committed.
            return Ok(());
        }
        let mut key = Vec::new();
        for group in groups.iter() {
            for write in &group.asked.group.checkpoint.writes {
                key.clear();
                records::lane_key(&group.asked.lane, &mut key);
                key.extend_from_slice(&write.key);
                self.send_checkpoint(&key, write.value.as_deref())?;
            }
        }
        if !self.layout {
            let value = records::layout(self.shard.common.exactly_once.shards, self.shard.number);
            self.send_checkpoint(records::LAYOUT, Some(&value))?;
        }
        Ok(())
    }

    fn send_events(&mut self, group: &mut Attempted, first: usize) -> Result<(), Stop> {
        let events = group.asked.group.events.clone();
        for (index, event) in events.iter().enumerate() {
            let alone = group.alone.contains(&index);
            if alone {
                self.wait(0)?;
            }
            let refused = !group.rejections.is_empty();
            if let Some(reason) = self.send_event(event, first + index, refused)? {
                group.rejections.push(Rejection { index, reason });
            }
            if alone {
                self.wait(0)?;
            }
        }
        Ok(())
    }

    /// Sends an event, or only looks at it where the group is refused anyway. Gives the reason why it can never be
    /// sent.
    fn send_event(&mut self, event: &Event, number: usize, refused: bool) -> Result<Option<String>, Stop> {
        let shaped = match self.shaper.shape(event) {
            Ok(shaped) => shaped,
            Err(reason) => return Ok(Some(reason)),
        };
        let Shaped { topic, key, payload, headers } = shaped;
        let most = self.shard.common.settings.max_message_bytes;
        let size = key.len() + payload.len();
        if size > most {
            return Ok(Some(too_large(size, topic, most)));
        }
        if refused {
            return Ok(None);
        }
        let record = BaseRecord::with_opaque_to(topic, number).key(key).payload(payload).headers(headers);
        let sender =
            Sender { producer: &self.producer, deliveries: &self.deliveries, shard: &self.shard, term: self.term };
        match sender.send(record) {
            Ok(()) => Ok(None),
            Err(Unsent::Stop(stop)) => Err(stop),
            Err(Unsent::Error(error)) if is_too_large(&error) => Ok(Some(too_large(size, topic, most))),
            Err(Unsent::Error(error)) => {
                let doing = format!("write to kafka topic {topic} in a transaction");
                Err(Stop::Broken(self.failure(&error, &doing)))
            }
        }
    }

    fn send_checkpoint(&mut self, key: &[u8], value: Option<&[u8]>) -> Result<(), Stop> {
        let topic = &self.shard.common.exactly_once.topic;
        let partition = i32::try_from(self.shard.number).unwrap_or(i32::MAX);
        let record = BaseRecord::with_opaque_to(topic, CHECKPOINTS).partition(partition).key(key);
        let record = match value {
            Some(value) => record.payload(value),
            None => record,
        };
        let sender =
            Sender { producer: &self.producer, deliveries: &self.deliveries, shard: &self.shard, term: self.term };
        sender.send(record).map_err(|unsent| match unsent {
            Unsent::Stop(stop) => stop,
            Unsent::Error(error) => {
                Stop::Broken(self.failure(&error, &format!("write to the checkpoint topic {topic} in a transaction")))
            }
        })
    }

    fn wait(&self, most: usize) -> Result<(), Stop> {
        wait(&self.deliveries, &self.shard, self.term, most)
    }

    fn commit(&mut self) -> Ending {
        // The last report has come, but librdkafka counts its record until the report is disposed of: a commit that
        // came before would sleep for it much longer than this takes.
        while self.producer.in_flight_count() > 0 {
            thread::yield_now();
        }
        let mut repeats = 0;
        loop {
            // Without a limit, as librdkafka wants it: one of ours would leave open what became of it. It ends when a
            // broker has answered.
            match self.producer.commit_transaction(Timeout::Never) {
                Ok(()) => {
                    self.layout = true;
                    self.shard.common.connection.context().well();
                    return Ending::Committed;
                }
                Err(KafkaError::Transaction(error)) if error.is_retriable() && repeats < REPEATS => repeats += 1,
                Err(error) => {
                    let failure = self.failure(&error, "commit a transaction");
                    let certain = matches!(&error, KafkaError::Transaction(error) if error.txn_requires_abort());
                    return if certain { self.give_up(failure) } else { Ending::Broken(failure) };
                }
            }
        }
    }

    /// Ends a transaction that failed before it could be committed, so that readers need not wait for its time-out.
    fn give_up(&mut self, failure: Failure) -> Ending {
        if failure.kind != FailureKind::Fenced
            && self.shard.holds(self.term, false)
            && let Err(error) = self.abort(FAREWELL)
        {
            tracing::debug!(shard = self.shard.number, "a transaction was left open: {error}");
        }
        Ending::Broken(failure)
    }

    fn abort(&self, limit: Duration) -> Result<(), KafkaError> {
        let deadline = Instant::now() + limit;
        loop {
            let left = deadline.saturating_duration_since(Instant::now());
            // Records that the broker answers only now go back to the queue, which was cleared before: librdkafka
            // would wait for them until they time out. Each call clears it anew, and goes on where the last one
            // stopped.
            match self.producer.abort_transaction(left.min(SLICE)) {
                Err(KafkaError::Transaction(error)) if error.is_retriable() && !left.is_zero() => {}
                result => return result,
            }
        }
    }

    /// Takes the transaction back, and finds out for which events that is.
    fn take_back(&mut self, groups: &mut [Attempted], numbers: &Numbers) -> Ending {
        // What of the queue was not sent yet is reported as purged by the abort.
        let mut bad = self.deliveries.take_bad();
        if let Some(Bad { error, topic, .. }) =
            bad.iter().find(|bad| !is_too_large(&bad.error) && !is_purge(&bad.error))
        {
            let failure = self.failure(error, &format!("write to kafka topic {topic} in a transaction"));
            return self.give_up(failure);
        }
        if let Err(error) = self.abort(MOST) {
            return Ending::Broken(self.failure(&error, "take back a transaction"));
        }
        if !self.deliveries.wait(0, false, || self.shard.holds(self.term, false)) {
            return Ending::Broken(self.shard.common.not_ours(self.shard.number));
        }
        bad.extend(self.deliveries.take_bad());
        bad.retain(|bad| is_too_large(&bad.error));
        // A batch is refused as a whole, and every record of it reported. If there is but one, it is the one.
        let single = bad.len() == 1;
        for Bad { number, topic, .. } in bad {
            let Some((group, index)) = numbers.place(number) else {
                let message = format!(
                    "the checkpoint topic {topic} refuses a record as too large: set its \
                     max.message.bytes to 1048588 or more"
                );
                return Ending::Broken(Failure::new(FailureKind::Config, message));
            };
            let group = &mut groups[group];
            if single || group.alone.contains(&index) {
                let event = &group.asked.group.events[index];
                let reason = too_large(event.body.len(), &topic, self.shard.common.settings.max_message_bytes);
                group.rejections.push(Rejection { index, reason });
            } else {
                group.alone.insert(index);
            }
        }
        Ending::TakenBack
    }
}

fn is_too_large(error: &KafkaError) -> bool {
    error.rdkafka_error_code() == Some(Code::MessageSizeTooLarge)
}

fn is_purge(error: &KafkaError) -> bool {
    matches!(error.rdkafka_error_code(), Some(Code::PurgeQueue | Code::PurgeInflight))
}
