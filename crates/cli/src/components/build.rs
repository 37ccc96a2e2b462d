//! Makes topologies of pipelines: the first one whole, each later one with what has changed.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use adr_core::{Failure, FailureKind};
use adr_runtime::{Input, SinkNode, SourceNode, Topology, TransformNode};

use super::{BuiltSink, Share, Sharing, Surround};
use crate::config::{Component, Part, Pipeline};
use crate::launch::keeps_progress;

/// Builds components, and knows what runs.
pub(crate) struct Builder {
    pub(crate) surround: Surround,
    /// How the sinks that run share tenants, by name.
    sharing: BTreeMap<Arc<str>, Share>,
    /// The same once the topology that was built last runs: of sinks that are new, and which of the others stay.
    next: (BTreeMap<Arc<str>, Share>, BTreeSet<Arc<str>>),
}

impl Builder {
    pub(crate) fn new(surround: Surround) -> Self {
        Self { surround, sharing: BTreeMap::new(), next: Default::default() }
    }

    /// Everything that the pipeline says.
    pub(crate) fn topology(&mut self, pipeline: &Pipeline) -> Result<Topology, Failure> {
        let topology = self.change(None, pipeline)?;
        self.taken_over();
        Ok(topology)
    }

    /// What was built last runs now.
    pub(crate) fn taken_over(&mut self) {
        let (mut new, stays) = std::mem::take(&mut self.next);
        self.sharing.retain(|id, _| stays.contains(id));
        self.sharing.append(&mut new);
    }

    /// What the pipeline says, as a change of the one that runs.
    pub(crate) fn change(&mut self, running: Option<&Pipeline>, pipeline: &Pipeline) -> Result<Topology, Failure> {
        let (mut sinks, mut sharing): (Vec<SinkNode>, BTreeMap<Arc<str>, Sharing>) = Default::default();
        for (index, component) in pipeline.sinks.iter().enumerate() {
            let Component { id, part, inputs, .. } = component;
            let mapped = pipeline.gets_adr_events(index);
            let stays = running.is_some_and(|running| {
                let was = running.sinks.iter().position(|was| was.is_as(component));
                was.is_some_and(|was| running.gets_adr_events(was) == mapped)
            });
            let mut kind = None;
            if !stays {
                let at = |failure: Failure| failure.at(format!("sink {id}"));
                let built: BuiltSink = part.build(id, mapped, &self.surround).map_err(at)?;
                if built.sharing.is_some() && self.surround.once {
                    let message = "`cluster` and --once exclude each other: an instance that shares tenants never knows \
                                   that it has them all; leave out `cluster`, or --once";
                    return Err(at(Failure::fatal(FailureKind::Config, message)));
                }
                sharing.extend(built.sharing.map(|share| (id.clone(), share)));
                kind = Some(built.kind);
            }
            let (name, inputs) = (id.clone(), inputs.clone());
            let buffer = component.buffer.map(|buffer| buffer.max_events);
            sinks.push(SinkNode { name, inputs, kind, buffer, caveats: part.warnings() });
        }
        let Topology { mut sources, transforms, .. } = self.sources_and_transforms(running, pipeline)?;
        for (at, component) in pipeline.sources.iter().enumerate() {
            let shared_by = sharers(pipeline, at);
            let was = running.and_then(|running| {
                let at = running.sources.iter().position(|was| was.id == component.id)?;
                Some(sharers(running, at))
            });
            let node = &mut sources[at];
            let differs = was.as_ref() != Some(&shared_by) || shared_by.iter().any(|id| sharing.contains_key(*id));
            if node.component.is_none() && differs {
                node.component = Some(self.source(component)?);
            }
            for id in shared_by {
                let Some(component) = node.component.take() else { break };
                let new = sharing.get(id).map(|sharing| &sharing.first);
                let share = new.or_else(|| self.sharing.get(id)).expect("a sink that shares says how");
                node.component = Some(share(component).ok_or_else(|| {
                    let message = format!("sink {id} has left its cluster: start the program again");
                    Failure::fatal(FailureKind::Config, message)
                })?);
            }
        }
        let stays = sinks.iter().filter(|sink| sink.kind.is_none()).map(|sink| sink.name.clone()).collect();
        let again = sharing.into_iter().map(|(id, sharing)| (id, sharing.again)).collect();
        self.next = (again, stays);
        Ok(Topology { sources, transforms, sinks, dead_letter: pipeline.dead_letter(), only: pipeline.only.clone() })
    }

    /// The same without its sinks.
    pub(crate) fn sources_and_transforms(
        &self,
        running: Option<&Pipeline>,
        pipeline: &Pipeline,
    ) -> Result<Topology, Failure> {
        let mut sources = Vec::new();
        for component in &pipeline.sources {
            let stays = running.is_some_and(|running| running.sources.iter().any(|was| was.is_as(component)));
            let built = (!stays).then(|| self.source(component)).transpose()?;
            sources.push(SourceNode { name: component.id.clone(), component: built });
        }
        let mut transforms = Vec::new();
        for component in &pipeline.transforms {
            let Component { id, part, inputs, output, .. } = component;
            let stays = running.is_some_and(|running| running.transforms.iter().any(|was| was.is_as(component)));
            let build = || part.build(output.as_ref(), &self.surround);
            let factory = (!stays).then(build).transpose().map_err(|failure| failure.at(format!("transform {id}")))?;
            transforms.push(TransformNode { name: id.clone(), inputs: inputs.clone(), factory });
        }
        Ok(Topology { sources, transforms, ..Topology::default() })
    }

    fn source(&self, component: &Component<super::Source>) -> Result<Box<dyn adr_core::SourceComponent>, Failure> {
        let Component { id, part, .. } = component;
        part.build(id, &self.surround).map_err(|failure| failure.at(format!("source {id}")))
    }
}

/// The sinks whose instances share the tenants of that source.
fn sharers(pipeline: &Pipeline, source: usize) -> BTreeSet<&Arc<str>> {
    let shares = |(at, sink): &(usize, &Component<super::Sink>)| {
        sink.part.is_shared() && pipeline.sources_of(*at).contains(&source)
    };
    pipeline.sinks.iter().enumerate().filter(shares).map(|(_, sink)| &sink.id).collect()
}

/// Why the change from one pipeline to another needs a start of the process, if it does.
pub(crate) fn needs_restart(running: &Pipeline, next: &Pipeline) -> Option<String> {
    if running.settings != next.settings {
        return Some("`state_dir`, `memory_budget` or `pipe_trail` has changed".to_owned());
    }
    if keeps_progress(next) && !keeps_progress(running) {
        return Some("it keeps progress now, for which no place was opened at the start".to_owned());
    }
    let other = |of: &Pipeline, than: &Pipeline| {
        let gone = |sink: &Component<super::Sink>| !than.sinks.iter().any(|same| same.is_as(sink));
        of.sinks.iter().any(|sink| sink.part.owns_progress() && gone(sink))
    };
    let owner_changes = other(running, next) || other(next, running);
    let touched = |at: usize| {
        let source = &running.sources[at];
        let same = next.sources.iter().position(|other| other.is_as(source));
        owner_changes || same.is_none_or(|same| running.way_of(Input::Source(at)) != next.way_of(Input::Source(same)))
    };
    let once = (0..running.sources.len()).find(|at| !running.sources[*at].part.can_start_again() && touched(*at));
    once.map(|at| {
        format!("what source `{}` brings cannot be read again, and its way has changed", running.sources[at].id)
    })
}
