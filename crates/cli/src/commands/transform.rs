use std::sync::Arc;

use adr_runtime::Input;
use adr_transform::AdrConfig;

use crate::args::{Logging, Process, State as Place, TransformArgs, TransformCommand};
use crate::components::{Makes, Sink, Source, StdinConfig, Transform};
use crate::config::{Component, Findings, Output, Part, Paths, Pipeline, Settings, one_of, part};
use crate::drive::outcome;
use crate::exit::{Exit, Outcome, Stop};
use crate::launch::{Launch, State};
use crate::out::color;
use crate::secrets::SecretReader;
use crate::state_dir::state_dir;

/// A transform and the settings of the process.
type Alone = (Component<Transform>, Settings);

/// `transform`: a filter from standard input to standard output.
pub(super) fn transform(args: &TransformArgs, logging: &Logging) -> Outcome {
    let (name, given, tenant, place, process) = match &args.command {
        Some(TransformCommand::Adr(adr)) => ("adr", &adr.given, &adr.tenant, &adr.state, &adr.process),
        None => (args.alone.name(), &args.alone.given, &args.tenant, &args.state, &args.process),
    };
    let alone = match (given.paths(), &given.settings, &args.command) {
        (Some(paths), _, _) => of_pipeline(name, &paths, logging)?,
        (None, None, Some(TransformCommand::Adr(adr))) => {
            let config = AdrConfig { include_raw: adr.include_raw };
            (Component::new(name, Transform::Adr(config), Vec::new()), Settings::default())
        }
        (None, settings, _) => of_type(name, settings.as_deref().unwrap_or_default(), logging)?,
    };
    run(alone, tenant.clone(), place, process)
}

/// A transform of a pipeline. What travels beside its events there, it reads from their texts here.
fn of_pipeline(name: &str, paths: &Paths, logging: &Logging) -> Result<Alone, Stop> {
    let (pipeline, at) = super::load(paths, logging)?.transform(name).map_err(|said| Stop::new(Exit::Usage, said))?;
    let component = &pipeline.transforms[at];
    let facts = component.inputs.iter().any(|input| pipeline.has_facts(*input));
    let component = if facts { with_facts(component) } else { component.with(component.part.clone(), Vec::new()) };
    Ok((component, pipeline.settings))
}

/// A transform of a type. What comes through the pipe has been something elsewhere.
fn of_type(name: &str, settings: &str, logging: &Logging) -> Result<Alone, Stop> {
    let (kind, output) = name.split_once('.').map_or((name, None), |(kind, output)| (kind, Some(output)));
    let refused = |found: Findings| Stop::new(Exit::Usage, found.render(color(logging.color)));
    let transform: Transform = part(kind, settings).map_err(refused)?;
    let outputs = transform.outputs();
    let mut component = Component::new(name, transform, Vec::new());
    if output.is_some() || !outputs.is_empty() {
        let Some(output) = output.filter(|output| outputs.contains(*output)) else {
            let named: Vec<String> = outputs.iter().map(|output| format!("{kind}.{output}")).collect();
            let named: Vec<&str> = named.iter().map(String::as_str).collect();
            let message = match named.as_slice() {
                [] => format!("a {kind} has one output: write `{kind}`"),
                named => format!("`{name}` is no output of this {kind}: {}", one_of(named)),
            };
            return Err(Stop::new(Exit::Usage, message));
        };
        component.output = Some(Output { name: output.to_owned(), read: [output.to_owned()].into() });
    }
    Ok((with_facts(&component), Settings::default()))
}

fn with_facts(component: &Component<Transform>) -> Component<Transform> {
    let part = component.part.clone();
    // It asks the text alone.
    let part = if part.makes() == Makes::AdrEvents { part } else { Transform::WithFacts(Box::new(part)) };
    component.with(part, Vec::new())
}

fn run((alone, mut settings): Alone, tenant: Option<String>, place: &Place, process: &Process) -> Outcome {
    // It keeps no progress and locks nothing: the source that feeds it has the state directory.
    let rejected = format!("transform-{}.ndjson", alone.id).leak();
    let state = State::Forgotten(state_dir(place.state_dir.as_deref(), settings.state_dir.as_deref())?, rejected);
    // A sink that takes what is rejected is none of this.
    settings.dead_letter = None;
    let pipeline = Pipeline {
        only: None,
        settings,
        sources: vec![Component::new("stdin", Source::Stdin(StdinConfig { tenant }), Vec::new())],
        transforms: vec![alone.with(alone.part.clone(), vec![Input::Source(0)])],
        sinks: vec![Component::new(
            "stdout",
            Sink::Stdout(adr_sink_stdout::StdoutConfig::default()),
            vec![Input::Transform(0)],
        )],
        warnings: Findings::default(),
    };
    let secrets = Arc::new(SecretReader::default());
    let launch = Launch {
        pipeline: Arc::new(pipeline),
        again: None,
        secrets,
        process,
        state,
        once: false,
        control: None,
        page: None,
        site: None,
    };
    outcome(&launch.run(|_| ())?.report)
}
