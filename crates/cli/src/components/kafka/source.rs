//! The source `kafka` as a part of pipelines.

use std::sync::Arc;

use adr_core::{Failure, Secrets, SourceComponent};
use adr_source_kafka::{Connection, KafkaSource, Settings};

use super::lines;
use crate::components::Surround;

pub(crate) use adr_source_kafka::KafkaSourceConfig;

/// Checks the settings.
pub(crate) fn check(config: &KafkaSourceConfig) -> Result<(), Failure> {
    Settings::try_from(config.clone()).map(|_| ())
}

/// What will hurt; asked only of settings that were found right.
pub(crate) fn warnings(config: &KafkaSourceConfig) -> Vec<String> {
    Settings::try_from(config.clone()).map_or_else(|_| Vec::new(), |settings| settings.warnings())
}

/// Builds it.
pub(crate) fn build(
    id: &str,
    config: &KafkaSourceConfig,
    surround: &Surround,
) -> Result<Box<dyn SourceComponent>, Failure> {
    let settings = Settings::try_from(config.clone())?;
    let connection = Connection::new(id, &settings, surround.secrets.clone());
    // A file or a secret that is missing is told now, and not when the group is joined.
    connection.ready()?;
    Ok(Box::new(KafkaSource::new(id, connection, settings, surround.once)))
}

/// Connects to the brokers; what was found there, line by line.
pub(crate) async fn reach(
    id: &str,
    config: &KafkaSourceConfig,
    secrets: Arc<dyn Secrets>,
) -> Result<Vec<Result<String, Failure>>, Failure> {
    let settings = Settings::try_from(config.clone())?;
    Ok(lines(adr_source_kafka::check(&Connection::new(id, &settings, secrets), &settings).await))
}
