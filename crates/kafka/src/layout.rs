//! What the brokers' metadata say of topics.

use std::time::Duration;

use adr_core::{Failure, FailureKind};
use rdkafka::consumer::Consumer;
use rdkafka::error::{KafkaError, RDKafkaErrorCode as Code};

use crate::client::Connection;

/// What there is of a topic.
#[derive(Clone, Copy, Debug)]
pub struct Layout {
    /// `None` where there is no such topic.
    pub partitions: Option<u32>,
    /// How many brokers there are.
    pub brokers: usize,
}

/// Asks the brokers for a topic. Creates none. Blocks.
pub fn layout(connection: &Connection, topic: &str, limit: Duration) -> Result<Layout, Failure> {
    let doing = format!("ask for kafka topic {topic}");
    let metadata = connection.ask(&doing, |client| client.fetch_metadata(Some(topic), limit))?;
    let found = metadata.topics().iter().find(|found| found.name() == topic);
    let partitions = match found.map(|found| (found, found.error().map(Code::from))) {
        None | Some((_, Some(Code::UnknownTopicOrPartition | Code::UnknownTopic))) => None,
        Some((_, Some(code))) => return Err(connection.failure(&KafkaError::MetadataFetch(code), &doing)),
        Some((found, None)) => u32::try_from(found.partitions().len()).ok().filter(|partitions| *partitions > 0),
    };
    Ok(Layout { partitions, brokers: metadata.brokers().len() })
}

/// Refuses what can be no topic's name. `setting` is where it stands.
///
/// # Errors
/// [`FailureKind::Config`] with what is wrong with it.
pub fn check_topic_name(name: &str, setting: &str) -> Result<(), Failure> {
    let legal = |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'.' | b'_' | b'-');
    if name.is_empty() {
        return Err(config(format!("`{setting}` has an empty name: name a topic")));
    }
    if name.len() > 249 || !name.bytes().all(legal) || matches!(name, "." | "..") {
        return Err(config(format!(
            "`{setting}` {name:?} is no name that a topic can have: give at most 249 letters, digits, dots, dashes and \
             underscores"
        )));
    }
    Ok(())
}

fn config(message: String) -> Failure {
    Failure::fatal(FailureKind::Config, message)
}
