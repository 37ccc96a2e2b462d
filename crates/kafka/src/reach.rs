//! Whether the brokers answer, and as whom we are known there.

use std::time::{Duration, Instant};

use adr_core::Failure;
use rdkafka::consumer::Consumer;

use crate::client::Connection;
use crate::config::SaslConfig;

/// How soon it shows that the brokers refuse us, which they would do again and again.
const SLICE: Duration = Duration::from_millis(500);

/// Connects; what was found there. Any `topic` will do: only without one are all topics of the cluster told. Blocks.
///
/// # Errors
/// When no broker lets us in within `limit`.
pub fn reach(connection: &Connection, topic: Option<&str>, limit: Duration) -> Result<String, Failure> {
    let doing = format!("use the kafka brokers at {}", connection.bootstrap());
    connection.context().forget();
    let start = Instant::now();
    let brokers = connection.ask(&doing, |client| {
        let metadata = loop {
            match client.fetch_metadata(topic, SLICE) {
                Ok(metadata) => break metadata,
                Err(error) if start.elapsed() >= limit || client.context().is_refused() => return Err(error),
                Err(_) => {}
            }
        };
        Ok(metadata.brokers().iter().map(|broker| format!("{}:{}", broker.host(), broker.port())).collect::<Vec<_>>())
    })?;
    let access = connection.access();
    let how = if access.tls.is_some() { "TLS" } else { "plain TCP" };
    let who = access.sasl.as_ref().map_or_else(|| "without a login".to_owned(), login);
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
