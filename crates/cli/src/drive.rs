//! Runs a topology to its end: signals, a reader that goes away, and how it all ended.

use std::time::Duration;

use adr_core::{Failure, FailureKind};
use adr_runtime::{Handle, Report, Running, Runtime, Topology};
use adr_sink_stdout::Target;
use tokio::sync::watch;
use tokio::time::{Instant, MissedTickBehavior, interval, sleep};

use crate::exit::{Exit, Outcome, Stop};
use crate::reload::Requests;
use crate::signals::{Asked, Signals};

/// How often to look whether the reader is still there.
const LOOK: Duration = Duration::from_secs(1);
/// How long other destinations may take after it has gone.
const FAREWELL: Duration = Duration::from_secs(2);

/// How a run ended.
pub(crate) struct Ended {
    pub(crate) report: Report,
    /// It was asked to end before its end.
    pub(crate) early: bool,
}

/// Starts a topology and runs it until it ends or is asked to. `watch` sees the handle before anything flows.
pub(crate) async fn drive(
    runtime: Runtime,
    topology: Topology,
    stdout: watch::Receiver<Option<Target>>,
    reloads: Option<Requests>,
    watch: impl FnOnce(&Handle),
) -> Result<Ended, Stop> {
    let mut signals =
        Signals::listen().map_err(|error| Stop::new(Exit::Bug, format!("cannot listen for signals: {error}")))?;
    let limit = runtime.limits.drain;
    let running: Running = runtime.start(topology)?;
    let handle = running.handle();
    watch(&handle);
    let finish = running.finish();
    tokio::pin!(finish);
    let gone = reader_gone(stdout);
    tokio::pin!(gone);
    let farewell = sleep(Duration::MAX);
    tokio::pin!(farewell);
    let (mut looking, mut early) = (true, false);
    loop {
        tokio::select! {
            biased;
            report = &mut finish => return Ok(Ended { report, early }),
            asked = signals.next() => match asked {
                Asked::Drain => {
                    tracing::info!(limit_secs = limit.as_secs(), "stopping: delivering what was read");
                    early = true;
                    handle.stop();
                }
                Asked::Reload => {
                    match &reloads {
                        Some(reloads) => reloads.ask(),
                        None => tracing::info!("SIGHUP: there is no pipeline file to read again"),
                    }
                }
                Asked::Now => return Err(stopped_now(&handle)),
            },
            () = &mut gone, if looking => {
                tracing::debug!("the reader of standard output has gone away");
                (looking, early) = (false, true);
                handle.stop();
                farewell.as_mut().reset(Instant::now() + FAREWELL);
            }
            // A source that reads to its own end may have none, and nobody is there to read what it brings.
            () = &mut farewell, if !looking => return Err(Stop::said(Exit::Ok)),
        }
    }
}

/// What a report means for the process. Lanes and sinks have told their failures to the log already; what they
/// mean is the exit code: a refused key before a bad setting before what may pass.
pub(crate) fn outcome(report: &Report) -> Outcome {
    let rejected: u64 = report.counts.values().map(|counts| counts.rejected).sum();
    if rejected > 0 {
        tracing::warn!(
            rejected,
            "not all events went through: the rejected ones are in dead-letter/ in the state directory"
        );
    }
    if report.sinks.iter().any(|failure| failure.kind == FailureKind::ReaderGone) {
        return Ok(());
    }
    match worst(report.lanes.values().flatten().chain(&report.sinks)) {
        None | Some(Exit::Ok) => {}
        Some(exit) => return Err(Stop::said(exit)),
    }
    if report.drained {
        return Ok(());
    }
    let left: u64 = report.counts.values().map(adr_runtime::Counts::in_flight).max().unwrap_or_default();
    Err(Stop::new(
        Exit::Temporary,
        format!(
            "the shutdown limit passed with {left} events undelivered; what was not saved as delivered is read again at \
             the next start (--graceful-shutdown-limit-secs gives more time)"
        ),
    ))
}

/// The exit code that says most about several failures.
pub(crate) fn worst<'a>(failures: impl IntoIterator<Item = &'a Failure>) -> Option<Exit> {
    failures.into_iter().map(Exit::of_failure).max_by_key(|exit| match exit {
        Exit::Bug => 5,
        Exit::Refused => 4,
        Exit::Config => 3,
        Exit::Unavailable => 2,
        Exit::Temporary => 1,
        Exit::Incomplete | Exit::Usage | Exit::Ok => 0,
    })
}

fn stopped_now(handle: &Handle) -> Stop {
    let left = handle.counts().values().map(adr_runtime::Counts::in_flight).max().unwrap_or_default();
    if left == 0 {
        return Stop::new(
            Exit::Temporary,
            "stopped at once; the last progress may not have been saved and is read again",
        );
    }
    Stop::new(
        Exit::Temporary,
        format!("stopped at once with {left} events undelivered; they are read again at the next start"),
    )
}

/// Resolves when the reader of a pipe has gone away: an idle process would else notice only with its next event.
/// A reload may add or remove the sink that writes to it.
async fn reader_gone(stdout: watch::Receiver<Option<Target>>) {
    let mut tick = interval(LOOK);
    tick.set_missed_tick_behavior(MissedTickBehavior::Delay);
    loop {
        tick.tick().await;
        if stdout.borrow().as_ref().is_some_and(Target::reader_gone) {
            return;
        }
    }
}
