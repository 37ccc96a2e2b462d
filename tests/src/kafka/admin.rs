//! What a test asks of a broker beside reading.

use std::sync::atomic::{AtomicU32, Ordering};
use std::time::{Duration, Instant};

use rdkafka::ClientConfig;
use rdkafka::admin::{AdminClient, AdminOptions, NewTopic, TopicReplication};
use rdkafka::client::DefaultClientContext;
use rdkafka::consumer::{BaseConsumer, Consumer};

const LIMIT: Duration = Duration::from_secs(60);

/// A name that no other test uses: a broker can be shared, and can be the user's.
pub fn unique(name: &str) -> String {
    static NUMBER: AtomicU32 = AtomicU32::new(1);
    format!("adr-test.{name}.{}.{}", std::process::id(), NUMBER.fetch_add(1, Ordering::Relaxed))
}

/// Settings that suit a client on loopback whose broker may just be starting.
pub(super) fn config(bootstrap: &str) -> ClientConfig {
    let mut config = ClientConfig::new();
    config.set("bootstrap.servers", bootstrap).set("allow.auto.create.topics", "false");
    config.set("reconnect.backoff.ms", "20").set("reconnect.backoff.max.ms", "200");
    config.set_log_level(rdkafka::config::RDKafkaLogLevel::Critical);
    config
}

pub(super) fn until_it_answers(bootstrap: &str, log: impl Fn() -> String) {
    let client: BaseConsumer = config(bootstrap).create().expect("a client");
    let start = Instant::now();
    // A broker that is still registering itself answers without any broker.
    while !client.fetch_metadata(None, Duration::from_secs(5)).is_ok_and(|found| !found.brokers().is_empty()) {
        assert!(start.elapsed() < LIMIT, "the broker does not answer:\n{}", log());
        std::thread::sleep(Duration::from_millis(10));
    }
}

pub(super) fn create_topic(bootstrap: &str, name: &str, partitions: i32, settings: &[(&str, &str)]) {
    let admin: AdminClient<DefaultClientContext> = config(bootstrap).create().expect("a client");
    // The broker's own default: a cluster of the user's may want more than one.
    let topic = NewTopic::new(name, partitions, TopicReplication::Fixed(-1));
    let topic = settings.iter().fold(topic, |topic, (setting, value)| topic.set(setting, value));
    let made = wait(|| async { admin.create_topics([&topic], &AdminOptions::new()).await });
    let made = made.expect("the broker answers").remove(0);
    made.unwrap_or_else(|(name, error)| panic!("topic {name}: {error}"));
    let wanted = usize::try_from(partitions).expect("a number of partitions");
    let start = Instant::now();
    loop {
        let found = admin.inner().fetch_metadata(Some(name), LIMIT).expect("the broker answers");
        let partitions = found.topics().first().map_or(&[][..], |topic| topic.partitions());
        if partitions.len() == wanted && partitions.iter().all(|partition| partition.leader() >= 0) {
            return;
        }
        assert!(start.elapsed() < LIMIT, "topic {name} does not come");
        std::thread::sleep(Duration::from_millis(5));
    }
}

/// Waits for a future on a thread of its own, so that asynchronous tests can call it too.
fn wait<T: Send, F: Future<Output = T>>(future: impl FnOnce() -> F + Send) -> T {
    std::thread::scope(|scope| {
        let waiting = scope.spawn(|| {
            let tokio = tokio::runtime::Builder::new_current_thread().enable_all().build().expect("a runtime");
            tokio.block_on(future())
        });
        waiting.join().expect("it does not panic")
    })
}
