//! The dead letter of a run: the sink that serves as one, else the file.

use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use adr_core::{ByteString, Clock, Event, Failure, FailureKind, LaneId, Rejected};

use super::{DeadLetter, record};
use crate::ack::Ack;
use crate::job::{Job, Life};
use crate::port::{Entry, Port};
use crate::tap::Taps;

/// The `kind` of an event that is the record of another.
const KIND: ByteString = ByteString::from_static("rejected");

/// Keeps rejected events.
pub(crate) struct Letters {
    file: Arc<dyn DeadLetter>,
    clock: Arc<dyn Clock>,
    sink: Mutex<Option<Arc<Port>>>,
    taps: Arc<Taps>,
    /// Each record is a life of its own to the sink: those of lanes count up, these count down.
    lives: AtomicU64,
}

impl Letters {
    pub(crate) fn new(file: Arc<dyn DeadLetter>, clock: Arc<dyn Clock>, taps: Arc<Taps>) -> Self {
        Self { file, clock, sink: Mutex::default(), taps, lives: AtomicU64::new(u64::MAX) }
    }

    /// From now on, this sink serves as the dead letter; none: the file.
    pub(crate) fn exchange(&self, sink: Option<Arc<Port>>) {
        *self.sink.lock().unwrap_or_else(PoisonError::into_inner) = sink;
    }

    /// Keeps what `component` rejected in a life of a lane. A destination that cannot acknowledge gives its trail.
    pub(crate) async fn keep(&self, component: &str, rejected: &[Rejected]) -> Result<Option<Duration>, Failure> {
        let sink = self.sink.lock().unwrap_or_else(PoisonError::into_inner).clone();
        // What the sink itself refuses has only the file.
        if let Some(sink) = sink.filter(|sink| *sink.name != *component) {
            match self.send(&sink, component, rejected).await {
                Ok(trail) => return Ok(trail),
                Err(failure) => {
                    tracing::error!(component_id = %sink.name, "rejected events are kept in the file, as sink {} cannot take them: {failure}", sink.name);
                }
            }
        }
        self.file.keep(component, rejected).await?;
        Ok(None)
    }

    async fn send(&self, sink: &Port, component: &str, rejected: &[Rejected]) -> Result<Option<Duration>, Failure> {
        let gone = || Failure::fatal(FailureKind::Internal, "it is no part of the pipeline any more");
        let Entry::Plain(jobs) = &sink.entry else { return Err(gone()) };
        let event = |rejected: &Rejected| {
            let body = record(self.clock.now(), component, rejected).into();
            let mut meta = rejected.event.meta.clone();
            meta.kind = KIND;
            Event { meta, body }
        };
        let tenant = rejected.first().map(|rejected| &*rejected.event.meta.tenant).unwrap_or_default();
        let number = self.lives.fetch_sub(1, Ordering::Relaxed);
        let life = Arc::new(Life::new(number, LaneId::new(component, tenant)));
        let (ack, outcome) = Ack::new();
        let batch: Arc<Vec<Event>> = Arc::new(rejected.iter().map(event).collect());
        self.taps.show(&sink.name, &batch);
        jobs.send(Job::new(life, batch, ack)).await.map_err(|_| gone())?;
        let trail = outcome.await?;
        let first = rejected.first().map(|rejected| &*rejected.reason).unwrap_or_default();
        tracing::warn!(
            component_id = component,
            count = rejected.len(),
            "rejected events are kept by sink {}; the first because {first}",
            sink.name
        );
        Ok(trail)
    }
}
