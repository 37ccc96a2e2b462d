//! Sink `kafka`: ADR events to Kafka topics.
//!
//! [`Kafka`] delivers at least once. [`ExactlyOnce`] commits events and checkpoints in one Kafka transaction, and
//! [`Cluster`] shares its lanes among instances. `Ok` of a delivery: the brokers have every event of the batch, as
//! `acks=all` means it. `Ok` of a commit: the transaction that holds its events and its checkpoint is committed.

mod check;
mod cluster;
mod config;
mod produce;
mod producer;
mod read;
mod record;
mod settings;
mod template;
mod topics;
mod transactions;

pub use adr_kafka::{Connection, Mechanism, SaslConfig, TlsConfig};
pub use check::check;
pub use cluster::{Cluster, ClusterStatus, GroupState, Owner, ShardStatus, status};
pub use config::{CheckpointsConfig, ClusterConfig, Compression, DeliveryMode, KafkaConfig};
pub use produce::Kafka;
pub use read::{Extent, From, Isolation, Read, partitions, read_partition};
pub use record::Form;
pub use settings::{ClusterSettings, ExactlyOnceSettings, Settings};
pub use transactions::{ExactlyOnce, Shards};
