//! A running topology, to its end.

use std::collections::BTreeMap;
use std::convert::Infallible;
use std::sync::Arc;

use adr_core::{Checkpoint, Failure, FailureKind, LaneId};
use tokio::sync::mpsc;
use tokio::task::{JoinError, JoinSet};
use tokio::time::{Instant, sleep_until};

use crate::counters::Counts;
use crate::graph::{Graph, StageEnd};
use crate::handle::{Change, Handle};
use crate::lane::LaneEnd;
use crate::progress::Progress;

/// Progress that becomes durable when all that was written has been taken.
type Rest = (Arc<Progress>, Checkpoint);

/// How a run ended.
#[derive(Debug)]
pub struct Report {
    /// Every lane that ran, with the failure that stopped it, if one did.
    pub lanes: BTreeMap<LaneId, Option<Failure>>,
    /// Every component's counts.
    pub counts: BTreeMap<Arc<str>, Counts>,
    /// All that was read is delivered and committed; false when the drain deadline passed first.
    pub drained: bool,
    /// The failures of sinks.
    pub sinks: Vec<Failure>,
}

/// A running topology. Dropping it aborts everything, as a crash would.
pub struct Running {
    graph: Graph,
    handle: Handle,
    changes: mpsc::Receiver<Change>,
    /// Ends with the rest.
    _watchdog: JoinSet<Infallible>,
}

impl Running {
    pub(crate) fn new(
        graph: Graph,
        handle: Handle,
        changes: mpsc::Receiver<Change>,
        watchdog: JoinSet<Infallible>,
    ) -> Self {
        Self { graph, handle, changes, _watchdog: watchdog }
    }

    /// A handle to speak to it.
    pub fn handle(&self) -> Handle {
        self.handle.clone()
    }

    /// Runs until every lane has ended or a drain was asked for, then drains within the deadline.
    pub async fn finish(mut self) -> Report {
        let mut report = Report { lanes: BTreeMap::new(), counts: BTreeMap::new(), drained: true, sinks: Vec::new() };
        let mut rests: Vec<Rest> = Vec::new();
        let shared = self.graph.shared().clone();
        let stop = self.handle.stopped().clone();
        let mut deadline: Option<Instant> = None;
        loop {
            let stays = shared.limits.stays && !stop.is_cancelled();
            tokio::select! {
                biased;
                ended = self.graph.ended.join_next(), if !stays || !self.graph.ended.is_empty() => match ended {
                    Some(Ok(lanes)) => note_ends(lanes, &mut report, &mut rests),
                    Some(Err(error)) => {
                        report.sinks.push(Failure::fatal(FailureKind::Internal, format!("a source stage ended: {error}")));
                        stop.cancel();
                    }
                    None => break,
                },
                // Every source has come to its end.
                () = self.graph.busy.wait(), if !stays && !stop.is_cancelled() => stop.cancel(),
                Some(ended) = self.graph.delivers.join_next() => self.note_sink(ended, &mut report),
                () = stop.cancelled(), if deadline.is_none() => {
                    deadline = Some(Instant::now() + shared.limits.drain);
                }
                () = sleep_until(deadline.unwrap_or_else(Instant::now)), if deadline.is_some() => {
                    report.drained = false;
                    break;
                }
                Some(change) = self.changes.recv(), if deadline.is_none() => {
                    // Nobody waits for the answer when the reload was given up.
                    let _ = change.answer.send(self.graph.change(change.topology));
                }
            }
        }
        if report.drained {
            let deadline = deadline.unwrap_or_else(|| Instant::now() + shared.limits.drain);
            let closed = tokio::time::timeout_at(deadline, self.close(&mut report, rests)).await;
            report.drained = closed.is_ok();
        }
        report.counts = self.handle.counts();
        report
    }

    /// A sink that ends before it is told to cannot go on: neither can what flows into it. One that went away with a
    /// change has done its part.
    fn note_sink(&self, ended: Result<StageEnd, JoinError>, report: &mut Report) {
        if let Ok((name, number, result)) = &ended
            && !self.graph.has_sink(name, *number)
        {
            if let Err(failure) = result {
                tracing::warn!(component_id = %name, "a sink that is no part of the pipeline any more: {failure}");
            }
            return;
        }
        report.sinks.extend(sink_failure(ended));
        self.handle.stop();
    }

    /// Sinks close in their own time, then the last prefix commits.
    async fn close(&mut self, report: &mut Report, rests: Vec<Rest>) {
        self.graph.close().await;
        while let Some(ended) = self.graph.delivers.join_next().await {
            report.sinks.extend(sink_failure(ended));
        }
        if !report.sinks.is_empty() {
            return;
        }
        for (progress, rest) in rests {
            if let Err(failure) = progress.save(rest).await {
                report.lanes.insert(progress.lane().clone(), Some(failure));
            }
        }
    }
}

fn sink_failure(ended: Result<StageEnd, JoinError>) -> Option<Failure> {
    match ended {
        Ok((_, _, result)) => result.err(),
        Err(error) => Some(Failure::fatal(FailureKind::Internal, format!("a sink stage ended: {error}"))),
    }
}

fn note_ends(lanes: Vec<LaneEnd>, report: &mut Report, rests: &mut Vec<Rest>) {
    for LaneEnd { progress, failure, trail } in lanes {
        report.lanes.insert(progress.lane().clone(), failure);
        rests.extend(trail.into_rest().map(|rest| (progress, rest)));
    }
}
