//! Lanes that leave a sink which others still use: they wait for what they have there while it gets on, and not for ever.

mod support;

use std::collections::BTreeSet;
use std::future::pending;
use std::sync::Arc;
use std::time::Duration;

use adr_core::*;
use adr_runtime::{Handle, Input, Report, SinkKind, SinkNode, Topology};
use support::{Bench, Gate, Step};
use tokio::sync::mpsc;
use tokio::task::JoinHandle;
use tokio::time::{sleep, timeout};

fn pages(texts: &[&'static str]) -> Vec<Step> {
    texts.iter().map(|text| Step::Page(vec![text])).collect()
}

/// Each of these components is for these tenants alone.
fn only(mut topology: Topology, own: &[(&str, &[&str])]) -> Topology {
    let of = |tenants: &[&str]| -> BTreeSet<Arc<str>> { tenants.iter().map(|tenant| Arc::from(*tenant)).collect() };
    topology.only = Some(own.iter().map(|(name, tenants)| (Arc::from(*name), of(tenants))).collect());
    topology
}

fn unreachable() -> Option<Failure> {
    Some(Failure::new(FailureKind::Unreachable, "nobody listens there"))
}

/// Runs lanes `a` and `b` into `east`, beside a `west` that nobody uses.
fn two_lanes(bench: &Bench, a: Vec<Step>, b: Vec<Step>, east: &Gate, west: &Gate) -> (Handle, JoinHandle<Report>) {
    let lanes = vec![bench.lane("a", a, false), bench.lane("b", b, false)];
    let topology = bench.topology(lanes, vec![], vec![("east", east), ("west", west)]);
    let running = bench.start(only(topology, &[("east", &["a", "b"]), ("west", &[])]));
    (running.handle(), tokio::spawn(running.finish()))
}

/// Goes over to a topology in which `b` has another sink.
async fn move_b(bench: &Bench, handle: &Handle) {
    let next = only(bench.kept(0, &["east", "west"]), &[("east", &["a"]), ("west", &["b"])]);
    handle.change(next).await.expect("it can be built");
}

/// Within the time that a lane may take to leave.
async fn soon(wanted: impl Future<Output = ()>) {
    timeout(Duration::from_secs(15), wanted).await.expect("it has left by then");
}

fn of<'a>(written: &'a [String], lane: &str) -> Vec<&'a str> {
    written.iter().map(String::as_str).filter(|text| text.starts_with(lane)).collect()
}

/// Scenario: two lanes share a sink that takes what it gets and says nothing, fails, or never returns from a write; one of
/// them is given another sink. Later the first one works again.
/// Guarantees: the one that moved has all its events delivered there soon; the other one is left alone; of what the one that
/// moved left behind nothing is written afterwards, and all of it is counted.
#[tokio::test(start_paused = true)]
async fn a_lane_leaves_a_dead_sink_that_another_one_still_uses() {
    for how in ["says nothing", "fails", "stands"] {
        let (bench, east, west) =
            (Bench::new(), if how == "fails" { Gate::open() } else { Gate::shut() }, Gate::open());
        match how {
            "fails" => east.failures.lock().unwrap().extend(vec![unreachable(); 1000]),
            "stands" => *east.stands.lock().unwrap() = true,
            _ => {}
        }
        let (handle, finish) = two_lanes(&bench, pages(&["a1"]), pages(&["b1", "b2", "b3"]), &east, &west);
        east.until(1).await;
        sleep(Duration::from_secs(2)).await;
        move_b(&bench, &handle).await;
        soon(west.until(3)).await;
        assert_eq!(west.written(), ["b1", "b2", "b3"], "{how}");
        sleep(Duration::from_millis(1)).await;
        assert_eq!((bench.position("a"), bench.position("b")), (0, 3), "{how}");
        if how != "stands" {
            let (sink, b) = (handle.counts()["east"], 3);
            assert_eq!((sink.failed, sink.sent, sink.in_flight()), (b, 0, 1), "{how}: what it left is not in flight");
        }
        let left = of(&east.written(), "b").len();
        east.failures.lock().unwrap().clear();
        if how != "fails" {
            east.permits.add_permits(1000);
        }
        sleep(Duration::from_secs(120)).await;
        assert_eq!(of(&east.written(), "b").len(), left, "{how}: nothing of it is written later");
        if how != "stands" {
            assert_eq!(bench.position("a"), 1, "{how}: the other one went on");
        }
        handle.stop();
        let report = finish.await.unwrap();
        assert_eq!(report.counts.values().map(|counts| counts.excess()).sum::<u64>(), 0, "{how}: {report:?}");
        if how != "stands" {
            assert!(report.drained && report.lanes.values().all(Option::is_none), "{how}: {report:?}");
            assert_eq!(report.counts["east"].in_flight(), 0, "{how}: {report:?}");
        }
    }
}

/// Scenario: the dead sink is full of another lane's batches, so that the lane that moves could not even hand its own over.
#[tokio::test(start_paused = true)]
async fn a_lane_leaves_a_sink_that_it_could_not_get_into() {
    let (bench, east, west) = (Bench::new(), Gate::shut(), Gate::open());
    let (changes, receiver) = mpsc::channel(2);
    let full = bench.lane("a", pages(&["a1", "a2", "a3", "a4"]), false);
    assert!(changes.try_send(LaneChange::Start(full)).is_ok());
    let mut topology = bench.topology_of(receiver, vec![], vec![("east", &east), ("west", &west)]);
    topology.sinks[0].kind = Some(SinkKind::Plain { factory: east.factory(), in_flight: 1, at_once: 1 });
    let running = bench.start(only(topology, &[("east", &["a", "b"]), ("west", &[])]));
    let handle = running.handle();
    let _finish = tokio::spawn(running.finish());
    east.until(1).await;
    sleep(Duration::from_secs(1)).await;
    assert!(changes.try_send(LaneChange::Start(bench.lane("b", pages(&["b1"]), false))).is_ok());
    sleep(Duration::from_secs(1)).await;
    move_b(&bench, &handle).await;
    soon(west.until(1)).await;
    assert_eq!((east.written(), west.written()), (vec!["a1".to_owned()], vec!["b1".to_owned()]));
}

/// Scenario: a lane at a dead sink is taken out, and comes back when the sink works.
/// Guarantees: its state is nobody's any more, soon; its checkpoint stays, and it goes on from there.
#[tokio::test(start_paused = true)]
async fn a_lane_that_is_taken_out_at_a_dead_sink_goes_and_keeps_its_checkpoint() {
    let (bench, gate) = (Bench::new(), Gate::shut());
    gate.permits.add_permits(1);
    let (changes, receiver) = mpsc::channel(4);
    let lane = || bench.lane("t", pages(&["a", "b", "c"]), false);
    assert!(changes.try_send(LaneChange::Start(lane())).is_ok());
    let running = bench.start(bench.topology_of(receiver, vec![], vec![("sink", &gate)]));
    let handle = running.handle();
    let finish = tokio::spawn(running.finish());
    gate.until(3).await;
    assert!(changes.try_send(LaneChange::Stop(LaneId::new("source", "t"))).is_ok());
    sleep(Duration::from_secs(15)).await;
    assert!(handle.status().lanes().is_empty());
    assert_eq!((bench.position("t"), handle.counts()["sink"].in_flight()), (1, 0));
    gate.permits.add_permits(1000);
    assert!(changes.try_send(LaneChange::Start(lane())).is_ok());
    sleep(Duration::from_secs(1)).await;
    assert_eq!((gate.written(), bench.position("t")), (["a", "b", "c", "b", "c"].map(str::to_owned).to_vec(), 3));
    handle.stop();
    assert!(finish.await.unwrap().drained);
}

/// Scenario: a sink is slow, and delivers for another lane all the time; what the lane that moves has there comes last.
/// Guarantees: nothing is given up, and nothing comes twice.
#[tokio::test(start_paused = true)]
async fn a_sink_that_gets_on_is_waited_for() {
    let (bench, east, west) = (Bench::new(), Gate::shut(), Gate::open());
    let (handle, finish) = two_lanes(&bench, pages(&["a1", "a2", "a3"]), pages(&["b1"]), &east, &west);
    east.until(4).await;
    move_b(&bench, &handle).await;
    for _ in 0..4 {
        sleep(Duration::from_secs(4)).await;
        east.permits.add_permits(1);
    }
    sleep(Duration::from_secs(20)).await;
    assert_eq!((of(&east.written(), "b"), west.written().len()), (vec!["b1"], 0));
    assert_eq!((bench.position("a"), bench.position("b")), (3, 1));
    handle.stop();
    assert!(finish.await.unwrap().drained);
}

/// Scenario: while a lane leaves a dead sink, the whole process is stopped.
/// Guarantees: the drain's own deadline counts, and the report says that something was left.
#[tokio::test(start_paused = true)]
async fn the_drain_of_the_process_has_its_own_deadline() {
    let (bench, east, west) = (Bench::new(), Gate::shut(), Gate::open());
    let (handle, finish) = two_lanes(&bench, pages(&["a1"]), pages(&["b1"]), &east, &west);
    east.until(2).await;
    move_b(&bench, &handle).await;
    sleep(Duration::from_secs(3)).await;
    handle.stop();
    sleep(Duration::from_secs(30)).await;
    assert!(!finish.is_finished());
    east.permits.add_permits(1000);
    let report = finish.await.unwrap();
    assert!(report.drained);
    assert_eq!((bench.position("b"), west.written().len()), (1, 0));
}

/// Guarantees: what cannot be read again is waited for, however long.
#[tokio::test(start_paused = true)]
async fn what_cannot_be_read_again_is_not_given_up() {
    let (bench, gate) = (Bench::new(), Gate::shut());
    let (changes, receiver) = mpsc::channel(4);
    let script = vec![Step::Page(vec!["a"]), Step::Page(vec!["b"]), Step::ReadOn];
    assert!(changes.try_send(LaneChange::Start(bench.lane("t", script, true))).is_ok());
    let running = bench.start(bench.topology_of(receiver, vec![], vec![("sink", &gate)]));
    let finish = tokio::spawn(running.finish());
    gate.until(2).await;
    assert!(changes.try_send(LaneChange::Stop(LaneId::new("source", "t"))).is_ok());
    sleep(Duration::from_secs(600)).await;
    gate.permits.add_permits(1000);
    drop(changes);
    assert!(finish.await.unwrap().drained);
    assert_eq!((gate.written(), bench.position("t")), (vec!["a".to_owned(), "b".to_owned()], 2));
}

/// Never comes to the end of a commit.
struct Hanging;

impl TransactionalSink for Hanging {
    fn open<'a>(&'a self, _: &'a LaneId) -> BoxFuture<'a, Result<OwnedLane, Failure>> {
        Box::pin(async { Ok((Box::new(Hanging) as Box<dyn LaneWriter>, Records::new())) })
    }
}

impl LaneWriter for Hanging {
    fn commit(&mut self, _: Group) -> BoxFuture<'_, Result<Committed, Failure>> {
        Box::pin(pending())
    }
}

#[tokio::test(start_paused = true)]
async fn a_lane_leaves_a_sink_that_never_commits() {
    let (bench, west) = (Bench::new(), Gate::open());
    let (changes, receiver) = mpsc::channel(1);
    assert!(changes.try_send(LaneChange::Start(bench.lane("b", pages(&["b1", "b2"]), false))).is_ok());
    let mut topology = bench.topology_of(receiver, vec![], vec![("west", &west)]);
    topology.sinks.insert(
        0,
        SinkNode {
            name: "east".into(),
            inputs: vec![Input::Source(0)],
            kind: Some(SinkKind::Transactional(Arc::new(Hanging))),
            buffer: None,
            caveats: Vec::new(),
        },
    );
    let running = bench.start(only(topology, &[("east", &["a", "b"]), ("west", &[])]));
    let handle = running.handle();
    let finish = tokio::spawn(running.finish());
    sleep(Duration::from_secs(1)).await;
    assert_eq!(handle.counts()["east"].in_flight(), 2);
    move_b(&bench, &handle).await;
    soon(west.until(2)).await;
    assert_eq!(west.written(), ["b1", "b2"]);
    handle.stop();
    let report = finish.await.unwrap();
    let counts = report.counts["east"];
    assert_eq!((counts.in_flight(), counts.excess(), counts.sent), (0, 0, 0));
    assert_eq!(bench.position("b"), 2);
}
