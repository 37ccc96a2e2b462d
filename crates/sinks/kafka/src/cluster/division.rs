//! Which lanes of a shared source run here: pure logic.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use adr_core::{Lane, LaneChange, LaneId};

use super::owned::Owned;

/// The lanes that a source has, those of them whose shard is ours, and what is still to be said of that.
///
/// Nothing is queued: what to say next follows from what was said and what is true now, so that a shard that comes
/// and goes while nobody asks leaves nothing behind.
#[derive(Default)]
pub(super) struct Division {
    owned: Owned,
    lanes: BTreeMap<LaneId, Entry>,
    /// Lanes to stop; these go first, since whoever takes the shard over waits for it.
    stops: BTreeSet<LaneId>,
    /// Lanes to start, or to replace.
    starts: BTreeSet<LaneId>,
}

struct Entry {
    shard: u32,
    /// `None` once its source has stopped it.
    lane: Option<Arc<dyn Lane>>,
    /// How often the source has started it.
    version: u64,
    /// Which lane was last said to run, if it was not said to stop since.
    said: Option<Running>,
}

/// A lane object (by its version) under one coming of its shard.
#[derive(Clone, Copy, PartialEq, Eq)]
struct Running {
    coming: u64,
    version: u64,
}

impl Division {
    /// The shards that are ours now.
    pub(super) fn own(&mut self, owned: Owned) {
        if Arc::ptr_eq(&self.owned, &owned) {
            return;
        }
        self.owned = owned;
        let Self { owned, lanes, stops, starts } = self;
        lanes.retain(|id, entry| entry.judge(id, owned, stops, starts));
    }

    /// A change of the source's own lanes; `shard` is that of the lane's tenant.
    pub(super) fn change(&mut self, change: LaneChange, shard: impl FnOnce(&str) -> u32) {
        let id = match change {
            LaneChange::Start(lane) => {
                let id = lane.id().clone();
                let fresh = || Entry { shard: shard(&id.tenant), lane: None, version: 0, said: None };
                let entry = self.lanes.entry(id.clone()).or_insert_with(fresh);
                entry.version += 1;
                entry.lane = Some(lane);
                id
            }
            LaneChange::Stop(id) => {
                let Some(entry) = self.lanes.get_mut(&id) else { return };
                entry.lane = None;
                id
            }
        };
        self.judge(&id);
    }

    /// What to say next. It counts as said.
    pub(super) fn next(&mut self) -> Option<LaneChange> {
        if let Some(id) = self.stops.pop_first() {
            if let Some(entry) = self.lanes.get_mut(&id) {
                entry.said = None;
            }
            self.judge(&id);
            return Some(LaneChange::Stop(id));
        }
        let entry = self.lanes.get_mut(&self.starts.pop_first()?)?;
        entry.said = entry.wanted(&self.owned);
        entry.lane.clone().map(LaneChange::Start)
    }

    fn judge(&mut self, id: &LaneId) {
        let Self { owned, lanes, stops, starts } = self;
        if lanes.get_mut(id).is_some_and(|entry| !entry.judge(id, owned, stops, starts)) {
            lanes.remove(id);
        }
    }
}

impl Entry {
    fn wanted(&self, owned: &Owned) -> Option<Running> {
        let coming = *owned.get(&self.shard)?;
        self.lane.as_ref().map(|_| Running { coming, version: self.version })
    }

    /// Puts it down for what is to be said of it; false if it can be forgotten.
    fn judge(&self, id: &LaneId, owned: &Owned, stops: &mut BTreeSet<LaneId>, starts: &mut BTreeSet<LaneId>) -> bool {
        let wanted = self.wanted(owned);
        let (stop, start) = match (self.said, wanted) {
            (said, wanted) if said == wanted => (false, false),
            (None, _) => (false, true),
            (Some(_), None) => (true, false),
            // Only the lane object is another: a start replaces it. Another coming of its shard is a new beginning.
            (Some(said), Some(wanted)) if said.coming == wanted.coming => (false, true),
            (Some(_), Some(_)) => (true, false),
        };
        for (set, wish) in [(stops, stop), (starts, start)] {
            if wish {
                set.insert(id.clone());
            } else {
                set.remove(id);
            }
        }
        self.lane.is_some() || self.said.is_some()
    }
}

#[cfg(test)]
mod tests;
