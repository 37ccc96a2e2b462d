use std::path::PathBuf;

use clap::Args;

use super::State;
use adr_core::Span;

/// Which running pipeline.
#[derive(Clone, Debug, Args)]
pub(crate) struct Control {
    /// The pipeline file: its state_dir says where the control socket is
    #[arg(short, long, env = "JUMPCLOUD_ADR_CONFIG", value_name = "FILE")]
    pub(crate) config: Vec<PathBuf>,
    #[command(flatten)]
    pub(crate) state: State,
    #[command(flatten)]
    pub(crate) socket: ControlSocket,
}

/// Where a running pipeline answers.
#[derive(Clone, Debug, Args)]
pub(crate) struct ControlSocket {
    /// The socket by which status, tap and top reach the running pipeline [default: control.sock in the state directory]
    #[arg(long, env = "JUMPCLOUD_ADR_CONTROL_SOCKET", value_name = "PATH")]
    pub(crate) control_socket: Option<PathBuf>,
}

/// `status`
#[derive(Debug, Args)]
pub(crate) struct Status {
    /// Only devices whose names, ids, organizations or states have one of these words in them
    #[arg(value_name = "WORD")]
    pub(crate) words: Vec<String>,
    /// As JSON: what GET /status gives
    #[arg(long)]
    pub(crate) json: bool,
    #[command(flatten)]
    pub(crate) control: Control,
}

/// `tap`
#[derive(Debug, Args)]
pub(crate) struct Tap {
    /// The component: the events that leave it, or of a sink those that reach it
    pub(crate) component: String,
    /// End after so many events
    #[arg(short = 'n', long, value_name = "N")]
    pub(crate) limit: Option<u64>,
    #[command(flatten)]
    pub(crate) control: Control,
}

/// `top`
#[derive(Debug, Args)]
pub(crate) struct Top {
    /// How often to look
    #[arg(short, long, value_name = "TIME", default_value = "1s")]
    pub(crate) interval: Span,
    /// Look once and end
    #[arg(long)]
    pub(crate) once: bool,
    #[command(flatten)]
    pub(crate) control: Control,
}
