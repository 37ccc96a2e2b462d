//! What the status says of lanes and sinks while they run.

mod support;

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::time::Duration;

use adr_core::{
    BoxFuture, Checkpoint, CheckpointStore, Failure, FailureKind, Lane, LaneChange, LaneId, Records, Source, Timestamp,
};
use adr_runtime::{Handle, LaneState, LaneStatus};
use support::{Bench, Gate, Step, TestStore};
use tokio::sync::{Semaphore, mpsc};

fn lane(handle: &Handle) -> LaneStatus {
    handle.status().lanes()[&LaneId::new("source", "t")].clone()
}

/// Time passes only once nobody can do anything more.
async fn settle() {
    tokio::time::sleep(Duration::from_millis(1)).await;
}

fn second(second: i64) -> Option<Timestamp> {
    Some(Timestamp::from_secs(second))
}

/// Scenario: two pages, then a look that finds nothing, at a sink that delivers when it is let.
/// Guarantees: what is told to be delivered until an instant is what the sink holds, never what was only read.
#[tokio::test(start_paused = true)]
async fn delivered_until_never_runs_ahead_of_the_sink() {
    let (bench, gate) = (Bench::new(), Gate::shut());
    let script = vec![Step::Page(vec!["a"]), Step::Page(vec!["b"]), Step::Wait(Duration::from_secs(3600))];
    let running = bench.start(bench.topology(vec![bench.lane("t", script, false)], vec![], vec![("sink", &gate)]));
    let handle = running.handle();
    let finish = tokio::spawn(running.finish());
    gate.until(2).await;
    settle().await;
    assert_eq!((lane(&handle).read_until, lane(&handle).delivered_until), (second(2), None));
    gate.permits.add_permits(1);
    settle().await;
    assert_eq!(lane(&handle).delivered_until, second(1));
    gate.permits.add_permits(1);
    settle().await;
    assert_eq!(lane(&handle).delivered_until, second(2));
    handle.stop();
    finish.await.unwrap();
}

/// Scenario: nothing is new, so that no page comes.
/// Guarantees: all that was read is told to be delivered, since nothing is on its way.
#[tokio::test(start_paused = true)]
async fn a_quiet_lane_is_delivered_as_far_as_it_was_read() {
    let (bench, gate) = (Bench::new(), Gate::open());
    let script = vec![Step::Wait(Duration::from_secs(3600))];
    let running = bench.start(bench.topology(vec![bench.lane("t", script, false)], vec![], vec![("sink", &gate)]));
    let handle = running.handle();
    let finish = tokio::spawn(running.finish());
    settle().await;
    assert_eq!(lane(&handle).delivered_until, second(0));
    handle.stop();
    finish.await.unwrap();
}

/// Scenario: a sink fails twice, then delivers.
/// Guarantees: the status says why, since when and how often, and that it is over.
#[tokio::test(start_paused = true)]
async fn a_sink_that_fails_says_why_until_it_delivers() {
    let (bench, gate) = (Bench::new(), Gate::open());
    let unreachable = || Some(Failure::new(FailureKind::Unreachable, "nobody listens there"));
    gate.failures.lock().unwrap().extend([unreachable(), unreachable()]);
    let running = bench.start(bench.topology(
        vec![bench.lane("t", vec![Step::Page(vec!["a"])], false)],
        vec![],
        vec![("sink", &gate)],
    ));
    let handle = running.handle();
    let finish = tokio::spawn(running.finish());
    gate.until(2).await;
    settle().await;
    let failing = handle.status().sinks()["sink"].failing.clone().expect("it fails");
    assert_eq!((failing.failure.kind, failing.times), (FailureKind::Unreachable, 2));
    assert!(failing.since < handle.status().now());
    gate.until(3).await;
    settle().await;
    assert_eq!(handle.status().sinks()["sink"].failing, None);
    handle.stop();
    finish.await.unwrap();
}

/// Scenario: a sink fails for two lanes. One of them is taken out; the other has nothing more to deliver.
/// Guarantees: the sink is not told to fail for ever, although it delivers nothing that would say so.
#[tokio::test(start_paused = true)]
async fn a_sink_fails_no_longer_than_something_has_failed_there() {
    let (bench, gate) = (Bench::new(), Gate::open());
    let unreachable = || Some(Failure::new(FailureKind::Unreachable, "nobody listens there"));
    let (changes, receiver) = mpsc::channel(4);
    for lane in [bench.lane("t", vec![Step::Page(vec!["a"])], false), bench.lane("quiet", vec![], false)] {
        assert!(changes.try_send(LaneChange::Start(lane)).is_ok());
    }
    gate.failures.lock().unwrap().extend((0..1000).map(|_| unreachable()));
    let running = bench.start(bench.topology_of(receiver, vec![], vec![("sink", &gate)]));
    let handle = running.handle();
    let finish = tokio::spawn(running.finish());
    gate.until(2).await;
    settle().await;
    let failing = || handle.status().sinks()["sink"].failing.clone();
    assert!(failing().is_some());
    assert!(changes.try_send(LaneChange::Stop(LaneId::new("source", "t"))).is_ok());
    settle().await;
    assert!(failing().is_some(), "it has something there yet");
    tokio::time::sleep(Duration::from_secs(15)).await;
    assert_eq!(failing(), None);
    handle.stop();
    finish.await.unwrap();
}

/// A lane whose progress can be loaded so often at once as there are permits.
struct Stored {
    lane: Arc<dyn Lane>,
    loads: Arc<Semaphore>,
    begun: Arc<AtomicUsize>,
}

struct SlowStore(Arc<Semaphore>, Arc<AtomicUsize>);

impl CheckpointStore for SlowStore {
    fn load<'a>(&'a self, _: &'a LaneId) -> BoxFuture<'a, Result<Records, Failure>> {
        self.1.fetch_add(1, Ordering::Relaxed);
        Box::pin(async {
            self.0.acquire().await.expect("it is never closed").forget();
            Ok(Records::new())
        })
    }

    fn save<'a>(&'a self, _: &'a LaneId, _: Checkpoint) -> BoxFuture<'a, Result<(), Failure>> {
        Box::pin(async { Ok(()) })
    }
}

impl Lane for Stored {
    fn id(&self) -> &LaneId {
        self.lane.id()
    }

    fn store(&self) -> Option<Arc<dyn CheckpointStore>> {
        Some(Arc::new(SlowStore(self.loads.clone(), self.begun.clone())))
    }

    fn open(&self, records: Records) -> Result<Box<dyn Source>, Failure> {
        self.lane.open(records)
    }
}

/// Scenario: a lane fails, and what it needs to open again does not answer for long.
/// Guarantees: it is told to fail until it is open.
#[tokio::test(start_paused = true)]
async fn what_has_failed_fails_until_it_is_open_again() {
    let (bench, gate) = (Bench::new(), Gate::open());
    *gate.panics.lock().unwrap() = true;
    let (loads, begun) = (Arc::new(Semaphore::new(1)), Arc::new(AtomicUsize::new(0)));
    let script = vec![Step::Page(vec!["a"])];
    let stored = Stored { lane: bench.lane("t", script, false), loads: loads.clone(), begun: begun.clone() };
    let running = bench.start(bench.topology(vec![Arc::new(stored)], vec![], vec![("sink", &gate)]));
    let handle = running.handle();
    let finish = tokio::spawn(running.finish());
    tokio::time::sleep(Duration::from_secs(60)).await;
    assert_eq!(begun.load(Ordering::Relaxed), 2, "it opens again");
    let status = lane(&handle);
    assert!(
        matches!(&status.state, LaneState::Retrying(failure) if failure.message.contains("panicked")),
        "{status:?}"
    );
    assert_eq!((status.opened, status.failures), (2, 1));
    assert!(status.since < handle.status().now().minus(Duration::from_secs(50)), "{status:?}");
    loads.add_permits(1);
    gate.until(1).await;
    settle().await;
    assert_eq!((lane(&handle).state, lane(&handle).failures), (LaneState::Idle, 0));
    handle.stop();
    finish.await.unwrap();
}

/// A disk that is full for as long as it is said to be.
struct Disk {
    is_full: Arc<AtomicBool>,
    store: TestStore,
}

impl CheckpointStore for Disk {
    fn load<'a>(&'a self, lane: &'a LaneId) -> BoxFuture<'a, Result<Records, Failure>> {
        self.store.load(lane)
    }

    fn save<'a>(&'a self, lane: &'a LaneId, checkpoint: Checkpoint) -> BoxFuture<'a, Result<(), Failure>> {
        if self.is_full.load(Ordering::Relaxed) {
            return Box::pin(async { Err(Failure::new(FailureKind::Storage, "the disk is full")) });
        }
        self.store.save(lane, checkpoint)
    }
}

struct OnDisk {
    lane: Arc<dyn Lane>,
    disk: Arc<Disk>,
}

impl Lane for OnDisk {
    fn id(&self) -> &LaneId {
        self.lane.id()
    }

    fn store(&self) -> Option<Arc<dyn CheckpointStore>> {
        Some(self.disk.clone())
    }

    fn open(&self, records: Records) -> Result<Box<dyn Source>, Failure> {
        self.lane.open(records)
    }
}

/// Scenario: what is delivered cannot be saved as delivered, as the disk is full; then there is room.
/// Guarantees: that is told for as long as it is so.
#[tokio::test(start_paused = true)]
async fn a_full_disk_is_told_until_there_is_room() {
    let (bench, gate) = (Bench::new(), Gate::open());
    let disk = Arc::new(Disk { is_full: Arc::new(AtomicBool::new(true)), store: TestStore::default() });
    let lane = bench.lane("t", vec![Step::Page(vec!["a"])], false);
    let lane: Arc<dyn Lane> = Arc::new(OnDisk { lane, disk: disk.clone() });
    let running = bench.start(bench.topology(vec![lane], vec![], vec![("sink", &gate)]));
    let handle = running.handle();
    let finish = tokio::spawn(running.finish());
    gate.until(1).await;
    let unsaved = || handle.status().lanes().into_values().next().unwrap().unsaved;
    tokio::time::sleep(Duration::from_secs(60)).await;
    assert_eq!(unsaved().unwrap().message, "the disk is full");
    disk.is_full.store(false, Ordering::Relaxed);
    tokio::time::sleep(Duration::from_secs(60)).await;
    assert_eq!((unsaved(), disk.store.position(&LaneId::new("source", "t"))), (None, 1));
    handle.stop();
    finish.await.unwrap();
}
