//! What only the whole pipeline shows: it works, and will hurt all the same.

use adr_runtime::Input;

use super::node::{Node, Place, Value};
use super::problem::Problem;
use super::words::listed;
use super::{Component, Part, Pipeline};
use crate::components::{Sink, Transform};

/// Warnings about a pipeline that was read from this tree.
pub(super) fn check(root: &Node, pipeline: &Pipeline) -> Vec<Problem> {
    [no_trail(root, pipeline), without_facts(root, pipeline)].concat().into_iter().map(Problem::into_warning).collect()
}

/// Progress that is durable with the write into a pipe.
fn no_trail(root: &Node, pipeline: &Pipeline) -> Vec<Problem> {
    let Some(entry) = root.get("pipe_trail") else { return Vec::new() };
    let keeps = |sink: usize| pipeline.sources_of(sink).iter().any(|at| !pipeline.sources[*at].part.reads_stdin());
    let mut sinks = (0..pipeline.sinks.len()).filter(|sink| matches!(pipeline.sinks[*sink].part, Sink::Stdout(_)));
    if !pipeline.settings.pipe_trail.0.is_zero() || !sinks.any(keeps) {
        return Vec::new();
    }
    let problem = Problem::new("`pipe_trail` is 0s: what is in a pipe counts as delivered").at(&entry.node.place);
    vec![problem.help("after a crash of its reader that is not sent again; leave it at 60s if the output is a pipe")]
}

/// Transforms that go by what travels beside events, where nothing does.
fn without_facts(root: &Node, pipeline: &Pipeline) -> Vec<Problem> {
    let mut problems: Vec<Problem> = Vec::new();
    for component in &pipeline.transforms {
        let settings = component.part.goes_by_facts();
        if settings.is_empty() || component.inputs.iter().any(|input: &Input| pipeline.has_facts(*input)) {
            continue;
        }
        let (name, place) = (component.written(), place(root, component, settings[0]));
        let problem = Problem::new(format!(
            "transform `{name}`: nothing travels beside its events, no kind, severity or id, which {} would go by",
            listed(&settings, "and")
        ));
        let problem = problem.at(&place).help(
            "put a transform of type adr before it, or look into the text by a `condition`, `by: body` or the like",
        );
        if !problems.contains(&problem) {
            problems.push(problem);
        }
    }
    problems
}

/// Where a transform has that setting, or its name.
fn place(root: &Node, component: &Component<Transform>, setting: &str) -> Place {
    let section = root.get(Transform::SECTION).map(|entry| &entry.node);
    let Some(entry) = section.and_then(|section| section.get(component.written())) else { return 0..0 };
    find(&entry.node, setting).unwrap_or_else(|| entry.key_place.clone())
}

fn find(node: &Node, key: &str) -> Option<Place> {
    let Value::Table(entries) = &node.value else { return None };
    let here = entries.iter().find(|entry| entry.key == key).map(|entry| entry.key_place.clone());
    here.or_else(|| entries.iter().find_map(|entry| find(&entry.node, key)))
}
