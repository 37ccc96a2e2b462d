use std::time::Duration;

use crate::{BoxFuture, Checkpoint, Event, Failure, Reservation, Timestamp};

/// One tenant's stream of pages, pulled by the runtime. A source owns no loop and never sleeps.
pub trait Source: Send {
    /// How many bytes the next page may need: reserved from the memory budget before [`next`](Source::next).
    fn demand(&self) -> usize;

    /// The next page, or how long there is nothing to do.
    ///
    /// After an error the source is as it was before the call, and may be called again. The future may be
    /// dropped at any await; then the source is not used again, its lane is opened anew.
    fn next(&mut self, memory: Reservation) -> BoxFuture<'_, Result<Pull, Failure>>;

    /// Whether a stop lets it read on to its own end, within the drain's deadline. True for a source that cannot be
    /// read again, such as a pipe: what its writer has put in counts as delivered there.
    fn reads_on(&self) -> bool {
        false
    }

    /// How far it has come with the last call of [`next`](Source::next); for the status only.
    fn reach(&self) -> Reach {
        Reach::default()
    }
}

/// How far a source has come, as far as it can be said.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Reach {
    /// Everything that happened before, and was to be seen, is read.
    pub read_until: Option<Timestamp>,
    /// When the other side last gave what was asked for.
    pub answered: Option<Timestamp>,
}

/// What [`Source::next`] found.
pub enum Pull {
    /// Events in order, with the checkpoint that is true once they are delivered.
    Page(Page),
    /// Nothing to do for so long; the runtime adds jitter.
    Wait(Duration),
    /// The source has come to its end: drain the lane and finish it.
    End,
}

/// Events that travel together.
#[derive(Debug, Default)]
pub struct Page {
    /// The events to deliver; may be empty when only progress is to be saved.
    pub events: Vec<Event>,
    /// True once they are delivered.
    pub checkpoint: Checkpoint,
    /// What was counted on the way.
    pub tally: Tally,
}

/// What a source counted while it made a page. `received = events.len() + duplicates`.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Tally {
    /// Events that arrived.
    pub received: u64,
    /// Of these, how many were known already.
    pub duplicates: u64,
    /// Bytes of the page's text.
    pub bytes: u64,
}
