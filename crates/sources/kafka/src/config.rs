//! The source's settings as a pipeline file writes them. [`Settings`](crate::Settings) are what they mean.

use std::collections::BTreeMap;

use adr_core::{Size, Span};
use adr_kafka::{SaslConfig, TlsConfig};
use schemars::JsonSchema;
use serde::Deserialize;

/// Settings of the source `kafka`.
#[derive(Clone, Debug, Default, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct KafkaSourceConfig {
    /// Brokers to begin with, as host:port with commas between them.
    pub bootstrap_servers: String,
    /// The topics to read. One that begins with ^ is a regular expression and stands for all topics whose names match it.
    pub topics: Vec<String>,
    /// The consumer group. Its offsets are the progress, and instances that have the same group share the partitions.
    pub group_id: String,
    /// Where a partition begins of which the group has no offset yet: earliest (default) or latest.
    pub start: Option<Begin>,
    /// The Organization ID of events that do not say theirs.
    pub tenant: Option<String>,
    /// read_committed (default): only records of committed transactions and those without one; or read_uncommitted.
    pub isolation_level: Option<IsolationLevel>,
    /// How many bytes of records make a page at most; default 1MiB. A larger record is a page of its own.
    pub page_bytes: Option<Size>,
    /// How many bytes of each partition may be fetched ahead, beside the pipeline's own budget; default 4MiB.
    pub queue_bytes: Option<Size>,
    /// After how long without a sign of life an instance loses its partitions; default 10s. Events that were read may take as
    /// long to be delivered when their partition goes to another instance.
    pub session_timeout: Option<Span>,
    /// TLS to the brokers.
    pub tls: Option<TlsConfig>,
    /// How to log in to the brokers.
    pub sasl: Option<SaslConfig>,
    /// Further settings of librdkafka by its own names.
    #[serde(default)]
    pub librdkafka_options: BTreeMap<String, String>,
}

/// Where a partition begins of which the group has no offset.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Begin {
    /// With its oldest record.
    #[default]
    Earliest,
    /// With what is written from now on.
    Latest,
}

/// Which records are read.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum IsolationLevel {
    /// Those of committed transactions, and those without one.
    #[default]
    ReadCommitted,
    /// All, those of aborted transactions too.
    ReadUncommitted,
}

impl IsolationLevel {
    /// The word for it in a pipeline file, which is librdkafka's too.
    pub(crate) fn as_str(self) -> &'static str {
        match self {
            Self::ReadCommitted => "read_committed",
            Self::ReadUncommitted => "read_uncommitted",
        }
    }
}
