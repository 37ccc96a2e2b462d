//! A sink, events, and a writer that does what the runtime does.

use std::collections::VecDeque;
use std::sync::Arc;
use std::time::Duration;

use adr_core::{
    Delivery, Encoder, Event, Failure, FailureKind, Meta, Rejection, SecretRef, SecretString, Secrets, Severity, Sink,
};
use adr_sink_kafka::{Connection, Form, Kafka, KafkaConfig, Settings};
use adr_tests::kafka::Broker;

pub(super) struct NoSecrets;

impl Secrets for NoSecrets {
    fn resolve(&self, reference: &SecretRef) -> Result<SecretString, Failure> {
        Err(Failure::fatal(FailureKind::Config, format!("there is no {reference}")))
    }
}

pub(super) fn config(broker: &Broker, topic: &str) -> KafkaConfig {
    KafkaConfig { bootstrap_servers: broker.bootstrap(), topic: topic.to_owned(), ..KafkaConfig::default() }
}

pub(super) fn sink(config: KafkaConfig) -> Kafka {
    sink_of(config, || None)
}

pub(super) fn sink_of(config: KafkaConfig, encoder: fn() -> Option<Box<dyn Encoder>>) -> Kafka {
    let settings = Settings::try_from(config).expect("settings");
    let connection = Connection::new("out", &settings, Arc::new(NoSecrets));
    let form = Form { schema: "ocsf/1.8.0".into(), encoder: Arc::new(encoder) };
    Kafka::new(&connection, &settings, &form)
}

/// Event `number` of a tenant, with a text of about so many bytes.
pub(super) fn event(tenant: &str, number: usize, bytes: usize) -> Event {
    let body = format!(r#"{{"n":{number},"user":"u{}","pad":"{}"}}"#, number % 7, "x".repeat(bytes));
    let meta = Meta {
        id: format!("{tenant}-{number}").into(),
        time: None,
        tenant: tenant.into(),
        kind: "sso_auth".into(),
        severity: Severity::Low,
    };
    Event { meta, body: body.into() }
}

pub(super) fn events(tenants: &[&str], each: usize, bytes: usize) -> Vec<Event> {
    (0..each).flat_map(|number| tenants.iter().map(move |tenant| event(tenant, number, bytes))).collect()
}

pub(super) fn run<T>(future: impl Future<Output = T>) -> T {
    let tokio = tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build().expect("a runtime");
    tokio.block_on(async { tokio::time::timeout(Duration::from_secs(120), future).await.expect("it ends") })
}

/// What a writer saw.
#[derive(Debug, Default)]
pub(super) struct Seen {
    pub(super) rejected: Vec<Rejection>,
    pub(super) failures: Vec<Failure>,
}

/// Writes all in portions with deliveries open. What fails is written again, with all after it, in order.
pub(super) async fn write_all(sink: &mut Kafka, events: &[Event], portion: usize) -> Seen {
    let (mut seen, mut open) = (Seen::default(), VecDeque::<(usize, Delivery)>::new());
    let mut next = 0;
    loop {
        let written = if next < events.len() && open.len() < 32 {
            let end = events.len().min(next + portion);
            let written = sink.write(&events[next..end]).await;
            written.map(|delivery| {
                open.push_back((next, delivery));
                next = end;
            })
        } else {
            let Some((start, delivery)) = open.pop_front() else { return seen };
            let delivered = delivery.await;
            if delivered.is_err() {
                open.clear();
                next = start;
            }
            delivered.map(|delivered| {
                let place = |rejection: Rejection| Rejection { index: start + rejection.index, ..rejection };
                seen.rejected.extend(delivered.rejected.into_iter().map(place));
            })
        };
        if let Err(failure) = written {
            // A write fails with the deliveries before it: they go first.
            if let Some((start, _)) = open.front() {
                next = *start;
                open.clear();
            }
            seen.failures.push(failure);
            assert!(seen.failures.len() < 1000, "it fails again and again: {:?}", seen.failures.last());
            tokio::time::sleep(Duration::from_millis(50)).await;
        }
    }
}
