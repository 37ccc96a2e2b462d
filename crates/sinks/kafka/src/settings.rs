//! What the settings mean, checked.

mod options;
mod sizes;
mod topics;

use std::time::Duration;

use adr_core::{Encoding, Failure, FailureKind, Span};
use adr_kafka::{Access, is_name, session_timeout};

use crate::config::{CheckpointsConfig, ClusterConfig, Compression, DeliveryMode, KafkaConfig};
use crate::template::Template;

/// How many events share a delivery: what of it was delivered is sent again with the rest when it fails.
const AT_ONCE: usize = 1000;

/// Beyond this, brokers refuse a transaction (`transaction.max.timeout.ms`).
const MOST_TRANSACTION: Duration = Duration::from_mins(15);

/// Checked settings.
#[derive(Clone, Debug)]
pub struct Settings {
    /// The form of the events.
    pub encoding: Encoding,
    /// Progress in Kafka, where delivery is exactly once.
    pub exactly_once: Option<ExactlyOnceSettings>,
    pub(crate) access: Access,
    pub(crate) topic: Template,
    /// Every topic that an event may go to, at least one.
    pub(crate) topics: Vec<String>,
    pub(crate) key: Template,
    pub(crate) compression: Compression,
    pub(crate) linger: Duration,
    pub(crate) batch_bytes: usize,
    pub(crate) max_message_bytes: usize,
    pub(crate) queue_bytes: usize,
    pub(crate) delivery_timeout: Duration,
}

/// Where progress is kept in Kafka, and how it is shared.
#[derive(Clone, Debug)]
pub struct ExactlyOnceSettings {
    pub(crate) topic: String,
    pub(crate) shards: u32,
    pub(crate) transaction_timeout: Duration,
    /// Several instances share the tenants.
    pub cluster: Option<ClusterSettings>,
}

/// How tenants are shared among instances.
#[derive(Clone, Debug)]
pub struct ClusterSettings {
    pub(crate) topic: String,
    pub(crate) group: String,
    pub(crate) session_timeout: Duration,
    pub(crate) instance: Option<String>,
}

impl Settings {
    /// How many events should share a delivery.
    pub fn at_once(&self) -> usize {
        AT_ONCE
    }

    /// Every topic that an event may go to, at least one.
    pub fn topics(&self) -> &[String] {
        &self.topics
    }

    /// What a person should know about these settings although they are allowed; for `validate`, every start and
    /// the status.
    pub fn warnings(&self) -> Vec<String> {
        self.access.warnings()
    }
}

impl AsRef<Access> for Settings {
    fn as_ref(&self) -> &Access {
        &self.access
    }
}

impl TryFrom<KafkaConfig> for Settings {
    type Error = Failure;

    fn try_from(raw: KafkaConfig) -> Result<Self, Failure> {
        let topic = topics::template(&raw.topic)?;
        let topics = topics::allowed(&raw.topic, &topic, raw.topics)?;
        let sizes = sizes::Sizes::new(raw.max_message_bytes, raw.batch_bytes, raw.queue_bytes)?;
        let linger = linger(raw.linger)?;
        let mode = raw.delivery.unwrap_or_default();
        let exactly_once = exactly_once(mode, raw.checkpoints, raw.cluster, raw.transaction_timeout, &topics)?;
        let limit = exactly_once.as_ref().map(|settings| settings.transaction_timeout);
        let access = Access::new(&options::RULES, &raw.bootstrap_servers, raw.tls, raw.sasl, raw.librdkafka_options)?;
        options::check_times(&access, limit)?;
        let cluster = exactly_once.as_ref().and_then(|exactly_once| exactly_once.cluster.as_ref());
        let access = access.named(cluster.and_then(|cluster| cluster.instance.clone()));
        Ok(Self {
            encoding: raw.encoding.unwrap_or_default(),
            exactly_once,
            access,
            topic,
            topics,
            key: topics::key(raw.key.as_deref())?,
            compression: raw.compression.unwrap_or_default(),
            linger,
            batch_bytes: sizes.batch,
            max_message_bytes: sizes.message,
            queue_bytes: sizes.queue,
            delivery_timeout: delivery_timeout(raw.delivery_timeout, linger, limit)?,
        })
    }
}

fn config(message: impl Into<String>) -> Failure {
    Failure::fatal(FailureKind::Config, message)
}

fn linger(given: Option<Span>) -> Result<Duration, Failure> {
    match given {
        None => Ok(Duration::from_millis(5)),
        Some(Span(linger)) if linger > Duration::from_mins(1) => {
            Err(config("`linger` is longer than a minute, and every event would wait so long: give 5ms to 1s"))
        }
        Some(Span(linger)) => Ok(linger),
    }
}

/// In a transaction no record can wait longer than the transaction lasts.
fn delivery_timeout(given: Option<Span>, linger: Duration, transaction: Option<Duration>) -> Result<Duration, Failure> {
    let wanted = Span::positive(given, "delivery_timeout", 120)?;
    if let Some(transaction) = transaction.filter(|transaction| given.is_some() && wanted > *transaction) {
        return Err(config(format!(
            "`delivery_timeout` is longer than `transaction_timeout` ({}s), which ends all attempts: leave it out, or raise \
             `transaction_timeout`",
            transaction.as_secs()
        )));
    }
    let wanted = transaction.map_or(wanted, |transaction| wanted.min(transaction));
    if wanted < Duration::from_secs(1) || wanted <= linger {
        return Err(config(
            "`delivery_timeout` leaves no time for an answer: give at least 1s, and more than `linger`",
        ));
    }
    if wanted > Duration::from_hours(24) {
        return Err(config(
            "`delivery_timeout` is longer than a day: give at most 24h; a batch that fails is tried anew",
        ));
    }
    Ok(wanted)
}

fn exactly_once(
    mode: DeliveryMode,
    checkpoints: Option<CheckpointsConfig>,
    cluster: Option<ClusterConfig>,
    timeout: Option<Span>,
    events: &[String],
) -> Result<Option<ExactlyOnceSettings>, Failure> {
    if mode == DeliveryMode::AtLeastOnce {
        let given = [
            ("checkpoints", checkpoints.is_some()),
            ("cluster", cluster.is_some()),
            ("transaction_timeout", timeout.is_some()),
        ];
        return match given.into_iter().find(|(_, given)| *given) {
            Some((name, _)) => Err(config(format!(
                "`{name}` has no effect with delivery at_least_once: set `delivery` to exactly_once, or leave it out"
            ))),
            None => Ok(None),
        };
    }
    let Some(checkpoints) = checkpoints else {
        return Err(config(
            "`checkpoints` is missing, and delivery exactly_once keeps its progress there: add checkpoints: { topic: .. } \
             with a compacted topic of this pipeline alone",
        ));
    };
    topics::own(&checkpoints.topic, "checkpoints.topic", events)?;
    let shards = checkpoints.shards.unwrap_or(16);
    if !(1..=1024).contains(&shards) {
        return Err(config(format!("`checkpoints.shards` is {shards}: give 1 to 1024")));
    }
    let transaction_timeout = Span::positive(timeout, "transaction_timeout", 60)?;
    if !(Duration::from_secs(1)..=MOST_TRANSACTION).contains(&transaction_timeout) {
        return Err(config("`transaction_timeout` is out of what brokers take: give 1s to 15m"));
    }
    let cluster = cluster.map(|raw| cluster_settings(raw, &checkpoints.topic, events)).transpose()?;
    Ok(Some(ExactlyOnceSettings { topic: checkpoints.topic, shards, transaction_timeout, cluster }))
}

fn cluster_settings(raw: ClusterConfig, checkpoints: &str, events: &[String]) -> Result<ClusterSettings, Failure> {
    topics::own(&raw.topic, "cluster.topic", events)?;
    if raw.topic == checkpoints {
        return Err(config(format!(
            "`cluster.topic` is {checkpoints}, where `checkpoints` are kept: give it an empty topic of its own"
        )));
    }
    let session_timeout = session_timeout(raw.session_timeout, "cluster.session_timeout")?;
    for (name, text) in [("cluster.group", &raw.group), ("cluster.instance", &raw.instance)] {
        if text.as_ref().is_some_and(|text| !is_name(text)) {
            return Err(config(format!(
                "`{name}` is no name for Kafka: give 1 to 255 printable ASCII characters without spaces, or leave it out"
            )));
        }
    }
    Ok(ClusterSettings {
        group: raw.group.unwrap_or_else(|| format!("jumpcloud-adr.{checkpoints}")),
        topic: raw.topic,
        session_timeout,
        instance: raw.instance,
    })
}
