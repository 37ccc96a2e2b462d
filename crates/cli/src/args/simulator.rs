//! Flags of the simulator and of the demonstration.

use std::net::SocketAddr;
use std::path::PathBuf;

use adr_core::Span;
use adr_simulator::FaultSpec;
use clap::Args;

use super::Process;

/// `demo`
#[derive(Debug, Args)]
pub(crate) struct Demo {
    /// How many events
    #[arg(short = 'n', long, value_name = "N", default_value_t = 10_000)]
    pub(crate) events: u64,
    /// Another seed gives other events; the same seed gives the same
    #[arg(long, value_name = "S", default_value_t = 1)]
    pub(crate) seed: u64,
    #[command(flatten)]
    pub(crate) process: Process,
}

/// `simulate`
#[derive(Debug, Args)]
pub(crate) struct Simulate {
    /// The address to listen at
    #[arg(short, long, value_name = "ADDR", default_value = "127.0.0.1:8808")]
    pub(crate) listen: SocketAddr,
    /// How many events each organization has
    #[arg(short = 'n', long, value_name = "N", default_value_t = 10_000)]
    pub(crate) events: u64,
    /// How many organizations there are
    #[arg(long, value_name = "N", default_value_t = 1, conflicts_with = "files")]
    pub(crate) tenants: u32,
    /// Let the events happen from now on and for so long, such as 10m, instead of over the last 30 days
    #[arg(long, value_name = "SPAN", conflicts_with = "files")]
    pub(crate) live: Option<Span>,
    /// Another seed gives other events; the same seed gives the same
    #[arg(long, value_name = "S", default_value_t = 1)]
    pub(crate) seed: u64,
    /// Serve the events of an NDJSON file instead; may be given several times
    #[arg(short, long = "file", value_name = "FILE")]
    pub(crate) files: Vec<PathBuf>,
    /// Something that goes wrong, such as 429:every=10,retry=5s; may be given several times
    #[arg(long = "fault", value_name = "FAULT")]
    pub(crate) faults: Vec<FaultSpec>,
    /// Print every fault there is, and end
    #[arg(long)]
    pub(crate) list_faults: bool,
}
