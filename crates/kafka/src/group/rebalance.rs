//! What the group tells a member: partitions that come, that are to be given up, that are gone.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use rdkafka::consumer::{BaseConsumer, Consumer, ConsumerContext, Rebalance};

use super::{Holder, Partition};
use crate::told::Told;
use crate::told_by;

/// Runs on the thread that polls the consumer.
pub struct Rebalances {
    told: Told,
    holder: Arc<dyn Holder>,
    drain: Duration,
    /// The group has taken us in, and has given us these.
    came: Mutex<Option<Vec<Partition>>>,
    /// Since when we wait for it to do so.
    outside: Mutex<Option<Instant>>,
}

told_by!(Rebalances, told);

impl ConsumerContext for Rebalances {
    fn pre_rebalance(&self, consumer: &BaseConsumer<Self>, rebalance: &Rebalance<'_>) {
        let Rebalance::Revoke(partitions) = rebalance else { return };
        let partitions = Partition::all(partitions);
        if partitions.is_empty() {
            return;
        }
        if consumer.assignment_lost() {
            // Others may have them already: writing ends before anything else.
            self.holder.lose(&partitions);
            *self.outside() = Some(Instant::now());
        } else {
            self.holder.give_up(&partitions, self.drain);
        }
    }

    fn post_rebalance(&self, consumer: &BaseConsumer<Self>, rebalance: &Rebalance<'_>) {
        let Rebalance::Assign(partitions) = rebalance else { return };
        *self.outside() = None;
        // Whoever reads them says from where on.
        if partitions.count() > 0
            && let Err(error) = consumer.pause(partitions)
        {
            tracing::debug!("partitions are read before anybody wants to: {error}");
        }
        lock(&self.came).get_or_insert_default().extend(Partition::all(partitions));
    }
}

impl Rebalances {
    pub(super) fn new(told: Told, holder: Arc<dyn Holder>, drain: Duration) -> Self {
        Self { told, holder, drain, came: Mutex::default(), outside: Mutex::new(Some(Instant::now())) }
    }

    /// What came since it was asked last; `None` if we were not taken in since.
    pub(super) fn came(&self) -> Option<Vec<Partition>> {
        lock(&self.came).take()
    }

    /// Whether the group has not taken us in, or back, for so long.
    pub(super) fn is_left_out(&self, limit: Duration) -> bool {
        self.outside().is_some_and(|since| since.elapsed() > limit)
    }

    fn outside(&self) -> MutexGuard<'_, Option<Instant>> {
        lock(&self.outside)
    }
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}
