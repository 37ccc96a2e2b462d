use std::collections::{BTreeMap, VecDeque};
use std::future::{pending, ready};
use std::time::Duration;

use adr_core::{Failure, FailureKind, Lane, LaneId, Records, Source};
use futures_util::FutureExt;
use proptest::prelude::*;
use tokio::sync::mpsc;

use super::*;
use crate::cluster::owned::Ownership;

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

/// Tenants are numbers here, and the shard is the last digit.
struct Digits;

impl Grants for Digits {
    fn of(&self, tenant: &str) -> u32 {
        tenant.parse::<u32>().expect("a number") % 10
    }

    fn grant(&self, _: u32) {}

    fn revoke(&self, _: &[u32], _: Duration) {}

    fn lose(&self, _: &[u32]) {}
}

/// Hands its lanes out as it makes the future, as the sources of this program do.
struct Eager(VecDeque<u32>);

impl SourceComponent for Eager {
    fn next_change(&mut self) -> BoxFuture<'_, Option<LaneChange>> {
        let next = self.0.pop_front().map(|tenant| LaneChange::Start(Arc::new(Named(id(tenant)))));
        Box::pin(ready(next))
    }
}

/// The same, and shards come in the very moment that it is asked.
struct AtOnce(Eager, Arc<Ownership>);

impl SourceComponent for AtOnce {
    fn next_change(&mut self) -> BoxFuture<'_, Option<LaneChange>> {
        self.1.add(&[7], 1);
        self.0.next_change()
    }
}

/// Told from outside.
struct Fed(mpsc::Receiver<LaneChange>);

impl SourceComponent for Fed {
    fn next_change(&mut self) -> BoxFuture<'_, Option<LaneChange>> {
        Box::pin(async {
            match self.0.recv().await {
                Some(change) => Some(change),
                None => pending().await,
            }
        })
    }
}

fn shared(inner: impl SourceComponent + 'static, ownership: &Ownership) -> SharedSource {
    SharedSource::new(Box::new(inner), ownership.watch(), Arc::new(Digits), None)
}

fn note(running: &mut BTreeMap<u32, u32>, change: Option<LaneChange>) {
    match change.expect("a shared source does not end") {
        LaneChange::Start(lane) => *running.entry(lane.id().tenant.parse().expect("a number")).or_default() += 1,
        LaneChange::Stop(lane) => {
            running.remove(&lane.tenant.parse().expect("a number")).expect("it was running");
        }
    }
}

#[tokio::test]
async fn lanes_that_were_handed_out_long_ago_start_when_their_shard_comes() {
    let ownership = Ownership::new();
    let mut source = shared(Eager((0..30).collect()), &ownership);
    assert!(source.next_change().now_or_never().is_none(), "nothing is ours, and it does not end");
    ownership.add(&[3], 1);
    let mut running = BTreeMap::new();
    for _ in 0..3 {
        note(&mut running, source.next_change().await);
    }
    assert_eq!(running.into_keys().collect::<Vec<_>>(), [3, 13, 23]);
    let waiting = source.next_change();
    ownership.remove(&[3]);
    assert!(matches!(waiting.await, Some(LaneChange::Stop(lane)) if lane == id(13)), "a waiting future wakes");
}

#[test]
fn a_lane_that_is_handed_out_while_shards_come_is_not_lost() {
    let ownership = Arc::new(Ownership::new());
    let mut source = shared(AtOnce(Eager([7, 17, 27].into()), ownership.clone()), &ownership);
    let mut running = BTreeMap::new();
    while let Some(change) = source.next_change().now_or_never() {
        note(&mut running, change);
    }
    assert_eq!(running.into_keys().collect::<Vec<_>>(), [7, 17, 27]);
}

#[test]
fn several_sources_share_one_ownership() {
    let ownership = Ownership::new();
    let mut sources = [shared(Eager([1, 2].into()), &ownership), shared(Eager([12, 22].into()), &ownership)];
    ownership.add(&[2], 1);
    let mut running = BTreeMap::new();
    for source in &mut sources {
        while let Some(change) = source.next_change().now_or_never() {
            note(&mut running, change);
        }
    }
    assert_eq!(running.into_keys().collect::<Vec<_>>(), [2, 12, 22]);
}

#[derive(Clone, Debug)]
enum Step {
    Start(u32),
    Stop(u32),
    Come(u32),
    Go(u32),
    /// The future is made, asked once or not at all, and dropped.
    Ask(bool),
}

fn step() -> impl Strategy<Value = Step> {
    prop_oneof![
        (0..25u32).prop_map(Step::Start),
        (0..25u32).prop_map(Step::Stop),
        (0..4u32).prop_map(Step::Come),
        (0..4u32).prop_map(Step::Go),
        any::<bool>().prop_map(Step::Ask),
        any::<bool>().prop_map(Step::Ask),
    ]
}

proptest! {
    #[test]
    fn nothing_is_lost_by_futures_that_are_dropped(eager in 0..25u32, steps in prop::collection::vec(step(), 0..80)) {
        let ownership = Ownership::new();
        let (feed, fed) = mpsc::channel(100);
        // Both kinds in one world: the eager lanes are those from 100 on.
        let mut sources =
            [shared(Fed(fed), &ownership), shared(Eager((100..100 + eager).collect()), &ownership)];
        let mut exist: std::collections::BTreeSet<u32> = (100..100 + eager).collect();
        let mut owned = std::collections::BTreeSet::new();
        let mut running = BTreeMap::new();
        for (coming, step) in steps.into_iter().enumerate() {
            match step {
                Step::Start(tenant) => {
                    exist.insert(tenant);
                    prop_assert!(feed.try_send(LaneChange::Start(Arc::new(Named(id(tenant))))).is_ok());
                }
                Step::Stop(tenant) => {
                    exist.remove(&tenant);
                    prop_assert!(feed.try_send(LaneChange::Stop(id(tenant))).is_ok());
                }
                Step::Come(shard) if owned.insert(shard) => ownership.add(&[shard], coming as u64),
                Step::Come(_) => {}
                Step::Go(shard) => {
                    owned.remove(&shard);
                    ownership.remove(&[shard]);
                }
                Step::Ask(really) => {
                    for source in &mut sources {
                        let future = source.next_change();
                        if really && let Some(change) = future.now_or_never() {
                            note(&mut running, change);
                        }
                    }
                }
            }
        }
        for source in &mut sources {
            while let Some(change) = source.next_change().now_or_never() {
                note(&mut running, change);
            }
        }
        let wanted: Vec<u32> = exist.into_iter().filter(|tenant| owned.contains(&(tenant % 10))).collect();
        prop_assert_eq!(running.into_keys().collect::<Vec<_>>(), wanted);
    }
}
