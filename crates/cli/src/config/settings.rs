//! The settings of the program: what stands at the top of a pipeline file.

use std::path::PathBuf;
use std::time::Duration;

use schemars::JsonSchema;
use serde::Deserialize;
use serde::de::IgnoredAny;

use adr_core::{Size, Span};

/// What a pipeline file may have at its top besides its components.
#[derive(Clone, Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct Settings {
    // The sections are read on their own; they stand here so that they are known names.
    #[serde(default, rename = "sources")]
    #[schemars(skip)]
    _sources: Option<IgnoredAny>,
    #[serde(default, rename = "transforms")]
    #[schemars(skip)]
    _transforms: Option<IgnoredAny>,
    #[serde(default, rename = "sinks")]
    #[schemars(skip)]
    _sinks: Option<IgnoredAny>,
    #[serde(default, rename = "tests")]
    #[schemars(skip)]
    _tests: Option<IgnoredAny>,
    /// Where progress is kept; default: $STATE_DIRECTORY, else the user's state folder.
    #[serde(default)]
    pub(crate) state_dir: Option<PathBuf>,
    /// How many bytes of events may be in flight; default 64MiB.
    #[serde(default = "memory_budget")]
    #[schemars(default = "written_memory_budget")]
    pub(crate) memory_budget: Size,
    /// The sink, without `inputs`, that takes the events that are rejected; default: a file in `state_dir`.
    #[serde(default)]
    pub(crate) dead_letter: Option<String>,
    /// How long after a write into a pipe progress becomes durable: a pipe acknowledges nothing; default 60s.
    #[serde(default = "pipe_trail")]
    #[schemars(default = "written_pipe_trail")]
    pub(crate) pipe_trail: Span,
}

/// Whether a running process can have the one for the other.
impl PartialEq for Settings {
    fn eq(&self, other: &Self) -> bool {
        let of = |settings: &Self| (settings.state_dir.clone(), settings.memory_budget, settings.pipe_trail);
        of(self) == of(other)
    }
}

impl Default for Settings {
    fn default() -> Self {
        Self {
            _sources: None,
            _transforms: None,
            _sinks: None,
            _tests: None,
            state_dir: None,
            dead_letter: None,
            memory_budget: memory_budget(),
            pipe_trail: pipe_trail(),
        }
    }
}

fn memory_budget() -> Size {
    Size(64 << 20)
}

fn pipe_trail() -> Span {
    Span(Duration::from_secs(60))
}

fn written_memory_budget() -> &'static str {
    "64MiB"
}

fn written_pipe_trail() -> &'static str {
    "60s"
}
