//! How fast events go into a real broker, beside Kafka's own `kafka-producer-perf-test` with the same records, linger, batch
//! size, acks and compression, turn by turn: `cargo bench -p adr-tests --bench kafka_throughput`.
//!
//! `RECORDS=n` a round (default 400000), `ROUNDS=n` (5). Needs the jars that `tests/kafka/fetch` gets.

#![allow(clippy::unwrap_used, clippy::print_stdout, reason = "a test or benchmark may panic, and says what it saw")]
#![allow(clippy::cast_precision_loss, reason = "figures for people")]

use std::collections::VecDeque;
use std::sync::Arc;
use std::time::{Duration, Instant};

use adr_core::{
    ByteString, Checkpoint, Committed, Delivery, Event, Failure, FailureKind, Group, LaneId, Meta, SecretRef,
    SecretString, Secrets, Severity, Sink, Timestamp, TransactionalSink,
};
use adr_simulator::EventGenerator;
use adr_sink_kafka::{CheckpointsConfig, Connection, DeliveryMode, ExactlyOnce, Form, Kafka, KafkaConfig, Settings};
use adr_tests::kafka::{Broker, Version};
use adr_transform::AdrConfig;

const PARTITIONS: i32 = 6;
const TENANTS: usize = 24;
/// As the program has it.
const IN_FLIGHT: usize = 32;
/// Distinct events.
const SAMPLES: usize = 10_000;
/// What the tests of the JIT compiler want before it is fair.
const WARM_UP: usize = 200_000;

#[expect(clippy::disallowed_methods, reason = "how a developer asks for another kind of run")]
fn setting(name: &str, default: usize) -> usize {
    std::env::var(name).ok().and_then(|text| text.parse().ok()).unwrap_or(default)
}

struct NoSecrets;

impl Secrets for NoSecrets {
    fn resolve(&self, reference: &SecretRef) -> Result<SecretString, Failure> {
        Err(Failure::fatal(FailureKind::Config, format!("there is no {reference}")))
    }
}

/// Events as the transform makes them, of many tenants, in pages of one buffer.
fn samples() -> Vec<Event> {
    let (generator, mut adr) = (EventGenerator::new(7), AdrConfig::default().build());
    let tenants: Vec<Arc<str>> =
        (0..TENANTS).map(|number| format!("5f0c1d2e3f4a5b6c7d8e{number:04x}").into()).collect();
    let event = |number: usize| {
        let tenant = tenants[number / 100 % TENANTS].clone();
        let time = Timestamp::from_secs(1_767_225_600).plus(Duration::from_millis(number as u64 * 250));
        let (text, _) = generator.event(number as u64, time, &tenant);
        let mut out = Vec::new();
        let mapped = adr.map(&text, &tenant, &mut out).unwrap();
        let part = |range| ByteString::try_from(&out[range]).unwrap();
        let (id, kind) = (part(mapped.id), part(mapped.kind));
        let meta = Meta { id, time: mapped.time, tenant, kind, severity: Severity::Informational };
        Event { meta, body: out.into() }
    };
    (0..SAMPLES).map(event).collect()
}

fn config(broker: &Broker, topic: &str) -> KafkaConfig {
    KafkaConfig { bootstrap_servers: broker.bootstrap(), topic: topic.to_owned(), ..KafkaConfig::default() }
}

fn parts(config: KafkaConfig) -> (Connection, Settings, Form) {
    let settings = Settings::try_from(config).unwrap();
    let form = Form { schema: "ocsf/1.8.0".into(), encoder: Arc::new(|| None) };
    (Connection::new("out", &settings, Arc::new(NoSecrets)), settings, form)
}

/// MiB of events in a second, as Kafka's tool counts.
fn rate(bytes: usize, took: Duration) -> f64 {
    bytes as f64 / took.as_secs_f64() / (1 << 20) as f64
}

/// Portions with deliveries open, as the runtime does.
async fn at_least_once(sink: &mut Kafka, portion: usize, samples: &[Event], records: usize) -> f64 {
    let (start, mut bytes) = (Instant::now(), 0);
    let mut open: VecDeque<Delivery> = VecDeque::new();
    for events in samples.chunks(portion).cycle().take(records / portion) {
        if open.len() == IN_FLIGHT {
            assert_eq!(open.pop_front().unwrap().await.unwrap().rejected, []);
        }
        bytes += events.iter().map(|event| event.body.len()).sum::<usize>();
        open.push_back(sink.write(events).await.unwrap());
    }
    for delivery in open {
        delivery.await.unwrap();
    }
    rate(bytes, start.elapsed())
}

/// Kafka's own tool; its warm-up does not count.
fn tool(broker: &Broker, topic: &str, payloads: &str, records: usize) -> f64 {
    let (records, warm_up) = ((records + WARM_UP).to_string(), WARM_UP.to_string());
    let arguments = [
        "--topic",
        topic,
        "--num-records",
        &records,
        "--warmup-records",
        &warm_up,
        "--throughput",
        "-1",
        "--payload-file",
        payloads,
        "--command-property",
        "acks=all",
        "linger.ms=5",
        "batch.size=1000000",
        "compression.type=lz4",
    ];
    let said = broker.tool("org.apache.kafka.tools.ProducerPerformance", &arguments);
    let line = said.lines().rfind(|line| line.contains("records sent")).unwrap_or_else(|| panic!("{said}"));
    let (before, _) = line.split_once(" MB/sec").unwrap();
    before.rsplit_once('(').unwrap().1.parse().unwrap()
}

fn median(mut list: Vec<f64>) -> f64 {
    list.sort_by(f64::total_cmp);
    list[list.len() / 2]
}

/// Lanes of several shards, each with a group in commit while it makes the next, as the runtime does.
async fn exactly_once(sink: &Arc<ExactlyOnce>, samples: &Arc<Vec<Event>>, records: usize) -> f64 {
    const LANES: usize = 8;
    const GROUP: usize = 2500;
    let (start, mut bytes) = (Instant::now(), 0);
    let mut lanes = tokio::task::JoinSet::new();
    for lane in 0..LANES {
        let (sink, samples) = (sink.clone(), samples.clone());
        lanes.spawn(async move {
            let id = LaneId::new("bench", format!("tenant-{lane}"));
            let (mut writer, _) = sink.open(&id).await.unwrap();
            let mut bytes = 0;
            for number in 0..records / LANES / GROUP {
                let place = (lane + number) * GROUP % (samples.len() - GROUP + 1);
                let events: Vec<Event> = samples[place..place + GROUP].to_vec();
                bytes += events.iter().map(|event| event.body.len()).sum::<usize>();
                commit(&mut *writer, events, number).await;
            }
            bytes
        });
    }
    while let Some(lane) = lanes.join_next().await {
        bytes += lane.unwrap();
    }
    rate(bytes, start.elapsed())
}

async fn commit(writer: &mut dyn adr_core::LaneWriter, events: Vec<Event>, number: usize) {
    let mut checkpoint = Checkpoint::default();
    checkpoint.set("progress", format!("{{\"n\":{number}}}"));
    let group = Group { events: Arc::new(events), checkpoint: Arc::new(checkpoint) };
    assert_eq!(writer.commit(group).await.unwrap(), Committed::All);
}

/// A few events and their checkpoint, one commit after the other.
async fn commits(sink: &ExactlyOnce, samples: &[Event]) -> (Duration, Duration) {
    let (mut writer, _) = sink.open(&LaneId::new("bench", "tenant-of-commits")).await.unwrap();
    let mut took = Vec::new();
    for number in 0..600 {
        let start = Instant::now();
        commit(&mut *writer, samples[number..number + 10].to_vec(), number).await;
        took.push(start.elapsed());
    }
    let mut took = took.split_off(100);
    took.sort();
    (took[took.len() / 2], took[took.len() * 99 / 100])
}

fn main() {
    // `cargo test` builds and starts benchmarks too; there is nothing to measure then.
    if !std::env::args().any(|argument| argument == "--bench") {
        return;
    }
    let (records, rounds) = (setting("RECORDS", 400_000), setting("ROUNDS", 5));
    let samples = Arc::new(samples());
    let bytes: usize = samples.iter().map(|event| event.body.len()).sum();
    let folder = tempfile::tempdir().unwrap();
    let payloads = folder.path().join("events.ndjson");
    let text: Vec<&[u8]> = samples.iter().map(|event| &*event.body).collect();
    std::fs::write(&payloads, text.join(&b'\n')).unwrap();
    let payloads = payloads.to_str().unwrap();

    let broker = Broker::start_for_speed(Version::V4);
    // What has been measured need not be kept.
    let kept = [("retention.bytes", "268435456"), ("segment.bytes", "67108864")];
    for topic in ["theirs", "ours", "ours-once"] {
        broker.create_topic(topic, PARTITIONS, &kept);
    }
    broker.create_topic("checkpoints", 16, &[("cleanup.policy", "compact")]);
    println!("{records} records a round, {} bytes each, lz4, linger 5 ms, batches of 1 MB, acks all", bytes / SAMPLES);

    let tokio = tokio::runtime::Runtime::new().unwrap();
    let (connection, settings, form) = parts(config(&broker, "ours"));
    let mut once = config(&broker, "ours-once");
    once.delivery = Some(DeliveryMode::ExactlyOnce);
    once.checkpoints = Some(CheckpointsConfig { topic: "checkpoints".into(), shards: None });
    let (once_connection, once_settings, once_form) = parts(once);
    let exactly = Arc::new(ExactlyOnce::new(&once_connection, &once_settings, &once_form).unwrap());
    let mut sink = Kafka::new(&connection, &settings, &form);
    tokio.block_on(at_least_once(&mut sink, settings.at_once(), &samples, 100_000));
    tokio.block_on(exactly_once(&exactly, &samples, 100_000));
    let (mut theirs, mut ours, mut onces) = (Vec::new(), Vec::new(), Vec::new());
    for round in 1..=rounds {
        theirs.push(tool(&broker, "theirs", payloads, records));
        ours.push(tokio.block_on(at_least_once(&mut sink, settings.at_once(), &samples, records)));
        onces.push(tokio.block_on(exactly_once(&exactly, &samples, records)));
        let (theirs, ours, once) = (theirs[round - 1], ours[round - 1], onces[round - 1]);
        println!(
            "round {round}: kafka-producer-perf-test {theirs:.1}, at least once {ours:.1}, exactly once {once:.1} MB/s"
        );
    }
    let (theirs, ours, onces) = (median(theirs), median(ours), median(onces));
    println!("medians: kafka-producer-perf-test {theirs:.1} MB/s");
    println!("at least once: {ours:.1} MB/s, ratio {:.2} (wanted: 1.00)", ours / theirs);
    println!("exactly once: {onces:.1} MB/s, ratio {:.2} (wanted: 0.70)", onces / theirs);
    let (p50, p99) = tokio.block_on(commits(&exactly, &samples));
    println!("a commit of 10 events: p50 {p50:.1?}, p99 {p99:.1?} (wanted: p50 under 10 ms)");
    tokio.block_on(async { sink.close().await.unwrap() });
}
