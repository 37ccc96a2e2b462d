//! Membership against librdkafka's own mock cluster, which does know groups. The real brokers have their own trials.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::atomic::{AtomicU32, Ordering};
use std::sync::{Condvar, Mutex, MutexGuard};
use std::time::Instant;

use adr_core::{SecretRef, SecretString, Secrets};
use rdkafka::mocking::MockCluster;
use rdkafka::producer::DefaultProducerContext;

use super::*;
use crate::{CheckpointsConfig, ClusterConfig, DeliveryMode, KafkaConfig};

const SHARDS: u32 = 6;
const LIMIT: Duration = Duration::from_secs(60);

struct NoSecrets;

impl Secrets for NoSecrets {
    fn resolve(&self, reference: &SecretRef) -> Result<SecretString, Failure> {
        Err(Failure::new(FailureKind::Config, format!("no {reference} here")))
    }
}

/// Who was granted what, over all members: a shard has one owner at most.
#[derive(Default)]
struct Ledger {
    state: Mutex<State>,
    changed: Condvar,
}

#[derive(Default)]
struct State {
    owners: BTreeMap<u32, &'static str>,
    /// Shards that a lane writes still.
    writing: BTreeSet<u32>,
    /// How often each member was given a shard.
    grants: BTreeMap<&'static str, Vec<u32>>,
    /// Revocations that waited in vain.
    forced: Vec<u32>,
    /// Shards that went without being asked back.
    lost: Vec<u32>,
    faults: Vec<String>,
}

impl Ledger {
    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().expect("no panic in the ledger")
    }

    fn until(&self, what: &str, mut true_of: impl FnMut(&State) -> bool) {
        let waited = self.changed.wait_timeout_while(self.state(), LIMIT, |state| !true_of(state));
        let (state, late) = waited.expect("no panic in the ledger");
        assert!(!late.timed_out(), "{what}: {:?}", state.owners);
        assert!(state.faults.is_empty(), "{:?}", state.faults);
    }

    /// Waits until each has so many shards.
    fn shares(&self, shares: &[(&'static str, usize)]) {
        self.until(&format!("{shares:?}"), |state| {
            shares.iter().all(|(name, count)| state.owners.values().filter(|owner| *owner == name).count() == *count)
        });
    }

    fn of(&self, name: &str) -> Vec<u32> {
        self.state().owners.iter().filter(|(_, owner)| **owner == name).map(|(shard, _)| *shard).collect()
    }
}

struct Double {
    name: &'static str,
    ledger: Arc<Ledger>,
    panics: AtomicU32,
}

impl Grants for Double {
    fn of(&self, tenant: &str) -> u32 {
        tenant.parse::<u32>().expect("a number") % SHARDS
    }

    fn grant(&self, shard: u32) {
        if self.panics.load(Ordering::Relaxed) > 0 {
            self.panics.fetch_sub(1, Ordering::Relaxed);
            panic!("as the test wants");
        }
        let mut state = self.ledger.state();
        if let Some(other) = state.owners.insert(shard, self.name) {
            state.faults.push(format!("{shard} is given to {} while {other} has it", self.name));
        }
        state.grants.entry(self.name).or_default().push(shard);
        self.ledger.changed.notify_all();
    }

    fn revoke(&self, shards: &[u32], within: Duration) {
        let writing = |state: &mut State| shards.iter().any(|shard| state.writing.contains(shard));
        let waited = self.ledger.changed.wait_timeout_while(self.ledger.state(), within, writing);
        let (mut state, late) = waited.expect("no panic in the ledger");
        if late.timed_out() {
            state.forced.extend(shards);
        }
        self.take_away(state, shards);
    }

    fn lose(&self, shards: &[u32]) {
        let mut state = self.ledger.state();
        state.lost.extend(shards);
        self.take_away(state, shards);
    }
}

impl Double {
    fn take_away(&self, mut state: MutexGuard<'_, State>, shards: &[u32]) {
        state.owners.retain(|shard, owner| *owner != self.name || !shards.contains(shard));
        self.ledger.changed.notify_all();
    }
}

struct Scene {
    brokers: MockCluster<'static, DefaultProducerContext>,
    ledger: Arc<Ledger>,
}

impl Scene {
    fn new() -> Self {
        let brokers = MockCluster::new(1).expect("a mock cluster");
        brokers.create_topic("assign", i32::try_from(SHARDS).expect("small"), 1).expect("a topic");
        Self { brokers, ledger: Arc::default() }
    }

    fn join(&self, name: &'static str) -> Arc<Cluster> {
        self.join_with(name, 0, || Ok(()))
    }

    fn join_with(
        &self,
        name: &'static str,
        panics: u32,
        ready: impl Fn() -> Result<(), Failure> + Send + 'static,
    ) -> Arc<Cluster> {
        let settings = Settings::try_from(KafkaConfig {
            bootstrap_servers: self.brokers.bootstrap_servers(),
            topic: "adr".to_owned(),
            delivery: Some(DeliveryMode::ExactlyOnce),
            checkpoints: Some(CheckpointsConfig { topic: "ckpt".to_owned(), shards: Some(SHARDS) }),
            cluster: Some(ClusterConfig {
                topic: "assign".to_owned(),
                group: Some("instances".to_owned()),
                session_timeout: None,
                instance: Some(name.to_owned()),
            }),
            ..KafkaConfig::default()
        });
        let place = Place {
            connection: Connection::new("kafka", &settings.expect("settings"), Arc::new(NoSecrets)),
            topic: "assign".to_owned(),
            group: "instances".to_owned(),
            instance: name.to_owned(),
            session_timeout: Duration::from_secs(6),
            shards: SHARDS,
            ready: Box::new(ready),
        };
        let double = Double { name, ledger: self.ledger.clone(), panics: AtomicU32::new(panics) };
        Cluster::start(place, Arc::new(double)).expect("a thread")
    }
}

#[test]
fn shards_are_divided_fairly_and_only_what_must_move_moves() {
    let scene = Scene::new();
    let ledger = &scene.ledger;
    let first = scene.join("first");
    ledger.shares(&[("first", 6)]);
    let second = scene.join("second");
    ledger.shares(&[("first", 3), ("second", 3)]);
    let (firsts, seconds) = (ledger.of("first"), ledger.of("second"));
    let third = scene.join("third");
    ledger.shares(&[("first", 2), ("second", 2), ("third", 2)]);
    assert!(ledger.of("first").iter().all(|shard| firsts.contains(shard)));
    assert!(ledger.of("second").iter().all(|shard| seconds.contains(shard)));
    let given = ledger.state().grants.values().map(Vec::len).sum::<usize>();
    assert_eq!(given, 6 + 3 + 2, "no shard was given twice to one that kept it");

    let start = Instant::now();
    drop(second);
    assert!(start.elapsed() < FAREWELL, "it has left: {:?}", start.elapsed());
    assert!(ledger.of("second").is_empty(), "{:?}", ledger.of("second"));
    ledger.shares(&[("first", 3), ("third", 3)]);
    drop((first, third));
    assert!(ledger.state().owners.is_empty(), "what is left is given up: {:?}", ledger.state().owners);
}

#[test]
fn a_shard_goes_when_nobody_writes_it_any_more() {
    let scene = Scene::new();
    let ledger = &scene.ledger;
    let first = scene.join("first");
    ledger.shares(&[("first", 6)]);
    ledger.state().writing.extend(0..SHARDS);
    let mut watch = first.ownership.watch();
    let second = scene.join("second");
    let gone = |owned: &owned::Owned| owned.len() == 3;
    let waited =
        tokio::runtime::Builder::new_current_thread().enable_time().build().expect("a runtime").block_on(async {
            tokio::time::timeout(LIMIT, watch.wait_for(gone)).await.map(|found| found.map(|owned| owned.clone()))
        });
    let kept = waited.expect("in time").expect("the cluster is there");
    // Sources have been told, lanes write still: nobody else has the shard yet.
    assert!(ledger.of("second").is_empty(), "{:?}", ledger.of("second"));
    assert_eq!(ledger.of("first").len(), 6);
    ledger.state().writing.clear();
    ledger.changed.notify_all();
    ledger.shares(&[("first", 3), ("second", 3)]);
    assert_eq!(ledger.of("first"), kept.keys().copied().collect::<Vec<_>>());
    assert!(ledger.state().forced.is_empty(), "it was not forced");
    drop((first, second));
}

#[test]
fn what_is_in_the_way_is_tried_again_and_a_panic_does_not_end_the_membership() {
    let scene = Scene::new();
    let tries = AtomicU32::new(0);
    let member = scene.join_with("first", 1, move || match tries.fetch_add(1, Ordering::Relaxed) {
        0 | 1 => Err(Failure::new(FailureKind::Config, "kafka has no topic assign")),
        _ => Ok(()),
    });
    scene.ledger.shares(&[("first", 6)]);
    drop(member);
}

#[test]
fn who_hears_nothing_of_the_group_loses_its_shards_at_once_and_gets_them_again() {
    let scene = Scene::new();
    let member = scene.join("first");
    scene.ledger.shares(&[("first", 6)]);
    // A lane that writes does not hold up a loss.
    scene.ledger.state().writing.extend(0..SHARDS);
    scene.brokers.broker_down(1).expect("it goes down");
    scene.ledger.until("all is lost", |state| state.owners.is_empty());
    assert_eq!(scene.ledger.state().lost.len(), 6);
    scene.ledger.state().writing.clear();
    scene.brokers.broker_up(1).expect("it comes up");
    scene.ledger.shares(&[("first", 6)]);
    assert!(scene.ledger.state().forced.is_empty());
    drop(member);
}

#[test]
fn brokers_that_are_not_there_do_not_hold_whoever_drops_the_cluster() {
    let scene = Scene::new();
    let member = scene.join("first");
    scene.ledger.shares(&[("first", 6)]);
    scene.brokers.broker_down(1).expect("it goes down");
    let start = Instant::now();
    drop(member);
    assert!(start.elapsed() < FAREWELL + Duration::from_secs(1), "{:?}", start.elapsed());
}

#[test]
fn the_default_name_of_an_instance_has_its_process_in_it() {
    let name = machine_and_process();
    let (machine, process) = name.rsplit_once('-').expect("two parts");
    assert!(!machine.is_empty());
    assert_eq!(process, std::process::id().to_string());
}
