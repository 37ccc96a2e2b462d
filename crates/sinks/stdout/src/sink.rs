use std::time::Duration;

use adr_core::{BoxFuture, Delivered, Delivery, Detail, Encoder, Event, Failure, FailureKind, Rejection, Sink};
use bytes::Bytes;
use tokio::sync::{mpsc, oneshot};
use tokio::time::{MissedTickBehavior, interval};

use crate::writer::Request;
use crate::{Kind, Target};

/// How often to look whether a pipe is empty.
const LOOK: Duration = Duration::from_millis(5);

/// Writes each event's text and a line feed to a [`Target`].
///
/// Any number of sinks, one after the other or together, may share a target: lines never mix.
pub struct StdoutSink {
    target: Target,
    queue: mpsc::Sender<Request>,
    encoder: Option<Box<dyn Encoder>>,
    trail: Option<Duration>,
}

impl StdoutSink {
    /// A sink into `target`, each event in the form that `encoder` gives it, else as it is. `pipe_trail` is how long
    /// after the write progress may become durable where the target is a pipe or a socket.
    pub fn new(target: &Target, encoder: Option<Box<dyn Encoder>>, pipe_trail: Duration) -> Self {
        let trail = (target.kind() == Kind::Pipe).then_some(pipe_trail);
        Self { target: target.clone(), queue: target.queue(), encoder, trail }
    }

    /// The lines of a batch, and the events that have none.
    fn lines(&mut self, events: &[Event]) -> (Vec<Bytes>, Vec<Rejection>) {
        let Some(encoder) = &mut self.encoder else {
            return (events.iter().map(|event| event.body.clone()).collect(), Vec::new());
        };
        let (mut text, mut ends, mut rejected) = (Vec::new(), Vec::with_capacity(events.len()), Vec::new());
        for (index, event) in events.iter().enumerate() {
            match encoder.encode(event, Detail::Whole, &mut text) {
                Ok(()) => ends.push(text.len()),
                Err(reason) => rejected.push(Rejection { index, reason: reason.into_owned() }),
            }
        }
        let text = Bytes::from(text);
        let starts = std::iter::once(0).chain(ends.iter().copied());
        (starts.zip(&ends).map(|(start, end)| text.slice(start..*end)).collect(), rejected)
    }
}

impl Sink for StdoutSink {
    fn write<'a>(&'a mut self, events: &'a [Event]) -> BoxFuture<'a, Result<Delivery, Failure>> {
        Box::pin(async move {
            let (answer, answered) = oneshot::channel();
            let (lines, rejected) = self.lines(events);
            self.queue.send(Request { lines, answer }).await.map_err(|_| stopped())?;
            let trail = self.trail;
            let delivery: Delivery = Box::pin(async move {
                answered.await.unwrap_or_else(|_| Err(stopped()))?;
                Ok(Delivered { rejected, trail })
            });
            Ok(delivery)
        })
    }

    fn close(&mut self) -> BoxFuture<'_, Result<(), Failure>> {
        let target = self.target.clone();
        Box::pin(async move {
            // Some hosts read no more once their child has ended (Telegraf): what stands in the pipe then is lost, and so
            // it is without a reader. The progress that trails behind it must not be saved. There is no event for an
            // empty pipe.
            let mut tick = interval(LOOK);
            tick.set_missed_tick_behavior(MissedTickBehavior::Delay);
            while target.is_unread() && !target.reader_gone() {
                tick.tick().await;
            }
            if target.reader_gone() { Err(reader_gone()) } else { Ok(()) }
        })
    }
}

/// The reader of a pipe has left.
pub(crate) fn reader_gone() -> Failure {
    Failure::fatal(FailureKind::ReaderGone, "the reader of standard output has gone away")
}

fn stopped() -> Failure {
    Failure::fatal(FailureKind::Internal, "the thread that writes standard output has stopped: this is a bug")
}
