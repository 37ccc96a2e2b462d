//! The sink `kafka` as a part of pipelines, and the source of that name.

pub(crate) mod source;

use std::sync::Arc;
use std::time::Duration;

use adr_core::{Encoding, Failure, Secrets, Timestamp};
use adr_runtime::{SinkFactory, SinkKind};
use adr_sink_kafka::{Cluster, ClusterStatus, Connection, ExactlyOnce, Form, From, Isolation, Kafka, Read};
use adr_sink_kafka::{Settings, Shards, partitions, read_partition};

use super::{BuiltSink, Surround};

pub(crate) use adr_sink_kafka::KafkaConfig;

/// How long brokers may take to answer a question.
const PATIENCE: Duration = Duration::from_secs(15);
/// How long they may bring nothing of a partition that is being read.
const QUIET: Duration = Duration::from_secs(60);

/// Checks the settings.
pub(crate) fn check(config: &KafkaConfig) -> Result<(), Failure> {
    Settings::try_from(config.clone()).map(|_| ())
}

/// What will hurt; asked only of settings that were found right.
pub(super) fn warnings(config: &KafkaConfig) -> Vec<String> {
    Settings::try_from(config.clone()).map_or_else(|_| Vec::new(), |settings| settings.warnings())
}

/// The form in which it sends events.
pub(super) fn encoding(config: &KafkaConfig) -> Encoding {
    config.encoding.unwrap_or_default()
}

/// Whether it commits events and progress together.
pub(super) fn owns_progress(config: &KafkaConfig) -> bool {
    Settings::try_from(config.clone()).is_ok_and(|settings| settings.exactly_once.is_some())
}

/// Where it keeps the progress, if it does.
pub(crate) fn checkpoint_topic(config: &KafkaConfig) -> Option<&str> {
    config.checkpoints.as_ref().map(|checkpoints| checkpoints.topic.as_str())
}

/// Whether several instances share the tenants that reach it.
pub(super) fn is_shared(config: &KafkaConfig) -> bool {
    config.cluster.is_some()
}

/// Builds it. `mapped`: what reaches it are ADR events.
pub(super) fn build(
    id: &Arc<str>,
    config: &KafkaConfig,
    mapped: bool,
    surround: &Surround,
) -> Result<BuiltSink, Failure> {
    let settings = Settings::try_from(config.clone())?;
    let connection = Connection::new(id, &settings, surround.secrets.clone());
    // A file or a secret that is missing is told now, and not with the first event.
    connection.ready()?;
    let form = form(settings.encoding, mapped);
    let Some(exactly_once) = &settings.exactly_once else {
        let at_once = settings.at_once();
        let factory: SinkFactory = Arc::new(move || Ok(Box::new(Kafka::new(&connection, &settings, &form))));
        return Ok(BuiltSink { kind: SinkKind::Plain { factory, in_flight: 64, at_once }, sharing: None });
    };
    let sink = ExactlyOnce::new(&connection, &settings, &form)?;
    let mut sharing = None;
    if exactly_once.cluster.is_some() {
        let cluster = Cluster::join(&connection, &settings, sink.shards())?;
        let weak = Arc::downgrade(&cluster);
        sharing = Some(super::Sharing {
            first: Box::new(move |source| Some(cluster.share(source))),
            again: Box::new(move |source| Some(weak.upgrade()?.share(source))),
        });
    }
    Ok(BuiltSink { kind: SinkKind::Transactional(Arc::new(sink)), sharing })
}

/// Connects to the brokers; what was found there, line by line.
pub(crate) async fn reach(
    id: &str,
    config: &KafkaConfig,
    secrets: Arc<dyn Secrets>,
) -> Result<Vec<Result<String, Failure>>, Failure> {
    let settings = Settings::try_from(config.clone())?;
    Ok(lines(adr_sink_kafka::check(&Connection::new(id, &settings, secrets), &settings).await))
}

/// What was found at each place, as it is told.
fn lines(found: Vec<(String, Result<String, Failure>)>) -> Vec<Result<String, Failure>> {
    found.into_iter().map(|(place, outcome)| outcome.map(|found| format!("{place}: {found}"))).collect()
}

/// A record of a topic that events are delivered to.
pub(crate) struct Found<'a> {
    pub(crate) topic: &'a str,
    pub(crate) partition: i32,
    pub(crate) offset: i64,
    /// The event's uid.
    pub(crate) uid: Option<&'a [u8]>,
}

/// Reads all topics that a sink delivers to, records of open and aborted transactions left out. Blocks. Gives how many
/// offsets an open transaction holds back.
pub(crate) fn read_topics(
    id: &str,
    config: &KafkaConfig,
    secrets: Arc<dyn Secrets>,
    since: Option<Timestamp>,
    each: &mut dyn FnMut(&Found<'_>),
) -> Result<i64, Failure> {
    let settings = Settings::try_from(config.clone())?;
    let connection = Connection::new(id, &settings, secrets);
    let from = since.map_or(From::Start, |since| From::Time(since.as_millis()));
    let mut held_back = 0;
    for topic in settings.topics() {
        for partition in 0..partitions(&connection, topic, PATIENCE)? {
            let partition = i32::try_from(partition).unwrap_or(i32::MAX);
            let mut found = |read: &Read<'_>| {
                let uid = read.header("uid");
                each(&Found { topic: read.topic, partition: read.partition, offset: read.offset, uid });
            };
            let extent = read_partition(&connection, topic, partition, Isolation::Committed, from, QUIET, &mut found)?;
            held_back += extent.held_back();
        }
    }
    Ok(held_back)
}

/// Who owns which shard; `None` without a cluster. Blocks.
pub(crate) fn cluster(id: &str, config: &KafkaConfig, secrets: Arc<dyn Secrets>) -> Result<Option<Ownership>, Failure> {
    let settings = Settings::try_from(config.clone())?;
    if !is_shared(config) {
        return Ok(None);
    }
    let connection = Connection::new(id, &settings, secrets);
    let status = adr_sink_kafka::status(&connection, &settings, PATIENCE)?;
    let shards = ExactlyOnce::new(&connection, &settings, &form(Encoding::Json, true))?.shards();
    Ok(Some(Ownership { status, shards }))
}

/// Who owns which shard, and which tenants are in it.
pub(crate) struct Ownership {
    pub(crate) status: ClusterStatus,
    shards: Arc<Shards>,
}

impl Ownership {
    /// The shard that a tenant is in.
    pub(crate) fn shard_of(&self, tenant: &str) -> u32 {
        self.shards.of(tenant)
    }
}

fn form(encoding: Encoding, mapped: bool) -> Form {
    let schema = match encoding {
        Encoding::Json if mapped => "ocsf/1.8.0",
        Encoding::Json => "json",
        Encoding::Cef => "cef/0",
        Encoding::Leef => "leef/2.0",
        Encoding::Flat => "flat/1",
    };
    let encoder = move || (encoding != Encoding::Json).then(|| adr_transform::encoder(encoding));
    Form { schema: schema.into(), encoder: Arc::new(encoder) }
}
