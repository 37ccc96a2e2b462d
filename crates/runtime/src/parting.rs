//! How a lane is told to stop; and until when one that is to leave, or that holds memory which others wait for, waits for what it
//! has on its way.

use std::future::pending;
use std::sync::Arc;
use std::time::Duration;

use adr_core::{Failure, FailureKind};
use tokio::sync::watch;
use tokio::time::{Instant, sleep, sleep_until};
use tokio_util::sync::CancellationToken;

use crate::counters::Counters;
use crate::deliver::FAREWELL;
use crate::plan::Plan;
use crate::run::Shared;
use crate::status::Status;

/// Tells a lane to stop.
#[derive(Clone)]
pub(crate) struct Stop {
    asked: CancellationToken,
    /// It is to go, or to take another way.
    leaves: CancellationToken,
    /// The process drains: that has a deadline of its own.
    drains: CancellationToken,
}

/// Held by what a life has at a sink, or is about to hand over there.
pub(crate) type Luggage = Arc<()>;

/// What a life has at the sinks of its plan, and how long it waits for that once it is to leave.
///
/// A sink that delivers nothing, to nobody, may do so for days: who shares it with others and is to leave it cannot wait for
/// that. What was not delivered is read again from the checkpoint.
pub(crate) struct Parting<'a> {
    /// None: it waits for ever, as what it has read cannot be read again.
    stop: Option<Stop>,
    status: &'a Status,
    /// Whether others wait for memory.
    short: watch::Receiver<bool>,
    sinks: Vec<Left<'a>>,
    /// Since when it has nothing at any sink, and nothing comes of what it is at.
    still: Option<Instant>,
}

struct Left<'a> {
    sink: Arc<str>,
    counters: Arc<Counters>,
    luggage: &'a Luggage,
    /// What the sink had delivered by the last look that saw it get on, and when that was.
    delivered: u64,
    since: Option<Instant>,
}

impl Stop {
    pub(crate) fn new(drains: &CancellationToken) -> Self {
        Self { asked: drains.child_token(), leaves: CancellationToken::new(), drains: drains.clone() }
    }

    /// Cancelled once it is to stop, for whatever reason.
    pub(crate) fn asked(&self) -> &CancellationToken {
        &self.asked
    }

    /// It is to go, or to take another way.
    pub(crate) fn leave(&self) {
        self.leaves.cancel();
        self.asked.cancel();
    }
}

impl<'a> Parting<'a> {
    /// That of a life whose events go this way; `luggage` is for each sink of the plan what its batches there hold.
    pub(crate) fn new(stop: Option<Stop>, shared: &'a Shared, plan: &Plan, luggage: &'a [Luggage]) -> Self {
        let left = plan.sinks.iter().zip(luggage).map(|((port, _), luggage)| Left {
            sink: port.name.clone(),
            counters: port.counters.clone(),
            luggage,
            delivered: 0,
            since: None,
        });
        let (status, short) = (&shared.status, shared.shortage.subscribe());
        Self { stop, status, short, sinks: left.collect(), still: None }
    }

    /// Something came of what it is at.
    pub(crate) fn moved(&mut self) {
        self.still = None;
    }

    /// Passes when the lane is to leave, and a sink that has something of it has delivered nothing for a while; or when it
    /// has nothing anywhere and does not come to an end.
    pub(crate) async fn is_over(&mut self) -> Failure {
        let Some(stop) = self.stop.clone() else { return pending().await };
        tokio::select! {
            biased;
            () = stop.leaves.cancelled() => {}
            failure = self.is_too_much(&stop) => return failure,
        }
        loop {
            let now = Instant::now();
            let held: Vec<_> =
                self.sinks.iter_mut().filter_map(|left| Some((left.look(now)?, left.sink.clone()))).collect();
            self.still = if held.is_empty() { self.still.or(Some(now)) } else { None };
            let first = held.into_iter().min().map(|(since, sink)| (since, Some(sink)));
            let (since, sink) = first.unwrap_or((self.still.unwrap_or(now), None));
            if since + FAREWELL <= now {
                if stop.drains.is_cancelled() {
                    return pending().await;
                }
                return too_long(sink.as_deref(), FAREWELL);
            }
            sleep_until(since + FAREWELL).await;
        }
    }
}

impl Parting<'_> {
    /// Passes when a sink that has something of the lane fails while others wait for the memory which that holds. A thousand
    /// lanes whose sinks are dead would else leave nothing to those whose sinks are not.
    async fn is_too_much(&mut self, stop: &Stop) -> Failure {
        loop {
            // The sender lives as long as all lanes.
            let _ = self.short.wait_for(|is_short| *is_short).await;
            let now = Instant::now();
            let held = self.sinks.iter_mut().filter_map(|left| Some((left.look(now)?, left.sink.clone())));
            let first = held.filter(|(_, sink)| self.status.fails(sink)).min();
            if let Some((since, sink)) = first
                && since + FAREWELL <= now
                && !stop.drains.is_cancelled()
            {
                return too_much(&sink, now.duration_since(since));
            }
            sleep(FAREWELL).await;
        }
    }
}

impl Left<'_> {
    /// Since when the sink has something of the life and delivers nothing.
    fn look(&mut self, now: Instant) -> Option<Instant> {
        // One is with those who hand over.
        let is_held = Arc::strong_count(self.luggage) > 1;
        let counts = self.counters.counts();
        let delivered = counts.sent + counts.rejected;
        if !is_held || delivered != self.delivered {
            (self.delivered, self.since) = (delivered, Some(now));
        }
        is_held.then(|| *self.since.get_or_insert(now))
    }
}

fn too_much(sink: &str, quiet: Duration) -> Failure {
    let message = format!(
        "sink {sink} has delivered nothing for {} s, and others wait for the memory that this lane's events hold: they are given \
         back, and are read again from the checkpoint; if one was taken there all the same, it comes twice",
        quiet.as_secs()
    );
    Failure::new(FailureKind::Timeout, message)
}

fn too_long(sink: Option<&str>, quiet: Duration) -> Failure {
    let quiet = quiet.as_secs();
    let message = match sink {
        Some(sink) => format!(
            "sink {sink} has delivered nothing for {quiet} s, and the lane is to leave it: what it has there is not waited for, \
             and is read again from the checkpoint; if it was taken there all the same, it comes twice"
        ),
        None => format!(
            "the lane is to leave and has come to no end for {quiet} s: what it is at is given up, and is read again from the \
             checkpoint"
        ),
    };
    Failure::new(FailureKind::Timeout, message)
}
