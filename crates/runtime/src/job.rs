//! A batch on its way to a sink, whole or in portions.

use std::ops::Range;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use adr_core::{Event, LaneId};
use tracing::Span;

use crate::ack::Ack;
use crate::parting::Luggage;
use crate::port::Room;

/// One life of a lane, from its opening to its end or failure. A lane lives and dies whole: what a dead life still
/// has in some queue is dropped there, its successor reads it again.
#[derive(Debug)]
pub(crate) struct Life {
    pub(crate) number: u64,
    pub(crate) lane: LaneId,
    dead: AtomicBool,
}

impl Life {
    pub(crate) fn new(number: u64, lane: LaneId) -> Self {
        Self { number, lane, dead: AtomicBool::new(false) }
    }

    pub(crate) fn end(&self) {
        self.dead.store(true, Ordering::Relaxed);
    }

    pub(crate) fn is_dead(&self) -> bool {
        self.dead.load(Ordering::Relaxed)
    }
}

/// A batch, or a portion of one, on its way to a sink.
pub(crate) struct Job {
    pub(crate) life: Arc<Life>,
    pub(crate) ack: Ack,
    batch: Arc<Vec<Event>>,
    portion: Range<usize>,
    /// What its batch takes up at the sink; given back with the last portion.
    room: Option<Room>,
    /// It is a part of what its life has at the sink.
    luggage: Option<Luggage>,
    /// Its delivery, shared by its portions.
    pub(crate) span: Span,
}

/// The events of a job: they stay while somebody has them.
#[derive(Clone)]
pub(crate) struct Portion {
    batch: Arc<Vec<Event>>,
    place: Range<usize>,
}

impl Job {
    /// A whole batch.
    pub(crate) fn new(life: Arc<Life>, batch: Arc<Vec<Event>>, ack: Ack) -> Self {
        Self { life, portion: 0..batch.len(), batch, ack, room: None, luggage: None, span: Span::none() }
    }

    /// The same, with the room that it has at its sink.
    pub(crate) fn within(self, room: Option<Room>) -> Self {
        Self { room, ..self }
    }

    /// The same, as a part of what its life has at its sink.
    pub(crate) fn part_of(self, luggage: Luggage) -> Self {
        Self { luggage: Some(luggage), ..self }
    }

    /// The same, as part of a trace.
    pub(crate) fn under(self, span: Span) -> Self {
        Self { span, ..self }
    }

    pub(crate) fn events(&self) -> &[Event] {
        &self.batch[self.portion.clone()]
    }

    pub(crate) fn portion(&self) -> Portion {
        Portion { batch: self.batch.clone(), place: self.portion.clone() }
    }

    /// The same batch in portions of at most `most` events, each with its own delivery: what is delivered of a batch stays
    /// delivered when the rest of it is not.
    pub(crate) fn portions(self, most: usize) -> impl Iterator<Item = Self> {
        let starts = self.portion.clone().step_by(most.max(1));
        // A batch without events is acked like any other.
        let first = self.portion.is_empty().then_some(self.portion.start);
        let Self { life, batch, portion: Range { end, .. }, ack, room, luggage, span } = self;
        let mut ack = Some(ack);
        starts.chain(first).map(move |start| {
            let portion = start..end.min(start.saturating_add(most.max(1)));
            let forked = if portion.end == end { ack.take() } else { ack.as_ref().map(Ack::fork) };
            let ack = forked.expect("only the last portion takes the ack itself");
            let (life, batch, room, luggage) = (life.clone(), batch.clone(), room.clone(), luggage.clone());
            Self { life, batch, portion, ack, room, luggage, span: span.clone() }
        })
    }
}

impl Portion {
    pub(crate) fn events(&self) -> &[Event] {
        &self.batch[self.place.clone()]
    }
}
