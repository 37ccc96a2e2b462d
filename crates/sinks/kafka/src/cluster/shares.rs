//! What membership in the group means for shards: they come, are to be given up, or are gone.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use adr_kafka::{GroupConsumer, Holder, Partition};

use super::owned::{Grants, Ownership};

pub(super) struct Shares {
    grants: Arc<dyn Grants>,
    ownership: Arc<Ownership>,
    shards: u32,
    /// How often shards have come, in all memberships of this instance.
    comings: AtomicU64,
}

impl Shares {
    pub(super) fn new(grants: Arc<dyn Grants>, ownership: Arc<Ownership>, shards: u32) -> Self {
        Self { grants, ownership, shards, comings: AtomicU64::default() }
    }

    fn shards(&self, partitions: &[Partition]) -> Vec<u32> {
        let shards = partitions.iter().filter_map(|partition| u32::try_from(partition.number).ok());
        // A topic with more partitions than shards is refused elsewhere; what is too much belongs to no tenant.
        let mut shards: Vec<u32> = shards.filter(|shard| *shard < self.shards).collect();
        shards.sort_unstable();
        shards
    }
}

impl Holder for Shares {
    fn take(&self, _: &Arc<GroupConsumer>, partitions: Vec<Partition>) {
        let shards = self.shards(&partitions);
        if shards.is_empty() {
            return;
        }
        for shard in &shards {
            self.grants.grant(*shard);
        }
        self.ownership.add(&shards, self.comings.fetch_add(1, Ordering::Relaxed));
        tracing::info!("the shards {shards:?} are given to this instance; it has now: {:?}", self.ownership.list());
    }

    /// Sources stop first, what was read is committed, and then nobody writes here any more.
    fn give_up(&self, partitions: &[Partition], within: Duration) {
        let shards = self.shards(partitions);
        if shards.is_empty() {
            return;
        }
        self.ownership.remove(&shards);
        self.grants.revoke(&shards, within);
        tracing::info!("the shards {shards:?} go to other instances; left here: {:?}", self.ownership.list());
    }

    fn lose(&self, partitions: &[Partition]) {
        let shards = self.shards(partitions);
        if shards.is_empty() {
            return;
        }
        self.grants.lose(&shards);
        self.ownership.remove(&shards);
        tracing::warn!("this instance has lost the shards {shards:?}: the group has not heard of it in time");
    }

    fn lose_all(&self) {
        let rest = self.ownership.list();
        if !rest.is_empty() {
            self.grants.lose(&rest);
            self.ownership.remove(&rest);
        }
    }
}
