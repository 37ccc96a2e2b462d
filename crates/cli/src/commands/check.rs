use std::sync::Arc;

use adr_core::{Clock, Failure, Lane};
use adr_sink_cce_syslog::{self as cce_syslog, CceSyslogConfig};
use adr_source_file as file;
use adr_source_jumpcloud::{CheckReport, JumpcloudLane};
use tokio::sync::Semaphore;
use tokio::task::JoinSet;

use crate::args::{Check, Logging};
use crate::clock::SystemClock;
use crate::components::{Clients, Sink, Source, Surround, jumpcloud, kafka, process_requests};
use crate::drive::worst;
use crate::exit::{Exit, Outcome, Stop};
use crate::out::{answer, tell};
use crate::secrets::SecretReader;

/// Tenants asked about at the same time.
const AT_ONCE: usize = 8;

/// `check`: one small request for each tenant and one connection to each CCE and to Kafka, one line for each answer.
pub(super) fn check(args: &Check, logging: &Logging) -> Outcome {
    let pipeline = super::load(&args.config.paths(), logging)?;
    let clock = Arc::new(SystemClock);
    let surround = Surround {
        clock: clock.clone(),
        secrets: Arc::new(SecretReader::default()),
        stdout: None,
        pipe_trail: pipeline.settings.pipe_trail.0,
        requests: process_requests(),
        clients: Clients::default(),
        once: true,
    };
    let tokio = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()
        .map_err(|error| Stop::new(Exit::Temporary, format!("cannot start: {error}")))?;
    let mut lanes: Vec<Arc<JumpcloudLane>> = Vec::new();
    for source in &pipeline.sources {
        match &source.part {
            Source::Jumpcloud(config) => lanes.extend(jumpcloud(&source.id, config, &surround)?.lanes().cloned()),
            // Asked below.
            Source::File(_) | Source::Kafka(_) => {}
            Source::Stdin(_) => answer(&format!("ok     {}: standard input needs no check\n", source.id))?,
        }
    }
    for warning in pipeline.warnings.in_lines() {
        tell(&format!("warning: {warning}"));
    }
    let mut failures = tokio.block_on(ask(lanes))?;
    for source in &pipeline.sources {
        let found = match &source.part {
            Source::File(config) => file::check(&file::Settings::try_from(config.clone())?),
            Source::Kafka(config) => {
                tokio.block_on(kafka::source::reach(&source.id, config, surround.secrets.clone()))?
            }
            Source::Jumpcloud(_) | Source::Stdin(_) => continue,
        };
        failures.extend(tell_all(&source.id, found)?);
    }
    for sink in &pipeline.sinks {
        match &sink.part {
            Sink::CceSyslog(config) => failures.extend(tokio.block_on(connect(&sink.id, config, clock.clone()))?),
            Sink::Kafka(config) => {
                let found = tokio.block_on(kafka::reach(&sink.id, config, surround.secrets.clone()))?;
                failures.extend(tell_all(&sink.id, found)?);
            }
            // A file is opened and locked at the start; a receiver of requests would have to be sent one.
            Sink::File(_) | Sink::Http(_) | Sink::Stdout(_) => {}
        }
    }
    match worst(&failures) {
        Some(exit) => Err(Stop::said(exit)),
        None => Ok(()),
    }
}

/// Connects to every address of a CCE; the failures.
async fn connect(id: &str, config: &CceSyslogConfig, clock: Arc<dyn Clock>) -> Result<Vec<Failure>, Stop> {
    let settings = cce_syslog::Settings::try_from(config.clone())?;
    let found = cce_syslog::check(&settings, clock).await;
    tell_all(id, found.into_iter().map(|(_, outcome)| outcome.map(|checked| checked.to_string())).collect())
}

/// Tells what was found at a destination; the failures.
fn tell_all(id: &str, found: Vec<Result<String, Failure>>) -> Result<Vec<Failure>, Stop> {
    let mut failures = Vec::new();
    for outcome in found {
        match outcome {
            Ok(checked) => answer(&format!("ok     {id}: {checked}\n"))?,
            Err(failure) => {
                answer(&format!("error  {id}: {failure}\n"))?;
                failures.push(failure);
            }
        }
    }
    Ok(failures)
}

/// Asks for every tenant; the failures.
async fn ask(lanes: Vec<Arc<JumpcloudLane>>) -> Result<Vec<Failure>, Stop> {
    let permits = Arc::new(Semaphore::new(AT_ONCE));
    let mut asked = JoinSet::new();
    for (place, lane) in lanes.iter().cloned().enumerate() {
        let permits = permits.clone();
        asked.spawn(async move {
            let _permit = permits.acquire_owned().await.expect("the semaphore is never closed");
            (place, lane.check().await)
        });
    }
    // Told in the order of the file, whoever answers first.
    let mut answers: Vec<_> = lanes.iter().map(|_| None).collect();
    while let Some(answered) = asked.join_next().await {
        let (place, outcome) = answered.map_err(|error| Stop::new(Exit::Bug, format!("a check ended: {error}")))?;
        answers[place] = Some(outcome);
    }
    let mut failures = Vec::new();
    for (lane, outcome) in lanes.iter().zip(answers.into_iter().flatten()) {
        let tenant = format!("{} ({})", lane.tenant().device_name, lane.id());
        match outcome {
            Ok(report) => answer(&format!("ok     {tenant}: {}\n", words(&report)))?,
            Err(failure) => {
                answer(&format!("error  {tenant}: {failure}\n"))?;
                failures.push(failure);
            }
        }
    }
    Ok(failures)
}

fn words(report: &CheckReport) -> String {
    let recent = if report.recent_event { "events in the last 15 minutes" } else { "no event in the last 15 minutes" };
    format!("{} takes the key; {recent}", report.base_url)
}
