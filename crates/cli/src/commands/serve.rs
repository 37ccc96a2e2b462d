use std::sync::Arc;

use super::user::USERS;
use crate::args::{Logging, Serve};
use crate::devices::Unready;
use crate::drive::outcome;
use crate::exit::{Exit, Outcome, Stop};
use crate::launch::{Launch, Served, State};
use crate::out::color;
use crate::reload::{Again, Origin};
use crate::state_dir::state_dir;
use crate::web::Page;

/// `serve`: a pipeline for every device of a folder, whatever becomes of the folder.
pub(super) fn serve(args: &Serve, logging: &Logging) -> Outcome {
    let site = Arc::new(super::site(&args.devices)?);
    // Before they are read, so that nothing which changes meanwhile is missed.
    let origin = Origin::Devices(site.clone());
    let taken = origin.fingerprint();
    let (pipeline, roll) = site.load().map_err(|unready| match unready {
        Unready::Template(found) => Stop::new(Exit::Config, found.render(color(logging.color))),
        Unready::Folder(failure) => failure.into(),
    })?;
    tracing::info!(devices = roll.0.len(), folder = %site.folder().path().display(), "serving devices");
    let dir = state_dir(args.state.state_dir.as_deref(), pipeline.settings.state_dir.as_deref())?;
    let users = args.web.users.clone().unwrap_or_else(|| site.folder().path().join(USERS));
    let page = Page { listen: args.listen.clone(), users: Some(users), web: args.web.clone() };
    let launch = Launch {
        pipeline: Arc::new(pipeline),
        again: Some(Again { origin, logging: logging.clone(), watch: true, taken }),
        secrets: site.secrets(),
        process: &args.process,
        state: State::Durable(dir),
        once: false,
        control: args.socket.control_socket.clone(),
        page: Some(page),
        site: Some(Served { site, roll, provider_interval: args.provider_interval.0 }),
    };
    outcome(&launch.run(|_| ())?.report)
}
