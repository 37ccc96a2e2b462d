//! The end of a sink while the pipeline runs on: it is exchanged, or it is no part of it any more.

use std::panic::AssertUnwindSafe;
use std::time::Duration;

use adr_core::{Failure, FailureKind, Sink};
use futures_util::FutureExt;
use futures_util::stream::{FuturesUnordered, StreamExt};
use tokio::time::{Instant, timeout, timeout_at};

use super::Settings;
use super::flow::{Flow, Phase};
use super::queue::Queue;

/// How long a sink that is to go may deliver nothing, or take to close; and one that a lane is to leave.
pub(crate) const FAREWELL: Duration = Duration::from_secs(5);

impl Flow {
    /// Puts another sink in the place of this one. What this one has not delivered after a while is written again, by the
    /// other. Where the other cannot be built, this one goes on. The outer error is the stage's own end.
    pub(super) async fn exchange(&mut self, settings: Settings) -> Result<Result<(), Failure>, Failure> {
        let deadline = Instant::now() + FAREWELL;
        while let Ok(Some(settled)) = timeout_at(deadline, self.open.next()).await {
            if let Ok(settled) = settled {
                self.settle(settled)?;
            }
        }
        self.withdraw();
        let built = match settings.build() {
            // What two sinks cannot hold at a time, such as a file, is free only once the former is gone.
            Err(_) if self.sink.is_some() => {
                self.dismiss(deadline).await;
                settings.build()
            }
            built => {
                if built.is_ok() {
                    self.dismiss(deadline).await;
                }
                built
            }
        };
        let exchanged = built.map(|sink| {
            self.sink = Some(sink);
            self.stage.settings = settings;
            self.divide();
        });
        self.queues.values_mut().for_each(Queue::hurry);
        Ok(exchanged)
    }

    /// It is no part of the topology any more: what it has it may still deliver for as long as it gets on.
    pub(super) fn leave(&mut self) {
        self.phase = Phase::Leaving(Instant::now() + FAREWELL);
        self.queues.values_mut().for_each(Queue::hurry);
    }

    /// What it has left nobody waits for any more: its lanes read it again, for the sinks that there are.
    pub(super) fn abandon(&mut self) {
        let name = &self.stage.name;
        let failure = Failure::new(
            FailureKind::Unreachable,
            format!("sink {name} was taken out of the pipeline and delivers nothing more: what it had is read again"),
        );
        tracing::warn!(component_id = %name, "{failure}");
        self.fail_all(&failure);
        self.phase = Phase::Abandoned(failure);
    }

    /// Closes the sink. One that is no part of the topology has a while for it.
    pub(super) async fn close(&mut self) -> Result<(), Failure> {
        let Some(mut sink) = self.sink.take() else { return Ok(()) };
        let closing = AssertUnwindSafe(sink.close()).catch_unwind();
        let closed = match self.phase {
            Phase::Taking | Phase::Closing => closing.await,
            Phase::Leaving(_) | Phase::Abandoned(_) => match timeout(FAREWELL, closing).await {
                Ok(closed) => closed,
                Err(_) => Ok(Err(Failure::new(FailureKind::Timeout, "did not close in time"))),
            },
        };
        let closed = closed.unwrap_or_else(|_| Err(self.panicked()));
        closed.map_err(|failure| failure.at(format!("sink {}", self.stage.name)))
    }

    /// Takes leave of the sink as it is.
    async fn dismiss(&mut self, deadline: Instant) {
        let Some(mut last) = self.sink.take() else { return };
        let closing = AssertUnwindSafe(last.close()).catch_unwind();
        if !matches!(timeout_at(deadline, closing).await, Ok(Ok(Ok(())))) {
            tracing::warn!(component_id = %self.stage.name, "the sink that was exchanged did not close well");
        }
    }

    /// Everything that is open is to be written again.
    fn withdraw(&mut self) {
        let mut events = 0;
        for queue in self.queues.values_mut() {
            let withdrawn = queue.withdraw(0);
            events += withdrawn.iter().map(|job| job.events().len()).sum::<usize>();
            queue.park(withdrawn);
        }
        self.open = FuturesUnordered::new();
        if events > 0 {
            let name = &self.stage.name;
            tracing::warn!(component_id = %name, events, "sink {name} is exchanged with events on their way; they are sent again");
        }
    }

    /// What waits is divided into portions as the sink wants them now.
    fn divide(&mut self) {
        let most = self.stage.settings.at_once;
        for jobs in self.queues.values_mut().map(|queue| &mut queue.parked).chain([&mut self.waiting]) {
            *jobs = std::mem::take(jobs).into_iter().flat_map(|job| job.portions(most)).collect();
        }
    }
}

impl Settings {
    /// Builds the sink.
    pub(crate) fn build(&self) -> Result<Box<dyn Sink>, Failure> {
        let built = std::panic::catch_unwind(AssertUnwindSafe(|| (self.factory)()));
        let panicked = |_| Err(Failure::new(FailureKind::Internal, "panicked while it was built"));
        built.unwrap_or_else(panicked)
    }
}
