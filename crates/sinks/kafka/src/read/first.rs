//! The first committed record with a key, looked for in all partitions of a topic at once.

use std::collections::BTreeMap;
use std::time::{Duration, Instant};

use adr_core::{Failure, FailureKind};
use rdkafka::consumer::{BaseConsumer, Consumer};
use rdkafka::error::{KafkaError, KafkaResult};
use rdkafka::message::Message;
use rdkafka::{Offset, TopicPartitionList};

use super::question::{Listening, Use, consumer};
use super::{From, Isolation, SLICE, passes, read_partition};
use adr_kafka::Connection;

/// For each of so many partitions the value of its first committed record with this key. What an open transaction holds
/// back is not waited for, and what comes later is not looked for: a partition that has such a record is read no further.
/// Blocks.
///
/// # Errors
/// As [`read_partition`], which has the same `limit`.
pub(crate) fn first_of_each(
    connection: &Connection,
    topic: &str,
    partitions: u32,
    key: &[u8],
    limit: Duration,
) -> Result<Vec<Option<Vec<u8>>>, Failure> {
    let doing = format!("read kafka topic {topic}");
    let numbers = 0..i32::try_from(partitions).unwrap_or(i32::MAX);
    let client = consumer(connection, Isolation::Committed, Use::Ask)?;
    let marks = connection.served(&client, &doing, |client| {
        numbers.map(|partition| client.fetch_watermarks(topic, partition, limit)).collect::<KafkaResult<Vec<_>>>()
    })?;
    let mut search = Search { topic, key, limit, found: vec![None; marks.len()], open: BTreeMap::new() };
    for (partition, (low, end)) in (0..).zip(marks) {
        if low < end {
            search.open.insert(partition, low);
        }
    }
    let unsure = search.run(connection, &doing)?;
    for partition in unsure {
        let mut value = None;
        let each = &mut |record: &super::Read<'_>| {
            if value.is_none() && record.key == Some(key) {
                value = record.payload.map(<[u8]>::to_vec);
            }
        };
        read_partition(connection, topic, partition, Isolation::Committed, From::Start, limit, each)?;
        search.take(partition, value);
    }
    Ok(search.found)
}

struct Search<'a> {
    topic: &'a str,
    key: &'a [u8],
    limit: Duration,
    found: Vec<Option<Vec<u8>>>,
    /// Partitions that are being read, and from where.
    open: BTreeMap<i32, i64>,
}

impl Search<'_> {
    /// Reads all that are open. Gives those that came to an end without such a record: whether that was the end,
    /// [`read_partition`] finds out.
    fn run(&mut self, connection: &Connection, doing: &str) -> Result<Vec<i32>, Failure> {
        let mut unsure = Vec::new();
        if self.open.is_empty() {
            return Ok(unsure);
        }
        let failed = |error: &KafkaError| connection.failure(error, doing);
        let consumer = consumer(connection, Isolation::Committed, Use::Read)?;
        self.begin(&consumer).map_err(|error| failed(&error))?;
        let mut deadline = Instant::now() + self.limit;
        let mut trouble = None;
        while !self.open.is_empty() {
            let left = deadline.saturating_duration_since(Instant::now());
            if left.is_zero() {
                let late = || Failure::new(FailureKind::Timeout, format!("cannot {doing}: time is up"));
                return Err(trouble.as_ref().map_or_else(late, failed));
            }
            match consumer.poll(left.min(SLICE)) {
                Some(Ok(message)) => {
                    deadline = Instant::now() + self.limit;
                    let partition = message.partition();
                    if message.key() == Some(self.key) && self.open.remove(&partition).is_some() {
                        self.take(partition, message.payload().map(<[u8]>::to_vec));
                        self.leave(&consumer, partition).map_err(|error| failed(&error))?;
                    }
                }
                Some(Err(KafkaError::PartitionEOF(partition))) => {
                    deadline = Instant::now() + self.limit;
                    unsure.extend(self.open.remove(&partition).map(|_| partition));
                }
                Some(Err(error)) if passes(&error) => trouble = Some(error),
                Some(Err(error)) => return Err(failed(&error)),
                None => {}
            }
        }
        Ok(unsure)
    }

    fn begin(&self, consumer: &BaseConsumer<Listening>) -> KafkaResult<()> {
        let mut list = TopicPartitionList::new();
        for (partition, start) in &self.open {
            list.add_partition_offset(self.topic, *partition, Offset::Offset(*start))?;
        }
        consumer.assign(&list)
    }

    /// Fetches nothing more of it.
    fn leave(&self, consumer: &BaseConsumer<Listening>, partition: i32) -> KafkaResult<()> {
        let mut list = TopicPartitionList::new();
        list.add_partition(self.topic, partition);
        consumer.pause(&list)
    }

    fn take(&mut self, partition: i32, value: Option<Vec<u8>>) {
        let place = usize::try_from(partition).ok().and_then(|partition| self.found.get_mut(partition));
        if let Some(place) = place {
            *place = value;
        }
    }
}
