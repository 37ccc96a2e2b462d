use std::sync::Arc;
use std::time::Duration;

use adr_core::{BoxFuture, Delivered, Delivery, Event, Failure, FailureKind, Rejection, Sink};
use rand::Rng;

use super::world::{Shared, World};

/// A sink that takes its time, fails before, half way and after it holds a batch, refuses events, and panics.
pub(crate) struct SimulatedSink {
    pub(crate) world: Shared,
    pub(crate) name: Arc<str>,
    pub(crate) trail: Option<Duration>,
}

impl Sink for SimulatedSink {
    fn write<'a>(&'a mut self, events: &'a [Event]) -> BoxFuture<'a, Result<Delivery, Failure>> {
        Box::pin(async move {
            self.world.kill_point().await;
            self.world.dawdle(200).await;
            let at_once = {
                let mut world = self.world.lock();
                let (errors, panics) = (world.scenario.sink_errors, world.scenario.sink_panics);
                if world.strikes(panics) {
                    world.incident("sink panics");
                    drop(world);
                    std::panic::panic_any("simulated");
                }
                if world.strikes(errors) {
                    half(&mut world, &self.name, events);
                    world.incident("write failed");
                    return Err(Failure::new(FailureKind::Unreachable, "connection lost"));
                }
                let at_once = world.random.random_bool(0.5);
                if at_once {
                    world.hold(&self.name, events);
                }
                at_once
            };
            self.world.kill_point().await;
            let (world, name, events) = (self.world.clone(), self.name.clone(), events.to_vec());
            Ok(deliver(world, name, events, at_once, self.trail))
        })
    }

    fn close(&mut self) -> BoxFuture<'_, Result<(), Failure>> {
        Box::pin(async move {
            self.world.lock().mark("close", 0);
            Ok(())
        })
    }
}

fn deliver(world: Shared, name: Arc<str>, events: Vec<Event>, held: bool, trail: Option<Duration>) -> Delivery {
    let process = world.lock().process;
    Box::pin(async move {
        // Now and then so long that whoever exchanges the sink does not wait for it.
        let long = world.lock().scenario.has_faults && world.lock().random.random_bool(0.02);
        world.dawdle(if long { 60_000 } else { 2_000 }).await;
        let rejected = {
            let mut world = world.lock();
            if world.process != process {
                return Err(Failure::new(FailureKind::Internal, "from an earlier process"));
            }
            let (errors, panics, rejects) =
                (world.scenario.sink_errors, world.scenario.sink_panics, world.scenario.rejects);
            if world.strikes(panics) {
                world.incident("delivery panics");
                drop(world);
                std::panic::panic_any("simulated");
            }
            if world.strikes(errors) {
                if !held {
                    half(&mut world, &name, &events);
                }
                world.incident("delivery failed");
                return Err(Failure::new(FailureKind::Timeout, "no answer"));
            }
            if held {
                Vec::new()
            } else {
                let refused = world.strikes(rejects).then(|| world.random.random_range(0..events.len()));
                let kept: Vec<Event> = (0..events.len())
                    .filter(|index| Some(*index) != refused)
                    .map(|index| events[index].clone())
                    .collect();
                world.hold(&name, &kept);
                refused.map(|index| Rejection { index, reason: "too large".into() }).into_iter().collect()
            }
        };
        world.kill_point().await;
        Ok(Delivered { rejected, trail })
    })
}

/// A failure may come after a part was taken.
fn half(world: &mut World, name: &Arc<str>, events: &[Event]) {
    let taken = world.random.random_range(0..=events.len());
    world.hold(name, &events[..taken]);
}
