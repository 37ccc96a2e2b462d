//! What runs, by name, and how it goes over to another topology.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use adr_core::{Failure, FailureKind, Sink, SourceComponent};
use tokio::sync::{mpsc, oneshot};
use tokio::task::JoinSet;
use tokio_util::sync::CancellationToken;

use crate::backoff::seed_for;
use crate::deliver::{Control, Deliver, Settings};
use crate::lane::LaneEnd;
use crate::lanes::{Lanes, LanesChange};
use crate::plan::Plan;
use crate::port::{Entry, Port};
use crate::run::Shared;
use crate::step::Step;
use crate::topology::{SinkKind, SinkNode, SourceNode, Topology, TransformNode};

/// How many changes a source may be behind.
const CHANGES: usize = 8;

/// The running components.
pub(crate) struct Graph {
    shared: Arc<Shared>,
    stop: CancellationToken,
    sources: BTreeMap<Arc<str>, RunningSource>,
    steps: BTreeMap<Arc<str>, Arc<Step>>,
    sinks: BTreeMap<Arc<str>, RunningSink>,
    /// Resolves with each source that has ended.
    pub(crate) ended: JoinSet<Vec<LaneEnd>>,
    /// Resolves with each sink that has ended.
    pub(crate) delivers: JoinSet<StageEnd>,
    /// How many sinks have been started.
    started: u64,
}

/// A sink that has ended: its name, its number, and how.
pub(crate) type StageEnd = (Arc<str>, u64, Result<(), Failure>);

struct RunningSource {
    plan: Arc<Plan>,
    stop: CancellationToken,
    changes: mpsc::Sender<LanesChange>,
}

#[derive(Clone)]
struct RunningSink {
    /// Which one it is of all that have had its name.
    number: u64,
    port: Arc<Port>,
    /// None for a transactional sink: there is no stage of its own.
    control: Option<mpsc::Sender<Control>>,
}

/// Resolves when a sink has been exchanged.
type Exchanged = oneshot::Receiver<Result<(), Failure>>;

/// What became of a change.
#[derive(Debug, Default)]
pub struct Changed {
    /// Sinks that could not be exchanged, and why: the ones that ran under these names go on. All else is changed.
    pub kept: Vec<(Arc<str>, Failure)>,
}

/// Sinks that are being exchanged.
#[derive(Default)]
pub(crate) struct Exchanges(Vec<(Arc<str>, Exchanged)>);

impl Exchanges {
    /// Waits until the new ones are in place.
    pub(crate) async fn finish(self) -> Changed {
        let mut changed = Changed::default();
        for (name, answered) in self.0 {
            let ended = || Failure::fatal(FailureKind::Internal, "it has ended");
            if let Err(failure) = answered.await.unwrap_or_else(|_| Err(ended())) {
                let failure = failure.at(format!("sink {name}"));
                changed.kept.push((name, failure));
            }
        }
        changed
    }
}

/// What was built for a change before anything was changed.
struct Built {
    sources: Vec<BuiltSource>,
    steps: Vec<(Arc<Step>, Option<crate::TransformFactory>)>,
    sinks: Vec<BuiltSink>,
}

struct BuiltSource {
    name: Arc<str>,
    /// None where it stays.
    component: Option<Box<dyn SourceComponent>>,
    plan: Plan,
}

struct BuiltSink {
    name: Arc<str>,
    running: RunningSink,
    caveats: Vec<String>,
    next: Next,
}

/// What becomes of a sink.
enum Next {
    Stays,
    Starts(Box<(Deliver, Box<dyn Sink>)>),
    IsExchanged(Settings),
    /// A transactional sink is driven by its lanes.
    IsDriven,
}

impl Graph {
    /// Nothing runs yet.
    pub(crate) fn new(shared: Arc<Shared>, stop: CancellationToken) -> Self {
        let (sources, steps, sinks) = Default::default();
        Self { shared, stop, sources, steps, sinks, ended: JoinSet::new(), delivers: JoinSet::new(), started: 0 }
    }

    pub(crate) fn shared(&self) -> &Arc<Shared> {
        &self.shared
    }

    /// Goes over to another topology. After an error nothing is changed.
    pub(crate) fn change(&mut self, topology: Topology) -> Result<Exchanges, Failure> {
        let Built { sources, steps, sinks } = self.build(topology)?;
        let mut exchanges = Exchanges::default();
        for (step, factory) in steps.iter().filter_map(|(step, factory)| Some((step, factory.clone()?))) {
            step.exchange(factory)?;
        }
        self.steps = steps.into_iter().map(|(step, _)| (step.name.clone(), step)).collect();
        let names: BTreeSet<&Arc<str>> = sinks.iter().map(|sink| &sink.name).collect();
        self.sinks.keys().filter(|name| !names.contains(name)).for_each(|name| self.shared.status.forget_sink(name));
        let mut running = BTreeMap::new();
        for BuiltSink { name, running: mut built, caveats, next } in sinks {
            self.shared.status.know(&name, caveats);
            match next {
                Next::Stays | Next::IsDriven => {}
                Next::Starts(started) => {
                    self.started += 1;
                    built.number = self.started;
                    let (deliver, sink, name, number) = (started.0, started.1, name.clone(), self.started);
                    self.delivers.spawn(async move { (name, number, deliver.run(sink).await) });
                }
                Next::IsExchanged(settings) => exchanges.0.extend(exchange(&name, &built, settings)),
            }
            running.insert(name, built);
        }
        // A sink that goes away ends when the last lane that reaches it has: nobody can send to it then.
        self.sinks = running;
        let names: BTreeSet<Arc<str>> = sources.iter().map(|source| source.name.clone()).collect();
        sources.into_iter().for_each(|source| self.change_source(source));
        self.sources.retain(|name, source| {
            let stays = names.contains(name);
            if !stays {
                source.stop.cancel();
            }
            stays
        });
        Ok(exchanges)
    }

    /// Tells every sink to deliver what it has and to close.
    pub(crate) async fn close(&self) {
        for control in self.sinks.values().filter_map(|sink| sink.control.as_ref()) {
            // A stage that has ended already needs no telling.
            let _ = control.send(Control::Close).await;
        }
    }

    /// Whether the sink of that name and number is part of the topology now.
    pub(crate) fn has_sink(&self, name: &Arc<str>, number: u64) -> bool {
        self.sinks.get(name).is_some_and(|sink| sink.number == number)
    }

    fn build(&self, topology: Topology) -> Result<Built, Failure> {
        let is_owner = |node: &SinkNode| match &node.kind {
            Some(kind) => matches!(kind, SinkKind::Transactional(_)),
            None => self.sinks.get(&node.name).is_some_and(|sink| sink.control.is_none()),
        };
        let owners: Vec<bool> = topology.sinks.iter().map(is_owner).collect();
        let routes = (0..topology.sources.len()).map(|source| topology.route(source, &owners));
        let routes = routes.collect::<Result<Vec<_>, _>>()?;
        let steps = topology.transforms.into_iter().map(|node| self.build_step(node));
        let steps = steps.collect::<Result<Vec<_>, _>>()?;
        let sinks = topology.sinks.into_iter().map(|node| self.build_sink(node));
        let sinks = sinks.collect::<Result<Vec<_>, _>>()?;
        let all_steps: Vec<Arc<Step>> = steps.iter().map(|(step, _)| step.clone()).collect();
        let ports: Vec<Arc<Port>> = sinks.iter().map(|sink| sink.running.port.clone()).collect();
        let sources = topology.sources.into_iter().zip(routes).map(|(SourceNode { name, component }, route)| {
            if component.is_none() && !self.sources.contains_key(&name) {
                return Err(unknown("source", &name));
            }
            Ok(BuiltSource { name, component, plan: Plan::new(route, &all_steps, &ports) })
        });
        Ok(Built { sources: sources.collect::<Result<_, _>>()?, steps, sinks })
    }

    fn build_step(&self, node: TransformNode) -> Result<(Arc<Step>, Option<crate::TransformFactory>), Failure> {
        match (self.steps.get(&node.name), node.factory) {
            (Some(step), None) => Ok((step.clone(), None)),
            (Some(step), Some(factory)) => {
                factory().map_err(|failure| failure.at(format!("transform {}", node.name)))?;
                Ok((step.clone(), Some(factory)))
            }
            (None, Some(factory)) => {
                let counters = self.shared.counters(&node.name);
                Ok((Arc::new(Step::new(node.name, factory, counters)?), None))
            }
            (None, None) => Err(unknown("transform", &node.name)),
        }
    }

    fn build_sink(&self, node: SinkNode) -> Result<BuiltSink, Failure> {
        let SinkNode { name, kind, caveats, .. } = node;
        let counters = self.shared.counters(&name);
        let running = self.sinks.get(&name).cloned();
        let (running, next) = match (running, kind) {
            (Some(running), None) => (running, Next::Stays),
            (None, None) => return Err(unknown("sink", &name)),
            (_, Some(SinkKind::Transactional(sink))) => {
                let port = Port { name: name.clone(), entry: Entry::Transactional(sink), counters };
                (RunningSink { number: 0, port: Arc::new(port), control: None }, Next::IsDriven)
            }
            (Some(running @ RunningSink { control: Some(_), .. }), Some(kind)) => {
                let settings = Settings::of(kind).expect("the other kind was matched before");
                (running, Next::IsExchanged(settings))
            }
            (_, Some(kind)) => {
                let settings = Settings::of(kind).expect("the other kind was matched before");
                let sink = (settings.factory)().map_err(|failure| failure.at(format!("sink {name}")))?;
                let (jobs, to_deliver) = mpsc::channel(settings.in_flight.max(1));
                let (control, to_obey) = mpsc::channel(CHANGES);
                let deliver = Deliver {
                    seed: seed_for(self.shared.seed, &name),
                    name: name.clone(),
                    settings,
                    limits: self.shared.limits,
                    jobs: to_deliver,
                    control: to_obey,
                    dead_letter: self.shared.dead_letter.clone(),
                    counters: counters.clone(),
                };
                let port = Arc::new(Port { name: name.clone(), entry: Entry::Plain(jobs), counters });
                (RunningSink { number: 0, port, control: Some(control) }, Next::Starts(Box::new((deliver, sink))))
            }
        };
        Ok(BuiltSink { name, running, caveats, next })
    }

    fn change_source(&mut self, source: BuiltSource) {
        let BuiltSource { name, component, plan } = source;
        let Some(running) = self.sources.get_mut(&name) else {
            let component = component.expect("a source that does not run is new");
            let (plan, stop) = (Arc::new(plan), self.stop.child_token());
            let (changes, to_make) = mpsc::channel(CHANGES);
            let lanes = Lanes::new(self.shared.clone(), plan.clone(), self.shared.counters(&name), stop.clone());
            self.ended.spawn(lanes.run(component, to_make));
            self.sources.insert(name, RunningSource { plan, stop, changes });
            return;
        };
        if !running.plan.is_same(&plan) {
            running.plan = Arc::new(plan);
        }
        let change = LanesChange { component, plan: running.plan.clone() };
        if let Err(error) = running.changes.try_send(change) {
            // It has come to its end, or is still busy with the changes before.
            tracing::warn!(component_id = %name, "source {name} does not take the change: {error}");
        }
    }
}

fn exchange(name: &Arc<str>, sink: &RunningSink, settings: Settings) -> Option<(Arc<str>, Exchanged)> {
    let (answer, answered) = oneshot::channel();
    // Where the stage has ended, the answer is that nobody answers.
    let _ = sink.control.as_ref()?.try_send(Control::Exchange(settings, answer));
    Some((name.clone(), answered))
}

fn unknown(kind: &str, name: &str) -> Failure {
    Failure::fatal(FailureKind::Internal, format!("no {kind} named {name} is running that could stay as it is"))
}
