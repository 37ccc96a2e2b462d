//! Whether the settings work: asks the brokers, writes nothing.

use std::time::Duration;

use adr_core::{Failure, FailureKind};
use adr_kafka::{Connection, reach};

use crate::Settings;
use crate::topics::{TopicFacts, require_assignment_topic, require_checkpoint_topic, require_events_topic};

/// For each question.
const LIMIT: Duration = Duration::from_secs(10);

/// Connects as the sink would and looks at every topic it needs: each place, with what was found there. Where no broker
/// lets us in, that alone. Writes nothing.
pub async fn check(connection: &Connection, settings: &Settings) -> Vec<(String, Result<String, Failure>)> {
    let (connection, settings) = (connection.clone(), settings.clone());
    let asked = tokio::task::spawn_blocking(move || ask(&connection, &settings));
    asked.await.unwrap_or_else(|error| {
        let failure = Failure::new(FailureKind::Internal, format!("a check ended: {error}"));
        vec![("kafka".to_owned(), Err(failure))]
    })
}

fn ask(connection: &Connection, settings: &Settings) -> Vec<(String, Result<String, Failure>)> {
    let brokers = reach(connection, settings.topics().first().map(String::as_str), LIMIT);
    let reached = brokers.is_ok();
    let mut found = vec![(connection.bootstrap().to_owned(), brokers)];
    if !reached {
        // Every other question would fail of the same, after as long.
        return found;
    }
    for topic in settings.topics() {
        let facts = require_events_topic(connection, topic, LIMIT);
        found.push((topic.clone(), facts.map(|facts| about("events", &facts))));
    }
    let Some(exactly_once) = &settings.exactly_once else { return found };
    let facts = require_checkpoint_topic(connection, settings, LIMIT);
    found.push((exactly_once.topic.clone(), facts.map(|facts| about("checkpoints", &facts))));
    if let Some(cluster) = &exactly_once.cluster {
        let facts = require_assignment_topic(connection, settings, LIMIT);
        found.push((cluster.topic.clone(), facts.map(|facts| about("shards", &facts))));
    }
    found
}

fn about(purpose: &str, facts: &TopicFacts) -> String {
    let partitions = match facts.partitions {
        1 => "1 partition".to_owned(),
        many => format!("{many} partitions"),
    };
    format!("topic for {purpose} with {partitions}")
}
