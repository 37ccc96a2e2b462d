//! The socket of a running pipeline: where it is, from either side.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use adr_console::{Desk, Socket, serve};
use adr_runtime::Handle;
use tokio_util::task::AbortOnDropHandle;

use crate::args::{Control, Logging};
use crate::config::{Paths, Pipeline};
use crate::exit::{Exit, Stop};
use crate::out::color;
use crate::state_dir::state_dir;

/// Its name in the state directory.
const NAME: &str = "control.sock";

/// The socket of a pipeline that keeps its progress in this directory.
pub(crate) fn beside(state_dir: &Path) -> PathBuf {
    state_dir.join(NAME)
}

/// The socket that a command means.
pub(crate) fn meant(control: &Control, logging: &Logging) -> Result<PathBuf, Stop> {
    if let Some(path) = &control.socket.control_socket {
        return Ok(path.clone());
    }
    let mut file = None;
    if !control.config.is_empty() {
        let paths = Paths { files: control.config.clone(), folders: Vec::new() };
        let pipeline =
            Pipeline::load(&paths).map_err(|refused| Stop::new(Exit::Config, refused.render(color(logging.color))))?;
        file = pipeline.settings.state_dir;
    }
    Ok(beside(&state_dir(control.state.state_dir.as_deref(), file.as_deref())?))
}

/// Answers at that socket while the pipeline runs. It can do without: then it says why.
pub(crate) fn answer(path: &Path, handle: &Handle, desk: Arc<dyn Desk>) -> Option<AbortOnDropHandle<()>> {
    match Socket::bind(path) {
        Ok(socket) => Some(AbortOnDropHandle::new(tokio::spawn(serve(socket, handle.clone(), desk)))),
        Err(failure) => {
            tracing::warn!(
                "status, tap and top cannot reach this pipeline: {failure}; --control-socket PATH takes another place"
            );
            None
        }
    }
}
