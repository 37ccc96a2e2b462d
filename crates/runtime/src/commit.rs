//! The commit stage of a lane: saves checkpoints first-in-first-out, each after its batch is delivered.

use std::collections::VecDeque;
use std::sync::Arc;
use std::time::Duration;

use adr_core::{Checkpoint, Event, Failure, Group, Timestamp};
use futures_util::FutureExt;
use tokio::sync::{OwnedSemaphorePermit, mpsc};
use tokio::time::{Instant, sleep_until};
use tracing::Span;

use crate::ack::Outcome;
use crate::parting::Parting;
use crate::progress::Progress;
use crate::spans;
use crate::status::Status;
use crate::trail::Trail;
use crate::transaction::Transactions;

/// A batch whose fate is open, and the checkpoint that is true once it is delivered.
pub(crate) struct Pending {
    pub(crate) checkpoint: Checkpoint,
    /// Everything that happened before is read with it.
    pub(crate) read_until: Option<Timestamp>,
    pub(crate) outcome: Outcome,
    /// The events for the transactional sink that owns the checkpoint, if there is one.
    pub(crate) owned: Option<Arc<Vec<Event>>>,
    /// Its place in the lane's window; given back when committed.
    pub(crate) permit: OwnedSemaphorePermit,
    /// The page that it is.
    pub(crate) span: Span,
}

/// The stage.
pub(crate) struct Commit<'a> {
    progress: &'a Progress,
    status: &'a Status,
    transactions: Option<Transactions>,
    queue: VecDeque<Pending>,
    trail: Trail,
    parting: Parting<'a>,
}

/// What happens next in the stage.
enum Step {
    Arrived(Option<Pending>),
    Resolved(Result<Option<Duration>, Failure>),
    TrailDue,
    GivenUp(Failure),
}

impl<'a> Commit<'a> {
    pub(crate) fn new(
        progress: &'a Progress,
        status: &'a Status,
        transactions: Option<Transactions>,
        trail: Trail,
        parting: Parting<'a>,
    ) -> Self {
        Self { progress, status, transactions, queue: VecDeque::new(), trail, parting }
    }

    /// Runs until the last batch is committed. Gives what is delivered but must not be durable yet.
    pub(crate) async fn run(mut self, mut batches: mpsc::Receiver<Pending>) -> Result<Trail, Failure> {
        loop {
            match self.step(&mut batches).await {
                Step::Arrived(Some(pending)) => self.queue.push_back(pending),
                Step::Arrived(None) => return Ok(self.trail),
                Step::TrailDue => {
                    while let Some(checkpoint) = self.trail.pop_due(Instant::now()) {
                        self.progress.save(checkpoint).await?;
                    }
                }
                Step::GivenUp(failure) => {
                    self.queue.iter().for_each(|pending| spans::failed(&pending.span, &failure));
                    return Err(failure);
                }
                Step::Resolved(result) => {
                    let trail = result.inspect_err(|failure| {
                        self.queue.front().into_iter().for_each(|head| spans::failed(&head.span, failure));
                    })?;
                    while let Ok(pending) = batches.try_recv() {
                        self.queue.push_back(pending);
                    }
                    self.commit(trail).await?;
                }
            }
        }
    }

    async fn step(&mut self, batches: &mut mpsc::Receiver<Pending>) -> Step {
        let due = self.trail.due();
        let trail = sleep_until(due.unwrap_or_else(Instant::now));
        let step = match self.queue.front_mut() {
            Some(head) => tokio::select! {
                biased;
                result = &mut head.outcome => Step::Resolved(result),
                () = trail, if due.is_some() => Step::TrailDue,
                failure = self.parting.is_over() => return Step::GivenUp(failure),
            },
            None => tokio::select! {
                biased;
                pending = batches.recv() => Step::Arrived(pending),
                () = trail, if due.is_some() => Step::TrailDue,
                failure = self.parting.is_over() => return Step::GivenUp(failure),
            },
        };
        if !matches!(step, Step::TrailDue) {
            self.parting.moved();
        }
        step
    }

    /// The head of the queue is delivered; those behind it that are too are committed with it.
    async fn commit(&mut self, head_trail: Option<Duration>) -> Result<(), Failure> {
        let mut group: Vec<Pending> = self.queue.pop_front().into_iter().collect();
        let mut trail = head_trail;
        let mut failed = None;
        while let Some(next) = self.queue.front_mut() {
            match (&mut next.outcome).now_or_never() {
                Some(Ok(its)) => trail = trail.max(its),
                Some(Err(failure)) => {
                    failed = Some(failure);
                    break;
                }
                None => break,
            }
            group.extend(self.queue.pop_front());
        }
        let mut checkpoint = Checkpoint::default();
        let mut batches = Vec::new();
        let mut permits = Vec::with_capacity(group.len());
        let mut read_until = None;
        let pages = group.len();
        let mut open: Vec<[Span; 2]> = Vec::with_capacity(pages);
        for pending in group {
            checkpoint.merge(pending.checkpoint);
            batches.extend(pending.owned);
            permits.push(pending.permit);
            open.push([spans::commit(&pending.span, pages), pending.span]);
            read_until = pending.read_until.or(read_until);
        }
        let durable = self.make_durable(checkpoint, batches, trail).await;
        for span in open.iter().flatten() {
            match &durable {
                Ok(()) => spans::ended(span, "committed"),
                Err(failure) => spans::failed(span, failure),
            }
        }
        durable?;
        self.status.update(self.progress.lane(), |status| {
            status.delivered_until = read_until.or(status.delivered_until);
        });
        failed.map_or(Ok(()), Err)
    }

    async fn make_durable(
        &mut self,
        checkpoint: Checkpoint,
        batches: Vec<Arc<Vec<Event>>>,
        trail: Option<Duration>,
    ) -> Result<(), Failure> {
        if let Some(transactions) = &mut self.transactions {
            let group = Group { events: joined(batches), checkpoint: Arc::new(checkpoint) };
            let checkpoint = group.checkpoint.clone();
            tokio::select! {
                biased;
                committed = transactions.commit(group) => committed?,
                // Whoever opens the lane next learns what became of it.
                failure = self.parting.is_over() => return Err(failure),
            }
            self.progress.note(&checkpoint);
            return Ok(());
        }
        if trail.is_some() || !self.trail.is_empty() {
            self.trail.push(Instant::now(), trail.unwrap_or_default(), checkpoint);
            return Ok(());
        }
        self.progress.save(checkpoint).await
    }
}

/// The events of all batches in order; a single batch as it is.
fn joined(mut batches: Vec<Arc<Vec<Event>>>) -> Arc<Vec<Event>> {
    match batches.len() {
        1 => batches.remove(0),
        _ => Arc::new(batches.iter().flat_map(|batch| batch.iter().cloned()).collect()),
    }
}
