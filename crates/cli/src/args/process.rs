//! Flags of commands that run a pipeline.

use std::path::PathBuf;
use std::time::Duration;

use clap::Args;

/// Where progress is kept.
#[derive(Clone, Debug, Args)]
pub(crate) struct State {
    /// Where progress is kept [default: the pipeline file's state_dir, $STATE_DIRECTORY, or the user's state folder]
    #[arg(long, env = "JUMPCLOUD_ADR_STATE_DIR", value_name = "DIR")]
    pub(crate) state_dir: Option<PathBuf>,
}

/// How long a stop waits unless it is told otherwise.
pub(crate) const DRAIN_SECS: u64 = 60;

/// How the process runs.
#[derive(Clone, Debug, Args)]
pub(crate) struct Process {
    /// Threads to use [default: one for each core]
    #[arg(short, long, env = "JUMPCLOUD_ADR_THREADS", value_name = "N", value_parser = clap::value_parser!(u16).range(1..=512))]
    threads: Option<u16>,
    /// How long to deliver what is in flight after SIGTERM, before giving it up
    #[arg(long, env = "JUMPCLOUD_ADR_GRACEFUL_SHUTDOWN_LIMIT_SECS", value_name = "SECONDS", default_value_t = DRAIN_SECS)]
    graceful_shutdown_limit_secs: u64,
}

impl Process {
    /// Threads to use.
    pub(crate) fn threads(&self) -> usize {
        let cores = || std::thread::available_parallelism().map_or(1, std::num::NonZero::get);
        self.threads.map_or_else(cores, usize::from)
    }

    /// How long a drain may take.
    pub(crate) fn drain(&self) -> Duration {
        // Longer than a year is for ever, and stays in the range of instants.
        Duration::from_secs(self.graceful_shutdown_limit_secs.min(366 * 86_400))
    }
}
