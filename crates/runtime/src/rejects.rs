//! Keeps what transforms and sinks reject.

use std::sync::Arc;
use std::time::Duration;

use adr_core::{Delivered, Delivery, Event, Failure, FailureKind, Rejected, Rejection};
use tokio::time::sleep;

use crate::backoff::Backoff;
use crate::dead_letter::Letters;
use crate::job::Portion;

/// Keeps rejected events, however long that takes: what else their batch has must not be done again for it. Gives the trail
/// of a dead letter that cannot acknowledge.
pub(crate) async fn keep(
    letters: &Letters,
    component: &str,
    rejected: &[Rejected],
    seed: u64,
) -> Result<Option<Duration>, Failure> {
    let mut backoff = Backoff::new(Duration::from_millis(200), Duration::from_secs(30), seed);
    loop {
        let failure = match letters.keep(component, rejected).await {
            Ok(trail) => return Ok(trail),
            Err(failure) => failure,
        };
        let Some(delay) = backoff.delay(&failure) else { return Err(failure) };
        tracing::warn!(component_id = %component, error_type = failure.kind.as_str(), stage = "rejecting",
            retry_in = %format_args!("{delay:.1?}"), "{failure}");
        sleep(delay).await;
    }
}

/// What is needed to keep the events that a sink rejects.
pub(crate) struct Rejects {
    pub(crate) sink: Arc<str>,
    pub(crate) letters: Arc<Letters>,
    pub(crate) portion: Portion,
    pub(crate) seed: u64,
}

impl Rejects {
    /// Resolves as the delivery does, once what it rejects is kept.
    pub(crate) async fn after(self, delivery: Delivery) -> Result<Delivered, Failure> {
        let mut delivered = delivery.await?;
        if !delivered.rejected.is_empty() {
            let rejected = rejected(self.portion.events(), &delivered.rejected)?;
            let trail = keep(&self.letters, &self.sink, &rejected, self.seed).await?;
            delivered.trail = delivered.trail.max(trail);
        }
        Ok(delivered)
    }
}

/// The rejected events. A sink that names one twice, or one that it was not given, has a bug: nothing it says counts.
pub(crate) fn rejected(events: &[Event], rejections: &[Rejection]) -> Result<Vec<Rejected>, Failure> {
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

#[cfg(test)]
mod tests {
    use std::sync::atomic::{AtomicU32, Ordering};

    use adr_core::{BoxFuture, ByteString, Clock, Meta, Severity, Timestamp};
    use bytes::Bytes;

    use crate::dead_letter::DeadLetter;

    use super::*;

    fn events(count: usize) -> Vec<Event> {
        let (id, kind) = (ByteString::new(), ByteString::new());
        let meta = Meta { id, time: None, tenant: "t".into(), kind, severity: Severity::Unknown };
        vec![Event { meta, body: Bytes::from_static(b"{}") }; count]
    }

    fn rejection(index: usize) -> Rejection {
        Rejection { index, reason: "no".to_owned() }
    }

    #[test]
    fn a_sink_that_rejects_what_it_was_not_given_or_one_twice_is_not_believed() {
        assert_eq!(rejected(&events(3), &[rejection(2), rejection(0)]).map(|kept| kept.len()), Ok(2));
        for wrong in [[rejection(3), rejection(0)], [rejection(1), rejection(1)]] {
            let failure = rejected(&events(3), &wrong).unwrap_err();
            assert_eq!(failure.kind, FailureKind::Internal);
        }
    }

    struct Fixed;

    impl Clock for Fixed {
        fn now(&self) -> Timestamp {
            Timestamp::from_secs(1_700_000_000)
        }
    }

    /// Fails so often, then keeps.
    struct Full(AtomicU32);

    impl DeadLetter for Full {
        fn keep<'a>(&'a self, _: &'a str, _: &'a [Rejected]) -> BoxFuture<'a, Result<(), Failure>> {
            let left = self.0.fetch_update(Ordering::Relaxed, Ordering::Relaxed, |left| left.checked_sub(1));
            let full = Failure::new(FailureKind::Storage, "the disk is full");
            Box::pin(std::future::ready(left.map_or(Ok(()), |_| Err(full))))
        }
    }

    #[tokio::test(start_paused = true)]
    async fn a_dead_letter_that_is_full_is_tried_until_it_takes_them() {
        let full = Full(AtomicU32::new(20));
        let rejected = rejected(&events(1), &[rejection(0)]).unwrap();
        let full = Arc::new(full);
        let letters = Letters::new(full.clone(), Arc::new(Fixed), Arc::default());
        keep(&letters, "sink", &rejected, 1).await.unwrap();
        assert_eq!(full.0.load(Ordering::Relaxed), 0);
    }
}
