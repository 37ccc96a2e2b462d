use adr_core::{BoxFuture, Checkpoint, CheckpointStore, Failure, FailureKind, LaneId, Records};

use super::checks;
use super::world::{Shared, World};

/// A checkpoint store whose disk is full now and then, and whose process may die before, in and after a save.
pub(crate) struct SimulatedStore(pub(crate) Shared);

impl CheckpointStore for SimulatedStore {
    fn load<'a>(&'a self, lane: &'a LaneId) -> BoxFuture<'a, Result<Records, Failure>> {
        Box::pin(async move {
            self.0.dawdle(20).await;
            let mut world = self.0.lock();
            let likelihood = world.scenario.store_errors;
            if world.strikes(likelihood) {
                return Err(Failure::new(FailureKind::Storage, "cannot read"));
            }
            world.mark("load", 0);
            Ok(world.records(lane))
        })
    }

    fn save<'a>(&'a self, lane: &'a LaneId, checkpoint: Checkpoint) -> BoxFuture<'a, Result<(), Failure>> {
        Box::pin(async move {
            self.0.kill_point().await;
            self.0.dawdle(20).await;
            {
                let mut world = self.0.lock();
                let likelihood = world.scenario.store_errors;
                if world.strikes(likelihood) {
                    world.mark("save failed", 0);
                    return Err(Failure::new(FailureKind::Storage, "no room"));
                }
                world.mark("save", checkpoint.writes.len() as u64);
                checks::saved(&mut world, lane, &checkpoint);
                apply(&mut world, lane, &checkpoint);
            }
            self.0.kill_point().await;
            Ok(())
        })
    }
}

/// Applies a checkpoint's writes to the lane's records.
pub(crate) fn apply(world: &mut World, lane: &LaneId, checkpoint: &Checkpoint) {
    let records = world.stores.entry(lane.clone()).or_default();
    for write in &checkpoint.writes {
        match &write.value {
            Some(value) => records.insert(write.key.to_vec(), value.to_vec()),
            None => records.remove(write.key.as_ref()),
        };
    }
}
