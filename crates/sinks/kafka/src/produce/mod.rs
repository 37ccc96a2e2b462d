//! At least once: an idempotent producer, whose delivery reports resolve the deliveries.

mod flight;
mod live;
mod room;

use std::fmt;

use adr_core::{BoxFuture, Delivered, Delivery, Event, Failure, FailureKind, Rejection, Sink};
use rdkafka::error::RDKafkaErrorCode;
use rdkafka::producer::BaseRecord;
use tokio::task::spawn_blocking;

use self::flight::{Outcome, Ticket};
use self::live::Live;
use crate::record::{Form, Shaper, too_large};
use crate::{Connection, Settings};

/// Sends events to Kafka, each batch at least once. The crate's doc says what its deliveries prove.
///
/// Records of one key keep their order: a batch that fails takes all batches with it that are open at that time, and nothing
/// more of them is sent. Written again in order, they come after what was delivered of them before.
pub struct Kafka {
    connection: Connection,
    settings: Settings,
    shaper: Shaper,
    make: fn(&Connection, &Settings, usize) -> Result<Live, Failure>,
    live: Option<Live>,
    /// Record batches are made no larger than this: less than `batch_bytes` once a broker found one too large.
    batch_bytes: usize,
}

impl Kafka {
    /// Connects to nothing yet: the first write does. The settings' [`warnings`](Settings::warnings) are for the caller to
    /// tell.
    pub fn new(connection: &Connection, settings: &Settings, form: &Form) -> Self {
        Self {
            connection: connection.clone(),
            settings: settings.clone(),
            shaper: Shaper::new(settings, form),
            make: Live::make,
            live: None,
            batch_bytes: settings.batch_bytes,
        }
    }

    async fn deliver(&mut self, events: &[Event]) -> Result<Delivery, Failure> {
        self.revive().await?;
        let Self { live: Some(live), shaper, settings, .. } = self else {
            return Err(Failure::new(
                FailureKind::Internal,
                "a kafka producer that was just made is gone: this is a bug",
            ));
        };
        let flight = &live.flight;
        let (slot, outcome) = flight.begin(events.len()).await;
        let (mut credit, mut sent, mut rejected) = (flight.room.credit(), 0, Vec::new());
        for (index, event) in events.iter().enumerate() {
            let shaped = match shaper.shape(event) {
                Ok(shaped) => shaped,
                Err(reason) => {
                    rejected.push(Rejection { index, reason });
                    continue;
                }
            };
            let size = shaped.payload.len() + shaped.key.len();
            credit.spend(size).await;
            if flight.has_ended() {
                // What comes after a record that failed would come before it.
                break;
            }
            let record = BaseRecord::with_opaque_to(shaped.topic, Ticket { slot, index }.number())
                .key(shaped.key)
                .payload(shaped.payload)
                .headers(shaped.headers);
            match live.send(record) {
                Ok(()) => sent += 1,
                Err(error) => {
                    credit.regain(size);
                    if error.rdkafka_error_code() == Some(RDKafkaErrorCode::MessageSizeTooLarge) {
                        let reason = too_large(size, shaped.topic, settings.max_message_bytes);
                        rejected.push(Rejection { index, reason });
                        continue;
                    }
                    let topic = shaped.topic.to_owned();
                    flight.ends(error, &topic);
                    flight.unsent(slot, events.len() - sent);
                    return Err(live.failure());
                }
            }
        }
        drop(credit);
        flight.unsent(slot, events.len() - sent);
        if flight.has_ended() {
            // The purge may have come before the last of these records.
            live.purge().await;
            return Err(live.failure());
        }
        let ending = live.ending();
        Ok(Box::pin(async move {
            match outcome.await {
                Ok(Outcome { failed: false, too_large }) => {
                    rejected.extend(too_large);
                    rejected.sort_by_key(|rejection| rejection.index);
                    Ok(Delivered { rejected, trail: None })
                }
                _ => Err(ending.failure()),
            }
        }))
    }

    /// A producer that works. One that has failed is ended first, with all that it held.
    async fn revive(&mut self) -> Result<(), Failure> {
        if let Some(dead) = self.live.take_if(|live| live.flight.has_ended()) {
            if !dead.flight.was_too_large() {
                // What was too large once may not be any more, as after a change of the topic: that is tried anew with
                // each new producer.
                self.batch_bytes = self.settings.batch_bytes;
            } else {
                // Smaller and smaller, until the record that is too large by itself is alone.
                self.batch_bytes = (self.batch_bytes.min(dead.flight.alone) / 4).max(1);
                tracing::warn!(
                    "kafka brokers at {} refuse record batches as too large: batches have at most {} bytes from now on; set \
                     `batch_bytes` no higher than the topic's max.message.bytes",
                    self.connection.bootstrap(),
                    self.batch_bytes
                );
            }
            dead.end().await;
        }
        if self.live.is_none() {
            let (make, connection, settings, most) =
                (self.make, self.connection.clone(), self.settings.clone(), self.batch_bytes);
            let made = spawn_blocking(move || make(&connection, &settings, most)).await;
            let made = made.map_err(|_| Failure::new(FailureKind::Internal, "making a kafka producer panicked"))?;
            self.live = Some(made?.guarded());
        }
        Ok(())
    }
}

impl Sink for Kafka {
    fn write<'a>(&'a mut self, events: &'a [Event]) -> BoxFuture<'a, Result<Delivery, Failure>> {
        Box::pin(self.deliver(events))
    }

    fn close(&mut self) -> BoxFuture<'_, Result<(), Failure>> {
        Box::pin(async move {
            if let Some(live) = self.live.take() {
                live.end().await;
            }
            Ok(())
        })
    }
}

impl fmt::Debug for Kafka {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Kafka").field("connection", &self.connection).finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests;

#[cfg(test)]
mod sizes;
