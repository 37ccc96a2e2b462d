//! A sink with topics of its own, and events that can be counted.

use std::collections::BTreeMap;
use std::sync::Arc;

use adr_core::{
    Checkpoint, Committed, Event, Failure, FailureKind, Group, LaneId, LaneWriter, Meta, Records, SecretRef,
    SecretString, Secrets, Severity, Size, Span, TransactionalSink,
};
use adr_sink_kafka::{CheckpointsConfig, Connection, DeliveryMode, ExactlyOnce, Form, KafkaConfig, Settings};
use adr_tests::kafka::{Broker, read_all, unique};
use bytes::Bytes;

/// A place for one trial.
#[derive(Clone)]
pub(super) struct Place {
    pub(super) config: KafkaConfig,
    pub(super) events: String,
    pub(super) checkpoints: String,
}

struct Nothing;

impl Secrets for Nothing {
    fn resolve(&self, _: &SecretRef) -> Result<SecretString, Failure> {
        Err(Failure::new(FailureKind::Config, "there are no secrets here"))
    }
}

impl Place {
    /// New topics of the right kind.
    pub(super) fn new(broker: &Broker, shards: u32) -> Self {
        let place = Self::named(&broker.bootstrap(), &unique("events"), &unique("checkpoints"), shards);
        broker.create_topic(&place.events, 3, &[]);
        let shards = i32::try_from(shards).expect("few");
        broker.create_topic(&place.checkpoints, shards, &[("cleanup.policy", "compact")]);
        place
    }

    pub(super) fn named(bootstrap: &str, events: &str, checkpoints: &str, shards: u32) -> Self {
        let config = KafkaConfig {
            bootstrap_servers: bootstrap.to_owned(),
            topic: events.to_owned(),
            delivery: Some(DeliveryMode::ExactlyOnce),
            checkpoints: Some(CheckpointsConfig { topic: checkpoints.to_owned(), shards: Some(shards) }),
            ..KafkaConfig::default()
        };
        Self { config, events: events.to_owned(), checkpoints: checkpoints.to_owned() }
    }

    pub(super) fn with(mut self, change: impl FnOnce(&mut KafkaConfig)) -> Self {
        change(&mut self.config);
        self
    }

    pub(super) fn sink(&self) -> ExactlyOnce {
        let settings = Settings::try_from(self.config.clone()).expect("sound settings");
        let connection = Connection::new("kafka", &settings, Arc::new(Nothing));
        let form = Form { schema: "jumpcloud".into(), encoder: Arc::new(|| None) };
        ExactlyOnce::new(&connection, &settings, &form).expect("a sink")
    }

    /// The ids of all committed events.
    pub(super) fn ids(&self) -> Vec<String> {
        let read = read_all(&self.config.bootstrap_servers, &self.events);
        read.into_iter()
            .map(|message| String::from_utf8(message.payload).expect("text"))
            .map(|text| id_of(&text))
            .collect()
    }

    /// How often each event is committed, of those that are not there once.
    pub(super) fn wrong(&self, lanes: &[(&LaneId, usize)]) -> BTreeMap<String, usize> {
        let mut counts = BTreeMap::new();
        for id in self.ids() {
            *counts.entry(id).or_default() += 1;
        }
        for (lane, events) in lanes {
            for number in 0..*events {
                counts.entry(id(lane, number)).or_insert(0);
            }
        }
        counts.retain(|_, count| *count != 1);
        counts
    }
}

fn id(lane: &LaneId, number: usize) -> String {
    format!("{}-{number}", lane.tenant)
}

fn id_of(text: &str) -> String {
    text.split('"').nth(3).expect("an id").to_owned()
}

pub(super) fn lane(tenant: &str) -> LaneId {
    LaneId::new("directory", tenant)
}

/// An event of a lane whose text has about so many bytes, which do not compress well.
pub(super) fn event(lane: &LaneId, number: usize, bytes: usize) -> Event {
    let id = id(lane, number);
    let mut seed = 1 + number as u64;
    let filling: String = std::iter::repeat_with(|| {
        seed ^= seed << 13;
        seed ^= seed >> 7;
        seed ^= seed << 17;
        char::from(b' ' + 8 + u8::try_from(seed % 48).expect("small"))
    })
    .take(bytes)
    .collect();
    let body = format!(r#"{{"id":"{id}","filling":"{filling}"}}"#);
    let tenant = lane.tenant.clone();
    let meta = Meta { id: id.into(), time: None, tenant, kind: "sso_auth".into(), severity: Severity::Unknown };
    Event { meta, body: body.into() }
}

/// So many events from this number on, and the checkpoint that says which is next.
pub(super) fn group(lane: &LaneId, from: usize, events: usize) -> Group {
    sized(lane, from, events, 100)
}

pub(super) fn sized(lane: &LaneId, from: usize, events: usize, bytes: usize) -> Group {
    let events: Vec<Event> = (from..from + events).map(|number| event(lane, number, bytes)).collect();
    let mut checkpoint = Checkpoint::default();
    checkpoint.set("next", (from + events.len()).to_string());
    Group { events: Arc::new(events), checkpoint: Arc::new(checkpoint) }
}

/// Where the lane goes on.
pub(super) fn next(records: &Records) -> usize {
    let found = records.iter().find(|(key, _)| key == "next");
    found.map_or(0, |(_, value): &(Bytes, Bytes)| std::str::from_utf8(value).expect("text").parse().expect("a number"))
}

pub(super) type Opened = (Box<dyn LaneWriter>, usize);

pub(super) async fn open(sink: &ExactlyOnce, lane: &LaneId) -> Opened {
    let (writer, records) = sink.open(lane).await.unwrap_or_else(|failure| panic!("{lane}: {failure}"));
    (writer, next(&records))
}

/// Opens a lane as the runtime does: again and again.
pub(super) async fn open_at_last(sink: &ExactlyOnce, lane: &LaneId) -> Opened {
    let start = std::time::Instant::now();
    loop {
        match sink.open(lane).await {
            Ok((writer, records)) => return (writer, next(&records)),
            Err(failure) => {
                assert!(failure.retry != adr_core::Retry::Never, "{failure}");
                assert!(start.elapsed().as_secs() < 90, "{failure}");
            }
        }
        tokio::time::sleep(std::time::Duration::from_millis(100)).await;
    }
}

pub(super) async fn commit(writer: &mut Box<dyn LaneWriter>, group: Group) {
    let committed = writer.commit(group).await.unwrap_or_else(|failure| panic!("{failure}"));
    assert_eq!(committed, Committed::All);
}

pub(super) fn run<T>(trial: impl Future<Output = T>) -> T {
    let tokio = tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build().expect("a runtime");
    tokio.block_on(trial)
}

pub(super) fn span(text: &str) -> Option<Span> {
    Some(text.parse().expect("a span"))
}

pub(super) fn size(text: &str) -> Option<Size> {
    Some(text.parse().expect("a size"))
}
