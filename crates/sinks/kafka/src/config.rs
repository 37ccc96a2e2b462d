//! The sink's settings as a pipeline file writes them. [`Settings`](crate::Settings) are what they mean.

use std::collections::BTreeMap;

use adr_core::{Encoding, Size, Span};
use adr_kafka::{SaslConfig, TlsConfig};
use schemars::JsonSchema;
use serde::Deserialize;

/// Settings of the sink `kafka`.
#[derive(Clone, Debug, Default, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct KafkaConfig {
    /// Brokers to begin with, as host:port with commas between them.
    pub bootstrap_servers: String,
    /// The topic, or a template such as adr-{{ severity }} or adr-{{ .class_name }}: tenant, kind, uid and severity are known
    /// of every event; a name with a dot before it is a field of its text.
    pub topic: String,
    /// Every topic that the template may name; needed with a template. An event for any other goes to the dead letter.
    pub topics: Option<Vec<String>>,
    /// The record's key: a template; default {{ tenant }}. Where a field of it is missing, the key is the tenant. Events of one
    /// key keep their order.
    pub key: Option<String>,
    /// The form of the events: json (default), cef, leef or flat.
    pub encoding: Option<Encoding>,
    /// none, gzip, snappy, lz4 (default) or zstd.
    pub compression: Option<Compression>,
    /// at_least_once (default) or exactly_once.
    pub delivery: Option<DeliveryMode>,
    /// Where exactly_once keeps its progress.
    pub checkpoints: Option<CheckpointsConfig>,
    /// Shares the tenants among all instances that run this file; needs exactly_once.
    pub cluster: Option<ClusterConfig>,
    /// How long a record may wait for others to go with it; default 5ms.
    pub linger: Option<Span>,
    /// How many bytes of records are sent together at most; default 1MB, and never more than a topic takes.
    pub batch_bytes: Option<Size>,
    /// How many bytes a record may have; default 1MB. A larger one goes to the dead letter.
    pub max_message_bytes: Option<Size>,
    /// How many bytes may wait in memory to be sent, beside the pipeline's own budget; default 32MiB. When it is full, reading waits.
    pub queue_bytes: Option<Size>,
    /// How long a record is tried before its batch counts as failed and is tried anew; default 2m.
    pub delivery_timeout: Option<Span>,
    /// After how long the brokers give up the transaction of an instance that has gone; default 60s.
    pub transaction_timeout: Option<Span>,
    /// TLS to the brokers.
    pub tls: Option<TlsConfig>,
    /// How to log in to the brokers.
    pub sasl: Option<SaslConfig>,
    /// Further settings of librdkafka by its own names.
    #[serde(default)]
    pub librdkafka_options: BTreeMap<String, String>,
}

/// How sure delivery is.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum DeliveryMode {
    /// Nothing is lost; after a crash events can come again, with the same uid.
    #[default]
    AtLeastOnce,
    /// Events and progress are committed in one transaction.
    ExactlyOnce,
}

/// How records are compressed.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Compression {
    /// Not at all.
    None,
    /// gzip.
    Gzip,
    /// Snappy.
    Snappy,
    /// LZ4.
    #[default]
    Lz4,
    /// Zstandard.
    Zstd,
}

/// Where exactly_once keeps its progress.
#[derive(Clone, Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct CheckpointsConfig {
    /// A compacted topic of its own, with a partition for each shard. It belongs to this pipeline alone.
    pub topic: String,
    /// Into how many shards tenants are divided; default 16. It can not be changed later.
    pub shards: Option<u32>,
}

/// How tenants are shared among instances.
#[derive(Clone, Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct ClusterConfig {
    /// An empty topic with as many partitions as there are shards: owning a partition is owning the shard.
    pub topic: String,
    /// The consumer group of all instances; default jumpcloud-adr and the checkpoint topic's name.
    pub group: Option<String>,
    /// After how long without a sign of life an instance loses its shards; default 10s.
    pub session_timeout: Option<Span>,
    /// This instance's name in the status; default the machine's name and the process id.
    pub instance: Option<String>,
}
