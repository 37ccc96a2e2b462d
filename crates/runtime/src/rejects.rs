//! Keeps what transforms and sinks reject.

use std::sync::Arc;
use std::time::Duration;

use adr_core::{Delivered, Delivery, Event, Failure, FailureKind, Rejected, Rejection};
use tokio::time::sleep;

use crate::backoff::Backoff;
use crate::dead_letter::DeadLetter;
use crate::job::Portion;

/// Keeps rejected events, however long that takes: what else their batch has must not be done again for it.
pub(crate) async fn keep(
    dead_letter: &dyn DeadLetter,
    component: &str,
    rejected: &[Rejected],
    seed: u64,
) -> Result<(), Failure> {
    let mut backoff = Backoff::new(Duration::from_millis(200), Duration::from_secs(30), seed);
    loop {
        let Err(failure) = dead_letter.keep(component, rejected).await else { return Ok(()) };
        let Some(delay) = backoff.delay(&failure) else { return Err(failure) };
        tracing::warn!(component_id = %component, error_type = failure.kind.as_str(), stage = "rejecting",
            retry_in = %format_args!("{delay:.1?}"), "{failure}");
        sleep(delay).await;
    }
}

/// What is needed to keep the events that a sink rejects.
pub(crate) struct Rejects {
    pub(crate) sink: Arc<str>,
    pub(crate) dead_letter: Arc<dyn DeadLetter>,
    pub(crate) portion: Portion,
    pub(crate) seed: u64,
}

impl Rejects {
    /// Resolves as the delivery does, once what it rejects is kept.
    pub(crate) async fn after(self, delivery: Delivery) -> Result<Delivered, Failure> {
        let delivered = delivery.await?;
        if !delivered.rejected.is_empty() {
            let rejected = rejected(self.portion.events(), &delivered.rejected)?;
            keep(&*self.dead_letter, &self.sink, &rejected, self.seed).await?;
        }
        Ok(delivered)
    }
}

/// The rejected events. A sink that names one twice, or one that it was not given, has a bug: nothing it says counts.
fn rejected(events: &[Event], rejections: &[Rejection]) -> Result<Vec<Rejected>, Failure> {
    let mut seen = vec![false; events.len()];
    let one = |rejection: &Rejection| {
        let first = seen.get_mut(rejection.index).is_some_and(|seen| !std::mem::replace(seen, true));
        if !first {
            let message = format!("the sink rejected event {} of {}: this is a bug", rejection.index, events.len());
            return Err(Failure::fatal(FailureKind::Internal, message));
        }
        Ok(Rejected { event: events[rejection.index].clone(), reason: rejection.reason.clone() })
    };
    rejections.iter().map(one).collect()
}
