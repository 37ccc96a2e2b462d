//! When each shard was last committed: the time of the newest committed record in its checkpoint partition.

use std::time::{Duration, Instant};

use adr_core::{Failure, Timestamp};
use rdkafka::config::FromClientConfigAndContext;
use rdkafka::consumer::{BaseConsumer, Consumer};
use rdkafka::error::{KafkaError, RDKafkaErrorCode};
use rdkafka::{Message, Offset, TopicPartitionList};

use crate::Connection;
use adr_kafka::{Told, set_unless_given};

/// How far before its end a partition is read at first: the last record, and the marker that committed it.
const FIRST_LOOK: i64 = 2;

/// How much farther each time that there was nothing but markers and what was given up.
const FARTHER: i64 = 16;

const LOOK: Duration = Duration::from_millis(100);

/// The committed end of a partition, and what was found there.
struct End {
    partition: i32,
    low: i64,
    high: i64,
    /// From where it was read last.
    from: i64,
    at_end: bool,
    time: Option<Timestamp>,
}

/// One for each shard; `None` where nothing has been committed yet. `group` is not joined: librdkafka asks for one.
pub(super) fn last_commits(
    connection: &Connection,
    topic: &str,
    group: &str,
    shards: u32,
    until: Instant,
) -> Result<Vec<Option<Timestamp>>, Failure> {
    let doing = format!("read the end of kafka topic {topic}");
    let failed = |error: KafkaError| connection.failure(&error, &doing);
    let mut config = connection.config()?;
    config
        .set("group.id", group)
        .set("isolation.level", "read_committed")
        .set("enable.partition.eof", "true")
        .set("enable.auto.commit", "false")
        .set("allow.auto.create.topics", "false");
    // The fetch that finds the end would wait this long for records that do not come.
    set_unless_given(&mut config, "fetch.wait.max.ms", "50");
    let consumer = BaseConsumer::from_config_and_context(&config, connection.context()).map_err(failed)?;
    let mut ends = Vec::new();
    for shard in 0..shards {
        let partition = i32::try_from(shard).unwrap_or(i32::MAX);
        let (low, high) = consumer.fetch_watermarks(topic, partition, left(until)).map_err(failed)?;
        ends.push(End { partition, low, high, from: high, at_end: true, time: None });
    }
    let mut look = FIRST_LOOK;
    loop {
        let open = ends.iter_mut().map(|end| end.look_back(look)).filter(|open| *open).count();
        if open == 0 {
            break;
        }
        read(&consumer, topic, &mut ends, until).map_err(failed)?;
        look = look.saturating_mul(FARTHER);
    }
    Ok(ends.into_iter().map(|end| end.time).collect())
}

impl End {
    /// Whether it has to be read, so far before its end, since there was nothing nearer.
    fn look_back(&mut self, look: i64) -> bool {
        self.at_end = self.time.is_some() || self.from <= self.low;
        if !self.at_end {
            self.from = self.high.saturating_sub(look).max(self.low);
        }
        !self.at_end
    }
}

/// Reads the partitions that are not at their end to it.
fn read(consumer: &BaseConsumer<Told>, topic: &str, ends: &mut [End], until: Instant) -> Result<(), KafkaError> {
    let mut list = TopicPartitionList::new();
    for end in ends.iter().filter(|end| !end.at_end) {
        list.add_partition_offset(topic, end.partition, Offset::Offset(end.from))?;
    }
    consumer.assign(&list)?;
    while ends.iter().any(|end| !end.at_end) {
        if left(until).is_zero() {
            return Err(KafkaError::MessageConsumption(RDKafkaErrorCode::OperationTimedOut));
        }
        match consumer.poll(LOOK.min(left(until))) {
            Some(Ok(message)) => {
                let place = ends.iter_mut().find(|end| end.partition == message.partition());
                if let (Some(end), Some(millis)) = (place, message.timestamp().to_millis()) {
                    end.time = end.time.max(Some(Timestamp::from_millis(millis)));
                }
            }
            Some(Err(KafkaError::PartitionEOF(partition))) => {
                for end in ends.iter_mut().filter(|end| end.partition == partition) {
                    end.at_end = true;
                }
            }
            Some(Err(error)) if is_final(&error) => return Err(error),
            Some(Err(_)) | None => {}
        }
    }
    Ok(())
}

/// Other errors are those of connections, which librdkafka makes anew.
fn is_final(error: &KafkaError) -> bool {
    use RDKafkaErrorCode::{GroupAuthorizationFailed, TopicAuthorizationFailed, UnknownTopicOrPartition};
    matches!(
        error.rdkafka_error_code(),
        Some(TopicAuthorizationFailed | GroupAuthorizationFailed | UnknownTopicOrPartition)
    )
}

pub(super) fn left(until: Instant) -> Duration {
    until.saturating_duration_since(Instant::now())
}
