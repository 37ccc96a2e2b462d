//! How the components of a pipeline are joined, with what flowed through them.

use std::collections::BTreeMap;

use adr_console::{Graph, GraphNode};
use adr_runtime::{Counts, Handle, Input};

use crate::config::{Component, Part, Pipeline};

/// The graph of what runs.
pub(super) fn of(pipeline: &Pipeline, handle: &Handle) -> Graph {
    let (counts, sinks) = (handle.counts(), handle.status().sinks());
    let name = |input: &Input| pipeline.name(input).to_owned();
    let numbers = |id: &str| counts.get(id).copied().unwrap_or_default();
    let mut nodes: Vec<GraphNode> = Vec::new();
    nodes.extend(pipeline.sources.iter().map(|source| node(source, Vec::new(), numbers(&source.id))));
    for transform in &pipeline.transforms {
        nodes.push(node(transform, transform.inputs.iter().map(name).collect(), numbers(&transform.id)));
    }
    for sink in &pipeline.sinks {
        let mut drawn = node(sink, sink.inputs.iter().map(name).collect(), numbers(&sink.id));
        let status = sinks.get(&sink.id);
        let stalled = || status?.stalled.map(|since| format!("it has delivered nothing since {since}"));
        let failing = || Some(status?.failing.as_ref()?.failure.to_string());
        drawn.failure = failing().or_else(stalled);
        nodes.push(drawn);
    }
    Graph { nodes }
}

fn node<T: Part>(component: &Component<T>, inputs: Vec<String>, counts: Counts) -> GraphNode {
    let numbers = [
        ("received", counts.received),
        ("sent", counts.sent),
        ("duplicates", counts.duplicates),
        ("discarded", counts.discarded),
        ("rejected", counts.rejected),
        ("failed", counts.failed),
        ("in_flight", counts.in_flight()),
    ];
    GraphNode {
        name: component.id.to_string(),
        kind: T::KIND.to_owned(),
        component_type: component.part.type_name().to_owned(),
        inputs,
        counts: numbers.into_iter().map(|(name, count)| (name.to_owned(), count)).collect::<BTreeMap<_, _>>(),
        failure: None,
    }
}
