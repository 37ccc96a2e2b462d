use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use tokio::sync::watch;

use crate::Shards;

/// What the cluster needs of the transactions it divides: see [`Shards`], which does it.
pub(super) trait Grants: Send + Sync {
    /// The shard of a tenant.
    fn of(&self, tenant: &str) -> u32;
    /// From now on the shard may be written.
    fn grant(&self, shard: u32);
    /// Blocks until nobody writes these shards any more or time is up; afterwards nobody can.
    fn revoke(&self, shards: &[u32], within: Duration);
    /// From now on nobody can write these shards.
    fn lose(&self, shards: &[u32]);
}

impl Grants for Shards {
    fn of(&self, tenant: &str) -> u32 {
        Shards::of(self, tenant)
    }

    fn grant(&self, shard: u32) {
        Shards::grant(self, shard);
    }

    fn revoke(&self, shards: &[u32], within: Duration) {
        Shards::revoke(self, shards, within);
    }

    fn lose(&self, shards: &[u32]) {
        Shards::lose(self, shards);
    }
}

/// The shards of this instance, each with a number that is new each time it comes: a shard that went and came again
/// between two looks is told from one that stayed.
pub(super) type Owned = Arc<BTreeMap<u32, u64>>;

/// Who owns what in this instance, for those who watch it.
pub(super) struct Ownership {
    owned: watch::Sender<Owned>,
}

impl Ownership {
    pub(super) fn new() -> Self {
        Self { owned: watch::Sender::new(Owned::default()) }
    }

    pub(super) fn watch(&self) -> watch::Receiver<Owned> {
        self.owned.subscribe()
    }

    /// Adds shards that have just been granted.
    pub(super) fn add(&self, shards: &[u32], coming: u64) {
        self.owned.send_modify(|owned| Arc::make_mut(owned).extend(shards.iter().map(|shard| (*shard, coming))));
    }

    pub(super) fn remove(&self, shards: &[u32]) {
        self.owned.send_modify(|owned| Arc::make_mut(owned).retain(|shard, _| !shards.contains(shard)));
    }

    pub(super) fn list(&self) -> Vec<u32> {
        self.owned.borrow().keys().copied().collect()
    }
}
