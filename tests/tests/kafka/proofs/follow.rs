//! A read_committed consumer that reads along.

use std::collections::{BTreeMap, HashMap};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::thread::JoinHandle;
use std::time::{Duration, Instant};

use rdkafka::config::RDKafkaLogLevel;
use rdkafka::consumer::{BaseConsumer, Consumer};
use rdkafka::message::{Headers, Message as _};
use rdkafka::{ClientConfig, Offset, TopicPartitionList};

use super::verdict::{Id, identity};

/// What it has seen so far.
#[derive(Debug, Default)]
pub(super) struct Seen {
    pub(super) counts: HashMap<Id, u32>,
    /// When each tenant's records were made, in milliseconds: as the program's own clock says.
    pub(super) times: BTreeMap<String, Vec<i64>>,
}

impl Seen {
    pub(super) fn records(&self) -> u32 {
        self.counts.values().sum()
    }

    /// The longest time between two records of a tenant, and when it began: in seconds after a time.
    pub(super) fn longest_silence(&self, after: i64) -> (f64, f64) {
        let silence = |times: &Vec<i64>| {
            let mut times = times.clone();
            times.sort_unstable();
            times.windows(2).map(|two| (two[1] - two[0], two[0])).max().unwrap_or_default()
        };
        let (length, from) = self.times.values().map(silence).max().unwrap_or_default();
        (seconds(length), seconds(from - after))
    }
}

fn seconds(millis: i64) -> f64 {
    Duration::from_millis(millis.unsigned_abs()).as_secs_f64()
}

pub(super) struct Follower {
    seen: Arc<Mutex<Seen>>,
    stop: Arc<AtomicBool>,
    thread: JoinHandle<()>,
}

impl Follower {
    pub(super) fn start(bootstrap: &str, topic: &str) -> Self {
        let mut config = ClientConfig::new();
        config.set("bootstrap.servers", bootstrap).set("group.id", "adr-test.follower");
        config.set("enable.auto.commit", "false").set("isolation.level", "read_committed");
        config.set("reconnect.backoff.max.ms", "500").set_log_level(RDKafkaLogLevel::Critical);
        let consumer: BaseConsumer = config.create().expect("a client");
        let found = consumer.fetch_metadata(Some(topic), Duration::from_secs(30)).expect("the broker answers");
        let mut list = TopicPartitionList::new();
        for partition in found.topics().iter().flat_map(|topic| topic.partitions()) {
            list.add_partition_offset(topic, partition.id(), Offset::Beginning).expect("an offset");
        }
        consumer.assign(&list).expect("partitions are assigned");
        let (seen, stop) = (Arc::new(Mutex::new(Seen::default())), Arc::new(AtomicBool::new(false)));
        let thread = std::thread::spawn({
            let (seen, stop) = (Arc::clone(&seen), Arc::clone(&stop));
            move || {
                while !stop.load(Ordering::Acquire) {
                    // Errors are outages of the broker: it goes on by itself.
                    let Some(Ok(message)) = consumer.poll(Duration::from_millis(100)) else { continue };
                    let mut headers = message.headers().into_iter().flat_map(Headers::iter);
                    let tenant = headers.find(|header| header.key == "tenant").and_then(|header| header.value);
                    let tenant = tenant.and_then(|tenant| std::str::from_utf8(tenant).ok());
                    let (id, _) = identity(tenant, message.payload().unwrap_or_default());
                    let time = message.timestamp().to_millis().expect("records have a time");
                    let mut seen = seen.lock().unwrap_or_else(PoisonError::into_inner);
                    seen.times.entry(id.0.clone()).or_default().push(time);
                    *seen.counts.entry(id).or_default() += 1;
                }
            }
        });
        Self { seen, stop, thread }
    }

    /// Waits until what it has seen is as wanted, or the limit has passed: then false.
    pub(super) fn until(&self, limit: Duration, is: impl Fn(&Seen) -> bool) -> bool {
        let start = Instant::now();
        loop {
            if is(&self.seen.lock().unwrap_or_else(PoisonError::into_inner)) {
                return true;
            }
            if start.elapsed() > limit || self.thread.is_finished() {
                return false;
            }
            std::thread::sleep(Duration::from_millis(50));
        }
    }

    /// How many records it has seen up to now.
    pub(super) fn records(&self) -> u32 {
        self.seen.lock().unwrap_or_else(PoisonError::into_inner).records()
    }

    /// All it has seen.
    pub(super) fn end(self) -> Seen {
        self.stop.store(true, Ordering::Release);
        self.thread.join().expect("it reads along to the end");
        std::mem::take(&mut self.seen.lock().unwrap_or_else(PoisonError::into_inner))
    }
}
