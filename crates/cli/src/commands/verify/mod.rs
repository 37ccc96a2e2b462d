//! `verify`: what is in a Kafka topic against what should be there.

mod expected;
mod ledger;
mod report;

use std::sync::Arc;
use std::time::Duration;

use adr_core::Clock;
use adr_source_jumpcloud::Start;

use crate::args::{Logging, Verify};
use crate::clock::SystemClock;
use crate::components::kafka::{self, KafkaConfig};
use crate::components::{Sink, Source};
use crate::config::Pipeline;
use crate::exit::{Exit, Outcome, Stop};
use crate::out::{answer, tell};
use crate::secrets::SecretReader;
use crate::state_dir::state_dir;
use ledger::Ledger;
use report::Report;

/// Records are looked for from so long before the first event on: the clocks of this machine and of JumpCloud may differ.
const SLACK: Duration = Duration::from_hours(1);

/// `verify`: reads JumpCloud (or a file) first and the topic then, and compares them by uid.
pub(super) fn verify(args: &Verify, logging: &Logging) -> Outcome {
    let pipeline = super::load(&args.config.paths(), logging)?;
    let (index, config) = sink(&pipeline, args.sink.as_deref())?;
    let name = &pipeline.sinks[index].id;
    let secrets = Arc::new(SecretReader::default());
    let clock = SystemClock;
    let now = clock.now();
    let since = match args.start {
        Some(Start::Ago(ago)) => Some(now.minus(ago + SLACK)),
        Some(Start::At(start)) => Some(start.minus(SLACK)),
        Some(Start::Now) | None => None,
    };
    let say = |text: &str| {
        if logging.quiet == 0 {
            tell(text);
        }
    };
    let mut expected = match &args.against {
        Some(file) => expected::from_file(file)?,
        None => {
            say("reading JumpCloud");
            expected::from_source(&pipeline, index, args, secrets.clone())?
        }
    };
    if expected.events.is_empty() {
        let message = "there is nothing to compare with: no event at all should be there; see --start, or --against";
        return Err(Stop::new(Exit::Usage, message));
    }
    let dir = state_dir(args.state.state_dir.as_deref(), pipeline.settings.state_dir.as_deref());
    let kept = dir.map_or(0, |dir| expected.excuse(&dir.join("dead-letter/rejected.ndjson"), name));
    say(&format!("reading {}", config.topics.as_ref().map_or_else(|| config.topic.clone(), |list| list.join(", "))));
    let mut ledger = Ledger::default();
    let held_back = kafka::read_topics(name, config, secrets, since, &mut |found| ledger.note(found))?;
    let delay = pipeline.sources_of(index).into_iter().map(|at| pipeline.sources[at].part.delay()).max();
    let due_since = if args.against.is_some() { now } else { now.minus(delay.unwrap_or_default()) };
    let report = Report::new(expected, ledger, kept, held_back, due_since);
    answer(&report.to_string())?;
    if report.is_complete() { Ok(()) } else { Err(Stop::said(Exit::Incomplete)) }
}

/// The sink that is meant: its index, and its settings.
fn sink<'a>(pipeline: &'a Pipeline, name: Option<&str>) -> Result<(usize, &'a KafkaConfig), Stop> {
    let kafka = pipeline.sinks.iter().enumerate().filter_map(|(index, sink)| match &sink.part {
        Sink::Kafka(config) => Some((index, &**config)),
        Sink::CceSyslog(_) | Sink::File(_) | Sink::Http(_) | Sink::Stdout(_) => None,
    });
    let mut meant = kafka.filter(|(index, _)| name.is_none_or(|name| *pipeline.sinks[*index].id == *name));
    match (meant.next(), meant.next()) {
        (Some(found), None) => Ok(found),
        (Some(_), Some(_)) => {
            Err(Stop::new(Exit::Usage, "several sinks are of type kafka: say which one with --sink NAME"))
        }
        (None, _) => {
            let what = name.map_or_else(String::new, |name| format!(" named {name}"));
            Err(Stop::new(
                Exit::Usage,
                format!("the pipeline file has no sink of type kafka{what}: there is nothing to verify"),
            ))
        }
    }
}

/// The sources that can be read again.
fn again(source: &Source, start: Option<Start>, id: &str) -> Result<Source, Stop> {
    source.again_from(start).ok_or_else(|| {
        let message = format!("source {id} can be read only once: compare with a file of its events by --against FILE");
        Stop::new(Exit::Usage, message)
    })
}
