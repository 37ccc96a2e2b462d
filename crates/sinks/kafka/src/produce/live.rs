//! One producer, from its making to its end.

use std::sync::Arc;
use std::thread;
use std::time::Duration;

use adr_core::{Failure, FailureKind};
use rdkafka::error::{KafkaError, RDKafkaErrorCode as Code};
use rdkafka::producer::{BaseRecord, DeliveryResult, Producer, ProducerContext, PurgeConfig, ThreadedProducer};
use tokio::task::{JoinSet, spawn_blocking};

use super::flight::Flight;
use crate::producer::producer_config;
use crate::topics::require_events_topic;
use crate::{Connection, Settings};
use adr_kafka::{Told, told_by};

/// How long the brokers have to say that the topics exist.
const ANSWER: Duration = Duration::from_secs(15);

/// A producer and what is in flight in it. Dropped, it ends on a thread of its own.
pub(super) struct Live {
    producer: Producing,
    pub(super) flight: Arc<Flight>,
    connection: Connection,
    /// Ends the producer at its first error.
    guard: JoinSet<()>,
}

/// Takes the delivery reports, on librdkafka's polling thread.
pub(super) struct Reports {
    told: Told,
    flight: Arc<Flight>,
}

told_by!(Reports, told);

impl ProducerContext for Reports {
    type DeliveryOpaque = usize;

    fn delivery(&self, result: &DeliveryResult<'_>, ticket: usize) {
        if self.flight.report(result, ticket) {
            self.told.well();
        }
    }
}

impl Live {
    /// Blocks: reads secrets and files, and asks whether every topic exists, so that none is created by accident and an
    /// event for one that is missing does not wait for its time-out.
    pub(super) fn make(connection: &Connection, settings: &Settings, batch_bytes: usize) -> Result<Self, Failure> {
        let mut batch = batch_bytes;
        for topic in settings.topics() {
            let facts = require_events_topic(connection, topic, ANSWER)?;
            batch = batch.min(facts.max_message_bytes);
        }
        Self::build(connection, settings, batch)
    }

    /// Blocks as well, but asks nobody.
    pub(super) fn build(connection: &Connection, settings: &Settings, batch: usize) -> Result<Self, Failure> {
        let mut config = producer_config(connection, settings)?;
        config.set("batch.size", batch.to_string());
        let flight = Arc::new(Flight::new(settings.queue_bytes, batch, settings.max_message_bytes));
        let reports = Reports { told: connection.context(), flight: flight.clone() };
        let producer = config.create_with_context(reports);
        let producer = producer.map_err(|error| connection.failure(&error, "make a kafka producer"))?;
        let producer = Producing(Some(Arc::new(producer)));
        Ok(Self { producer, flight, connection: connection.clone(), guard: JoinSet::new() })
    }

    /// Drops all that waits once a record has failed, so that none that comes after it in its partition is sent before it.
    pub(super) fn guarded(mut self) -> Self {
        let (flight, producer) = (self.flight.clone(), self.producer.0.as_ref().map(Arc::downgrade));
        self.guard.spawn(async move {
            flight.ending.notified().await;
            if let Some(producer) = producer.and_then(|producer| producer.upgrade()) {
                purge(producer).await;
            }
        });
        self
    }

    /// Drops all that waits.
    pub(super) async fn purge(&self) {
        if let Some(producer) = self.producer.0.clone() {
            purge(producer).await;
        }
    }

    /// Hands a record to librdkafka. After any error but "too large" the producer is of no more use.
    pub(super) fn send(&self, record: BaseRecord<'_, [u8], [u8], usize>) -> Result<(), KafkaError> {
        let Some(producer) = &self.producer.0 else { return Err(KafkaError::Canceled) };
        producer.send(record).map_err(|(error, _)| match error.rdkafka_error_code() {
            Some(Code::Fatal) => {
                let cause = producer.client().fatal_error().map_or(Code::Fatal, |(code, _)| code);
                KafkaError::MessageProduction(cause)
            }
            _ => error,
        })
    }

    /// Ends it, with all that it holds, and waits until it has ended.
    pub(super) async fn end(mut self) {
        if self.flight.has_ended() {
            self.guard.join_next().await;
        }
        self.guard.abort_all();
        let producer = self.producer.0.take();
        let _ = spawn_blocking(move || drop(producer)).await;
    }

    pub(super) fn ending(&self) -> Ending {
        Ending { connection: self.connection.clone(), flight: self.flight.clone() }
    }

    pub(super) fn failure(&self) -> Failure {
        self.ending().failure()
    }
}

async fn purge(producer: Arc<ThreadedProducer<Reports>>) {
    let purged = spawn_blocking(move || producer.purge(PurgeConfig::default().queue().inflight()));
    // A panic in there has nothing to tell us: the producer ends all the same.
    let _ = purged.await;
}

/// A producer, whose drop waits for its threads: that is done on a thread of its own.
struct Producing(Option<Arc<ThreadedProducer<Reports>>>);

impl Drop for Producing {
    fn drop(&mut self) {
        if let Some(producer) = self.0.take() {
            // Where no thread can be had it is dropped here.
            let _ = thread::Builder::new().name("kafka producer ends".to_owned()).spawn(move || drop(producer));
        }
    }
}

/// Tells why a producer has ended.
pub(super) struct Ending {
    connection: Connection,
    flight: Arc<Flight>,
}

impl Ending {
    pub(super) fn failure(&self) -> Failure {
        match self.flight.end() {
            Some((_, topic)) if self.flight.was_too_large() => {
                let most = self.flight.alone;
                let message = format!(
                    "cannot write to kafka topic {topic}: it takes no record batches of {most} bytes; smaller ones are made"
                );
                Failure::new(FailureKind::Unavailable, message)
            }
            Some((error, topic)) => self.connection.failure(error, &format!("write to kafka topic {topic}")),
            None => Failure::new(FailureKind::Internal, "a kafka producer ended before the brokers had answered"),
        }
    }
}
