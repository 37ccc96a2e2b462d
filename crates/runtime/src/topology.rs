//! What to run: sources, transforms and sinks joined by their inputs.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use adr_core::{Failure, FailureKind, Sink, SourceComponent, TransactionalSink, Transform};

/// Builds a sink, at start, after a panic, and when it is exchanged.
pub type SinkFactory = Arc<dyn Fn() -> Result<Box<dyn Sink>, Failure> + Send + Sync>;

/// Builds a transform, once per worker, after a panic, and when it is exchanged.
pub type TransformFactory = Arc<dyn Fn() -> Result<Box<dyn Transform>, Failure> + Send + Sync>;

/// A graph of components. A transform may take its input from sources and from transforms that stand before it
/// in the list, so a cycle cannot be written down.
#[derive(Default)]
pub struct Topology {
    /// Where events come from.
    pub sources: Vec<SourceNode>,
    /// What maps them.
    pub transforms: Vec<TransformNode>,
    /// Where they go.
    pub sinks: Vec<SinkNode>,
    /// The sink that serves as the dead letter, by its index; None: the file.
    pub dead_letter: Option<usize>,
    /// Tenants that have transforms and sinks of their own; None: every lane reaches all that its source does.
    pub only: Option<Only>,
}

/// Transforms and sinks by name that only lanes of certain tenants reach, and which tenants these are. All others are reached
/// by every lane. A lane that so reaches no sink at all does not run.
pub type Only = BTreeMap<Arc<str>, BTreeSet<Arc<str>>>;

/// A source of the graph.
pub struct SourceNode {
    /// Its name in the pipeline file.
    pub name: Arc<str>,
    /// Its lanes; None for the one that runs under this name, as it is.
    pub component: Option<Box<dyn SourceComponent>>,
}

/// A transform of the graph.
pub struct TransformNode {
    /// Its name in the pipeline file.
    pub name: Arc<str>,
    /// What flows into it.
    pub inputs: Vec<Input>,
    /// Builds it; None for the one that runs under this name, as it is.
    pub factory: Option<TransformFactory>,
}

/// A sink of the graph.
pub struct SinkNode {
    /// Its name in the pipeline file.
    pub name: Arc<str>,
    /// What flows into it.
    pub inputs: Vec<Input>,
    /// Which kind of sink; None for the one that runs under this name, as it is.
    pub kind: Option<SinkKind>,
    /// How many events may wait at it before those who have more for it must wait; None: as many as there is memory for.
    /// Of no meaning for a transactional sink, where none wait.
    pub buffer: Option<u32>,
    /// What is true of it for as long as it is configured so, and its user must know: "proves nothing". Told in the status.
    pub caveats: Vec<String>,
}

/// The two ways a sink can deliver.
pub enum SinkKind {
    /// Delivers batches; the checkpoint store keeps the progress.
    Plain {
        /// Builds it.
        factory: SinkFactory,
        /// How many deliveries may be open at once, over all lanes.
        in_flight: usize,
        /// The most events that it takes in one write. A batch of more is written in portions, and those that are delivered
        /// stay so when a later one fails.
        at_once: usize,
    },
    /// Commits events and progress together, and is the checkpoint store of the lanes that reach it.
    Transactional(Arc<dyn TransactionalSink>),
}

/// Where a component's events come from.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Input {
    /// The source of that index.
    Source(usize),
    /// The transform of that index.
    Transform(usize),
}

/// The part of a topology that a lane's events can reach, by index in the topology.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Route {
    /// Transforms to run, in order, and which texts flow in.
    pub(crate) steps: Vec<(usize, Vec<Feed>)>,
    /// Sinks to reach, and which texts flow in.
    pub(crate) sinks: Vec<(usize, Vec<Feed>)>,
    /// The one sink among them that owns the lane's checkpoint: its place in `sinks`.
    pub(crate) transactional: Option<usize>,
}

/// Events that flow into a step or a sink.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Feed {
    /// The page as it came from the source.
    Page,
    /// What the step of that place made.
    Step(usize),
}

impl Topology {
    /// The tenants that have components of their own, those together that go the same way.
    pub(crate) fn groups(&self) -> Vec<BTreeSet<Arc<str>>> {
        let mut reaches: BTreeMap<&Arc<str>, Vec<&Arc<str>>> = BTreeMap::new();
        for (component, tenants) in self.only.iter().flatten() {
            tenants.iter().for_each(|tenant| reaches.entry(tenant).or_default().push(component));
        }
        let mut groups: BTreeMap<Vec<&Arc<str>>, BTreeSet<Arc<str>>> = BTreeMap::new();
        for (tenant, components) in reaches {
            groups.entry(components).or_default().insert(tenant.clone());
        }
        groups.into_values().collect()
    }

    /// The way of one source's events: of this tenant's, or of those without components of their own. `owners`: which of the
    /// sinks own checkpoints. None where they reach no sink, and may.
    pub(crate) fn route(
        &self,
        source: usize,
        tenant: Option<&Arc<str>>,
        owners: &[bool],
    ) -> Result<Option<Route>, Failure> {
        let is_there = |name: &Arc<str>| {
            let only = self.only.as_ref().and_then(|only| only.get(name));
            only.is_none_or(|tenants| tenant.is_some_and(|tenant| tenants.contains(tenant)))
        };
        let mut route = Route::default();
        let mut place = vec![None; self.transforms.len()];
        for (index, node) in self.transforms.iter().enumerate() {
            let feeds = self.feeds(&node.name, &node.inputs, source, &place, index)?;
            if !feeds.is_empty() && is_there(&node.name) {
                place[index] = Some(route.steps.len());
                route.steps.push((index, feeds));
            }
        }
        for (index, node) in self.sinks.iter().enumerate() {
            let feeds = self.feeds(&node.name, &node.inputs, source, &place, self.transforms.len())?;
            if feeds.is_empty() || !is_there(&node.name) {
                continue;
            }
            if owners[index] {
                if route.transactional.is_some() {
                    return Err(Failure::fatal(
                        FailureKind::Config,
                        format!(
                            "source {} reaches two transactional sinks: only one can own its checkpoints; \
                             give one of them another source",
                            self.sources[source].name
                        ),
                    ));
                }
                route.transactional = Some(route.sinks.len());
            }
            route.sinks.push((index, feeds));
        }
        if !route.sinks.is_empty() {
            return Ok(Some(route));
        }
        if self.only.is_some() {
            return Ok(None);
        }
        let message = format!("source {} reaches no sink; name it in a sink's inputs", self.sources[source].name);
        Err(Failure::fatal(FailureKind::Config, message))
    }

    fn feeds(
        &self,
        name: &str,
        inputs: &[Input],
        source: usize,
        place: &[Option<usize>],
        before: usize,
    ) -> Result<Vec<Feed>, Failure> {
        let mut feeds = Vec::new();
        for input in inputs {
            match *input {
                Input::Source(index) if index == source => feeds.push(Feed::Page),
                Input::Source(index) if index < self.sources.len() => {}
                Input::Transform(index) if index < before => feeds.extend(place[index].map(Feed::Step)),
                _ => {
                    let message = format!("component {name}: an input names no component that stands before it");
                    return Err(Failure::fatal(FailureKind::Config, message));
                }
            }
        }
        Ok(feeds)
    }
}
