//! Faults that a real broker does not show on demand, by librdkafka's mock cluster.

use std::collections::BTreeSet;
use std::sync::Arc;
use std::time::Duration;

use adr_core::{Meta, SecretRef, SecretString, Secrets, Severity, Span};
use rdkafka::ClientConfig;
use rdkafka::consumer::{BaseConsumer, Consumer};
use rdkafka::message::Headers;
use rdkafka::mocking::MockCluster;
use rdkafka::producer::DefaultProducerContext;
use rdkafka::types::{RDKafkaApiKey, RDKafkaRespErr as Code};
use rdkafka::{Message, Offset, TopicPartitionList};

use super::*;
use crate::KafkaConfig;

type Mock = MockCluster<'static, DefaultProducerContext>;

struct NoSecrets;

impl Secrets for NoSecrets {
    fn resolve(&self, _: &SecretRef) -> Result<SecretString, Failure> {
        Err(Failure::fatal(FailureKind::Config, "there are no secrets"))
    }
}

fn cluster() -> Mock {
    let mock = MockCluster::new(1).unwrap();
    mock.create_topic("adr", 1, 1).unwrap();
    mock
}

fn sink(mock: &Mock, change: impl FnOnce(&mut KafkaConfig)) -> Kafka {
    let mut config =
        KafkaConfig { bootstrap_servers: mock.bootstrap_servers(), topic: "adr".into(), ..KafkaConfig::default() };
    change(&mut config);
    let settings = Settings::try_from(config).unwrap();
    let connection = Connection::new("out", &settings, Arc::new(NoSecrets));
    let form = Form { schema: "".into(), encoder: Arc::new(|| None) };
    // The mock cannot say what a topic is like.
    Kafka { make: Live::build, ..Kafka::new(&connection, &settings, &form) }
}

fn events(range: std::ops::Range<usize>) -> Vec<Event> {
    let event = |number: usize| {
        let meta = Meta {
            id: number.to_string().into(),
            time: None,
            tenant: "org-1".into(),
            kind: "".into(),
            severity: Severity::Low,
        };
        Event { meta, body: "x".repeat(100).into() }
    };
    range.map(event).collect()
}

/// The uids in the topic, each where it was first seen, and how many records there are.
fn found(mock: &Mock, least: usize) -> (Vec<usize>, usize) {
    let mut config = ClientConfig::new();
    config.set("bootstrap.servers", mock.bootstrap_servers()).set("group.id", "test");
    let consumer: BaseConsumer = config.create().unwrap();
    let mut list = TopicPartitionList::new();
    list.add_partition_offset("adr", 0, Offset::Beginning).unwrap();
    consumer.assign(&list).unwrap();
    let (_, end) = consumer.fetch_watermarks("adr", 0, Duration::from_secs(10)).unwrap();
    let (mut uids, mut seen) = (Vec::new(), BTreeSet::new());
    for _ in 0..end {
        let message = consumer.poll(Duration::from_secs(10)).unwrap().unwrap();
        let uid = message.headers().unwrap().get(0).value.unwrap();
        let uid = std::str::from_utf8(uid).unwrap().parse().unwrap();
        if seen.insert(uid) {
            uids.push(uid);
        }
    }
    let records = usize::try_from(end).unwrap();
    assert!(records >= least, "{records}");
    (uids, records)
}

#[tokio::test(flavor = "multi_thread")]
async fn what_passes_is_not_even_noticed() {
    let mock = cluster();
    let mut sink = sink(&mock, |_| ());
    use Code::*;
    mock.request_errors(
        RDKafkaApiKey::Produce,
        &[
            RD_KAFKA_RESP_ERR_NOT_ENOUGH_REPLICAS,
            RD_KAFKA_RESP_ERR__TRANSPORT,
            RD_KAFKA_RESP_ERR_NOT_LEADER_FOR_PARTITION,
            RD_KAFKA_RESP_ERR_REQUEST_TIMED_OUT,
        ],
    );
    let (a, b) = (events(0..500), events(500..1000));
    let deliveries = [sink.write(&a).await.unwrap(), sink.write(&b).await.unwrap()];
    for delivery in deliveries {
        assert_eq!(delivery.await.unwrap(), Delivered::default());
    }
    assert_eq!(found(&mock, 1000), ((0..1000).collect(), 1000));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_refusal_fails_all_that_is_open_and_the_next_write_begins_anew() {
    let mock = cluster();
    let mut sink = sink(&mock, |_| ());
    sink.write(&events(0..10)).await.unwrap().await.unwrap();
    let refused = Code::RD_KAFKA_RESP_ERR_TOPIC_AUTHORIZATION_FAILED;
    mock.request_errors(RDKafkaApiKey::Produce, &[refused; 1]);
    let (first, second) = (events(10..20), events(20..30));
    let first = sink.write(&first).await.unwrap();
    let failure = first.await.unwrap_err();
    assert!(failure.message.contains("write to kafka topic adr"), "{failure}");
    let mut delivered = false;
    for _ in 0..2 {
        // What was written before the producer ended has failed with it; the next one is new.
        let Ok(delivery) = sink.write(&events(10..20)).await else { continue };
        delivered = delivery.await.is_ok();
        if delivered {
            break;
        }
    }
    assert!(delivered);
    sink.write(&second).await.unwrap().await.unwrap();
    assert_eq!(found(&mock, 30).0, (0..30).collect::<Vec<_>>());
}

/// What waits behind a refused record must not be sent before it.
#[tokio::test(flavor = "multi_thread")]
async fn nothing_overtakes_what_failed() {
    let mock = cluster();
    let mut sink = sink(&mock, |config| {
        config.batch_bytes = Some(adr_core::Size(1000));
        config.linger = Some(Span(Duration::ZERO));
    });
    sink.write(&events(0..10)).await.unwrap().await.unwrap();
    // Slow enough that most of it still waits when the refusal comes.
    mock.broker_round_trip_time(1, Duration::from_millis(30)).unwrap();
    mock.request_errors(RDKafkaApiKey::Produce, &[Code::RD_KAFKA_RESP_ERR_INVALID_RECORD]);
    let parts: Vec<Vec<Event>> = (1..40).map(|part| events(part * 10..part * 10 + 10)).collect();
    let mut open = Vec::new();
    for part in &parts {
        open.push(sink.write(part).await.unwrap());
    }
    let mut failed = 0;
    for delivery in open {
        failed += usize::from(delivery.await.is_err());
    }
    assert!(failed > 30, "{failed} of 39 failed: the rest was on its way already");
    mock.broker_round_trip_time(1, Duration::ZERO).unwrap();
    for part in &parts {
        sink.write(part).await.unwrap().await.unwrap();
    }
    let (uids, _) = found(&mock, 400);
    let before = uids.iter().position(|uid| *uid == 10).unwrap();
    // A real broker refuses these too, by their sequence numbers; the mock does not look.
    assert!(before <= 10 + 5 * 10, "{before}: no more than the five requests that were on their way");
    assert_eq!(uids.into_iter().collect::<BTreeSet<_>>().len(), 400);
}

/// A refusal frees the room that a write waits for: what that write still has must not go out then.
#[tokio::test(flavor = "multi_thread")]
async fn nothing_overtakes_what_failed_while_a_write_waits_for_room() {
    let mock = cluster();
    let mut sink = sink(&mock, |config| {
        config.batch_bytes = Some(adr_core::Size(1000));
        config.max_message_bytes = Some(adr_core::Size(1000));
        config.queue_bytes = Some(adr_core::Size(64_000));
        config.linger = Some(Span(Duration::ZERO));
    });
    sink.write(&events(0..10)).await.unwrap().await.unwrap();
    // The queue is full long before the first answer.
    mock.broker_round_trip_time(1, Duration::from_millis(30)).unwrap();
    mock.request_errors(RDKafkaApiKey::Produce, &[Code::RD_KAFKA_RESP_ERR_INVALID_RECORD]);
    let parts = [events(10..20), events(20..30), events(30..5000)];
    let mut open = vec![sink.write(&parts[0]).await.unwrap(), sink.write(&parts[1]).await.unwrap()];
    // Much more than there is room for: it ends by the failure or not at all.
    match sink.write(&parts[2]).await {
        Ok(delivery) => open.push(delivery),
        Err(failure) => assert!(failure.message.contains("write to kafka topic adr"), "{failure}"),
    }
    assert!(open.remove(0).await.is_err());
    mock.broker_round_trip_time(1, Duration::ZERO).unwrap();
    for part in &parts {
        sink.write(part).await.unwrap().await.unwrap();
    }
    let (uids, _) = found(&mock, 5000);
    let before = uids.iter().position(|uid| *uid == 10).unwrap();
    assert!(before <= 10 + 5 * 10, "{before}: no more than the five requests that were on their way");
    assert_eq!(uids.into_iter().collect::<BTreeSet<_>>().len(), 5000);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_batch_that_is_too_large_is_written_in_smaller_ones() {
    let mock = cluster();
    let mut sink = sink(&mock, |config| config.batch_bytes = Some(adr_core::Size(16_000)));
    mock.request_errors(RDKafkaApiKey::Produce, &[Code::RD_KAFKA_RESP_ERR_MSG_SIZE_TOO_LARGE]);
    let all = events(0..100);
    let failure = sink.write(&all).await.unwrap().await.unwrap_err();
    assert_eq!(failure.kind, FailureKind::Unavailable);
    assert!(failure.message.contains("smaller ones"), "{failure}");
    sink.write(&all).await.unwrap().await.unwrap();
    assert_eq!(sink.batch_bytes, 4000);
    assert_eq!(found(&mock, 100).0, (0..100).collect::<Vec<_>>());
}

#[tokio::test(flavor = "multi_thread")]
async fn a_record_alone_in_its_batch_that_is_too_large_is_rejected() {
    let mock = cluster();
    let mut sink = sink(&mock, |config| config.batch_bytes = Some(adr_core::Size(1000)));
    mock.request_errors(RDKafkaApiKey::Produce, &[Code::RD_KAFKA_RESP_ERR_MSG_SIZE_TOO_LARGE]);
    let mut all = events(0..10);
    all[0].body = "x".repeat(2000).into();
    let delivered = sink.write(&all).await.unwrap().await.unwrap();
    assert_eq!(delivered.rejected.iter().map(|rejection| rejection.index).collect::<Vec<_>>(), [0]);
    assert!(delivered.rejected[0].reason.contains("max.message.bytes"), "{}", delivered.rejected[0].reason);
    assert_eq!(found(&mock, 9).0, (1..10).collect::<Vec<_>>());
    all[1].body = "x".repeat(1_000_000).into();
    let delivered = sink.write(&all[1..]).await.unwrap().await.unwrap();
    assert_eq!(
        delivered.rejected.iter().map(|rejection| rejection.index).collect::<Vec<_>>(),
        [0],
        "by librdkafka itself"
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn a_sink_that_is_dropped_or_closed_ends_its_deliveries() {
    let mock = cluster();
    let mut one = sink(&mock, |_| ());
    one.write(&events(0..1)).await.unwrap().await.unwrap();
    mock.broker_down(1).unwrap();
    let open = one.write(&events(1..10)).await.unwrap();
    drop(one);
    assert!(open.await.is_err());
    let mut other = sink(&mock, |config| config.delivery_timeout = Some(Span(Duration::from_secs(1))));
    let open = other.write(&events(1..10)).await.unwrap();
    other.close().await.unwrap();
    let failure = open.await.unwrap_err();
    assert_eq!(failure.retry, adr_core::Retry::BackOff);
}

#[tokio::test(flavor = "multi_thread")]
async fn an_empty_batch_and_one_that_is_rejected_whole_are_delivered() {
    let mock = cluster();
    let mut sink = sink(&mock, |config| {
        config.topic = "{{ kind }}".into();
        config.topics = Some(vec!["adr".into()]);
    });
    assert_eq!(sink.write(&[]).await.unwrap().await.unwrap(), Delivered::default());
    let delivered = sink.write(&events(0..3)).await.unwrap().await.unwrap();
    assert_eq!(delivered.rejected.len(), 3);
}
