//! Whether the settings work: asks the brokers, writes nothing.

use std::time::{Duration, Instant};

use adr_core::{Failure, FailureKind};
use rdkafka::consumer::Consumer;

use crate::client::Connection;
use crate::topics::{TopicFacts, require_assignment_topic, require_checkpoint_topic, require_events_topic};
use crate::{SaslConfig, Settings};

/// For each question.
const LIMIT: Duration = Duration::from_secs(10);

/// How soon it shows that the brokers refuse us, which they would do again and again.
const SLICE: Duration = Duration::from_millis(500);

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
    let brokers = reach(connection, settings);
    let reached = brokers.is_ok();
    let mut found = vec![(connection.bootstrap().to_owned(), brokers)];
    if !reached {
        // Every other question would fail of the same, after as long.
        return found;
    }
    for topic in settings.topics() {
        let facts = require_events_topic(connection, settings, topic, LIMIT);
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

/// Who answers, and as whom we are known there.
fn reach(connection: &Connection, settings: &Settings) -> Result<String, Failure> {
    // Any topic will do: only of one are not all the topics of the cluster told.
    let topic = settings.topics().first().map(String::as_str);
    let doing = format!("use the kafka brokers at {}", connection.bootstrap());
    connection.context().forget();
    let start = Instant::now();
    let brokers = connection.ask(&doing, |client| {
        let metadata = loop {
            match client.fetch_metadata(topic, SLICE) {
                Ok(metadata) => break metadata,
                Err(error) if start.elapsed() >= LIMIT || client.context().is_refused() => return Err(error),
                Err(_) => {}
            }
        };
        Ok(metadata.brokers().iter().map(|broker| format!("{}:{}", broker.host(), broker.port())).collect::<Vec<_>>())
    })?;
    let how = if settings.tls.is_some() { "TLS" } else { "plain TCP" };
    let who = settings.sasl.as_ref().map_or_else(|| "without a login".to_owned(), login);
    let (number, answer) = match brokers.len() {
        1 => ("1 broker".to_owned(), "answers"),
        many => (format!("{many} brokers"), "answer"),
    };
    Ok(format!("{number} ({}) {answer} over {how} {who}", brokers.join(", ")))
}

fn login(sasl: &SaslConfig) -> String {
    let mechanism = sasl.mechanism.name();
    match sasl.username.as_ref().or(sasl.client_id.as_ref()) {
        Some(name) => format!("to {name} by {mechanism}"),
        None => format!("to our token by {mechanism}"),
    }
}

fn about(purpose: &str, facts: &TopicFacts) -> String {
    let partitions = match facts.partitions {
        1 => "1 partition".to_owned(),
        many => format!("{many} partitions"),
    };
    format!("topic for {purpose} with {partitions}")
}
