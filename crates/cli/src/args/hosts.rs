//! Flags for life as a guest of another program.

use std::path::PathBuf;

use clap::{Args, ValueEnum};

use super::{Config, State};

/// Whether another program starts this one.
#[derive(Clone, Copy, Debug, Args)]
pub(crate) struct Guest {
    /// Under a program that starts this one again whenever it ends: where it would end with an error, say so in one
    /// line and try again slowly (30s, growing to 5min; at once on SIGHUP or when a pipeline file changes)
    #[arg(long, env = "JUMPCLOUD_ADR_HOSTED")]
    pub(crate) hosted: bool,
}

/// `generate`
#[derive(Debug, Args)]
pub(crate) struct Generate {
    /// Whose configuration
    pub(crate) host: Host,
    #[command(flatten)]
    pub(crate) config: Config,
    /// The sink that leads there, where there are several
    #[arg(long, value_name = "NAME")]
    pub(crate) sink: Option<String>,
    /// Where this program will be [default: where it is now]
    #[arg(long, value_name = "PATH")]
    pub(crate) binary: Option<PathBuf>,
    #[command(flatten)]
    pub(crate) state: State,
}

/// A program that takes our events.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(crate) enum Host {
    /// Vector: exec, http_server or file source
    Vector,
    /// Fluent Bit: exec, http or tail input
    FluentBit,
    /// Telegraf: execd input
    Telegraf,
    /// The OpenTelemetry Collector: filelog receiver
    Opentelemetry,
}
