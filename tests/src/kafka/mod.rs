//! Real Kafka brokers on loopback: one node, KRaft, started by plain `java` from the jars that `tests/kafka/fetch` gets.
//!
//! [`Broker`] starts, pauses, kills and restarts one; [`read_all`] is a consumer of its own, as a CCE would read. Both
//! use rdkafka, but nothing of the sink.

mod admin;
mod broker;
mod files;
mod java;
mod read;
mod shared;
mod tied;
mod version;

pub use admin::unique;
pub use broker::Broker;
pub use files::{Listener, PASSWORD, Security, USER};
pub use read::{Message, read_all};
pub use shared::{given, shared, stop_shared};
pub use tied::Tied;
pub use version::Version;
