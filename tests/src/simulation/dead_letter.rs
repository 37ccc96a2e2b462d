use adr_core::{BoxFuture, Failure, FailureKind, Rejected};
use adr_runtime::DeadLetter;

use super::world::{Shared, key};

/// A dead letter that sometimes has no room.
pub(crate) struct SimulatedDeadLetter(pub(crate) Shared);

impl DeadLetter for SimulatedDeadLetter {
    fn keep<'a>(&'a self, component: &'a str, rejected: &'a [Rejected]) -> BoxFuture<'a, Result<(), Failure>> {
        Box::pin(async move {
            self.0.kill_point().await;
            self.0.dawdle(50).await;
            let mut world = self.0.lock();
            let likelihood = world.scenario.store_errors;
            if world.strikes(likelihood) {
                world.incident("dead letter full");
                return Err(Failure::new(FailureKind::Storage, "no room"));
            }
            world.mark("dead letter", rejected.len() as u64);
            world.dead.extend(rejected.iter().map(|rejected| (component.into(), key(&rejected.event))));
            Ok(())
        })
    }
}
