//! Commits groups through the sink that owns their lane's checkpoint.

use std::sync::Arc;
use std::sync::atomic::AtomicU64;

use adr_core::{Committed, Failure, FailureKind, Group, LaneWriter};

use crate::counters::{Counters, Stage};
use crate::dead_letter::Letters;
use crate::rejects::{keep, rejected};

/// The way of one life of a lane into a transactional sink.
pub(crate) struct Transactions {
    pub(crate) writer: Box<dyn LaneWriter>,
    pub(crate) sink: Arc<str>,
    pub(crate) counters: Arc<Counters>,
    pub(crate) letters: Arc<Letters>,
    pub(crate) seed: u64,
}

/// Events of a group whose fate is open: failed, unless it is said otherwise.
struct Open<'a> {
    counters: &'a Counters,
    events: usize,
}

impl Transactions {
    /// Commits a group. What its sink can never take is kept in the dead letter first, so that at any time it is in one place at least.
    pub(crate) async fn commit(&mut self, mut group: Group) -> Result<(), Failure> {
        let place = format!("sink {}", self.sink);
        if group.events.is_empty() && group.checkpoint.writes.is_empty() {
            return Ok(());
        }
        let mut open = Open { counters: &self.counters, events: group.events.len() };
        Counters::add(&self.counters.received, open.events);
        Counters::add(&self.counters.received_bytes, group.events.iter().map(|event| event.body.len()).sum());
        loop {
            let committed = self.writer.commit(group.clone()).await;
            let rejections = match committed
                .inspect_err(|failure| self.counters.failure(Stage::Sending, failure.kind))
                .map_err(|failure| failure.at(&place))?
            {
                Committed::All => {
                    open.done(open.events, &self.counters.sent);
                    Counters::add(&self.counters.sent_bytes, group.events.iter().map(|event| event.body.len()).sum());
                    return Ok(());
                }
                Committed::Nothing(rejections) => rejections,
            };
            let rejected = rejected(&group.events, &rejections).map_err(|failure| failure.at(&place))?;
            if rejected.is_empty() {
                let message = "the sink committed nothing and rejected nothing: this is a bug";
                return Err(Failure::fatal(FailureKind::Internal, message).at(place));
            }
            // A commit has no trail: `validate` refuses a dead letter that would need one.
            keep(&self.letters, &self.sink, &rejected, self.seed).await?;
            open.done(rejected.len(), &self.counters.rejected);
            let mut refused: Vec<usize> = rejections.iter().map(|rejection| rejection.index).collect();
            refused.sort_unstable();
            let kept = group.events.iter().enumerate().filter(|(index, _)| refused.binary_search(index).is_err());
            group.events = Arc::new(kept.map(|(_, event)| event.clone()).collect());
        }
    }
}

impl Open<'_> {
    fn done(&mut self, events: usize, as_what: &AtomicU64) {
        Counters::add(as_what, events);
        self.events -= events;
    }
}

impl Drop for Open<'_> {
    fn drop(&mut self) {
        Counters::add(&self.counters.failed, self.events);
    }
}
