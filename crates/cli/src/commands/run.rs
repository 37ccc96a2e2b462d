use std::sync::Arc;

use adr_runtime::Handle;

use crate::args::{Logging, Run};
use crate::config::{Findings, Paths, Pipeline};
use crate::drive::{Ended, outcome};
use crate::exit::{Exit, Outcome, Stop};
use crate::hosted;
use crate::launch::{Launch, State, keeps_progress};
use crate::reload::{Again, Origin};
use crate::secrets::SecretReader;
use crate::state_dir::state_dir;
use crate::web::Page;

/// `run`: a pipeline file.
pub(super) fn run(args: &Run, logging: &Logging) -> Outcome {
    let paths = args.config.paths();
    if !args.guest.hosted {
        let again = again(&paths, args, logging);
        let pipeline = super::load(&paths, logging)?;
        return outcome(&once(pipeline, again, args, |_| ())?.report);
    }
    hosted::persist(&paths, |attempt| {
        let again = again(&paths, args, logging);
        let pipeline = Pipeline::load(&paths).map_err(|found| in_one_line(&found))?;
        let reads_stdin = pipeline.reads_stdin();
        once(pipeline, again, args, |handle| attempt.runs(handle, !reads_stdin))
    })
}

/// Before they are read, so that nothing which changes meanwhile is missed.
fn again(paths: &Paths, args: &Run, logging: &Logging) -> Again {
    let origin = Origin::Files(paths.clone());
    Again { taken: origin.fingerprint(), origin, logging: logging.clone(), watch: args.watch_config }
}

fn once(pipeline: Pipeline, again: Again, args: &Run, watch: impl FnOnce(&Handle)) -> Result<Ended, Stop> {
    let pipeline = Arc::new(pipeline);
    let dir = state_dir(args.state.state_dir.as_deref(), pipeline.settings.state_dir.as_deref())?;
    // A filter has no progress, and shares the state directory with whoever feeds it.
    let state = if keeps_progress(&pipeline) { State::Durable(dir) } else { State::Forgotten(dir, "run.ndjson") };
    let secrets = Arc::new(SecretReader::default());
    let control = args.socket.control_socket.clone();
    let page = args.listen.clone().map(|listen| Page { listen, users: args.web.users.clone(), web: args.web.clone() });
    let process = &args.process;
    let launch =
        Launch { pipeline, again: Some(again), secrets, process, state, once: args.once, control, page, site: None };
    launch.run(watch)
}

/// The problems of the files, for a log that is read by nobody before something is missed.
fn in_one_line(found: &Findings) -> Stop {
    let problems: Vec<String> = found.in_lines().collect();
    Stop::new(Exit::Config, format!("{} (`jumpcloud-adr validate` shows the places)", problems.join("; ")))
}
