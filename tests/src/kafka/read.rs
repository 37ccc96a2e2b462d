//! A consumer as a CCE would be: read_committed, from the beginning.

use std::collections::BTreeMap;
use std::time::{Duration, Instant};

use rdkafka::consumer::{BaseConsumer, Consumer};
use rdkafka::error::KafkaError;
use rdkafka::message::{Headers, Message as _};
use rdkafka::{Offset, TopicPartitionList};

use super::admin::config;

/// Longer than any transaction of the tests may stay open.
const LIMIT: Duration = Duration::from_secs(120);

/// A record as it was read.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Message {
    /// Its topic.
    pub topic: String,
    /// Its partition.
    pub partition: i32,
    /// Its offset.
    pub offset: i64,
    /// When it was made, in milliseconds.
    pub time_ms: Option<i64>,
    /// Its key.
    pub key: Option<Vec<u8>>,
    /// Its payload; empty for a tombstone.
    pub payload: Vec<u8>,
    /// Its headers, in order.
    pub headers: Vec<(String, Vec<u8>)>,
}

impl Message {
    /// The value of a header, as text.
    pub fn header(&self, name: &str) -> Option<&str> {
        let (_, value) = self.headers.iter().find(|(other, _)| other == name)?;
        std::str::from_utf8(value).ok()
    }
}

/// All committed records of a topic, up to what was its end at the call: partition by partition, in order.
pub fn read_all(bootstrap: &str, topic: &str) -> Vec<Message> {
    let uncommitted = client(bootstrap, "read_uncommitted");
    let committed = client(bootstrap, "read_committed");
    // How far each partition is to be read.
    let mut left = BTreeMap::new();
    let mut list = TopicPartitionList::new();
    for partition in partitions(&uncommitted, topic) {
        // The end that a read_committed client sees is that of the first open transaction: the true one is the other's.
        let (_, end) = uncommitted.fetch_watermarks(topic, partition, LIMIT).expect("the broker answers");
        until_closed(&committed, topic, partition, end);
        if end > 0 {
            left.insert(partition, end);
        }
        list.add_partition_offset(topic, partition, Offset::Beginning).expect("an offset");
    }
    committed.assign(&list).expect("partitions are assigned");
    let mut messages = Vec::new();
    let mut last = Instant::now();
    while !left.is_empty() {
        match committed.poll(Duration::from_millis(200)) {
            Some(Ok(message)) => {
                // Where somebody goes on writing, the end would be reached only when they stop.
                let Some(end) = left.get(&message.partition()).copied() else { continue };
                if message.offset() < end {
                    messages.push(own(&message));
                }
                if message.offset() + 1 >= end {
                    left.remove(&message.partition());
                }
                last = Instant::now();
            }
            // No transaction is open before the end, so this is the end or after it.
            Some(Err(KafkaError::PartitionEOF(partition))) => {
                left.remove(&partition);
            }
            Some(Err(error)) => panic!("cannot read topic {topic}: {error}"),
            None => assert!(last.elapsed() < LIMIT, "topic {topic} cannot be read to its end: {left:?} are left"),
        }
    }
    messages.sort_by_key(|message| (message.partition, message.offset));
    messages
}

fn client(bootstrap: &str, isolation: &str) -> BaseConsumer {
    let mut config = config(bootstrap);
    config.set("group.id", "adr-test.read-all").set("enable.auto.commit", "false");
    config.set("enable.partition.eof", "true").set("isolation.level", isolation);
    config.create().expect("a client")
}

fn partitions(client: &BaseConsumer, topic: &str) -> Vec<i32> {
    let found = client.fetch_metadata(Some(topic), LIMIT).expect("the broker answers");
    let ids: Vec<i32> = found.topics().iter().flat_map(|topic| topic.partitions()).map(|found| found.id()).collect();
    assert!(!ids.is_empty(), "there is no topic {topic}");
    ids
}

fn until_closed(committed: &BaseConsumer, topic: &str, partition: i32, end: i64) {
    let start = Instant::now();
    loop {
        let (_, stable) = committed.fetch_watermarks(topic, partition, LIMIT).expect("the broker answers");
        if stable >= end {
            return;
        }
        let held = format!("{topic}/{partition}: a transaction is open at {stable}, the end is {end}");
        assert!(start.elapsed() < LIMIT, "{held}");
        std::thread::sleep(Duration::from_millis(20));
    }
}

fn own(message: &rdkafka::message::BorrowedMessage<'_>) -> Message {
    let headers = message.headers().into_iter().flat_map(Headers::iter);
    Message {
        topic: message.topic().to_owned(),
        partition: message.partition(),
        offset: message.offset(),
        time_ms: message.timestamp().to_millis(),
        key: message.key().map(<[u8]>::to_vec),
        payload: message.payload().unwrap_or_default().to_vec(),
        headers: headers.map(|header| (header.key.to_owned(), header.value.unwrap_or_default().to_vec())).collect(),
    }
}
