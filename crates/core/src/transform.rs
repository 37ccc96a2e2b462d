use std::ops::Range;
use std::sync::Arc;

use bytes::Bytes;
use bytestring::ByteString;

use crate::{Event, Meta, Reservation, Severity, Timestamp};

/// Maps events to events. Pure: the same event always gives the same bytes; no I/O, no clock.
pub trait Transform: Send {
    /// The events that come next belong to this life of a lane, until it is called again. A lane that failed reads its
    /// events again in a new life, with a number that no other has: whoever remembers events must let those pass that
    /// it has only seen in a life before, as they may never have been delivered.
    ///
    /// It is called before every attempt: a transform that panics is dropped, and the events since the last call come
    /// again, to another one.
    fn enter(&mut self, _life: u64) {}

    /// Says what becomes of one event: [`Output::emit`], [`Output::forward`], [`Output::discard`] or
    /// [`Output::reject`]. Each gives the [`Verdict`] to return, so no event can be dropped without a word.
    fn apply(&mut self, event: &Event, out: &mut Output) -> Verdict;
}

/// Proof that a transform said what becomes of an event.
#[derive(Debug)]
#[must_use]
pub struct Verdict(());

/// Collects what a transform makes of a batch. New texts are written one after the other into one buffer.
#[derive(Debug, Default)]
pub struct Output {
    /// The text buffer: a transform appends its event's text here, then calls [`Output::emit`].
    pub buffer: Vec<u8>,
    made: Vec<Made>,
    rejected: Vec<Rejected>,
    discarded: u64,
}

#[derive(Debug)]
enum Made {
    Written(Emit),
    Forwarded(Event),
}

/// An event whose text was appended to [`Output::buffer`]. All ranges are places in that buffer, so that id and
/// kind cost no copy: they stand inside the text.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Emit {
    /// The event's text: one JSON object without a line break.
    pub body: Range<usize>,
    /// Where its uid stands; empty where there is none.
    pub id: Range<usize>,
    /// Where its kind stands; empty where there is none.
    pub kind: Range<usize>,
    /// When it happened.
    pub time: Option<Timestamp>,
    /// Whose it is.
    pub tenant: Arc<str>,
    /// OCSF severity.
    pub severity: Severity,
}

/// An event that cannot go on, with its text and the reason: it goes to the dead letter.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Rejected {
    /// The event as it came.
    pub event: Event,
    /// Why, for a person.
    pub reason: String,
}

/// What a finished [`Output`] holds.
#[derive(Debug, Default)]
pub struct Product {
    /// The events that go on, in order.
    pub events: Vec<Event>,
    /// The events for the dead letter.
    pub rejected: Vec<Rejected>,
    /// How many were discarded by the user's own wish.
    pub discarded: u64,
}

impl Output {
    /// An output whose buffer and list have room for a batch.
    pub fn with_capacity(bytes: usize, events: usize) -> Self {
        Self { buffer: Vec::with_capacity(bytes), made: Vec::with_capacity(events), ..Self::default() }
    }

    /// The event's new text stands in the buffer.
    pub fn emit(&mut self, emit: Emit) -> Verdict {
        debug_assert!(emit.body.end <= self.buffer.len(), "an emitted body ends inside the buffer");
        self.made.push(Made::Written(emit));
        Verdict(())
    }

    /// The event goes on as it is.
    pub fn forward(&mut self, event: Event) -> Verdict {
        self.made.push(Made::Forwarded(event));
        Verdict(())
    }

    /// The user's own configuration drops the event.
    pub fn discard(&mut self) -> Verdict {
        self.discarded += 1;
        Verdict(())
    }

    /// The event cannot go on; its text is kept in the dead letter.
    pub fn reject(&mut self, event: Event, reason: impl Into<String>) -> Verdict {
        self.rejected.push(Rejected { event, reason: reason.into() });
        Verdict(())
    }

    /// How many events go on so far.
    pub fn made(&self) -> usize {
        self.made.len()
    }

    /// A mark to go back to with [`rewind`](Output::rewind).
    pub fn mark(&self) -> Mark {
        Mark {
            buffer: self.buffer.len(),
            made: self.made.len(),
            rejected: self.rejected.len(),
            discarded: self.discarded,
        }
    }

    /// Forgets all that came after the mark (a transform that panicked half way through an event).
    pub fn rewind(&mut self, mark: Mark) {
        self.buffer.truncate(mark.buffer);
        self.made.truncate(mark.made);
        self.rejected.truncate(mark.rejected);
        self.discarded = mark.discarded;
    }

    /// The finished events. The buffer's memory stays charged to `memory` until the last slice of it is dropped.
    pub fn finish(self, mut memory: Reservation) -> Product {
        memory.resize(self.buffer.capacity());
        let text = Bytes::from_owner(Charged { text: self.buffer, _memory: memory });
        let slice = |range: &Range<usize>| {
            if range.is_empty() {
                return ByteString::new();
            }
            // A range that is no text is not worth losing the event for.
            ByteString::try_from(text.slice(range.clone())).unwrap_or_default()
        };
        let events = self
            .made
            .into_iter()
            .map(|made| match made {
                Made::Forwarded(event) => event,
                Made::Written(emit) => Event {
                    meta: Meta {
                        id: slice(&emit.id),
                        kind: slice(&emit.kind),
                        time: emit.time,
                        tenant: emit.tenant,
                        severity: emit.severity,
                    },
                    body: text.slice(emit.body),
                },
            })
            .collect();
        Product { events, rejected: self.rejected, discarded: self.discarded }
    }
}

/// A place in an [`Output`].
#[derive(Clone, Copy, Debug)]
pub struct Mark {
    buffer: usize,
    made: usize,
    rejected: usize,
    discarded: u64,
}

struct Charged {
    text: Vec<u8>,
    _memory: Reservation,
}

impl AsRef<[u8]> for Charged {
    fn as_ref(&self) -> &[u8] {
        &self.text
    }
}
