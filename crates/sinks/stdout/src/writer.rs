//! The thread that writes.

use adr_core::Failure;
use bytes::Bytes;
use tokio::sync::{mpsc, oneshot};

use crate::output::Output;

/// Batches that may share an fsync.
const GROUP: usize = 16;

/// A batch to write.
#[derive(Debug)]
pub(crate) struct Request {
    pub(crate) lines: Vec<Bytes>,
    pub(crate) answer: oneshot::Sender<Result<(), Failure>>,
}

/// Writes batches in order until nobody can send any more. Batches that wait together share an fsync.
pub(crate) fn run(mut output: Output, mut queue: mpsc::Receiver<Request>) {
    let mut group = Vec::new();
    while queue.blocking_recv_many(&mut group, GROUP) > 0 {
        // Whoever no longer waits has given the batch up, and reads it again: written now, it would come twice.
        group.retain(|request: &Request| !request.answer.is_closed());
        let start = output.mark();
        let (written, failure) = write_group(&mut output, &group);
        let synced = if written > 0 { output.sync() } else { Ok(()) };
        let synced = synced.map_err(|error| {
            // What reached the disk is unknown: all of the group is written again.
            output.cut_back(start);
            output.failure(&error)
        });
        for (place, request) in group.drain(..).enumerate() {
            let answer = match (&synced, &failure) {
                (Err(failure), _) => Err(failure.clone()),
                (Ok(()), Some(failure)) if place >= written => Err(failure.clone()),
                _ => Ok(()),
            };
            let _ = request.answer.send(answer);
        }
    }
}

/// Writes batches up to the first that fails: how many, and why it failed.
fn write_group(output: &mut Output, group: &[Request]) -> (usize, Option<Failure>) {
    for (place, request) in group.iter().enumerate() {
        let mark = output.mark();
        if let Err(error) = output.write_lines(&request.lines) {
            output.cut_back(mark);
            return (place, Some(output.failure(&error)));
        }
    }
    (group.len(), None)
}
