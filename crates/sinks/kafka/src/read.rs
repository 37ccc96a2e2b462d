//! Reads a partition from its start, or from a time, to its end as it was when asked.

mod first;
mod question;

use std::time::{Duration, Instant};

use adr_core::{Failure, FailureKind};
use adr_kafka::{Connection, Tool, layout};
use rdkafka::consumer::{BaseConsumer, Consumer};
use rdkafka::error::{KafkaError, RDKafkaErrorCode as Code};
use rdkafka::message::{BorrowedMessage, Headers, Message};
use rdkafka::{Offset, TopicPartitionList};

use question::{Listening, Question, Use, consumer};

pub(crate) use first::first_of_each;

/// A record as it was read. Lives as long as the call that shows it.
pub struct Read<'a> {
    /// The topic it is in.
    pub topic: &'a str,
    /// The partition it is in.
    pub partition: i32,
    /// Its place in the partition.
    pub offset: i64,
    /// Its time in milliseconds since 1970, where it has one.
    pub time_ms: Option<i64>,
    /// Its key.
    pub key: Option<&'a [u8]>,
    /// Its value; `None` is a tombstone.
    pub payload: Option<&'a [u8]>,
    message: &'a BorrowedMessage<'a>,
}

impl Read<'_> {
    /// The value of its first header of that name.
    pub fn header(&self, name: &str) -> Option<&[u8]> {
        self.message.headers()?.iter().find(|header| header.key == name)?.value
    }
}

/// Which records are shown.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Isolation {
    /// Those of committed transactions, and those without one.
    Committed,
    /// All, those of aborted and of open transactions too.
    Uncommitted,
}

/// Where reading begins.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum From {
    /// With the oldest record.
    Start,
    /// With the first record of this time (milliseconds since 1970) or later.
    Time(i64),
}

/// How far a partition was read.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Extent {
    /// The offset that reading began with.
    pub start: i64,
    /// The offset after the last one that was read.
    pub read_to: i64,
    /// The partition's high watermark when reading began.
    pub end: i64,
    /// Records shown.
    pub records: u64,
}

impl Extent {
    /// Offsets before the end that an open transaction holds back from readers of committed records.
    pub fn held_back(&self) -> i64 {
        self.end - self.read_to
    }
}

/// How long one wait for the next record lasts at most, so that the limit is kept.
const SLICE: Duration = Duration::from_millis(200);

/// Reads a partition to its high watermark as it is at the start of the call. Where `isolation` is committed and a
/// transaction is open in between, reading ends before it: see [`Extent::held_back`]. Blocks.
///
/// # Errors
/// When nothing comes for as long as `limit` although the end is not reached, or the brokers refuse: never a part as if it were all.
pub fn read_partition(
    connection: &Connection,
    topic: &str,
    partition: i32,
    isolation: Isolation,
    from: From,
    limit: Duration,
    each: &mut dyn FnMut(&Read<'_>),
) -> Result<Extent, Failure> {
    let deadline = Instant::now() + limit;
    let doing = format!("read partition {partition} of kafka topic {topic}");
    let question = Question { connection, topic, partition, deadline, doing: &doing };
    // To a consumer of committed records the end is where the first open transaction begins. How far the partition
    // really goes, only a consumer of all records is told.
    let (low, end) = question.watermarks(Isolation::Uncommitted)?;
    let start = match from {
        From::Start => low,
        From::Time(time) => question.offset_at(time)?.unwrap_or(end),
    };
    let mut extent = Extent { start, read_to: start, end, records: 0 };
    if start >= end {
        extent.read_to = extent.end;
        return Ok(extent);
    }
    let goal = match isolation {
        Isolation::Committed => question.watermarks(isolation)?.1.min(end),
        Isolation::Uncommitted => end,
    };
    let consumer = consumer(connection, isolation, Use::Read)?;
    Reader { question, limit, consumer: &consumer, isolation }.read(goal, &mut extent, each)?;
    Ok(extent)
}

/// How many partitions a topic has. Blocks.
///
/// # Errors
/// When there is no such topic, or the brokers do not answer within `limit`.
pub fn partitions(connection: &Connection, topic: &str, limit: Duration) -> Result<u32, Failure> {
    let found = layout(connection, topic, limit)?;
    let nothing = || {
        let create = Tool { connection }.create(topic, 6, found.brokers, &[]);
        let message = format!("kafka topic {topic} does not exist: create it with `{create}`, or correct its name");
        Failure::new(FailureKind::Config, message)
    };
    found.partitions.ok_or_else(nothing)
}

struct Reader<'a> {
    question: Question<'a>,
    limit: Duration,
    consumer: &'a BaseConsumer<Listening>,
    isolation: Isolation,
}

impl Reader<'_> {
    /// Reads up to the offset `goal`, which a leader has said is readable.
    fn read(&mut self, goal: i64, extent: &mut Extent, each: &mut dyn FnMut(&Read<'_>)) -> Result<(), Failure> {
        self.begin_at(extent.start)?;
        let mut ends = 0;
        let mut trouble = None;
        while extent.read_to < goal {
            let left = self.question.deadline.saturating_duration_since(Instant::now());
            if left.is_zero() {
                return Err(self.late(extent, goal, trouble.as_ref()));
            }
            match self.consumer.poll(left.min(SLICE)) {
                Some(Ok(message)) => {
                    extent.read_to = message.offset() + 1;
                    self.question.deadline = Instant::now() + self.limit;
                    if message.offset() < goal {
                        extent.records += 1;
                        each(&shown(&message));
                    }
                }
                Some(Err(KafkaError::PartitionEOF(_))) => {
                    extent.read_to = extent.read_to.max(self.position()?);
                    if extent.read_to < goal {
                        // Either compaction has taken the last offsets, or this answer came from a leader that did not
                        // know its end yet. One that is asked again after it has said that it does can be believed.
                        ends += 1;
                        if ends > 1 {
                            extent.read_to = goal;
                        } else {
                            self.confirm(goal)?;
                            self.begin_at(extent.read_to)?;
                        }
                    }
                }
                Some(Err(error)) if passes(&error) => trouble = Some(error),
                Some(Err(error)) => return Err(self.failure(&error)),
                // Markers of transactions take offsets but are not shown.
                None => {
                    let position = self.position()?;
                    if position > extent.read_to {
                        extent.read_to = position;
                        self.question.deadline = Instant::now() + self.limit;
                    }
                }
            }
        }
        extent.read_to = goal;
        Ok(())
    }

    fn begin_at(&self, offset: i64) -> Result<(), Failure> {
        let mut list = TopicPartitionList::new();
        list.add_partition_offset(self.question.topic, self.question.partition, Offset::Offset(offset))
            .and_then(|()| self.consumer.assign(&list))
            .map_err(|error| self.failure(&error))
    }

    fn position(&self) -> Result<i64, Failure> {
        let position = self.consumer.position().map_err(|error| self.failure(&error))?;
        Ok(position.find_partition(self.question.topic, self.question.partition).map_or(-1, |found| {
            match found.offset() {
                Offset::Offset(offset) => offset,
                _ => -1,
            }
        }))
    }

    fn confirm(&self, goal: i64) -> Result<(), Failure> {
        let (_, readable) = self.question.watermarks(self.isolation)?;
        if readable < goal {
            let doing = self.question.doing;
            let message = format!(
                "cannot {doing}: its end went back from {goal} to {readable}, as after the loss of \
                 a broker"
            );
            return Err(Failure::new(FailureKind::Unavailable, message));
        }
        Ok(())
    }

    fn late(&self, extent: &Extent, goal: i64, trouble: Option<&KafkaError>) -> Failure {
        let far = format!("time is up at offset {} of {goal}", extent.read_to);
        match trouble {
            Some(error) => self.failure(error).at(far),
            None => Failure::new(FailureKind::Timeout, format!("cannot {}: {far}", self.question.doing)),
        }
    }

    fn failure(&self, error: &KafkaError) -> Failure {
        self.question.failure(error)
    }
}

fn shown<'a>(message: &'a BorrowedMessage<'a>) -> Read<'a> {
    Read {
        topic: message.topic(),
        partition: message.partition(),
        offset: message.offset(),
        time_ms: message.timestamp().to_millis(),
        key: message.key(),
        payload: message.payload(),
        message,
    }
}

/// Whether librdkafka goes on by itself after it.
fn passes(error: &KafkaError) -> bool {
    matches!(
        error.rdkafka_error_code(),
        Some(
            Code::BrokerTransportFailure
                | Code::AllBrokersDown
                | Code::OperationTimedOut
                | Code::RequestTimedOut
                | Code::Resolve
                | Code::NotLeaderForPartition
                | Code::LeaderNotAvailable
                | Code::BrokerNotAvailable
                | Code::CoordinatorLoadInProgress
                | Code::CoordinatorNotAvailable
                // No group is used: whether we might use it does not matter.
                | Code::GroupAuthorizationFailed
        )
    )
}
