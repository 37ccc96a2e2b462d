//! Topics and settings of one trial.

use std::sync::Arc;

use adr_core::{Failure, FailureKind, LaneId, SecretRef, SecretString, Secrets};
use adr_sink_kafka::{
    CheckpointsConfig, ClusterConfig, ClusterStatus, Connection, DeliveryMode, ExactlyOnce, Form, KafkaConfig,
    Settings, status,
};
use adr_tests::kafka::{Broker, unique};

use super::ledger::LIMIT;

pub(super) const SHARDS: u32 = 6;

struct Nothing;

impl Secrets for Nothing {
    fn resolve(&self, _: &SecretRef) -> Result<SecretString, Failure> {
        Err(Failure::new(FailureKind::Config, "there are no secrets here"))
    }
}

#[derive(Clone)]
pub(super) struct Place {
    pub(super) bootstrap: String,
    /// The events' topic; the names of the others follow from it.
    pub(super) events: String,
    pub(super) session: String,
}

impl Place {
    /// All topics but the assignment topic.
    pub(super) fn new(broker: &Broker, session: &str) -> Self {
        let place = Self { bootstrap: broker.bootstrap(), events: unique("shared"), session: session.to_owned() };
        broker.create_topic(&place.events, 1, &[]);
        let shards = i32::try_from(SHARDS).expect("few");
        broker.create_topic(&place.checkpoints(), shards, &[("cleanup.policy", "compact")]);
        place
    }

    /// All topics.
    pub(super) fn whole(broker: &Broker, session: &str) -> Self {
        let place = Self::new(broker, session);
        broker.create_topic(&place.assignment(), i32::try_from(SHARDS).expect("few"), &[]);
        place
    }

    pub(super) fn checkpoints(&self) -> String {
        format!("{}-checkpoints", self.events)
    }

    pub(super) fn assignment(&self) -> String {
        format!("{}-assignment", self.events)
    }

    pub(super) fn settings(&self, instance: &str) -> Settings {
        let config = KafkaConfig {
            bootstrap_servers: self.bootstrap.clone(),
            topic: self.events.clone(),
            delivery: Some(DeliveryMode::ExactlyOnce),
            checkpoints: Some(CheckpointsConfig { topic: self.checkpoints(), shards: Some(SHARDS) }),
            cluster: Some(ClusterConfig {
                topic: self.assignment(),
                group: None,
                session_timeout: Some(self.session.parse().expect("a span")),
                instance: Some(instance.to_owned()),
            }),
            ..KafkaConfig::default()
        };
        Settings::try_from(config).expect("sound settings")
    }

    pub(super) fn connection(settings: &Settings) -> Connection {
        Connection::new("kafka", settings, Arc::new(Nothing))
    }

    pub(super) fn sink(connection: &Connection, settings: &Settings) -> ExactlyOnce {
        let form = Form { schema: "jumpcloud".into(), encoder: Arc::new(|| None) };
        ExactlyOnce::new(connection, settings, &form).expect("a sink")
    }

    pub(super) fn status(&self) -> ClusterStatus {
        // An onlooker names no instance of its own; here it has one, which must not show.
        let settings = self.settings("onlooker");
        status(&Self::connection(&settings), &settings, LIMIT).unwrap_or_else(|failure| panic!("{failure}"))
    }
}

/// One lane for each shard, in the order of shards.
pub(super) fn lanes(sink: &ExactlyOnce) -> Vec<LaneId> {
    let shards = sink.shards();
    let tenant = |shard| (0..).map(|number| format!("tenant-{number}")).find(|tenant| shards.of(tenant) == shard);
    (0..SHARDS).map(|shard| LaneId::new("directory", tenant(shard).expect("one of many"))).collect()
}
