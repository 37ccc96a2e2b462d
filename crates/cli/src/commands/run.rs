use std::sync::Arc;

use crate::args::{Logging, Run};
use crate::drive::outcome;
use crate::exit::Outcome;
use crate::launch::{Launch, State, keeps_progress};
use crate::secrets::SecretReader;
use crate::state_dir::state_dir;

/// `run`: a pipeline file.
pub(super) fn run(args: &Run, logging: &Logging) -> Outcome {
    let pipeline = super::load(&args.config, logging)?;
    let dir = state_dir(args.state.state_dir.as_deref(), pipeline.settings.state_dir.as_deref())?;
    // A filter has no progress, and shares the state directory with whoever feeds it.
    let state = if keeps_progress(&pipeline) { State::Durable(dir) } else { State::Forgotten(dir, "run.ndjson") };
    let secrets = Arc::new(SecretReader::default());
    let launch = Launch { pipeline: &pipeline, secrets, process: &args.process, state, once: args.once };
    outcome(&launch.run(|_| ())?.report)
}
