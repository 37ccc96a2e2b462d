//! The list of components: one variant and one match arm each.

mod build;
#[cfg(feature = "kafka")]
pub(crate) mod kafka;
#[cfg(not(feature = "kafka"))]
#[path = "no_kafka.rs"]
pub(crate) mod kafka;
mod sinks;
mod sources;
mod transforms;

use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use adr_core::{Clock, Failure, Pace, Rate, Secrets, SourceComponent};
use adr_runtime::{SinkKind, TransformFactory};
use adr_sink_stdout::Target;
use adr_source_jumpcloud::{HttpOptions, HttpTransport};

pub(crate) use build::{Builder, needs_restart};
pub(crate) use sinks::Sink;
pub(crate) use sources::{Source, StdinConfig, jumpcloud};
pub(crate) use transforms::{Makes, Transform};

use crate::config::{Component, Pipeline};

/// A sink as it was built.
pub(crate) struct BuiltSink {
    kind: SinkKind,
    /// How the sources that reach it are shared among the instances of this pipeline, if they are.
    sharing: Option<Sharing>,
}

/// Makes of a source one that runs only those tenants that are this instance's.
pub(crate) struct Sharing {
    /// When the sink is built. The instance takes part for as long as this or a shared source is there.
    first: Share,
    /// Later: this alone keeps the instance in nothing. Gives none where it takes part no more.
    again: Share,
}

type Share = Box<dyn Fn(Box<dyn SourceComponent>) -> Option<Box<dyn SourceComponent>> + Send>;

/// What components are built with.
#[derive(Clone)]
pub(crate) struct Surround {
    pub(crate) clock: Arc<dyn Clock>,
    pub(crate) secrets: Arc<dyn Secrets>,
    /// The process's standard output, where a sink writes to it.
    pub(crate) stdout: Option<Target>,
    pub(crate) pipe_trail: Duration,
    /// How many requests all tenants of the process may make together, in the order they ask.
    pub(crate) requests: Arc<Pace>,
    /// Their ways to the network.
    pub(crate) clients: Clients,
    /// Read up to now, then end.
    pub(crate) once: bool,
}

impl Surround {
    /// Opens standard output for a pipeline that writes to it, if that has not been done.
    pub(crate) fn open_stdout(&mut self, pipeline: &Pipeline) -> Result<(), Failure> {
        if pipeline.writes_stdout() && self.stdout.is_none() {
            self.stdout = Some(Target::stdout()?);
        }
        Ok(())
    }
}

/// Builds a transform, or the output of one that it is.
pub(crate) fn transform(component: &Component<Transform>, surround: &Surround) -> Result<TransformFactory, Failure> {
    component.part.build(component.output.as_ref(), surround)
}

/// HTTP clients, one for all sources with the same options: lanes keep theirs, and devices come one by one.
#[derive(Clone, Debug, Default)]
pub(crate) struct Clients(Arc<Mutex<Vec<Client>>>);

/// What was made of which options.
type Client = (HttpOptions, Arc<HttpTransport>);

impl Clients {
    fn of(&self, options: HttpOptions) -> Result<Arc<HttpTransport>, Failure> {
        let mut clients = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some((_, client)) = clients.iter().find(|(of, _)| *of == options) {
            return Ok(client.clone());
        }
        let client = Arc::new(HttpTransport::new(&options)?);
        clients.push((options, client.clone()));
        Ok(client)
    }
}

/// The request budget of a process: ten thousand tenants polled every minute need a third of it.
pub(crate) fn process_requests() -> Arc<Pace> {
    Arc::new(Pace::new(Rate::per_second(500)))
}
