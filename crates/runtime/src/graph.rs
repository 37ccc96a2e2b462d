//! What runs, by name, and how it goes over to another topology.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::{Arc, OnceLock};

use adr_core::{Failure, FailureKind, Sink, SourceComponent};
use tokio::sync::{Notify, mpsc, oneshot};
use tokio::task::JoinSet;
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;

use crate::backoff::seed_for;
use crate::counters::Role;
use crate::deliver::{Control, Deliver, Settings};
use crate::lane::LaneEnd;
use crate::lanes::{Gone, Lanes, LanesChange};
use crate::plan::{Plan, Ways};
use crate::port::{Buffer, Entry, Port};
use crate::run::Shared;
use crate::step::{Fresh, Step};
use crate::topology::{Route, SinkKind, SinkNode, SourceNode, Topology, TransformNode};

/// How many changes a component may be behind.
const CHANGES: usize = 8;

/// The running components.
pub(crate) struct Graph {
    shared: Arc<Shared>,
    stop: CancellationToken,
    /// Those that have gone away too: each keeps what its name has left to save, should it come back.
    sources: BTreeMap<Arc<str>, RunningSource>,
    steps: BTreeMap<Arc<str>, Arc<Step>>,
    sinks: BTreeMap<Arc<str>, RunningSink>,
    /// Resolves with each source that has ended.
    pub(crate) ended: JoinSet<Vec<LaneEnd>>,
    /// Resolves with each sink that has ended.
    pub(crate) delivers: JoinSet<StageEnd>,
    /// Empty once no source has anything to do.
    pub(crate) busy: TaskTracker,
}

/// A sink that has ended: its name, its number, and how.
pub(crate) type StageEnd = (Arc<str>, u64, Result<(), Failure>);

struct RunningSource {
    ways: Arc<Ways>,
    changes: mpsc::Sender<LanesChange>,
    /// It is no part of the topology.
    is_gone: bool,
}

#[derive(Clone)]
struct RunningSink {
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
    /// Those that go away.
    gone: Vec<(Arc<str>, Room<LanesChange>)>,
    steps: Vec<(Arc<Step>, Option<Fresh>)>,
    sinks: Vec<BuiltSink>,
    dead_letter: Option<Arc<Port>>,
}

struct BuiltSource {
    name: Arc<str>,
    /// None where it stays.
    component: Option<Box<dyn SourceComponent>>,
    ways: Ways,
    /// Where it runs already.
    room: Option<Room<LanesChange>>,
}

/// The right to tell a component one thing more.
type Room<T> = mpsc::OwnedPermit<T>;

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
    /// None: it has ended.
    IsExchanged(Settings, Option<Room<Control>>),
    /// A transactional sink is driven by its lanes.
    IsDriven,
}

impl Graph {
    /// Nothing runs yet.
    pub(crate) fn new(shared: Arc<Shared>, stop: CancellationToken) -> Self {
        let (sources, steps, sinks) = Default::default();
        let busy = TaskTracker::new();
        // What is tracked may still come: closed only says that its end is waited for.
        busy.close();
        Self { shared, stop, sources, steps, sinks, ended: JoinSet::new(), delivers: JoinSet::new(), busy }
    }

    pub(crate) fn shared(&self) -> &Arc<Shared> {
        &self.shared
    }

    /// Goes over to another topology. After an error nothing is changed.
    pub(crate) fn change(&mut self, topology: Topology) -> Result<Exchanges, Failure> {
        let Built { sources, gone, steps, sinks, dead_letter } = self.build(topology)?;
        let mut exchanges = Exchanges::default();
        self.steps.clear();
        for (step, fresh) in steps {
            if let Some(fresh) = fresh {
                step.exchange(fresh);
            }
            self.shared.counters.cast(&step.name, Role::Transform);
            self.steps.insert(step.name.clone(), step);
        }
        let names: BTreeSet<&Arc<str>> = sinks.iter().map(|sink| &sink.name).collect();
        self.sinks.keys().filter(|name| !names.contains(name)).for_each(|name| self.shared.status.forget_sink(name));
        let mut running = BTreeMap::new();
        for BuiltSink { name, running: built, caveats, next } in sinks {
            self.shared.counters.cast(&name, Role::Sink);
            self.shared.status.know(&name, caveats);
            match next {
                Next::Stays | Next::IsDriven => {}
                Next::Starts(started) => {
                    let (deliver, sink, name, number) = (started.0, started.1, name.clone(), built.port.number);
                    self.delivers.spawn(async move { (name, number, deliver.run(sink).await) });
                }
                Next::IsExchanged(settings, room) => exchanges.0.push((name.clone(), exchange(settings, room))),
            }
            running.insert(name, built);
        }
        self.shared.letters.exchange(dead_letter);
        // A sink that goes away ends when the last lane that reaches it has: nobody can send to it then.
        self.sinks = running;
        sources.into_iter().for_each(|source| self.change_source(source));
        for (name, room) in gone {
            let source = self.sources.get_mut(&name).expect("it ran when the change was built");
            (source.ways, source.is_gone) = (Arc::default(), true);
            source.tell(Some(Box::new(Gone)), room, &self.busy);
        }
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
        self.sinks.get(name).is_some_and(|sink| sink.port.number == number)
    }

    fn build(&self, topology: Topology) -> Result<Built, Failure> {
        let is_owner = |node: &SinkNode| match &node.kind {
            Some(kind) => matches!(kind, SinkKind::Transactional(_)),
            None => self.sinks.get(&node.name).is_some_and(|sink| sink.control.is_none()),
        };
        let owners: Vec<bool> = topology.sinks.iter().map(is_owner).collect();
        let groups = topology.groups();
        let routes = (0..topology.sources.len()).map(|source| routes(&topology, source, &groups, &owners));
        let routes = routes.collect::<Result<Vec<_>, _>>()?;
        let steps = topology.transforms.into_iter().map(|node| self.build_step(node));
        let steps = steps.collect::<Result<Vec<_>, _>>()?;
        let sinks = topology.sinks.into_iter().map(|node| self.build_sink(node));
        let sinks = sinks.collect::<Result<Vec<_>, _>>()?;
        let all_steps: Vec<Arc<Step>> = steps.iter().map(|(step, _)| step.clone()).collect();
        let ports: Vec<Arc<Port>> = sinks.iter().map(|sink| sink.running.port.clone()).collect();
        let dead_letter = topology.dead_letter.map(|sink| ports[sink].clone());
        let names: BTreeSet<Arc<str>> = topology.sources.iter().map(|source| source.name.clone()).collect();
        let gone = self.sources.iter().filter(|(name, source)| !names.contains(*name) && !source.is_gone);
        let gone = gone.map(|(name, source)| Ok((name.clone(), room("source", name, &source.changes)?)));
        let sources = topology.sources.into_iter().zip(routes).map(|(SourceNode { name, component }, routes)| {
            let running = self.sources.get(&name);
            if component.is_none() && running.is_none_or(|running| running.is_gone) {
                return Err(unknown("source", &name));
            }
            let room = running.map(|source| room("source", &name, &source.changes)).transpose()?;
            let ways = ways(routes, &groups, &all_steps, &ports);
            Ok(BuiltSource { name, component, ways, room })
        });
        let (sources, gone) = (sources.collect::<Result<_, _>>()?, gone.collect::<Result<_, _>>()?);
        Ok(Built { sources, gone, steps, sinks, dead_letter })
    }

    fn build_step(&self, node: TransformNode) -> Result<(Arc<Step>, Option<Fresh>), Failure> {
        match (self.steps.get(&node.name), node.factory) {
            (Some(step), None) => Ok((step.clone(), None)),
            (Some(step), Some(factory)) => {
                let fresh = Fresh::new(&node.name, factory)?;
                Ok((step.clone(), Some(fresh)))
            }
            (None, Some(factory)) => {
                let counters = self.shared.counters(&node.name);
                let fresh = Fresh::new(&node.name, factory)?;
                Ok((Arc::new(Step::new(node.name, fresh, counters)), None))
            }
            (None, None) => Err(unknown("transform", &node.name)),
        }
    }

    fn build_sink(&self, node: SinkNode) -> Result<BuiltSink, Failure> {
        let SinkNode { name, kind, buffer, caveats, .. } = node;
        let (counters, ended) = (self.shared.counters(&name), Arc::new(OnceLock::new()));
        let ends = Arc::new(Notify::new());
        let running = self.sinks.get(&name).map(|running| running.with(buffer));
        let (running, next) = match (running, kind) {
            (Some(running), None) => (running, Next::Stays),
            (None, None) => return Err(unknown("sink", &name)),
            (_, Some(SinkKind::Transactional(sink))) => {
                let (number, entry) = (self.shared.next_sink(), Entry::Transactional(sink));
                let buffer = buffer.map(Buffer::new);
                let port = Port { name: name.clone(), number, entry, buffer, counters, ended, ends };
                (RunningSink { port: Arc::new(port), control: None }, Next::IsDriven)
            }
            (Some(RunningSink { port, control: Some(control) }), Some(kind)) => {
                let settings = Settings::of(kind).expect("the other kind was matched before");
                let room = (!control.is_closed()).then(|| room("sink", &name, &control)).transpose()?;
                (RunningSink { port, control: Some(control) }, Next::IsExchanged(settings, room))
            }
            (_, Some(kind)) => {
                let settings = Settings::of(kind).expect("the other kind was matched before");
                let sink = settings.build().map_err(|failure| failure.at(format!("sink {name}")))?;
                let (jobs, to_deliver) = mpsc::channel(settings.in_flight.max(1));
                let (control, to_obey) = mpsc::channel(CHANGES);
                let deliver = Deliver {
                    seed: seed_for(self.shared.seed, &name),
                    name: name.clone(),
                    settings,
                    limits: self.shared.limits,
                    jobs: to_deliver,
                    control: to_obey,
                    ends: ends.clone(),
                    letters: self.shared.letters.clone(),
                    counters: counters.clone(),
                    status: self.shared.status.clone(),
                    ended: ended.clone(),
                };
                let (number, entry) = (self.shared.next_sink(), Entry::Plain(jobs));
                let port = Arc::new(Port {
                    name: name.clone(),
                    number,
                    entry,
                    buffer: buffer.map(Buffer::new),
                    counters,
                    ended,
                    ends,
                });
                (RunningSink { port, control: Some(control) }, Next::Starts(Box::new((deliver, sink))))
            }
        };
        Ok(BuiltSink { name, running, caveats, next })
    }

    fn change_source(&mut self, source: BuiltSource) {
        let BuiltSource { name, component, ways, room } = source;
        self.shared.counters.cast(&name, Role::Source);
        let (Some(running), Some(room)) = (self.sources.get_mut(&name), room) else {
            let component = component.expect("a source that does not run is new");
            let (ways, stop) = (Arc::new(ways), self.stop.child_token());
            let (changes, to_make) = mpsc::channel(CHANGES);
            let counters = self.shared.counters(&name);
            let lanes = Lanes::new(self.shared.clone(), ways.clone(), counters, stop);
            self.ended.spawn(lanes.run(component, to_make, self.busy.token()));
            self.sources.insert(name, RunningSource { ways, changes, is_gone: false });
            return;
        };
        (running.ways, running.is_gone) = (Arc::new(ways.keeping(&running.ways)), false);
        running.tell(component, room, &self.busy);
    }
}

impl RunningSink {
    /// The same sink with that buffer: another port, where it has another one.
    fn with(&self, buffer: Option<u32>) -> Self {
        let Port { name, number, entry, counters, ended, ends, .. } = &*self.port;
        if self.port.buffer.as_ref().map(|buffer| buffer.most) == buffer {
            return self.clone();
        }
        let (name, entry, counters) = (name.clone(), entry.clone(), counters.clone());
        let (ended, ends, buffer) = (ended.clone(), ends.clone(), buffer.map(Buffer::new));
        let port = Port { name, number: *number, entry, buffer, counters, ended, ends };
        Self { port: Arc::new(port), control: self.control.clone() }
    }
}

impl RunningSource {
    fn tell(&self, component: Option<Box<dyn SourceComponent>>, room: Room<LanesChange>, busy: &TaskTracker) {
        room.send(LanesChange { component, ways: self.ways.clone(), busy: busy.token() });
    }
}

/// The ways of a source's lanes: of those without components of their own, and of each group that has some.
type Routes = (Option<Route>, Vec<Option<Route>>);

fn routes(
    topology: &Topology,
    source: usize,
    groups: &[BTreeSet<Arc<str>>],
    owners: &[bool],
) -> Result<Routes, Failure> {
    let of = groups.iter().map(|tenants| topology.route(source, tenants.first(), owners));
    Ok((topology.route(source, None, owners)?, of.collect::<Result<_, _>>()?))
}

fn ways(routes: Routes, groups: &[BTreeSet<Arc<str>>], steps: &[Arc<Step>], ports: &[Arc<Port>]) -> Ways {
    let plan = |route| Arc::new(Plan::new(route, steps, ports));
    let (others, own) = (routes.0.map(plan), routes.1.into_iter().map(|route| route.map(plan)));
    let of = |(tenants, plan): (&BTreeSet<Arc<str>>, Option<Arc<Plan>>)| {
        let plan = plan.into_iter().cycle();
        tenants.iter().cloned().zip(plan).collect::<Vec<_>>()
    };
    Ways { own: groups.iter().zip(own).flat_map(of).collect(), others }
}

fn exchange(settings: Settings, room: Option<Room<Control>>) -> Exchanged {
    let (answer, answered) = oneshot::channel();
    // Where the stage has ended, the answer is that nobody answers.
    if let Some(room) = room {
        room.send(Control::Exchange(settings, answer));
    }
    answered
}

fn room<T>(kind: &str, name: &str, to: &mpsc::Sender<T>) -> Result<Room<T>, Failure> {
    to.clone().try_reserve_owned().map_err(|_| {
        let message = format!("{kind} {name} is still busy with the changes before this one; try again later");
        Failure::new(FailureKind::Internal, message)
    })
}

fn unknown(kind: &str, name: &str) -> Failure {
    Failure::fatal(FailureKind::Internal, format!("no {kind} named {name} is running that could stay as it is"))
}
