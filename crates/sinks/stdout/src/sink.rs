use std::time::Duration;

use adr_core::{BoxFuture, Delivered, Delivery, Event, Failure, FailureKind, Sink};
use tokio::sync::{mpsc, oneshot};

use crate::writer::Request;
use crate::{Kind, StdoutConfig, Target};

/// Writes each event's body and a line feed to a [`Target`].
///
/// Any number of sinks, one after the other or together, may share a target: lines never mix.
#[derive(Debug)]
pub struct StdoutSink {
    target: Target,
    queue: mpsc::Sender<Request>,
    trail: Option<Duration>,
}

impl StdoutSink {
    /// A sink into `target`. `pipe_trail` is how long after the write progress may become durable where the target
    /// is a pipe or a socket.
    pub fn new(_config: &StdoutConfig, target: &Target, pipe_trail: Duration) -> Self {
        let trail = (target.kind() == Kind::Pipe).then_some(pipe_trail);
        Self { target: target.clone(), queue: target.queue(), trail }
    }
}

impl Sink for StdoutSink {
    fn write<'a>(&'a mut self, events: &'a [Event]) -> BoxFuture<'a, Result<Delivery, Failure>> {
        Box::pin(async move {
            let (answer, answered) = oneshot::channel();
            let lines = events.iter().map(|event| event.body.clone()).collect();
            self.queue.send(Request { lines, answer }).await.map_err(|_| stopped())?;
            let trail = self.trail;
            let delivery: Delivery = Box::pin(async move {
                answered.await.unwrap_or_else(|_| Err(stopped()))?;
                Ok(Delivered { rejected: Vec::new(), trail })
            });
            Ok(delivery)
        })
    }

    fn close(&mut self) -> BoxFuture<'_, Result<(), Failure>> {
        // What stands in a pipe without a reader is lost: the progress that trails behind it must not be saved.
        let closed = if self.target.reader_gone() { Err(reader_gone()) } else { Ok(()) };
        Box::pin(std::future::ready(closed))
    }
}

/// The reader of a pipe has left.
pub(crate) fn reader_gone() -> Failure {
    Failure::fatal(FailureKind::ReaderGone, "the reader of standard output has gone away")
}

fn stopped() -> Failure {
    Failure::fatal(FailureKind::Internal, "the thread that writes standard output has stopped: this is a bug")
}
