//! The pipeline file: Vector's shape, read so that every mistake is shown at its place.
//!
//! ```text
//! text --> node (a tree with places) --> section (id, type, inputs, settings) --> part (its own struct) --> graph
//! ```
//! The types are read first, then each component straight into its own struct by [`read`]. All problems of a file
//! are collected and told at once.

mod component;
mod graph;
mod mask;
mod nearest;
mod node;
mod pin;
mod problem;
mod progress;
mod read;
mod section;
mod settings;
mod syntax;
mod words;

use std::collections::BTreeSet;
use std::fmt;
use std::path::{Path, PathBuf};
use std::sync::Arc;

pub(crate) use component::Part;
pub(crate) use settings::Settings;

use adr_runtime::Input;

use crate::components::{Sink, Source, Transform};
use node::Node;
use problem::Problem;

/// A pipeline that can be built: every name in it is known, and transforms stand in the order of the flow.
#[derive(Debug)]
pub(crate) struct Pipeline {
    pub(crate) settings: Settings,
    pub(crate) sources: Vec<Component<Source>>,
    pub(crate) transforms: Vec<Component<Transform>>,
    pub(crate) sinks: Vec<Component<Sink>>,
    /// What works and will hurt all the same.
    pub(crate) warnings: Findings,
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
}

/// What was found in a file: all problems of it, or its warnings.
#[derive(Debug, Default)]
pub(crate) struct Findings {
    file: PathBuf,
    /// The text without secrets.
    shown: String,
    problems: Vec<Problem>,
}

impl Pipeline {
    /// Reads a file and checks all of it. Touches no network and reads no secret.
    pub(crate) fn load(file: &Path) -> Result<Self, Findings> {
        let text = std::fs::read_to_string(file).map_err(|error| {
            let problem = Problem::new(format!("the pipeline file cannot be read: {}", in_short(&error)));
            let problem = problem.help("name the file with -c FILE or JUMPCLOUD_ADR_CONFIG=FILE");
            Findings { file: file.to_owned(), ..Findings::new(vec![problem]) }
        })?;
        let root = Node::parse(&text).map_err(|problem| Findings {
            file: file.to_owned(),
            shown: mask::mask_lines(&text),
            problems: vec![*problem],
        })?;
        let found = |problems| Findings { file: file.to_owned(), shown: mask::mask(&text, &root), problems };
        let mut pipeline = graph::pipeline(&root).map_err(|mut problems| {
            problems.sort_by_key(|problem| problem.place.as_ref().map_or(0, |place| place.start));
            found(problems)
        })?;
        pipeline.warnings = found(pipeline.warnings.problems);
        Ok(pipeline)
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

impl Findings {
    fn new(problems: Vec<Problem>) -> Self {
        Self { problems, ..Self::default() }
    }

    /// Each in one line, without its place.
    pub(crate) fn in_lines(&self) -> impl Iterator<Item = String> {
        self.problems.iter().map(Problem::line)
    }

    /// All problems as a person reads them.
    pub(crate) fn render(&self, color: bool) -> String {
        let texts = self.problems.iter().map(|problem| problem.render(&self.file, &self.shown, color));
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
