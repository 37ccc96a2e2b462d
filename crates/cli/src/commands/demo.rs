use std::net::SocketAddr;
use std::sync::Arc;
use std::time::{Duration, Instant};

use adr_core::{Clock, Failure, SecretRef, SecretString, Secrets, Timestamp};
use adr_runtime::{Counts, Input};
use adr_simulator::{SIMULATED_KEY, Server, SharedDirectory, SimulatorOptions};
use adr_source_jumpcloud::{Configuration, JumpcloudConfig, Start};
use adr_transform::AdrConfig;
use tokio::net::TcpListener;
use tokio::sync::oneshot;

use super::progress::Progress;
use crate::args::{Demo, Logging};
use crate::clock::SystemClock;
use crate::components::{Sink, Source, Transform};
use crate::config::{Component, Findings, Pipeline, Settings};
use crate::drive::{Ended, outcome};
use crate::exit::{Exit, Outcome, Stop};
use crate::launch::{Launch, State};
use crate::out::tell;
use crate::state_dir::state_dir;

/// When the last event happens, 2026-01-01: the same seed gives the same bytes on any day.
const LAST_EVENT: Timestamp = Timestamp::from_secs(1_767_225_600);

/// `demo`: a simulated JumpCloud and the ordinary pipeline in one process.
pub(super) fn demo(args: &Demo, logging: &Logging) -> Outcome {
    let options = SimulatorOptions {
        events: args.events,
        seed: args.seed,
        until: Some(LAST_EVENT),
        ..SimulatorOptions::default()
    };
    let simulator = Simulator::start(&options)?;
    let pipeline = pipeline(&options, simulator.address)?;
    // Nothing of it is worth keeping but an event that could not be mapped.
    let state = State::Forgotten(state_dir(None, None).unwrap_or_else(|_| std::env::temp_dir()), "demo.ndjson");
    let secrets = Arc::new(SimulatedKey);
    let launch = Launch {
        pipeline: Arc::new(pipeline),
        again: None,
        secrets,
        process: &args.process,
        state,
        once: true,
        control: None,
        page: None,
        site: None,
    };
    let begin = Instant::now();
    let mut progress = None;
    let ended = launch.run(|handle| progress = Progress::start(handle, args.events, logging));
    drop(progress);
    let ended = ended?;
    outcome(&ended.report)?;
    conclude(&ended, args, begin.elapsed(), logging)
}

/// One line on standard error: what went in, and where it went.
fn conclude(ended: &Ended, args: &Demo, took: Duration, logging: &Logging) -> Outcome {
    let counts = |name: &str| ended.report.counts.get(name).copied().unwrap_or_default();
    let (source, transform, sink) = (counts("jumpcloud"), counts("adr"), counts("stdout"));
    let reader_gone = !ended.report.sinks.is_empty() || (ended.early && sink.sent < args.events);
    if logging.quiet == 0 && !reader_gone {
        tell(&summary(&source, &transform, &sink, took));
    }
    if sink.sent != args.events && !reader_gone {
        let message = format!("{} events were asked for and {} were delivered: this is a bug", args.events, sink.sent);
        return Err(Stop::new(Exit::Bug, message));
    }
    Ok(())
}

fn summary(source: &Counts, transform: &Counts, sink: &Counts, took: Duration) -> String {
    let seconds = took.as_secs_f64().max(0.001);
    #[expect(clippy::cast_precision_loss, reason = "a rate for people")]
    let rate = sink.sent as f64 / seconds;
    let rejected = transform.rejected + sink.rejected;
    let discarded = transform.discarded;
    let in_flight = source.received - source.duplicates - discarded - rejected - sink.sent;
    format!(
        "{} events in {seconds:.1} s, {rate:.0} events/s: received {} = sent {} + duplicates {} + discarded {discarded} + \
         rejected {rejected} + in flight {in_flight}",
        sink.sent, source.received, sink.sent, source.duplicates,
    )
}

fn pipeline(options: &SimulatorOptions, address: SocketAddr) -> Result<Pipeline, Stop> {
    let budget = "1000/s".parse().map_err(|error: String| Stop::new(Exit::Bug, error))?;
    let source = JumpcloudConfig {
        device_name: Some("JumpCloud".to_owned()),
        secret_key: Some(SecretRef::Env("SIMULATED".to_owned())),
        configuration: Some(Configuration { org_id: Some(options.organization_id(0)) }),
        base_url: Some(format!("http://{address}")),
        start: Some(Start::At(LAST_EVENT.minus(options.span))),
        request_budget: Some(budget),
        ..JumpcloudConfig::default()
    };
    Ok(Pipeline {
        only: None,
        settings: Settings::default(),
        sources: vec![Component::new("jumpcloud", Source::Jumpcloud(Box::new(source)), Vec::new())],
        transforms: vec![Component::new("adr", Transform::Adr(AdrConfig::default()), vec![Input::Source(0)])],
        sinks: vec![Component::new(
            "stdout",
            Sink::Stdout(adr_sink_stdout::StdoutConfig::default()),
            vec![Input::Transform(0)],
        )],
        warnings: Findings::default(),
    })
}

/// The simulator on threads of its own, as if it were another machine.
struct Simulator {
    address: SocketAddr,
    stop: Option<oneshot::Sender<()>>,
    thread: Option<std::thread::JoinHandle<()>>,
}

impl Simulator {
    fn start(options: &SimulatorOptions) -> Result<Self, Stop> {
        let clock: Arc<dyn Clock> = Arc::new(SystemClock);
        let directory = options.directory(clock.now()).map_err(|error| Stop::new(Exit::Bug, error.to_string()))?;
        let fault = |error: std::io::Error| Stop::new(Exit::Temporary, format!("cannot start the simulator: {error}"));
        let tokio = tokio::runtime::Builder::new_current_thread().enable_all().build().map_err(fault)?;
        let listener = tokio.block_on(TcpListener::bind(("127.0.0.1", 0))).map_err(fault)?;
        let address = listener.local_addr().map_err(fault)?;
        let (stop, stopped) = oneshot::channel::<()>();
        let thread = std::thread::Builder::new().name("simulator".to_owned()).spawn(move || {
            tokio.block_on(async {
                match Server::start(listener, SharedDirectory::new(directory), clock) {
                    Ok(_server) => drop(stopped.await),
                    Err(error) => tracing::error!("the simulator ended: {error}"),
                }
            });
        });
        Ok(Self { address, stop: Some(stop), thread: Some(thread.map_err(fault)?) })
    }
}

impl Drop for Simulator {
    fn drop(&mut self) {
        drop(self.stop.take());
        if let Some(thread) = self.thread.take() {
            // What it had to say of a panic, it has said.
            let _ = thread.join();
        }
    }
}

/// The simulator's key, which opens nothing else.
struct SimulatedKey;

impl Secrets for SimulatedKey {
    fn resolve(&self, _: &SecretRef) -> Result<SecretString, Failure> {
        Ok(SecretString::from(SIMULATED_KEY))
    }
}
