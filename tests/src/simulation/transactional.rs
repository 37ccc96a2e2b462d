use std::sync::Arc;

use adr_core::{
    BoxFuture, Committed, Failure, FailureKind, Group, LaneId, LaneWriter, OwnedLane, Rejection, TransactionalSink,
};

use rand::Rng;

use super::checks;
use super::store::apply;
use super::world::Shared;

/// A model of a sink that commits events and checkpoint as one: it fences older writers, and a commit may fail
/// before it took place, or take place and answer with a failure all the same.
pub(crate) struct SimulatedTransactions {
    pub(crate) world: Shared,
    pub(crate) name: Arc<str>,
}

struct Writer {
    world: Shared,
    name: Arc<str>,
    lane: LaneId,
    fence: u64,
}

impl TransactionalSink for SimulatedTransactions {
    fn open<'a>(&'a self, lane: &'a LaneId) -> BoxFuture<'a, Result<OwnedLane, Failure>> {
        Box::pin(async move {
            self.world.dawdle(50).await;
            let mut world = self.world.lock();
            let likelihood = world.scenario.store_errors;
            if world.strikes(likelihood) {
                return Err(Failure::new(FailureKind::Unavailable, "coordinator is loading"));
            }
            world.mark("fence", 0);
            let fence = world.fences.entry(lane.clone()).or_default();
            *fence += 1;
            let fence = *fence;
            let writer = Writer { world: self.world.clone(), name: self.name.clone(), lane: lane.clone(), fence };
            Ok((Box::new(writer) as Box<dyn LaneWriter>, world.records(lane)))
        })
    }
}

impl LaneWriter for Writer {
    fn commit(&mut self, group: Group) -> BoxFuture<'_, Result<Committed, Failure>> {
        // The request is on its way whether or not anybody waits for the answer: a zombie's arrives late.
        let (world, name, lane, fence) = (self.world.clone(), self.name.clone(), self.lane.clone(), self.fence);
        let Group { events, checkpoint } = group;
        let request = tokio::spawn(async move {
            world.kill_point().await;
            world.dawdle(500).await;
            let answered = {
                let mut world = world.lock();
                let likelihood = world.scenario.sink_errors;
                if world.fences.get(&lane) != Some(&fence) {
                    world.mark("fenced", 0);
                    return Err(Failure::new(FailureKind::Fenced, "a later writer owns the lane"));
                }
                let rejects = world.scenario.rejects;
                if !events.is_empty() && world.strikes(rejects) {
                    let index = world.random.random_range(0..events.len());
                    world.incident("commit refused");
                    return Ok(Committed::Nothing(vec![Rejection { index, reason: "too large".into() }]));
                }
                if world.strikes(likelihood) {
                    world.incident("commit failed");
                    return Err(Failure::new(FailureKind::Timeout, "not committed"));
                }
                world.mark("commit", events.len() as u64);
                checks::saved(&mut world, &lane, &checkpoint);
                world.hold(&name, &events);
                apply(&mut world, &lane, &checkpoint);
                let lost = world.strikes(likelihood);
                if lost {
                    world.incident("answer lost");
                }
                !lost
            };
            world.kill_point().await;
            if answered {
                Ok(Committed::All)
            } else {
                Err(Failure::new(FailureKind::Timeout, "committed, but nobody knows"))
            }
        });
        Box::pin(async move {
            request.await.unwrap_or_else(|_| Err(Failure::new(FailureKind::Internal, "the request was lost")))
        })
    }
}
