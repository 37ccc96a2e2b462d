use std::sync::Arc;

use adr_core::{
    BoxFuture, Failure, Lane, LaneChange, LaneId, Pull, Reach, Records, Reservation, Source, SourceComponent,
};
use bytes::Bytes;

use super::world::{Shared, key};

/// The key under which the judge numbers pages inside the checkpoints of a lane.
pub(crate) const PAGE: &[u8] = b"~page";

/// A source component whose lanes tell the judge what they read.
pub(crate) struct Watched {
    pub(crate) world: Shared,
    pub(crate) inner: Box<dyn SourceComponent>,
    /// Its lanes' settings are others than those of the same lanes elsewhere.
    pub(crate) edition: u64,
}

struct WatchedLane {
    world: Shared,
    inner: Arc<dyn Lane>,
    edition: u64,
}

struct WatchedSource {
    world: Shared,
    lane: LaneId,
    life: u64,
    inner: Box<dyn Source>,
}

impl SourceComponent for Watched {
    fn next_change(&mut self) -> BoxFuture<'_, Option<LaneChange>> {
        Box::pin(async move {
            Some(match self.inner.next_change().await? {
                LaneChange::Start(inner) => {
                    LaneChange::Start(Arc::new(WatchedLane { world: self.world.clone(), inner, edition: self.edition }))
                }
                stop @ LaneChange::Stop(_) => stop,
            })
        })
    }
}

impl Lane for WatchedLane {
    fn id(&self) -> &LaneId {
        self.inner.id()
    }

    fn revision(&self) -> Option<u64> {
        Some(self.inner.revision()?.wrapping_add(self.edition))
    }

    fn open(&self, mut records: Records) -> Result<Box<dyn Source>, Failure> {
        records.retain(|(key, _)| key.as_ref() != PAGE);
        let lane = self.id().clone();
        let life = {
            let mut world = self.world.lock();
            let opened = world.pages.keys().filter(|(other, _)| *other == lane).count() as u64;
            if opened > 0 {
                world.incident("lane opens again");
            }
            world.pages.insert((lane.clone(), opened), Vec::new());
            opened
        };
        Ok(Box::new(WatchedSource { world: self.world.clone(), lane, life, inner: self.inner.open(records)? }))
    }
}

impl Source for WatchedSource {
    fn reach(&self) -> Reach {
        self.inner.reach()
    }

    fn demand(&self) -> usize {
        let demand = self.inner.demand();
        // The runtime reserves as much again twice for what transforms make of the page.
        let mut world = self.world.lock();
        world.largest_page = world.largest_page.max(3 * demand);
        demand
    }

    fn next(&mut self, memory: Reservation) -> BoxFuture<'_, Result<Pull, Failure>> {
        Box::pin(async move {
            {
                let mut world = self.world.lock();
                let likelihood = world.scenario.source_panics;
                if world.strikes(likelihood) {
                    world.incident("source panics");
                    drop(world);
                    std::panic::panic_any("simulated");
                }
            }
            let mut pull = self.inner.next(memory).await?;
            if let Pull::Page(page) = &mut pull {
                let mut world = self.world.lock();
                let step = world.mark("page", page.events.len() as u64);
                let keys: Vec<_> = page.events.iter().map(key).collect();
                for key in &keys {
                    world.emitted.entry(key.clone()).or_insert(step);
                }
                if let Some(pages) = world.pages.get_mut(&(self.lane.clone(), self.life)) {
                    pages.push(keys);
                    let number = [self.life.to_be_bytes(), (pages.len() as u64).to_be_bytes()].concat();
                    page.checkpoint.set(PAGE, Bytes::from(number));
                }
            }
            Ok(pull)
        })
    }
}
