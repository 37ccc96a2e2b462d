//! What the group tells us: shards that come, that are to be given up, that are gone.

use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use rdkafka::TopicPartitionList;
use rdkafka::consumer::{BaseConsumer, Consumer, ConsumerContext, Rebalance};

use super::owned::{Grants, Ownership};
use crate::told::{Told, told_by};

/// Runs on the thread that polls the consumer.
pub(super) struct Rebalances {
    pub(super) told: Told,
    pub(super) grants: Arc<dyn Grants>,
    pub(super) ownership: Arc<Ownership>,
    /// How long lanes have to drain when their shard goes to another instance.
    pub(super) within: Duration,
    pub(super) shards: u32,
    /// How often shards have come, in all memberships of this instance.
    pub(super) comings: Arc<AtomicU64>,
    /// The group has taken us in.
    pub(super) joined: AtomicBool,
    /// Since when we wait for it to do so.
    pub(super) outside: Mutex<Option<Instant>>,
}

told_by!(Rebalances, told);

impl ConsumerContext for Rebalances {
    fn pre_rebalance(&self, consumer: &BaseConsumer<Self>, rebalance: &Rebalance<'_>) {
        let Rebalance::Revoke(partitions) = rebalance else { return };
        let shards = self.shards(partitions);
        if shards.is_empty() {
            return;
        }
        if consumer.assignment_lost() {
            // Others may have them already: writing ends before anything else.
            self.grants.lose(&shards);
            self.ownership.remove(&shards);
            *self.outside() = Some(Instant::now());
            tracing::warn!("this instance has lost the shards {shards:?}: the group has not heard of it in time");
        } else {
            // Sources stop first, what was read is committed, and then nobody writes here any more.
            self.ownership.remove(&shards);
            self.grants.revoke(&shards, self.within);
            tracing::info!("the shards {shards:?} go to other instances; left here: {:?}", self.ownership.list());
        }
    }

    fn post_rebalance(&self, consumer: &BaseConsumer<Self>, rebalance: &Rebalance<'_>) {
        let Rebalance::Assign(partitions) = rebalance else { return };
        self.joined.store(true, Ordering::Relaxed);
        *self.outside() = None;
        let shards = self.shards(partitions);
        if shards.is_empty() {
            return;
        }
        for shard in &shards {
            self.grants.grant(*shard);
        }
        self.ownership.add(&shards, self.comings.fetch_add(1, Ordering::Relaxed));
        tracing::info!("the shards {shards:?} are given to this instance; it has now: {:?}", self.ownership.list());
        // There is nothing to read in them.
        if let Err(error) = consumer.pause(partitions) {
            tracing::debug!("the assignment topic is read though it is empty: {error}");
        }
    }
}

impl Rebalances {
    fn outside(&self) -> MutexGuard<'_, Option<Instant>> {
        self.outside.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Whether the group has not taken us in, or back, for so long.
    pub(super) fn is_left_out(&self, limit: Duration) -> bool {
        self.outside().is_some_and(|since| since.elapsed() > limit)
    }

    fn shards(&self, partitions: &TopicPartitionList) -> Vec<u32> {
        let shards =
            partitions.elements().into_iter().filter_map(|partition| u32::try_from(partition.partition()).ok());
        // A topic with more partitions than shards is refused elsewhere; what is too much belongs to no tenant.
        let mut shards: Vec<u32> = shards.filter(|shard| *shard < self.shards).collect();
        shards.sort_unstable();
        shards
    }
}
