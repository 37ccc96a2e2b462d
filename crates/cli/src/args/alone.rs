//! Flags of components that run alone.

use std::path::PathBuf;

use adr_core::Span;
use clap::Args;

use super::{Guest, Process, SourceCommand, State, TransformCommand};
use crate::config::Paths;

/// Where a component has its settings from. No variable says it: whether NAME is a name or a type shall be seen on the
/// command line.
#[derive(Clone, Debug, Args)]
pub(crate) struct Given {
    /// The pipeline file with the component of this name; given several times, the files are one pipeline together
    #[arg(short, long = "config", value_name = "FILE")]
    config: Vec<PathBuf>,
    /// A folder whose `*.yaml` files are one pipeline together
    #[arg(long, value_name = "DIR")]
    config_dir: Vec<PathBuf>,
    /// Its settings in YAML as a pipeline file has them, such as 'condition: .severity_id >= 4'
    #[arg(long, value_name = "YAML", conflicts_with_all = ["config", "config_dir"])]
    pub(crate) settings: Option<String>,
}

impl Given {
    /// Where the pipeline is written, if it is one of a pipeline.
    pub(crate) fn paths(&self) -> Option<Paths> {
        let paths = Paths { files: self.config.clone(), folders: self.config_dir.clone() };
        (!paths.files.is_empty() || !paths.folders.is_empty()).then_some(paths)
    }
}

/// Which component.
#[derive(Clone, Debug, Args)]
pub(crate) struct Alone {
    /// Its name in the pipeline file, or without a file its type; the output of a route is NAME.OUTPUT
    #[arg(required = true)]
    name: Option<String>,
    #[command(flatten)]
    pub(crate) given: Given,
}

impl Alone {
    /// Its name, or its type.
    pub(crate) fn name(&self) -> &str {
        self.name.as_deref().unwrap_or_default()
    }
}

/// `source`
#[derive(Debug, Args)]
#[command(args_conflicts_with_subcommands = true, subcommand_negates_reqs = true)]
pub(crate) struct SourceArgs {
    #[command(flatten)]
    pub(crate) alone: Alone,
    /// End when everything up to now is written, instead of waiting for more
    #[arg(long)]
    pub(crate) once: bool,
    /// How long after a write into a pipe progress becomes durable [default: the pipeline file's, or 60s]
    #[arg(long, value_name = "TIME")]
    pub(crate) pipe_trail: Option<Span>,
    #[command(flatten)]
    pub(crate) guest: Guest,
    #[command(flatten)]
    pub(crate) state: State,
    #[command(flatten)]
    pub(crate) process: Process,
    #[command(subcommand)]
    pub(crate) command: Option<SourceCommand>,
}

/// `transform`
#[derive(Debug, Args)]
#[command(args_conflicts_with_subcommands = true, subcommand_negates_reqs = true)]
pub(crate) struct TransformArgs {
    #[command(flatten)]
    pub(crate) alone: Alone,
    /// The Organization ID of events that do not say theirs
    #[arg(long, env = "JUMPCLOUD_ADR_ORG_ID", value_name = "ID")]
    pub(crate) tenant: Option<String>,
    #[command(flatten)]
    pub(crate) state: State,
    #[command(flatten)]
    pub(crate) process: Process,
    #[command(subcommand)]
    pub(crate) command: Option<TransformCommand>,
}
