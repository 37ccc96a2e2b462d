use std::collections::BTreeSet;

use adr_core::{Failure, FailureKind, Records, Source};
use proptest::prelude::*;

use super::*;

const SHARDS: u32 = 3;

struct Named(LaneId);

impl Lane for Named {
    fn id(&self) -> &LaneId {
        &self.0
    }

    fn open(&self, _: Records) -> Result<Box<dyn Source>, Failure> {
        Err(Failure::new(FailureKind::Internal, "never opened"))
    }
}

fn id(tenant: u32) -> LaneId {
    LaneId::new("source", tenant.to_string())
}

fn lane(tenant: u32) -> Arc<dyn Lane> {
    Arc::new(Named(id(tenant)))
}

fn shard_of(tenant: &str) -> u32 {
    tenant.parse::<u32>().expect("a number") % SHARDS
}

#[derive(Clone, Debug)]
enum Step {
    Start(u32),
    Stop(u32),
    Come(u32),
    Go(u32),
    /// The runtime asks once.
    Ask,
}

fn step() -> impl Strategy<Value = Step> {
    prop_oneof![
        3 => (0..7u32).prop_map(Step::Start),
        2 => (0..7u32).prop_map(Step::Stop),
        2 => (0..SHARDS).prop_map(Step::Come),
        2 => (0..SHARDS).prop_map(Step::Go),
        4 => Just(Step::Ask),
    ]
}

/// What is true, and what the runtime was told.
#[derive(Default)]
struct World {
    division: Division,
    exist: BTreeMap<LaneId, Arc<dyn Lane>>,
    owned: BTreeMap<u32, u64>,
    running: BTreeMap<LaneId, Arc<dyn Lane>>,
    /// Running lanes that must be stopped before they may be started again: their shard has gone since.
    stale: BTreeSet<LaneId>,
    comings: u64,
}

impl World {
    fn step(&mut self, step: &Step) {
        match *step {
            Step::Start(tenant) => {
                let lane = lane(tenant);
                self.exist.insert(id(tenant), lane.clone());
                self.division.change(LaneChange::Start(lane), shard_of);
            }
            Step::Stop(tenant) => {
                self.exist.remove(&id(tenant));
                self.division.change(LaneChange::Stop(id(tenant)), shard_of);
            }
            Step::Come(shard) => {
                self.comings += 1;
                self.owned.entry(shard).or_insert(self.comings);
                self.division.own(Arc::new(self.owned.clone()));
            }
            Step::Go(shard) => {
                self.owned.remove(&shard);
                let gone = self.running.keys().filter(|id| shard_of(&id.tenant) == shard).cloned();
                self.stale.extend(gone);
                self.division.own(Arc::new(self.owned.clone()));
            }
            Step::Ask => {
                self.ask();
            }
        }
    }

    fn ask(&mut self) -> bool {
        match self.division.next() {
            Some(LaneChange::Start(lane)) => {
                let id = lane.id().clone();
                assert!(self.owned.contains_key(&shard_of(&id.tenant)), "{id} starts only where its shard is ours");
                assert!(!self.stale.contains(&id), "{id} is stopped before it starts under a shard that came again");
                let newest = self.exist.get(&id).expect("a lane that exists");
                assert!(Arc::ptr_eq(newest, &lane), "the newest lane of the name {id}");
                if let Some(before) = self.running.insert(id, lane.clone()) {
                    assert!(!Arc::ptr_eq(&before, &lane), "no lane is started twice");
                }
                true
            }
            Some(LaneChange::Stop(id)) => {
                self.stale.remove(&id);
                assert!(self.running.remove(&id).is_some(), "{id} was running");
                true
            }
            None => false,
        }
    }

    fn settle(&mut self) {
        while self.ask() {}
        let wanted = self.exist.iter().filter(|(id, _)| self.owned.contains_key(&shard_of(&id.tenant)));
        let wanted: Vec<_> = wanted.map(|(id, lane)| (id.clone(), Arc::as_ptr(lane).cast::<()>())).collect();
        let running: Vec<_> =
            self.running.iter().map(|(id, lane)| (id.clone(), Arc::as_ptr(lane).cast::<()>())).collect();
        assert_eq!(running, wanted, "what runs is what exists and is ours");
        assert!(self.stale.is_empty(), "a shard that went was stopped: {:?}", self.stale);
        assert_eq!(self.division.lanes.len(), self.exist.len(), "nothing is remembered of lanes that are gone");
    }
}

proptest! {
    #[test]
    fn what_runs_is_what_exists_and_is_ours(steps in prop::collection::vec(step(), 0..120), settle_at in 0..120usize) {
        let mut world = World::default();
        for (place, step) in steps.iter().enumerate() {
            world.step(step);
            if place == settle_at {
                world.settle();
            }
        }
        world.settle();
    }
}

fn told(division: &mut Division) -> Vec<String> {
    std::iter::from_fn(|| division.next())
        .map(|change| match change {
            LaneChange::Start(lane) => format!("start {}", lane.id().tenant),
            LaneChange::Stop(id) => format!("stop {}", id.tenant),
        })
        .collect()
}

fn owned(shards: &[(u32, u64)]) -> Owned {
    Arc::new(shards.iter().copied().collect())
}

#[test]
fn a_shard_that_went_and_came_between_two_looks_is_stopped_and_started() {
    let mut division = Division::default();
    let first = lane(4);
    division.change(LaneChange::Start(first.clone()), shard_of);
    assert!(told(&mut division).is_empty(), "not ours");
    division.own(owned(&[(1, 7)]));
    assert_eq!(told(&mut division), ["start 4"]);
    division.own(owned(&[(1, 7), (2, 8)]));
    assert!(told(&mut division).is_empty(), "it stays");
    division.own(owned(&[(1, 9)]));
    assert!(matches!(division.next(), Some(LaneChange::Stop(stopped)) if stopped == id(4)));
    let Some(LaneChange::Start(again)) = division.next() else { panic!("a start") };
    assert!(Arc::ptr_eq(&first, &again), "the same lane");
    assert!(division.next().is_none());
}

#[test]
fn a_lane_that_is_replaced_starts_again_and_one_that_is_stopped_stops() {
    let mut division = Division::default();
    division.own(owned(&[(0, 1), (1, 1)]));
    division.change(LaneChange::Start(lane(3)), shard_of);
    division.change(LaneChange::Start(lane(4)), shard_of);
    assert_eq!(told(&mut division), ["start 3", "start 4"]);
    let second = lane(3);
    division.change(LaneChange::Start(second.clone()), shard_of);
    let Some(LaneChange::Start(replaced)) = division.next() else { panic!("a start") };
    assert!(Arc::ptr_eq(&second, &replaced), "the new lane");
    division.change(LaneChange::Stop(id(4)), shard_of);
    division.change(LaneChange::Stop(id(5)), shard_of);
    assert_eq!(told(&mut division), ["stop 4"]);
}

#[test]
fn stops_go_before_starts() {
    let mut division = Division::default();
    division.own(owned(&[(0, 1)]));
    for tenant in [0, 1, 3, 4] {
        division.change(LaneChange::Start(lane(tenant)), shard_of);
    }
    assert_eq!(told(&mut division), ["start 0", "start 3"]);
    division.own(owned(&[(1, 2)]));
    assert_eq!(told(&mut division), ["stop 0", "stop 3", "start 1", "start 4"]);
}
