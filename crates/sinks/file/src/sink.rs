use std::io;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use adr_core::{BoxFuture, Clock, Delivered, Delivery, Encoder, Event, Failure, FailureKind, Retry, Sink};
use tokio::sync::{mpsc, oneshot};

use crate::batch::Batch;
use crate::disk::Kernel;
use crate::spool::Spool;
use crate::writer::{self, Request};
use crate::{Settings, failure};

/// Batches that may wait for the writer thread.
const QUEUE: usize = 64;

/// Writes each event's text and a line feed to a file that rotates. The crate's doc says what its deliveries prove.
///
/// The file is opened and locked when the sink is made, so that what is wrong with it stops the start. A sink that is
/// made while an earlier one of the same process still has the file opens it with its first batch.
pub struct FileSink {
    queue: Option<mpsc::Sender<Request>>,
    ended: oneshot::Receiver<()>,
    encoder: Option<Box<dyn Encoder>>,
    syncs: Arc<AtomicU64>,
}

impl FileSink {
    /// A sink of its own thread; each event in the form that `encoder` gives it, else as it is. The settings'
    /// [`warnings`](Settings::warnings) are for the caller to tell.
    ///
    /// # Errors
    /// What only a person can mend: no folder, no regular file, no permission, another process that writes it.
    pub fn new(settings: &Settings, clock: Arc<dyn Clock>, encoder: Option<Box<dyn Encoder>>) -> Result<Self, Failure> {
        let mut spool = Spool::new(settings, clock, Kernel);
        match spool.ready() {
            Err(failure) if failure.retry == Retry::Never => return Err(failure),
            // A full disk is met again by the first batch, which is tried again.
            _ => {}
        }
        let syncs = spool.syncs.clone();
        let (queue, requests) = mpsc::channel(QUEUE);
        let (end, ended) = oneshot::channel();
        let thread = move || {
            writer::run(spool, requests);
            // By now the file is closed and its lock given back.
            drop(end);
        };
        let started = std::thread::Builder::new().name("file".to_owned()).spawn(thread);
        started.map_err(|error: io::Error| failure::of(&settings.path, "written by a thread", &error))?;
        Ok(Self { queue: Some(queue), ended, encoder, syncs })
    }

    /// How many fsyncs were made.
    pub fn syncs(&self) -> u64 {
        self.syncs.load(Ordering::Relaxed)
    }
}

impl Sink for FileSink {
    fn write<'a>(&'a mut self, events: &'a [Event]) -> BoxFuture<'a, Result<Delivery, Failure>> {
        Box::pin(async move {
            let (batch, rejected) = Batch::new(events, self.encoder.as_deref_mut());
            let (answer, answered) = oneshot::channel();
            let queue = self.queue.as_ref().ok_or_else(stopped)?;
            queue.send(Request { batch, answer }).await.map_err(|_| stopped())?;
            let delivery: Delivery = Box::pin(async move {
                answered.await.unwrap_or_else(|_| Err(stopped()))?;
                Ok(Delivered { rejected, trail: None })
            });
            Ok(delivery)
        })
    }

    fn close(&mut self) -> BoxFuture<'_, Result<(), Failure>> {
        Box::pin(async move {
            self.queue = None;
            // Nothing is ever sent: it ends with the thread. Whoever opens the file next finds it free.
            let _ = (&mut self.ended).await;
            Ok(())
        })
    }
}

fn stopped() -> Failure {
    Failure::fatal(FailureKind::Internal, "the thread that writes the file has stopped: this is a bug")
}
