//! Which transforms a name means, outputs that nobody reads among them.

use std::collections::BTreeSet;

use adr_runtime::Input;

use super::nearest::nearest;
use super::problem::Problem;
use super::words::one_of;
use super::{Component, Output, Part, Pipeline};
use crate::components::Transform;

/// What a name is used for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Meant {
    /// Where events flow in, or are rejected: a transform, with all of its outputs.
    Whole,
    /// Where events come out.
    Output,
}

/// The names of a pipeline.
pub(super) struct Names<'a> {
    pipeline: &'a Pipeline,
}

/// Makes a component of each output of a route that nobody reads. It evaluates as if it were not there: what it rejects
/// would, in the graph, be rejected by another, or by none.
pub(super) fn add_unread_outputs(pipeline: &mut Pipeline) {
    let mut unread: Vec<Component<Transform>> = Vec::new();
    for component in &pipeline.transforms {
        let Some(output) = &component.output else { continue };
        for name in component.part.outputs() {
            let id = format!("{}.{name}", component.written());
            let there = pipeline.transforms.iter().chain(&unread).any(|other| *other.id == *id);
            if !there {
                let same = component.with(component.part.clone(), component.inputs.clone());
                let output = Some(Output { name, read: output.read.clone() });
                unread.push(Component { id: id.into(), output, ..same });
            }
        }
    }
    pipeline.transforms.extend(unread);
}

/// That no source has this name.
pub(super) fn no_source(pipeline: &Pipeline, name: &str) -> Problem {
    let names: Vec<&str> = pipeline.sources.iter().map(|source| &*source.id).collect();
    let problem = Problem::new(format!("no source is named `{name}`"));
    match nearest(name, names.iter().copied()) {
        Some(near) => problem.help(format!("did you mean `{near}`?")),
        None => problem.help(one_of(&names)),
    }
}

impl<'a> Names<'a> {
    pub(super) fn of(pipeline: &'a Pipeline) -> Self {
        Self { pipeline }
    }

    /// The transforms that are meant, by index.
    pub(super) fn find(&self, name: &str, meant: Meant) -> Result<Vec<usize>, Box<Problem>> {
        let transforms = &self.pipeline.transforms;
        let whole: Vec<usize> = (0..transforms.len()).filter(|at| transforms[*at].written() == name).collect();
        let exactly = transforms.iter().position(|component| *component.id == *name);
        match (meant, exactly) {
            (Meant::Whole, _) if !whole.is_empty() => return Ok(whole),
            (Meant::Output, Some(at)) => return Ok(vec![at]),
            _ => {}
        }
        if let Some(at) = exactly {
            let route = transforms[at].written();
            let problem = Problem::new(format!("`{name}` is one of the outputs of `{route}`, which is one transform"));
            return Err(Box::new(problem.help(format!("write `{route}`"))));
        }
        if !whole.is_empty() {
            let named: Vec<&str> = whole.iter().map(|at| &*transforms[*at].id).collect();
            let problem = Problem::new(format!("`{name}` has several outputs: name the one that is meant"));
            return Err(Box::new(problem.help(one_of(&named))));
        }
        let source = self.pipeline.sources.iter().position(|source| *source.id == *name);
        let sink = self.pipeline.sinks.iter().find(|sink| *sink.id == *name);
        if let Some(at) = source {
            let problem = Problem::new(format!("`{name}` is a source, not a transform"));
            let behind = self.taking(Input::Source(at));
            return Err(Box::new(if behind.is_empty() { problem } else { problem.help(one_of(&behind)) }));
        }
        if let Some(sink) = sink {
            let problem = Problem::new(format!("`{name}` is a sink, not a transform"));
            let before = sink.inputs.iter().filter_map(|input| match *input {
                Input::Transform(at) => Some(&*transforms[at].id),
                Input::Source(_) => None,
            });
            let before: Vec<&str> = before.collect();
            return Err(Box::new(if before.is_empty() { problem } else { problem.help(one_of(&before)) }));
        }
        Err(Box::new(self.unknown(name, meant)))
    }

    fn unknown(&self, name: &str, meant: Meant) -> Problem {
        let names: BTreeSet<&str> = match meant {
            Meant::Whole => self.pipeline.transforms.iter().map(Component::written).collect(),
            Meant::Output => self.pipeline.transforms.iter().map(|component| &*component.id).collect(),
        };
        let names: Vec<&str> = names.into_iter().collect();
        let problem = Problem::new(format!("no transform is named `{name}`"));
        match nearest(name, names.iter().copied()) {
            Some(near) => problem.help(format!("did you mean `{near}`?")),
            None if names.is_empty() => problem.help("the pipeline has none"),
            None => problem.help(one_of(&names)),
        }
    }

    /// The transforms that take events from there.
    fn taking(&self, input: Input) -> Vec<&str> {
        let taking = self.pipeline.transforms.iter().filter(|component| component.inputs.contains(&input));
        let names: BTreeSet<&str> = taking.map(Component::written).collect();
        names.into_iter().collect()
    }

    /// Which transforms events come to that flow into these.
    pub(super) fn reached(&self, inserted: impl Iterator<Item = usize>) -> Vec<bool> {
        let mut reached = vec![false; self.pipeline.transforms.len()];
        inserted.for_each(|at| reached[at] = true);
        for (at, component) in self.pipeline.transforms.iter().enumerate() {
            let flows = |input: &Input| matches!(*input, Input::Transform(before) if reached[before]);
            reached[at] = reached[at] || component.inputs.iter().any(flows);
        }
        reached
    }
}
