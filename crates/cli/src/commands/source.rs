use std::sync::Arc;

use adr_core::Span;
use adr_runtime::{Handle, Input};

use crate::args::{Guest, JumpcloudArgs, Logging, Process, SourceArgs, SourceCommand, State as Place};
use crate::components::{Sink, Source};
use crate::config::{Component, Findings, Paths, Pipeline, Settings, part};
use crate::drive::{Ended, outcome};
use crate::exit::{Exit, Outcome, Stop};
use crate::hosted;
use crate::launch::{Launch, State, keeps_progress};
use crate::out::color;
use crate::secrets::SecretReader;
use crate::state_dir::state_dir;

/// `source`: raw events to standard output.
pub(super) fn source(args: &SourceArgs, logging: &Logging) -> Outcome {
    let (name, given, how) = match &args.command {
        Some(SourceCommand::Jumpcloud(args)) => {
            let JumpcloudArgs { given, once, pipe_trail, guest, state, process, .. } = &**args;
            ("jumpcloud", given, How { once: *once, pipe_trail: *pipe_trail, guest, place: state, process })
        }
        None => {
            let SourceArgs { alone, once, pipe_trail, guest, state, process, .. } = args;
            (alone.name(), &alone.given, How { once: *once, pipe_trail: *pipe_trail, guest, place: state, process })
        }
    };
    let paths = given.paths();
    let alone = || match (&paths, &given.settings, &args.command) {
        (Some(paths), _, _) => of_pipeline(name, paths, logging),
        (None, None, Some(SourceCommand::Jumpcloud(args))) => {
            let source = Source::Jumpcloud(Box::new(args.config()?));
            Ok((Component::new(name, source, Vec::new()), Settings::default()))
        }
        (None, None, None) if name == "jumpcloud" => {
            Err(Stop::new(Exit::Usage, "write the flags behind the name: source jumpcloud --once ..."))
        }
        (None, settings, _) => {
            let refused = |found: Findings| Stop::new(Exit::Usage, found.render(color(logging.color)));
            let source: Source = part(name, settings.as_deref().unwrap_or_default()).map_err(refused)?;
            Ok((Component::new(name, source, Vec::new()), Settings::default()))
        }
    };
    if !how.guest.hosted {
        return outcome(&run(alone()?, &how, |_, _| ())?.report);
    }
    hosted::persist(&paths.clone().unwrap_or_default(), |attempt| {
        run(alone()?, &how, |handle, reads_stdin| attempt.runs(handle, !reads_stdin))
    })
}

/// A source of a pipeline, with the pipeline's settings: it goes on where the pipeline was.
fn of_pipeline(name: &str, paths: &Paths, logging: &Logging) -> Result<(Component<Source>, Settings), Stop> {
    let pipeline = super::load(paths, logging)?;
    let at = pipeline.source(name).map_err(|said| Stop::new(Exit::Usage, said))?;
    let source = &pipeline.sources[at];
    Ok((source.with(source.part.clone(), Vec::new()), pipeline.settings))
}

/// How a source runs alone.
struct How<'a> {
    once: bool,
    pipe_trail: Option<Span>,
    guest: &'a Guest,
    place: &'a Place,
    process: &'a Process,
}

/// `watch` sees the handle, and whether the source reads standard input.
fn run(
    (source, mut settings): (Component<Source>, Settings),
    how: &How<'_>,
    watch: impl FnOnce(&Handle, bool),
) -> Result<Ended, Stop> {
    // A sink that takes what is rejected is none of this.
    settings.dead_letter = None;
    settings.pipe_trail = how.pipe_trail.unwrap_or(settings.pipe_trail);
    let dir = state_dir(how.place.state_dir.as_deref(), settings.state_dir.as_deref())?;
    let rejected = format!("source-{}.ndjson", source.id).leak();
    let pipeline = Pipeline {
        only: None,
        settings,
        sources: vec![source],
        transforms: Vec::new(),
        sinks: vec![Component::new(
            "stdout",
            Sink::Stdout(adr_sink_stdout::StdoutConfig::default()),
            vec![Input::Source(0)],
        )],
        warnings: Findings::default(),
    };
    let state = if keeps_progress(&pipeline) { State::Durable(dir) } else { State::Forgotten(dir, rejected) };
    let (reads_stdin, secrets) = (pipeline.reads_stdin(), Arc::new(SecretReader::default()));
    let launch = Launch {
        pipeline: Arc::new(pipeline),
        again: None,
        secrets,
        process: how.process,
        state,
        once: how.once,
        control: None,
        page: None,
        site: None,
    };
    launch.run(|handle| watch(handle, reads_stdin))
}
