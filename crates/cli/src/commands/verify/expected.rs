//! What should be in the topic.

use std::collections::HashMap;
use std::fs::File;
use std::io::{BufRead, BufReader};
use std::path::Path;
use std::sync::{Arc, Mutex, PoisonError};

use adr_checkpoints::MemoryStore;
use adr_core::{BoxFuture, Budget, Delivered, Delivery, Event, Failure, Rejected, Secrets, Sink, Timestamp};
use adr_runtime::{DeadLetter, Input, Limits, Runtime, SinkKind, SinkNode, Topology};
use serde::Deserialize;

use super::again;
use crate::args::Verify;
use crate::clock::SystemClock;
use crate::components::{self, Builder, Surround};
use crate::config::{Component, Findings, Pipeline};
use crate::drive::{drive, worst};
use crate::exit::{Exit, Stop};

/// The events that should be there, by uid.
#[derive(Default)]
pub(super) struct Expected {
    pub(super) events: HashMap<Box<str>, Facts>,
    /// Lines of the file that are no ADR event.
    pub(super) illegible: u64,
}

/// What a person wants to know of an event that is missing.
pub(super) struct Facts {
    pub(super) tenant: Arc<str>,
    pub(super) time: Option<Timestamp>,
}

#[derive(Deserialize)]
struct AdrEvent {
    metadata: Metadata,
    #[serde(default)]
    time: Option<i64>,
}

#[derive(Deserialize)]
struct Metadata {
    uid: Box<str>,
    #[serde(default)]
    tenant_uid: Box<str>,
}

#[derive(Deserialize)]
struct DeadLetterLine {
    component: String,
    #[serde(default)]
    event: String,
}

impl Expected {
    fn add(&mut self, line: &[u8]) -> bool {
        let Ok(AdrEvent { metadata: Metadata { uid, tenant_uid }, time }) = serde_json::from_slice(line) else {
            return false;
        };
        let time = time.map(Timestamp::from_millis);
        self.events.insert(uid, Facts { tenant: tenant_uid.into(), time });
        true
    }

    /// Takes out what a sink has put into its dead letter; how many that were.
    pub(super) fn excuse(&mut self, dead_letter: &Path, sink: &str) -> usize {
        let Ok(file) = File::open(dead_letter) else { return 0 };
        let lines = BufReader::new(file).lines().map_while(Result::ok);
        let refused = lines.filter_map(|line| serde_json::from_str::<DeadLetterLine>(&line).ok());
        let events = refused.filter(|line| line.component == sink);
        let uids = events.filter_map(|line| serde_json::from_str::<AdrEvent>(&line.event).ok());
        uids.filter(|event| self.events.remove(&event.metadata.uid).is_some()).count()
    }
}

/// The events of an NDJSON file.
pub(super) fn from_file(file: &Path) -> Result<Expected, Stop> {
    let unreadable = |error: std::io::Error| {
        Stop::new(Exit::Usage, format!("{} cannot be read: {error}; name a file of ADR events", file.display()))
    };
    let input: Box<dyn BufRead> = if file == Path::new("-") {
        Box::new(std::io::stdin().lock())
    } else {
        Box::new(BufReader::new(File::open(file).map_err(unreadable)?))
    };
    let mut expected = Expected::default();
    for line in input.split(b'\n') {
        let line = line.map_err(unreadable)?;
        if !line.trim_ascii().is_empty() && !expected.add(&line) {
            expected.illegible += 1;
        }
    }
    Ok(expected)
}

/// What the pipeline's own sources and transforms give, read from the beginning.
pub(super) fn from_source(
    pipeline: &Pipeline,
    sink: usize,
    args: &Verify,
    secrets: Arc<dyn Secrets>,
) -> Result<Expected, Stop> {
    let before = before(pipeline, sink, args)?;
    let surround = Surround {
        clock: Arc::new(SystemClock),
        secrets,
        stdout: None,
        pipe_trail: before.settings.pipe_trail.0,
        requests: components::process_requests(),
        clients: components::Clients::default(),
        once: true,
    };
    let collector = Collector::default();
    let factory = {
        let collector = collector.clone();
        Arc::new(move || Ok(Box::new(collector.clone()) as Box<dyn Sink>))
    };
    let mut topology: Topology = Builder::new(surround.clone()).sources_and_transforms(None, &before)?;
    topology.sinks.push(SinkNode {
        name: "verify".into(),
        inputs: before.sinks[0].inputs.clone(),
        kind: Some(SinkKind::Plain { factory, in_flight: 1, at_once: usize::MAX }),
        buffer: None,
        caveats: Vec::new(),
    });
    let runtime = Runtime {
        clock: surround.clock.clone(),
        store: Arc::new(MemoryStore::new()),
        dead_letter: Arc::new(Nowhere),
        budget: Budget::new(before.settings.memory_budget.0),
        limits: Limits {
            workers: args.process.threads(),
            drain: args.process.drain(),
            once: true,
            ..Limits::default()
        },
        seed: crate::entropy::seed(),
    };
    let tokio = tokio::runtime::Builder::new_multi_thread()
        .worker_threads(args.process.threads())
        .enable_all()
        .build()
        .map_err(|error| Stop::new(Exit::Temporary, format!("cannot start the threads: {error}")))?;
    let ended = tokio.block_on(drive(runtime, topology, tokio::sync::watch::channel(None).1, None, |_| ()))?;
    let failed: Vec<_> = ended.report.lanes.iter().filter_map(|(lane, end)| Some((lane, end.as_ref()?))).collect();
    if let Some((lane, failure)) = failed.first() {
        let exit = worst(failed.iter().map(|(_, failure)| *failure)).unwrap_or(Exit::Bug);
        let message = format!("{lane} cannot be read, so nothing can be verified: {failure}");
        return Err(Stop::new(exit, message));
    }
    if ended.early || !ended.report.drained {
        return Err(Stop::new(Exit::Temporary, "stopped before JumpCloud was read to its end: nothing was verified"));
    }
    Ok(Expected { events: std::mem::take(&mut *collector.lock()), illegible: 0 })
}

/// The part of a pipeline that flows into one sink, to be read from its beginning.
fn before(pipeline: &Pipeline, sink: usize, args: &Verify) -> Result<Pipeline, Stop> {
    let kept: Vec<usize> = pipeline.sources_of(sink).into_iter().collect();
    let place = |input: &Input| match input {
        Input::Source(source) => kept.iter().position(|kept| kept == source).map(Input::Source),
        transform @ Input::Transform(_) => Some(*transform),
    };
    let mut sources = Vec::new();
    for source in kept.iter().map(|source| &pipeline.sources[*source]) {
        sources.push(source.with(again(&source.part, args.start, &source.id)?, Vec::new()));
    }
    fn behind<T: Clone>(component: &Component<T>, place: impl Fn(&Input) -> Option<Input>) -> Component<T> {
        component.with(component.part.clone(), component.inputs.iter().filter_map(place).collect())
    }
    let transforms = pipeline.transforms.iter().map(|transform| behind(transform, place));
    let sink = behind(&pipeline.sinks[sink], place);
    Ok(Pipeline {
        only: None,
        settings: pipeline.settings.clone(),
        sources,
        transforms: transforms.collect(),
        sinks: vec![sink],
        warnings: Findings::default(),
    })
}

/// A sink that remembers uids.
#[derive(Clone, Default)]
struct Collector(Arc<Mutex<HashMap<Box<str>, Facts>>>);

impl Collector {
    fn lock(&self) -> std::sync::MutexGuard<'_, HashMap<Box<str>, Facts>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Sink for Collector {
    fn write<'a>(&'a mut self, events: &'a [Event]) -> BoxFuture<'a, Result<Delivery, Failure>> {
        let facts = |event: &Event| {
            let facts = Facts { tenant: event.meta.tenant.clone(), time: event.meta.time };
            (Box::<str>::from(&*event.meta.id), facts)
        };
        self.lock().extend(events.iter().map(facts));
        Box::pin(async { Ok(Box::pin(async { Ok(Delivered::default()) }) as Delivery) })
    }

    fn close(&mut self) -> BoxFuture<'_, Result<(), Failure>> {
        Box::pin(async { Ok(()) })
    }
}

/// What transforms reject is in the dead letter of the run that delivers, and is not looked for in the topic.
struct Nowhere;

impl DeadLetter for Nowhere {
    fn keep<'a>(&'a self, _: &'a str, _: &'a [Rejected]) -> BoxFuture<'a, Result<(), Failure>> {
        Box::pin(async { Ok(()) })
    }
}
