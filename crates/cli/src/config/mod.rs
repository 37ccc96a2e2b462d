//! The pipeline file: Vector's shape, read so that every mistake is shown at its place.
//!
//! ```text
//! files --> node (a tree with places) --> variables --> merge --> section (id, type, inputs, settings) --> part (its own struct) --> graph
//! ```
//! The types are read first, then each component straight into its own struct by [`read`]. All problems of a file
//! are collected and told at once.

mod alone;
mod buffer;
mod component;
mod dead_letter;
mod files;
mod graph;
mod hurts;
mod identity;
mod interpolate;
mod mask;
mod merge;
mod names;
mod nearest;
mod node;
mod pin;
mod problem;
mod progress;
mod read;
mod section;
mod settings;
mod syntax;
mod template;
mod unit_tests;
mod variables;
mod words;

use std::collections::BTreeSet;
use std::fmt;
use std::sync::Arc;

pub(crate) use alone::part;
pub(crate) use buffer::Buffer;
pub(crate) use component::Part;
pub(crate) use files::Paths;
pub(crate) use settings::Settings;
pub(crate) use template::{Seat, Template};
pub(crate) use unit_tests::TestConfig;
pub(crate) use variables::variables;
pub(crate) use words::one_of;

use adr_core::SecretRef;
use adr_runtime::{Input, Only};

use crate::components::{Makes, Sink, Source, Transform};
use crate::testing::Test;
use files::Files;
use interpolate::Variables;
use node::Node;
use problem::Problem;

/// A pipeline that can be built: every name in it is known, and transforms stand in the order of the flow.
#[derive(Debug)]
pub(crate) struct Pipeline {
    pub(crate) settings: Settings,
    pub(crate) sources: Vec<Component<Source>>,
    pub(crate) transforms: Vec<Component<Transform>>,
    pub(crate) sinks: Vec<Component<Sink>>,
    /// Which transforms and sinks only certain tenants reach, where a template was filled with devices.
    pub(crate) only: Option<Only>,
    /// What works and will hurt all the same.
    pub(crate) warnings: Findings,
}

/// A pipeline with the tests of its transforms.
#[derive(Debug)]
pub(crate) struct Suite {
    /// With every output of its routes, so that tests can look at those too that nobody reads.
    pub(crate) pipeline: Pipeline,
    /// How many of the pipeline's transforms are of the graph that runs: the first ones.
    pub(crate) graph: usize,
    /// In the order of the files.
    pub(crate) tests: Vec<Test>,
}

/// A component of the graph.
#[derive(Debug)]
pub(crate) struct Component<T> {
    /// Its name in the file.
    pub(crate) id: Arc<str>,
    /// Its settings.
    pub(crate) part: T,
    /// What flows into it; nothing into a source.
    pub(crate) inputs: Vec<Input>,
    /// Which of its outputs this is, where it has several: each that is read is a component of the graph.
    pub(crate) output: Option<Output>,
    /// How much may wait at it, where it is a sink that has a limit.
    pub(crate) buffer: Option<Buffer>,
    /// The secrets it refers to, by where it stands in a file.
    secrets: Vec<SecretRef>,
    /// Its settings as the file has them.
    text: String,
}

/// One of several outputs of a component.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Output {
    /// Its name, without the component's.
    pub(crate) name: String,
    /// All outputs of the component that somebody reads.
    pub(crate) read: BTreeSet<String>,
}

impl<T> Component<T> {
    /// One that stands in no file.
    pub(crate) fn new(id: &str, part: T, inputs: Vec<Input>) -> Self {
        Self { id: id.into(), part, inputs, output: None, buffer: None, secrets: Vec::new(), text: String::new() }
    }

    /// The same, made of something else.
    pub(crate) fn with(&self, part: T, inputs: Vec<Input>) -> Self {
        let Self { id, output, buffer, secrets, text, .. } = self;
        Self {
            id: id.clone(),
            part,
            inputs,
            output: output.clone(),
            buffer: *buffer,
            secrets: secrets.clone(),
            text: text.clone(),
        }
    }

    /// Whether it has the same name and the same settings. What flows into it may be another matter.
    pub(crate) fn is_as(&self, other: &Self) -> bool {
        (&self.id, &self.text, &self.output) == (&other.id, &other.text, &other.output)
    }

    /// Its name in the file.
    pub(crate) fn written(&self) -> &str {
        match &self.output {
            Some(output) => self.id.strip_suffix(&*output.name).and_then(|id| id.strip_suffix('.')).unwrap_or(&self.id),
            None => &self.id,
        }
    }
}

/// What was found in a file: all problems of it, or its warnings.
#[derive(Debug, Default)]
pub(crate) struct Findings {
    files: Files,
    problems: Vec<Problem>,
}

impl Pipeline {
    /// Reads the files and checks all of them but for their tests. Touches no network and reads no secret.
    pub(crate) fn load(paths: &Paths) -> Result<Self, Findings> {
        Self::of(read_all(paths)?)
    }

    fn of(read: Read) -> Result<Self, Findings> {
        let pipeline = graph::pipeline(&read.root);
        read.judged(pipeline, Vec::new())
    }

    /// The names of components that are not as they were, or that have other inputs, or are gone.
    pub(crate) fn changed(&self, next: &Self) -> Vec<String> {
        fn differ<T>(was: &Pipeline, of: &[Component<T>], now: &Pipeline, list: &[Component<T>]) -> Vec<String> {
            let same = |one: &Component<T>, other: &Component<T>| {
                let only = was.tenants_of(&one.id) == now.tenants_of(&other.id);
                let edge = only && one.buffer == other.buffer && was.names(&one.inputs) == now.names(&other.inputs);
                one.is_as(other) && edge
            };
            let new = list.iter().filter(|other| !of.iter().any(|one| same(one, other)));
            let gone = of.iter().filter(|one| !list.iter().any(|other| one.id == other.id));
            new.chain(gone).map(|component| component.id.to_string()).collect()
        }
        let mut changed = differ(self, &self.sources, next, &next.sources);
        changed.extend(differ(self, &self.transforms, next, &next.transforms));
        changed.extend(differ(self, &self.sinks, next, &next.sinks));
        changed.extend((self.settings.dead_letter != next.settings.dead_letter).then(|| "dead_letter".to_owned()));
        changed
    }

    /// The tenants that reach a component of their own; None where all do.
    pub(crate) fn tenants_of(&self, component: &str) -> Option<&BTreeSet<Arc<str>>> {
        self.only.as_ref()?.get(component)
    }

    fn names(&self, inputs: &[Input]) -> Vec<&str> {
        inputs.iter().map(|input| self.name(input)).collect()
    }

    /// The name of an input.
    pub(crate) fn name(&self, input: &Input) -> &str {
        match *input {
            Input::Source(at) => &self.sources[at].id,
            Input::Transform(at) => &self.transforms[at].id,
        }
    }

    /// The secrets of components that are new or not as they were.
    pub(crate) fn new_secrets(&self, running: &Self) -> Vec<&SecretRef> {
        fn of<'a, T>(next: &'a [Component<T>], was: &[Component<T>]) -> impl Iterator<Item = &'a SecretRef> {
            next.iter().filter(|next| !was.iter().any(|was| was.is_as(next))).flat_map(|next| &next.secrets)
        }
        let sources = of(&self.sources, &running.sources);
        let transforms = of(&self.transforms, &running.transforms);
        sources.chain(transforms).chain(of(&self.sinks, &running.sinks)).collect()
    }

    /// A sink that runs with other settings than these: the next reload shall try again.
    pub(crate) fn forget(&mut self, sink: &str) {
        self.sinks.iter_mut().filter(|component| &*component.id == sink).for_each(|component| component.text.clear());
    }

    /// Whether nothing but ADR events reaches a sink.
    pub(crate) fn gets_adr_events(&self, sink: usize) -> bool {
        let inputs = &self.sinks[sink].inputs;
        !inputs.is_empty() && inputs.iter().all(|input| self.are_adr_events(*input))
    }

    /// The sink that serves as the dead letter, by its index.
    pub(crate) fn dead_letter(&self) -> Option<usize> {
        let name = self.settings.dead_letter.as_deref()?;
        self.sinks.iter().position(|sink| &*sink.id == name)
    }

    fn are_adr_events(&self, input: Input) -> bool {
        let Input::Transform(at) = input else { return false };
        let Component { part, inputs, .. } = &self.transforms[at];
        match part.makes() {
            Makes::AdrEvents => true,
            Makes::Anything => false,
            Makes::TheSame => inputs.iter().all(|input| self.are_adr_events(*input)),
        }
    }

    /// A transform by its name, or the output of a route, be it one that nobody reads.
    pub(crate) fn transform(mut self, name: &str) -> Result<(Self, usize), String> {
        names::add_unread_outputs(&mut self);
        let found = names::Names::of(&self).find(name, names::Meant::Output).map_err(|problem| problem.line())?;
        Ok((self, found[0]))
    }

    /// A source by its name.
    pub(crate) fn source(&self, name: &str) -> Result<usize, String> {
        let found = self.sources.iter().position(|source| *source.id == *name);
        found.ok_or_else(|| names::no_source(self, name).line())
    }

    /// Whether what travels beside these events says of what kind they are.
    pub(crate) fn has_facts(&self, input: Input) -> bool {
        match input {
            Input::Source(at) => self.sources[at].part.has_facts(),
            Input::Transform(at) => {
                let Component { part, inputs, .. } = &self.transforms[at];
                part.makes() == Makes::AdrEvents || inputs.iter().any(|input| self.has_facts(*input))
            }
        }
    }

    /// What an input's events go through: every component they reach, those of its inputs they come by, and its buffer.
    pub(crate) fn way_of(&self, input: Input) -> Vec<(&str, Vec<&str>, Option<Buffer>)> {
        let name = |input: &Input| self.name(input);
        let mut reached = vec![input];
        let mut way = Vec::new();
        for (at, component) in self.transforms.iter().enumerate() {
            let by: Vec<&str> = component.inputs.iter().filter(|input| reached.contains(input)).map(name).collect();
            if !by.is_empty() {
                way.push((&*component.id, by, component.buffer));
                reached.push(Input::Transform(at));
            }
        }
        for component in &self.sinks {
            let by: Vec<&str> = component.inputs.iter().filter(|input| reached.contains(input)).map(name).collect();
            if !by.is_empty() {
                way.push((&*component.id, by, component.buffer));
            }
        }
        way
    }

    /// Whether a source of it reads standard input.
    pub(crate) fn reads_stdin(&self) -> bool {
        self.sources.iter().any(|source| source.part.reads_stdin())
    }

    /// Whether a sink of it writes to standard output.
    pub(crate) fn writes_stdout(&self) -> bool {
        self.sinks.iter().any(|sink| matches!(sink.part, Sink::Stdout(_)))
    }

    /// The sources whose events reach a sink, by index.
    pub(crate) fn sources_of(&self, sink: usize) -> BTreeSet<usize> {
        let mut found = BTreeSet::new();
        let mut inputs = self.sinks[sink].inputs.clone();
        while let Some(input) = inputs.pop() {
            match input {
                Input::Source(source) => drop(found.insert(source)),
                Input::Transform(transform) => inputs.extend(&self.transforms[transform].inputs),
            }
        }
        found
    }
}

impl Suite {
    /// The same with its tests, which are checked too.
    pub(crate) fn load(paths: &Paths) -> Result<Self, Findings> {
        let read = read_all(paths)?;
        let mut wrong = Vec::new();
        let written = unit_tests::written(&read.root, &mut wrong);
        let suite =
            graph::pipeline(&read.root).map(|pipeline| unit_tests::suite(written, pipeline, &read.files, &mut wrong));
        let (pipeline, tests) = match suite {
            Ok(Self { pipeline, graph, tests }) => (Ok(pipeline), Some((graph, tests))),
            Err(problems) => (Err(problems), None),
        };
        let pipeline = read.judged(pipeline, wrong)?;
        let (graph, tests) = tests.unwrap_or_default();
        Ok(Self { pipeline, graph, tests })
    }
}

/// The pipeline as it is after all files and variables, in YAML and without secrets.
pub(crate) fn effective(paths: &Paths) -> Result<String, Findings> {
    // Read once: what is printed is what was checked.
    let read = read_all(paths)?;
    let masked = mask::masked(&read.root);
    Pipeline::of(read)?;
    serde_saphyr::to_string(&masked)
        .map_err(|error| Findings::new(vec![Problem::new(format!("the pipeline cannot be written as YAML: {error}"))]))
}

/// The tree of all files together, with the variables' values in it.
struct Read {
    root: Node,
    files: Files,
    /// What is wrong already.
    problems: Vec<Problem>,
}

impl Read {
    /// What was made of the tree, or all that is wrong: beside its own problems there may be `wrong` ones.
    fn judged(self, pipeline: Result<Pipeline, Vec<Problem>>, wrong: Vec<Problem>) -> Result<Pipeline, Findings> {
        let Self { files, mut problems, .. } = self;
        let (pipeline, more) = match pipeline {
            Ok(pipeline) => (Some(pipeline), wrong),
            Err(more) => (None, [more, wrong].concat()),
        };
        // What follows from a variable that is not set is not worth telling.
        let follows = |problem: &Problem| problems.iter().any(|told| told.place == problem.place);
        let more: Vec<Problem> = more.into_iter().filter(|problem| !follows(problem)).collect();
        problems.extend(more);
        match pipeline {
            Some(pipeline) if problems.is_empty() => {
                Ok(Pipeline { warnings: Findings { files, ..pipeline.warnings }, ..pipeline })
            }
            _ => Err(Findings::sorted(files, problems)),
        }
    }
}

fn read_all(paths: &Paths) -> Result<Read, Findings> {
    let (root, files, problems) = parse_all(paths, Some(&variable))?;
    Ok(Read { root, files, problems })
}

/// Reads all files, and puts the variables' values into them where there are any; what cannot be read at all leaves nothing
/// to check.
fn parse_all(paths: &Paths, variables: Option<Variables<'_>>) -> Result<(Node, Files, Vec<Problem>), Findings> {
    let (mut illegible, mut problems) = (Vec::new(), Vec::new());
    let mut files = Files::read(paths, &mut illegible);
    let mut roots = Vec::new();
    for file in &mut files.0 {
        match Node::parse(&file.text) {
            Ok(mut root) => {
                file.shown = mask::mask(&file.text, &root);
                let found = variables.map(|variables| interpolate::interpolate(&mut root, &file.text, variables));
                let found = found.unwrap_or_default();
                problems.extend(found.into_iter().map(|problem| problem.shift(file.start)));
                root.shift(file.start);
                roots.push(root);
            }
            Err(problem) => {
                file.shown = mask::mask_lines(&file.text);
                illegible.push(problem.shift(file.start));
            }
        }
    }
    if !illegible.is_empty() {
        return Err(Findings::sorted(files, [illegible, problems].concat()));
    }
    let root = merge::merge(roots, &mut problems);
    Ok((root, files, problems))
}

#[expect(clippy::disallowed_methods, reason = "the one place that reads the variables of a pipeline file")]
fn variable(name: &str) -> Option<String> {
    std::env::var(name).ok()
}

impl Findings {
    fn new(problems: Vec<Problem>) -> Self {
        Self { problems, ..Self::default() }
    }

    /// In the order in which they stand in the files.
    fn sorted(files: Files, mut problems: Vec<Problem>) -> Self {
        problems.sort_by_key(|problem| problem.place.as_ref().map_or(0, |place| place.start));
        Self { files, problems }
    }

    /// Each in one line, without its place.
    pub(crate) fn in_lines(&self) -> impl Iterator<Item = String> {
        self.problems.iter().map(Problem::line)
    }

    /// All problems as a person reads them.
    pub(crate) fn render(&self, color: bool) -> String {
        let texts = self.problems.iter().map(|problem| problem.render(&self.files, color));
        texts.collect::<Vec<_>>().join("\n\n")
    }
}

impl fmt::Display for Findings {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.render(false))
    }
}

/// An I/O error without its number.
pub(crate) fn in_short(error: &std::io::Error) -> String {
    match error.kind() {
        std::io::ErrorKind::NotFound => "there is no such file".to_owned(),
        std::io::ErrorKind::PermissionDenied => "this user may not read it".to_owned(),
        std::io::ErrorKind::IsADirectory => "it is a folder".to_owned(),
        std::io::ErrorKind::InvalidData => "it is not text in UTF-8".to_owned(),
        _ => error.to_string(),
    }
}
