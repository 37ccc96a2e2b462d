//! How to reach a Kafka cluster, for every component that does: addresses, TLS and logins ([`Access`], [`Connection`]),
//! membership in a group ([`Membership`]), what librdkafka tells beside the answers of its calls ([`Told`]), and what its
//! errors mean in words.

mod access;
mod cause;
mod client;
mod config;
mod failure;
mod farewell;
mod files;
mod group;
mod layout;
mod native;
mod oauth;
mod reach;
mod security;
mod told;
mod tool;

pub use access::{Access, Role, Rules};
pub use client::{Connection, set_unless_given};
pub use config::{Mechanism, SaslConfig, TlsConfig};
pub use farewell::{FAREWELL, wait_here};
pub use group::{
    GroupConsumer, Holder, Membership, Partition, Place, Rebalances, is_name, machine_and_process, session_timeout,
};
pub use layout::{Layout, check_topic_name, layout};
pub use native::{flush, known_start};
pub use reach::reach;
pub use told::Told;
pub use tool::Tool;
