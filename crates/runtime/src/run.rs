//! Starts a topology, feeds it lanes, and drains it.

use std::collections::BTreeMap;
use std::convert::Infallible;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use adr_core::{Budget, Checkpoint, CheckpointStore, Clock, Failure, FailureKind, LaneChange, LaneId};
use adr_core::{SourceComponent, TransactionalSink};
use tokio::sync::{mpsc, oneshot};
use tokio::task::JoinSet;
use tokio::time::{Instant, sleep_until};
use tokio_util::sync::CancellationToken;

use crate::backoff::seed_for;
use crate::commit::save;
use crate::counters::{Counters, Counts, Registry};
use crate::dead_letter::DeadLetter;
use crate::deliver::{Control, Deliver};
use crate::job::Job;
use crate::lane::{LaneEnd, Supervised};
use crate::limits::Limits;
use crate::mapper::Mapper;
use crate::status::{SinkStatus, Status};
use crate::topology::{Plan, SinkFactory, SinkKind, SinkNode, SourceNode, Topology, TransformFactory};
use crate::watchdog::watch;

/// What a run needs besides its topology.
pub struct Runtime {
    /// Wall time.
    pub clock: Arc<dyn Clock>,
    /// Durable progress of lanes that reach no transactional sink.
    pub store: Arc<dyn CheckpointStore>,
    /// Where rejected events are kept.
    pub dead_letter: Arc<dyn DeadLetter>,
    /// Memory for events in flight.
    pub budget: Budget,
    /// Bounds.
    pub limits: Limits,
    /// Seeds all jitter; a simulation replays by it.
    pub seed: u64,
}

/// What all lanes of a run share.
pub(crate) struct Shared {
    pub(crate) store: Arc<dyn CheckpointStore>,
    pub(crate) dead_letter: Arc<dyn DeadLetter>,
    pub(crate) budget: Budget,
    pub(crate) limits: Limits,
    pub(crate) seed: u64,
    pub(crate) mapper: Mapper,
    pub(crate) sinks: Vec<Port>,
    pub(crate) status: Status,
    lives: AtomicU64,
}

/// A sink as lanes see it.
pub(crate) struct Port {
    pub(crate) name: Arc<str>,
    pub(crate) port: SinkPort,
    pub(crate) counters: Arc<Counters>,
}

/// The way into a sink.
pub(crate) enum SinkPort {
    Plain(mpsc::Sender<Job>),
    Transactional(Arc<dyn TransactionalSink>),
}

impl Shared {
    pub(crate) fn next_life(&self) -> u64 {
        self.lives.fetch_add(1, Ordering::Relaxed)
    }
}

/// How a run ended.
#[derive(Debug)]
pub struct Report {
    /// Every lane that ran, with the failure that stopped it, if one did.
    pub lanes: BTreeMap<LaneId, Option<Failure>>,
    /// Every component's counts.
    pub counts: BTreeMap<Arc<str>, Counts>,
    /// All that was read is delivered and committed; false when the drain deadline passed first.
    pub drained: bool,
    /// The failures of sinks.
    pub sinks: Vec<Failure>,
}

/// A running topology. Dropping it aborts everything, as a crash would.
pub struct Running {
    shared: Arc<Shared>,
    handle: Handle,
    sources: JoinSet<Vec<LaneEnd>>,
    delivers: JoinSet<Result<(), Failure>>,
    /// Ends with the rest.
    _watchdog: JoinSet<Infallible>,
}

/// Speaks to a running topology.
#[derive(Clone)]
pub struct Handle {
    stop: CancellationToken,
    status: Status,
    counters: Arc<Registry>,
    controls: Arc<BTreeMap<Arc<str>, mpsc::Sender<Control>>>,
    shared: Arc<Shared>,
}

impl Handle {
    /// Asks for a drain: sources stop, what was read is delivered and committed, sinks close.
    pub fn stop(&self) {
        self.stop.cancel();
    }

    /// The status of every lane.
    pub fn status(&self) -> &Status {
        &self.status
    }

    /// Every component's counts.
    pub fn counts(&self) -> BTreeMap<Arc<str>, Counts> {
        self.counters.iter().map(|(name, counters)| (name.clone(), counters.counts())).collect()
    }

    /// Exchanges a sink between two batches; resolves when the new one is in place and the old one is closed.
    pub async fn exchange_sink(&self, name: &str, factory: SinkFactory) -> Result<(), Failure> {
        let gone =
            || Failure::fatal(FailureKind::Config, format!("no sink named {name} is running that can be exchanged"));
        let control = self.controls.get(name).ok_or_else(gone)?;
        let (answer, answered) = oneshot::channel();
        control.send(Control::Exchange(factory, answer)).await.map_err(|_| gone())?;
        answered.await.map_err(|_| gone())?
    }

    /// Exchanges a transform between two batches.
    pub fn exchange_transform(&self, name: &str, factory: TransformFactory) -> Result<(), Failure> {
        let mapper = &self.shared.mapper;
        mapper.exchange(mapper.find(name)?, factory)
    }
}

impl Runtime {
    /// Checks the topology, builds its transforms and sinks, and starts it on the current tokio runtime.
    pub fn start(self, topology: Topology) -> Result<Running, Failure> {
        let plans = (0..topology.sources.len()).map(|source| topology.plan(source).map(Arc::new));
        let plans = plans.collect::<Result<Vec<_>, _>>()?;
        let mut registry = Registry::new();
        let mut counters = |name: &Arc<str>| registry.entry(name.clone()).or_default().clone();
        let transform_counters: Vec<_> = topology.transforms.iter().map(|node| counters(&node.name)).collect();
        let mapper = Mapper::new(&topology.transforms, &transform_counters, self.limits.workers)?;
        let source_counters: Vec<_> = topology.sources.iter().map(|node| counters(&node.name)).collect();
        let sink_counters: Vec<_> = topology.sinks.iter().map(|node| counters(&node.name)).collect();

        let known = |node: &SinkNode| SinkStatus { caveats: node.caveats.clone(), stalled: None };
        let known = topology.sinks.iter().map(|node| (node.name.clone(), known(node))).collect();
        let status = Status::new(self.clock, known);
        let watched = topology.sinks.iter().map(|node| node.name.clone()).zip(sink_counters.iter().cloned()).collect();
        let mut ports = Vec::new();
        let mut controls = BTreeMap::new();
        let mut delivers = Vec::new();
        for (node, counters) in topology.sinks.into_iter().zip(sink_counters) {
            let port = match node.kind {
                SinkKind::Transactional(sink) => SinkPort::Transactional(sink),
                SinkKind::Plain { factory, in_flight, at_once } => {
                    let sink = factory().map_err(|failure| failure.at(format!("sink {}", node.name)))?;
                    let (jobs, to_deliver) = mpsc::channel(in_flight.max(1));
                    let (control, to_obey) = mpsc::channel(1);
                    controls.insert(node.name.clone(), control);
                    delivers.push((
                        Deliver {
                            seed: seed_for(self.seed, &node.name),
                            name: node.name.clone(),
                            factory,
                            in_flight,
                            at_once,
                            limits: self.limits,
                            jobs: to_deliver,
                            control: to_obey,
                            dead_letter: self.dead_letter.clone(),
                            counters: counters.clone(),
                        },
                        sink,
                    ));
                    SinkPort::Plain(jobs)
                }
            };
            ports.push(Port { name: node.name, port, counters });
        }
        let shared = Arc::new(Shared {
            store: self.store,
            dead_letter: self.dead_letter,
            budget: self.budget,
            limits: self.limits,
            seed: self.seed,
            mapper,
            sinks: ports,
            status: status.clone(),
            lives: AtomicU64::new(0),
        });
        let handle = Handle {
            stop: CancellationToken::new(),
            status,
            counters: Arc::new(registry),
            controls: Arc::new(controls),
            shared: shared.clone(),
        };
        let mut watchdog = JoinSet::new();
        watchdog.spawn(watch(watched, handle.status.clone()));
        let mut running =
            Running { shared, handle, sources: JoinSet::new(), delivers: JoinSet::new(), _watchdog: watchdog };
        for (deliver, sink) in delivers {
            running.delivers.spawn(deliver.run(sink));
        }
        for ((source, plan), counters) in topology.sources.into_iter().zip(plans).zip(source_counters) {
            running.spawn_source(source, plan, counters);
        }
        Ok(running)
    }
}

impl Running {
    /// A handle to speak to it.
    pub fn handle(&self) -> Handle {
        self.handle.clone()
    }

    fn spawn_source(&mut self, source: SourceNode, plan: Arc<Plan>, counters: Arc<Counters>) {
        let lanes = SourceLanes {
            shared: self.shared.clone(),
            plan,
            counters,
            stop: self.handle.stop.clone(),
            running: JoinSet::new(),
            stops: BTreeMap::new(),
            waiting: BTreeMap::new(),
            ended: Vec::new(),
        };
        self.sources.spawn(lanes.run(source.component));
    }

    /// Runs until every lane has ended or a drain was asked for, then drains within the deadline.
    pub async fn finish(mut self) -> Report {
        let mut report = Report { lanes: BTreeMap::new(), counts: BTreeMap::new(), drained: true, sinks: Vec::new() };
        let mut rests = Vec::new();
        let stop = self.handle.stop.clone();
        let mut deadline: Option<Instant> = None;
        loop {
            tokio::select! {
                biased;
                ended = self.sources.join_next() => match ended {
                    Some(lanes) => note_ends(lanes, &mut report, &mut rests),
                    None => break,
                },
                Some(ended) = self.delivers.join_next() => {
                    // A sink that ends before it is told to cannot go on: neither can what flows into it.
                    report.sinks.extend(sink_failure(ended));
                    stop.cancel();
                }
                () = stop.cancelled(), if deadline.is_none() => {
                    deadline = Some(Instant::now() + self.shared.limits.drain);
                }
                () = sleep_until(deadline.unwrap_or_else(Instant::now)), if deadline.is_some() => {
                    report.drained = false;
                    break;
                }
            }
        }
        if report.drained {
            let deadline = deadline.unwrap_or_else(|| Instant::now() + self.shared.limits.drain);
            report.drained = tokio::time::timeout_at(deadline, self.close(&mut report, rests)).await.is_ok();
        }
        report.counts = self.handle.counts();
        report
    }

    /// Sinks close in their own time, then the last prefix commits.
    async fn close(&mut self, report: &mut Report, rests: Vec<(LaneId, Checkpoint)>) {
        for control in self.handle.controls.values() {
            // A stage that has ended already needs no telling.
            let _ = control.send(Control::Close).await;
        }
        while let Some(ended) = self.delivers.join_next().await {
            report.sinks.extend(sink_failure(ended));
        }
        if !report.sinks.is_empty() {
            return;
        }
        for (lane, rest) in rests {
            if let Err(failure) = save(&self.shared, &lane, rest, self.shared.seed).await {
                report.lanes.insert(lane, Some(failure));
            }
        }
    }
}

fn sink_failure(ended: Result<Result<(), Failure>, tokio::task::JoinError>) -> Option<Failure> {
    match ended {
        Ok(result) => result.err(),
        Err(error) => Some(Failure::fatal(FailureKind::Internal, format!("a sink stage ended: {error}"))),
    }
}

fn note_ends(
    ended: Result<Vec<LaneEnd>, tokio::task::JoinError>,
    report: &mut Report,
    rests: &mut Vec<(LaneId, Checkpoint)>,
) {
    match ended {
        Ok(lanes) => {
            for end in lanes {
                rests.extend(end.rest.map(|rest| (end.lane.clone(), rest)));
                report.lanes.insert(end.lane, end.failure);
            }
        }
        Err(error) => {
            report.sinks.push(Failure::fatal(FailureKind::Internal, format!("a source stage ended: {error}")));
        }
    }
}

/// The lanes of one source component.
struct SourceLanes {
    shared: Arc<Shared>,
    plan: Arc<Plan>,
    counters: Arc<Counters>,
    stop: CancellationToken,
    running: JoinSet<LaneEnd>,
    stops: BTreeMap<LaneId, CancellationToken>,
    /// Lanes that replace one of the same name once that has drained.
    waiting: BTreeMap<LaneId, Arc<dyn adr_core::Lane>>,
    ended: Vec<LaneEnd>,
}

impl SourceLanes {
    async fn run(mut self, mut component: Box<dyn SourceComponent>) -> Vec<LaneEnd> {
        let mut changing = true;
        loop {
            tokio::select! {
                biased;
                Some(ended) = self.running.join_next(), if !self.running.is_empty() => self.note(ended),
                change = component.next_change(), if changing && !self.stop.is_cancelled() => match change {
                    Some(LaneChange::Start(lane)) => self.start(lane),
                    Some(LaneChange::Stop(lane)) => {
                        self.waiting.remove(&lane);
                        if let Some(stop) = self.stops.get(&lane) {
                            stop.cancel();
                        }
                    }
                    None => changing = false,
                },
                () = self.stop.cancelled(), if changing => changing = false,
                else => return self.ended,
            }
        }
    }

    fn start(&mut self, lane: Arc<dyn adr_core::Lane>) {
        let id = lane.id().clone();
        if let Some(stop) = self.stops.get(&id) {
            stop.cancel();
            self.waiting.insert(id, lane);
            return;
        }
        let stop = self.stop.child_token();
        self.stops.insert(id, stop.clone());
        let supervised = Supervised {
            shared: self.shared.clone(),
            plan: self.plan.clone(),
            counters: self.counters.clone(),
            lane,
            stop,
        };
        self.running.spawn(supervised.run());
    }

    fn note(&mut self, ended: Result<LaneEnd, tokio::task::JoinError>) {
        match ended {
            Ok(end) => {
                self.stops.remove(&end.lane);
                let next = self.waiting.remove(&end.lane).filter(|_| !self.stop.is_cancelled());
                self.ended.push(end);
                if let Some(lane) = next {
                    self.start(lane);
                }
            }
            // Panics of components are caught inside a life: this one is our own.
            Err(error) => tracing::error!("a lane's task ended: {error}"),
        }
    }
}
