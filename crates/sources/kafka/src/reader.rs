//! The open lane: takes what librdkafka has fetched, a page at a time.

use std::sync::Arc;
use std::time::Duration;

use adr_core::{
    BoxFuture, ByteString, Event, Failure, FailureKind, Meta, Page, Pull, Reservation, Severity, Source, Tally,
};
use adr_kafka::Connection;
use rdkafka::Message;
use rdkafka::error::KafkaError;
use rdkafka::message::BorrowedMessage;

use crate::line;
use crate::place::{Placing, say_gap};
use crate::queue::Queue;
use crate::settings::Settings;
use crate::store::checkpoint;
use crate::tenure::{Tenure, Using};

/// Events of a page at most: what is known of each takes memory beside its text.
const MOST_EVENTS: usize = 8192;

/// Come back at once, with other memory.
const AT_ONCE: Duration = Duration::from_millis(1);

/// The consumer has not begun with the partition yet.
const SOON: Duration = Duration::from_millis(20);

/// What lanes of one source share.
pub(crate) struct Common {
    pub(crate) connection: Connection,
    pub(crate) settings: Settings,
    pub(crate) once: bool,
}

pub(crate) struct Reader {
    common: Arc<Common>,
    tenure: Arc<Tenure>,
    using: Using,
    state: State,
    /// A record that did not fit into the last page.
    pending: Option<Pending>,
    /// What came after the last page.
    trouble: Option<Failure>,
    /// Records without an event.
    skipped: u64,
}

enum State {
    /// The place is not found yet; what was read before, if that is known.
    Open(Option<i64>),
    Reading(Reading),
    Ended,
}

#[derive(Clone, Copy, Debug)]
struct Reading {
    /// The offset that is expected next.
    next: i64,
    /// Where to end, if reading ends.
    goal: Option<i64>,
    /// There was nothing when it was looked last.
    idle: bool,
    /// How often the brokers have said that there is no more before the goal.
    ends: u32,
}

struct Pending {
    offset: i64,
    text: Vec<u8>,
}

/// What was taken from the queue for a page.
#[derive(Default)]
struct Taken<'a> {
    messages: Vec<BorrowedMessage<'a>>,
    bytes: usize,
    skipped: u64,
    /// The partition has no more now.
    end: bool,
    error: Option<KafkaError>,
}

impl Reader {
    pub(crate) fn new(common: Arc<Common>, tenure: Arc<Tenure>, using: Using, record: Option<i64>) -> Self {
        let (pending, trouble) = (None, None);
        Self { common, tenure, using, state: State::Open(record), pending, trouble, skipped: 0 }
    }

    async fn next(&mut self, memory: Reservation) -> Result<Pull, Failure> {
        if !self.tenure.is_ours() {
            // Another instance reads on from what is committed.
            return Ok(Pull::End);
        }
        if let Some(failure) = self.trouble.take() {
            return Err(failure);
        }
        match &mut self.state {
            State::Ended => Ok(Pull::End),
            State::Open(record) => {
                let record = *record;
                self.place(record, None).await
            }
            State::Reading(reading) if reading.idle => {
                // Nothing is reserved meanwhile.
                drop(memory);
                self.tenure.arrived.notified().await;
                reading.idle = false;
                Ok(Pull::Wait(AT_ONCE))
            }
            State::Reading(reading) => {
                let mut reading = *reading;
                if reading.ends == 1 {
                    // Whoever is asked again after he has said where the end is can be believed.
                    return self.place(Some(reading.next), Some(reading)).await;
                }
                let pull = self.read(&mut reading, memory);
                if let State::Reading(state) = &mut self.state {
                    *state = reading;
                }
                pull
            }
        }
    }

    /// Goes to its place in the partition.
    async fn place(&mut self, record: Option<i64>, again: Option<Reading>) -> Result<Pull, Failure> {
        let (common, tenure, opened) = (self.common.clone(), self.tenure.clone(), self.using.opened);
        let placed = tokio::task::spawn_blocking(move || {
            let Common { connection, settings, .. } = &*common;
            Placing { tenure: &tenure, connection, settings, opened, record }.place()
        });
        let placed = placed.await.map_err(|error| {
            let message = format!("cannot read partition {}: {error}", self.tenure.partition);
            Failure::new(FailureKind::Internal, message)
        })?;
        let Some(start) = placed? else { return Ok(Pull::Wait(SOON)) };
        if let Some(goal) = again.and_then(|reading| reading.goal).filter(|goal| start.end < *goal) {
            let (partition, end) = (&self.tenure.partition, start.end);
            let message = format!(
                "the end of partition {partition} went back from {goal} to {end}, as after the loss of a broker"
            );
            return Err(Failure::new(FailureKind::Unavailable, message));
        }
        let goal = again.map_or_else(|| self.common.once.then_some(start.end), |reading| reading.goal);
        let ends = again.map_or(0, |_| 2);
        self.pending = None;
        self.state = State::Reading(Reading { next: start.offset, goal, idle: false, ends });
        if start.keep {
            return Ok(Pull::Page(self.page(Vec::new(), 0, start.offset)));
        }
        Ok(self.ended(start.offset, goal).unwrap_or(Pull::Wait(AT_ONCE)))
    }

    /// The end, if it is reached.
    fn ended(&mut self, next: i64, goal: Option<i64>) -> Option<Pull> {
        if goal.is_none_or(|goal| next < goal) {
            return None;
        }
        self.state = State::Ended;
        Some(Pull::End)
    }

    fn read(&mut self, reading: &mut Reading, mut memory: Reservation) -> Result<Pull, Failure> {
        if let Some(pending) = self.pending.take() {
            if memory.bytes() < pending.text.len() && !memory.try_grow(pending.text.len()) {
                self.pending = Some(pending);
                return Ok(Pull::Wait(AT_ONCE));
            }
            let length = pending.text.len();
            let text = memory.hold(pending.text);
            let event = self.event(text);
            return Ok(Pull::Page(self.page(vec![event], length, pending.offset + 1)));
        }
        if let Some(end) = self.ended(reading.next, reading.goal) {
            return Ok(end);
        }
        let tenure = self.tenure.clone();
        let queue = tenure.queue();
        let Some(queue) = &*queue else { return Ok(Pull::Wait(AT_ONCE)) };
        let room = memory.bytes().min(self.common.settings.page_bytes);
        let taken = self.take(queue, reading, room);
        if let Some(error) = &taken.error {
            let doing = format!("read partition {}", self.tenure.partition);
            self.trouble = Some(self.common.connection.failure(error, &doing));
        }
        if taken.end && reading.goal.is_some() {
            reading.ends += 1;
            if reading.ends > 1 {
                // Compaction has taken the last offsets, or they are marks of transactions.
                reading.goal = Some(reading.next);
            }
        }
        if taken.messages.is_empty() && taken.skipped == 0 {
            return match self.trouble.take() {
                Some(failure) => Err(failure),
                None if taken.end && reading.goal.is_some() => Ok(Pull::Wait(AT_ONCE)),
                None if self.pending.is_some() => Ok(Pull::Wait(AT_ONCE)),
                None => {
                    reading.idle = true;
                    Ok(Pull::Wait(AT_ONCE))
                }
            };
        }
        self.common.connection.context().well();
        let mut text = Vec::with_capacity(taken.bytes);
        let mut ends = Vec::with_capacity(taken.messages.len());
        for message in &taken.messages {
            line::append(line::event(message.payload()).unwrap_or_default(), &mut text);
            ends.push(text.len());
        }
        drop(taken.messages);
        self.skipped += taken.skipped;
        let length = text.len();
        let text = memory.hold(text);
        let mut start = 0;
        let cut = |end: usize| text.slice(std::mem::replace(&mut start, end)..end);
        let events = ends.into_iter().map(cut).map(|body| self.event(body)).collect();
        let next = self.pending.as_ref().map_or(reading.next, |pending| pending.offset);
        Ok(Pull::Page(self.page(events, length, next)))
    }

    /// Takes records until the room is full or there are no more.
    fn take<'a>(&mut self, queue: &'a Queue, reading: &mut Reading, room: usize) -> Taken<'a> {
        let mut taken = Taken::default();
        while taken.messages.len() < MOST_EVENTS && reading.goal.is_none_or(|goal| reading.next < goal) {
            let message = match queue.next() {
                Some(Ok(message)) => message,
                Some(Err(KafkaError::PartitionEOF(_))) => {
                    taken.end = true;
                    break;
                }
                Some(Err(error)) => {
                    taken.error = Some(error);
                    break;
                }
                None => break,
            };
            let offset = message.offset();
            if offset != reading.next {
                self.jumped(queue, reading.next, offset);
            }
            reading.next = offset + 1;
            if reading.goal.is_some_and(|goal| offset >= goal) {
                break;
            }
            let Some(event) = line::event(message.payload()) else {
                taken.skipped += 1;
                continue;
            };
            if taken.bytes + event.len() > room {
                let mut text = Vec::with_capacity(event.len());
                line::append(event, &mut text);
                self.pending = Some(Pending { offset, text });
                break;
            }
            taken.bytes += event.len();
            taken.messages.push(message);
        }
        taken
    }

    /// Offsets that do not follow each other are marks of transactions, or what compaction has left; or what was deleted.
    fn jumped(&self, queue: &Queue, expected: i64, offset: i64) {
        let (partition, group) = (&self.tenure.partition, &self.common.settings.group);
        if offset < expected {
            tracing::error!(
                group,
                "partition {partition} goes on at offset {offset} although it was read to offset {expected}: it was made anew \
                 or has lost its end; what is there is read again"
            );
            return;
        }
        let first = queue.known_start(partition).unwrap_or_default();
        if expected < first && first <= offset {
            say_gap(group, partition, expected, first);
        }
    }

    fn event(&self, body: bytes::Bytes) -> Event {
        let meta = Meta {
            id: ByteString::new(),
            time: None,
            tenant: self.common.settings.tenant.clone(),
            kind: ByteString::new(),
            severity: Severity::Unknown,
        };
        Event { meta, body }
    }

    /// All before `next` is in it or was before it.
    fn page(&self, events: Vec<Event>, bytes: usize, next: i64) -> Page {
        self.tenure.hand_on(next);
        let tally = Tally { received: events.len() as u64, duplicates: 0, bytes: bytes as u64 };
        Page { events, checkpoint: checkpoint(next), tally }
    }
}

impl Source for Reader {
    fn demand(&self) -> usize {
        match (&self.state, &self.pending) {
            (State::Reading(_), Some(pending)) => pending.text.len(),
            (State::Reading(reading), None) if !reading.idle => self.common.settings.page_bytes,
            _ => 0,
        }
    }

    fn next(&mut self, memory: Reservation) -> BoxFuture<'_, Result<Pull, Failure>> {
        Box::pin(self.next(memory))
    }
}

impl Drop for Reader {
    fn drop(&mut self) {
        if self.skipped > 0 {
            tracing::debug!(partition = %self.tenure.partition, count = self.skipped, "records without a value skipped");
        }
    }
}
