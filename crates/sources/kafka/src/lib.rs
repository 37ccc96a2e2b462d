//! Source `kafka`: JSON objects in the records of Kafka topics, read as a member of a consumer group.
//!
//! A lane is a partition that the group has given to this instance; it comes and goes with the group's assignment. Its
//! progress is the group's committed offset of that partition, saved when what was read before it is delivered: at least
//! once. A transactional sink keeps the offset itself, with the events, and then that one counts. A partition goes to
//! another instance when its lane has drained, or after a session timeout of trying; of one that was lost nothing is
//! committed any more.
//!
//! A record's value is one event. Line breaks in it are taken out; nothing of it is parsed. Records without a value are
//! skipped. `meta.id` and `meta.kind` are empty.

mod check;
mod component;
mod config;
mod held;
mod lane;
mod line;
mod place;
mod queue;
mod reader;
mod settings;
mod store;
mod tenure;

pub use adr_kafka::Connection;
pub use check::check;
pub use component::KafkaSource;
pub use config::{Begin, IsolationLevel, KafkaSourceConfig};
pub use settings::Settings;
