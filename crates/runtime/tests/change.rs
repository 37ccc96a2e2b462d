//! Another topology while one runs: what has not changed flows on, what has drains and goes on, nothing is lost or repeated.

mod support;

use std::sync::Arc;
use std::time::Duration;

use adr_core::{Failure, FailureKind, LaneChange, LaneId};
use adr_runtime::{Handle, Input, SinkNode, Topology};
use support::{Bench, Gate, Step, TestLanes};
use tokio::time::Instant;

/// Pages of one text each, with pauses between.
fn slow(texts: &[&'static str], pause: u64) -> Vec<Step> {
    texts.iter().flat_map(|text| [Step::Page(vec![text]), Step::Wait(Duration::from_secs(pause))]).collect()
}

fn opened(handle: &Handle, tenant: &str) -> u64 {
    handle.status().lanes()[&LaneId::new("source", tenant)].opened
}

fn sink(name: &str, gate: &Gate) -> SinkNode {
    SinkNode {
        name: name.into(),
        inputs: vec![Input::Source(0)],
        kind: Some(gate.kind()),
        buffer: None,
        caveats: Vec::new(),
    }
}

/// The source's lanes made anew.
fn with_lanes(mut topology: Topology, lanes: Vec<Arc<dyn adr_core::Lane>>) -> Topology {
    let (changes, receiver) = tokio::sync::mpsc::channel(100);
    for lane in lanes {
        assert!(changes.try_send(LaneChange::Start(lane)).is_ok());
    }
    topology.sources[0].component = Some(Box::new(TestLanes(receiver)));
    topology
}

#[tokio::test(start_paused = true)]
async fn a_sink_that_stands_still_is_exchanged_and_what_it_had_is_sent_by_the_other() {
    for stands in [false, true] {
        let (bench, first, second) = (Bench::new(), Gate::shut(), Gate::open());
        *first.stands.lock().unwrap() = stands;
        let lane = bench.lane("t", slow(&["a", "b", "c"], 1), true);
        let running = bench.start(bench.topology(vec![lane], vec![], vec![("sink", &first)]));
        let handle = running.handle();
        let finish = tokio::spawn(running.finish());
        first.until(if stands { 1 } else { 3 }).await;
        let begun = Instant::now();
        handle.change(bench.exchanged("sink", &second)).await.unwrap();
        assert!(begun.elapsed() < Duration::from_secs(20), "{:?}", begun.elapsed());
        let report = finish.await.unwrap();
        assert_eq!(second.written(), ["a", "b", "c"], "in order, once");
        assert_eq!(bench.position("t"), 5);
        assert_eq!(report.counts["sink"].in_flight(), 0);
    }
}

#[tokio::test(start_paused = true)]
async fn only_lanes_whose_way_has_changed_start_again() {
    let (bench, first, second) = (Bench::new(), Gate::open(), Gate::open());
    let lane = bench.lane("t", slow(&["a", "b", "c"], 10), true);
    let mut topology = bench.topology(vec![lane], vec![], vec![("one", &first)]);
    // A second source, with a sink of its own.
    let others = Bench::new();
    let quiet = others.lane("quiet", slow(&["x", "y", "z"], 10), true);
    let mut other = others.topology(vec![quiet], vec![], vec![("other", &second)]);
    other.sources[0].name = "other".into();
    other.sinks[0].inputs = vec![Input::Source(1)];
    topology.sources.append(&mut other.sources);
    topology.sinks.append(&mut other.sinks);
    let running = bench.start(topology);
    let handle = running.handle();
    let finish = tokio::spawn(running.finish());
    first.until(1).await;

    // A new sink behind the first source.
    let third = Gate::open();
    let mut next = bench.kept(0, &["one", "other"]);
    next.sources.push(adr_runtime::SourceNode { name: "other".into(), component: None });
    next.sinks[1].inputs = vec![Input::Source(1)];
    next.sinks.push(sink("new", &third));
    handle.change(next).await.unwrap();
    let report = finish.await.unwrap();
    assert_eq!(first.written(), ["a", "b", "c"], "nothing twice, nothing lost");
    assert_eq!(third.written(), ["b", "c"], "what came after the change");
    assert_eq!(second.written(), ["x", "y", "z"]);
    assert_eq!((*bench.opened.lock().unwrap(), *others.opened.lock().unwrap()), (2, 1), "the other was left alone");
    assert!(report.lanes.values().all(Option::is_none));
}

#[tokio::test(start_paused = true)]
async fn a_sink_that_goes_away_is_given_its_time_and_closed() {
    let (bench, first, second) = (Bench::new(), Gate::open(), Gate::shut());
    let lane = bench.lane("t", slow(&["a", "b", "c"], 10), true);
    let running = bench.start(bench.topology(vec![lane], vec![], vec![("stays", &first), ("goes", &second)]));
    let handle = running.handle();
    let finish = tokio::spawn(running.finish());
    second.until(1).await;
    handle.change(bench.kept(0, &["stays"])).await.unwrap();
    assert_eq!(*second.closed.lock().unwrap(), 0, "it still has an event to deliver");
    assert!(!handle.status().sinks().contains_key("goes"));
    second.permits.add_permits(10);
    let report = finish.await.unwrap();
    assert_eq!((first.written(), second.written()), (vec!["a".into(), "b".into(), "c".into()], vec!["a".to_owned()]));
    assert_eq!(*second.closed.lock().unwrap(), 1);
    assert_eq!(bench.position("t"), 5);
    assert!(report.drained && report.sinks.is_empty());
}

#[tokio::test(start_paused = true)]
async fn of_a_source_made_anew_lanes_that_are_the_same_flow_on() {
    let (bench, gate) = (Bench::new(), Gate::open());
    let lane = |tenant: &str, text: &'static str, revision: Option<u64>| {
        bench.lane_with(tenant, slow(&[text, text, text], 10), false, revision)
    };
    let lanes = vec![
        lane("same", "s", Some(1)),
        lane("other", "o", Some(1)),
        lane("gone", "g", Some(1)),
        lane("mute", "m", None),
    ];
    let running = bench.start(bench.topology(lanes, vec![], vec![("sink", &gate)]));
    let handle = running.handle();
    let finish = tokio::spawn(running.finish());
    gate.until(4).await;
    let lanes = vec![
        lane("same", "never", Some(1)),
        lane("other", "p", Some(2)),
        lane("new", "n", Some(1)),
        lane("mute", "q", None),
    ];
    handle.change(with_lanes(bench.kept(0, &["sink"]), lanes)).await.unwrap();
    gate.until(13).await;
    handle.stop();
    finish.await.unwrap();
    let written = gate.written();
    let count = |text: &str| written.iter().filter(|written| *written == text).count();
    assert_eq!((count("s"), count("never")), (3, 0), "it goes on with what it is");
    assert_eq!((count("o"), count("p"), count("m"), count("q")), (1, 2, 1, 2), "each goes on where it was");
    assert_eq!((count("g"), count("n")), (1, 3));
    let opened = |tenant| opened(&handle, tenant);
    assert_eq!((opened("same"), opened("other"), opened("mute"), opened("new")), (1, 2, 2, 1));
    assert!(!handle.status().lanes().contains_key(&LaneId::new("source", "gone")), "its state is nobody's any more");
}

#[tokio::test(start_paused = true)]
async fn what_a_pipe_was_given_is_not_given_again_to_a_lane_that_starts_again() {
    let (bench, mut gate, other) = (Bench::new(), Gate::open(), Gate::open());
    gate.trail = Some(Duration::from_secs(60));
    let lane = bench.lane("t", slow(&["a", "b", "c"], 10), false);
    let running = bench.start(bench.topology(vec![lane], vec![], vec![("pipe", &gate)]));
    let handle = running.handle();
    let finish = tokio::spawn(running.finish());
    gate.until(2).await;
    let mut next = bench.kept(0, &["pipe"]);
    next.sinks.push(sink("other", &other));
    handle.change(next).await.unwrap();
    gate.until(3).await;
    assert_eq!((gate.written(), bench.position("t")), (vec!["a".into(), "b".into(), "c".into()], 0));
    tokio::time::sleep(Duration::from_secs(70)).await;
    assert_eq!(bench.position("t"), 5, "the trail has its time across the change");
    handle.stop();
    assert!(finish.await.unwrap().drained);
}

#[tokio::test(start_paused = true)]
async fn what_cannot_be_built_changes_nothing() {
    let (bench, gate, other) = (Bench::new(), Gate::open(), Gate::open());
    let lane = bench.lane("t", slow(&["a", "b", "c"], 10), true);
    let running = bench.start(bench.topology(vec![lane], vec![], vec![("sink", &gate)]));
    let handle = running.handle();
    let finish = tokio::spawn(running.finish());
    gate.until(1).await;
    let refuse = || Err(Failure::fatal(FailureKind::Config, "no such topic"));
    let mut next = bench.exchanged("sink", &other);
    next.sinks.push(sink("new", &other));
    next.sinks[1].kind =
        Some(adr_runtime::SinkKind::Plain { factory: Arc::new(refuse), in_flight: 1, at_once: usize::MAX });
    let failure = handle.change(next).await.unwrap_err();
    assert_eq!(failure.message, "sink new: no such topic");
    // A sink that is exchanged is built where it is to work: the one that ran goes on.
    let mut next = bench.exchanged("sink", &other);
    next.sinks[0].kind =
        Some(adr_runtime::SinkKind::Plain { factory: Arc::new(refuse), in_flight: 1, at_once: usize::MAX });
    let changed = handle.change(next).await.unwrap();
    let kept: Vec<_> = changed.kept.iter().map(|(name, failure)| (&**name, &*failure.message)).collect();
    assert_eq!(kept, [("sink", "sink sink: no such topic")]);
    finish.await.unwrap();
    assert_eq!((gate.written(), other.written()), (vec!["a".into(), "b".into(), "c".into()], Vec::<String>::new()));
}

#[tokio::test(start_paused = true)]
async fn a_lane_that_has_stopped_for_good_is_tried_again() {
    let (bench, gate) = (Bench::new(), Gate::open());
    let refused = Failure::fatal(FailureKind::Config, "no such organization");
    let mut script = slow(&["a"], 10);
    script.insert(0, Step::Fail(refused));
    let lanes = vec![bench.lane("bad", script, false), bench.lane("good", slow(&["x"], 10), false)];
    let running = bench.start(bench.topology(lanes, vec![], vec![("sink", &gate)]));
    let handle = running.handle();
    let finish = tokio::spawn(running.finish());
    gate.until(1).await;
    handle.change(bench.kept(0, &["sink"])).await.unwrap();
    tokio::time::sleep(Duration::from_secs(1)).await;
    assert_eq!((opened(&handle, "bad"), opened(&handle, "good")), (2, 1));
    handle.stop();
    finish.await.unwrap();
}

#[tokio::test(start_paused = true)]
async fn a_sink_that_comes_back_while_the_former_one_still_delivers_is_another() {
    let (bench, stays, first, second) = (Bench::new(), Gate::open(), Gate::shut(), Gate::open());
    let lane = bench.lane("t", slow(&["a", "b", "c"], 10), true);
    let running = bench.start(bench.topology(vec![lane], vec![], vec![("stays", &stays), ("goes", &first)]));
    let handle = running.handle();
    let finish = tokio::spawn(running.finish());
    first.until(1).await;
    handle.change(bench.kept(0, &["stays"])).await.unwrap();
    let mut next = bench.kept(0, &["stays"]);
    next.sinks.push(sink("goes", &second));
    handle.change(next).await.unwrap();
    first.permits.add_permits(10);
    let report = finish.await.unwrap();
    assert!(report.drained && report.sinks.is_empty());
    assert_eq!(bench.position("t"), 5, "the end of the former one ends nothing else");
    assert_eq!((first.written(), second.written()), (vec!["a".to_owned()], vec!["b".into(), "c".into()]));
}
