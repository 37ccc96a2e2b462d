use std::sync::Arc;

use crate::args::{Logging, Run};
use crate::drive::outcome;
use crate::exit::Outcome;
use crate::launch::{Launch, State, keeps_progress};
use crate::reload::Again;
use crate::secrets::SecretReader;
use crate::state_dir::state_dir;

/// `run`: a pipeline file.
pub(super) fn run(args: &Run, logging: &Logging) -> Outcome {
    let paths = args.config.paths();
    let pipeline = Arc::new(super::load(&paths, logging)?);
    let dir = state_dir(args.state.state_dir.as_deref(), pipeline.settings.state_dir.as_deref())?;
    // A filter has no progress, and shares the state directory with whoever feeds it.
    let state = if keeps_progress(&pipeline) { State::Durable(dir) } else { State::Forgotten(dir, "run.ndjson") };
    let secrets = Arc::new(SecretReader::default());
    let again = Some(Again { paths, logging: logging.clone(), watch: args.watch_config });
    let launch = Launch { pipeline, again, secrets, process: &args.process, state, once: args.once };
    outcome(&launch.run(|_| ())?.report)
}
