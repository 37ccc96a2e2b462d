//! The deliver stage of one sink: writes batches in order, keeps deliveries in flight, retries, and acks.

mod farewell;
mod flow;
mod given_up;
mod queue;

use std::sync::{Arc, OnceLock};

use adr_core::{Failure, Sink};
use tokio::sync::{Notify, mpsc, oneshot};

use crate::counters::Counters;
use crate::dead_letter::Letters;
use crate::job::Job;
use crate::limits::Limits;
use crate::status::Status;
use crate::topology::{SinkFactory, SinkKind};
pub(crate) use farewell::FAREWELL;
use flow::Flow;

/// What can be exchanged of the stage while it runs.
pub(crate) struct Settings {
    pub(crate) factory: SinkFactory,
    pub(crate) in_flight: usize,
    pub(crate) at_once: usize,
}

impl Settings {
    /// Those of a sink that has such a stage.
    pub(crate) fn of(kind: SinkKind) -> Option<Self> {
        match kind {
            SinkKind::Plain { factory, in_flight, at_once } => Some(Self { factory, in_flight, at_once }),
            SinkKind::Transactional(_) => None,
        }
    }
}

/// What a running deliver stage can be told. When nobody can tell it anything more, the sink is no part of the topology.
pub(crate) enum Control {
    /// Deliver by this sink from the next batch on; answered when it is in place.
    Exchange(Settings, oneshot::Sender<Result<(), Failure>>),
    /// Take what is queued, deliver it, close the sink, and end.
    Close,
}

/// The stage.
pub(crate) struct Deliver {
    pub(crate) name: Arc<str>,
    pub(crate) settings: Settings,
    pub(crate) limits: Limits,
    pub(crate) jobs: mpsc::Receiver<Job>,
    pub(crate) control: mpsc::Receiver<Control>,
    /// Told when a life of a lane that sends to it has ended.
    pub(crate) ends: Arc<Notify>,
    pub(crate) letters: Arc<Letters>,
    pub(crate) counters: Arc<Counters>,
    pub(crate) status: Status,
    /// Told to those who send to it, where it ends before its time.
    pub(crate) ended: Arc<OnceLock<Failure>>,
    pub(crate) seed: u64,
}

impl Deliver {
    /// Runs until told to close, until nobody can send to it, or until the sink says that trying again cannot help.
    pub(crate) async fn run(self, sink: Box<dyn Sink>) -> Result<(), Failure> {
        let mut flow = Flow::new(self, sink);
        let ended = flow.run().await;
        if let Err(failure) = &ended {
            // Before nobody can send any more.
            let _ = flow.stage.ended.set(failure.clone());
            flow.fail_all(failure);
        }
        ended
    }
}
