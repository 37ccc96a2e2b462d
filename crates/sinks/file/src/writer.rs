//! The thread that writes.

use adr_core::{Failure, Retry};
use tokio::sync::{mpsc, oneshot};

use crate::batch::Batch;
use crate::disk::Disk;
use crate::spool::Spool;

/// Batches that may share an fsync.
const GROUP: usize = 64;

/// A batch to write.
#[derive(Debug)]
pub(crate) struct Request {
    pub(crate) batch: Batch,
    pub(crate) answer: Answer,
}

pub(crate) type Answer = oneshot::Sender<Result<(), Failure>>;

/// Writes batches in order until nobody can send any more.
pub(crate) fn run<D: Disk>(mut spool: Spool<D>, mut queue: mpsc::Receiver<Request>) {
    let mut group = Vec::new();
    while queue.blocking_recv_many(&mut group, GROUP) > 0 {
        serve(&mut spool, &mut group);
    }
}

/// Writes the batches up to the first that fails; the rest of the group fails with it, so that nothing overtakes.
fn serve<D: Disk>(spool: &mut Spool<D>, group: &mut Vec<Request>) {
    // Whoever no longer waits has given the batch up, and reads it again: written now, it would come twice.
    group.retain(|request| !request.answer.is_closed());
    if group.is_empty() {
        return;
    }
    let (mut open, mut failed) = (Vec::new(), Vec::new());
    let mut outcome = spool.ready();
    for Request { batch, answer } in group.drain(..) {
        outcome = outcome.and_then(|()| write(spool, &batch, &mut open));
        let waiting = if outcome.is_ok() { &mut open } else { &mut failed };
        waiting.push(answer);
    }
    let _ = settle(spool, &mut open);
    if let Err(failure) = outcome {
        tell(failed, &Err(softened(failure)));
    }
}

fn write<D: Disk>(spool: &mut Spool<D>, batch: &Batch, open: &mut Vec<Answer>) -> Result<(), Failure> {
    if spool.is_due(batch.bytes()) {
        settle(spool, open)?;
        spool.rotate()?;
    }
    spool.append(batch)
}

/// One fsync for all that was written, and their answers.
fn settle<D: Disk>(spool: &mut Spool<D>, open: &mut Vec<Answer>) -> Result<(), Failure> {
    if open.is_empty() {
        return Ok(());
    }
    let synced = spool.sync().map_err(softened);
    tell(std::mem::take(open), &synced);
    synced
}

fn tell(answers: Vec<Answer>, outcome: &Result<(), Failure>) {
    for answer in answers {
        let _ = answer.send(outcome.clone());
    }
}

/// What stops a start can be mended while this runs, without a restart.
fn softened(failure: Failure) -> Failure {
    match failure.retry {
        Retry::Never => Failure { retry: Retry::BackOff, ..failure },
        _ => failure,
    }
}

#[cfg(test)]
mod tests;
