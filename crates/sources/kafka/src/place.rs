//! Where a source begins in its partition.

use std::sync::PoisonError;

use adr_core::Failure;
use adr_kafka::{Connection, GroupConsumer, Partition, Told};
use rdkafka::consumer::{BaseConsumer, Consumer};
use rdkafka::error::{KafkaError, KafkaResult, RDKafkaErrorCode as Code};
use rdkafka::{Offset, TopicPartitionList};

use crate::config::{Begin, IsolationLevel};
use crate::settings::Settings;
use crate::store::{ANSWER, committed};
use crate::tenure::Tenure;

/// Where it begins, and what was found there.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Start {
    pub(crate) offset: i64,
    /// The offset after the last one that can be read now.
    pub(crate) end: i64,
    /// Nobody has kept it yet, and it will be another one later.
    pub(crate) keep: bool,
}

/// What a partition holds.
#[derive(Clone, Copy, Debug)]
struct Extent {
    /// The first offset, and the one after the last that can be read.
    first: i64,
    end: i64,
    /// The offset after the last, whether it can be read yet or not.
    high: i64,
}

/// Which source goes where.
pub(crate) struct Placing<'a> {
    pub(crate) tenure: &'a Tenure,
    pub(crate) connection: &'a Connection,
    pub(crate) settings: &'a Settings,
    /// Of all sources of this partition, which one: only the last is placed.
    pub(crate) opened: u64,
    /// What was read before, if that is known.
    pub(crate) record: Option<i64>,
}

impl Placing<'_> {
    /// Finds the place and makes the consumer read from there on. `None`: not yet, or not any more. Blocks.
    pub(crate) fn place(&self) -> Result<Option<Start>, Failure> {
        let Some(consumer) = self.tenure.consumer() else { return Ok(None) };
        let doing = format!("read partition {}", self.tenure.partition);
        let fail = |error: KafkaError| self.connection.failure(&error, &doing);
        let record = match self.record {
            Some(record) => Some(record),
            // A sink that keeps the progress itself has none yet.
            None => committed(&consumer, &self.tenure.partition).map_err(fail)?,
        };
        let extent = self.extent(&consumer, record, &doing)?;
        self.connection.context().well();
        let start = self.start(record, extent);
        let _alone = self.tenure.placing.lock().unwrap_or_else(PoisonError::into_inner);
        if !self.tenure.is_last(self.opened) || !go_to(&consumer, &self.tenure.partition, start.offset).map_err(fail)? {
            return Ok(None);
        }
        Ok(Some(start))
    }

    fn extent(&self, consumer: &GroupConsumer, record: Option<i64>, doing: &str) -> Result<Extent, Failure> {
        let Partition { topic, number } = &self.tenure.partition;
        let marks = consumer.fetch_watermarks(topic, *number, ANSWER);
        let (first, end) = marks.map_err(|error| self.connection.failure(&error, doing))?;
        let mut high = end;
        // What was read already may be held back from readers now, who were others then.
        if record.is_some_and(|record| record > end) && self.settings.isolation == IsolationLevel::ReadCommitted {
            high = self.high(topic, *number, doing)?;
        }
        Ok(Extent { first, end, high })
    }

    /// The end of all records, of open transactions too.
    fn high(&self, topic: &str, number: i32, doing: &str) -> Result<i64, Failure> {
        let mut config = self.connection.config()?;
        config.set("isolation.level", IsolationLevel::ReadUncommitted.as_str());
        let client: BaseConsumer<Told> = config
            .create_with_context(self.connection.context())
            .map_err(|error| self.connection.failure(&error, doing))?;
        let ask = |client: &BaseConsumer<Told>| client.fetch_watermarks(topic, number, ANSWER);
        self.connection.served(&client, doing, ask).map(|(_, high)| high)
    }

    /// Says what is missing.
    fn start(&self, record: Option<i64>, Extent { first, end, high }: Extent) -> Start {
        let Partition { topic, number } = &self.tenure.partition;
        let group = &self.settings.group;
        let offset = match (record, self.settings.start) {
            (None, Begin::Earliest) => first,
            (None, Begin::Latest) => end,
            (Some(record), _) if record < first => {
                say_gap(group, &self.tenure.partition, record, first);
                first
            }
            (Some(record), _) if record > high => {
                tracing::error!(
                    group,
                    "partition {number} of kafka topic {topic} was read to offset {record}, but ends at offset {high} now: it \
                     was made anew or has lost its end; reading goes on with all that is there, from offset {first} on"
                );
                first
            }
            (Some(record), _) => record,
        };
        Start { offset, end, keep: record.is_none() && self.settings.start == Begin::Latest }
    }
}

/// Says that offsets were not read and cannot be.
pub(crate) fn say_gap(group: &str, Partition { topic, number }: &Partition, from: i64, to: i64) {
    let (last, count) = (to - 1, to - from);
    tracing::error!(
        group,
        "offsets {from} to {last} of partition {number} of kafka topic {topic} were deleted before they were read ({count} \
         offsets): what was in them is lost here; reading goes on at offset {to}"
    );
}

/// Whether the consumer reads from there on: it does not while it has not begun with the partition.
fn go_to(consumer: &GroupConsumer, Partition { topic, number }: &Partition, offset: i64) -> KafkaResult<bool> {
    let mut list = TopicPartitionList::new();
    list.add_partition_offset(topic, *number, Offset::Offset(offset))?;
    let answer = consumer.seek_partitions(list, ANSWER)?;
    match answer.elements().first().map(|one| one.error()) {
        None | Some(Ok(())) => {}
        Some(Err(error)) => {
            return match error.rdkafka_error_code() {
                Some(Code::State | Code::InProgress | Code::PreviousInProgress | Code::UnknownPartition) => Ok(false),
                _ => Err(error),
            };
        }
    }
    let mut list = TopicPartitionList::new();
    list.add_partition(topic, *number);
    consumer.resume(&list)?;
    Ok(true)
}
