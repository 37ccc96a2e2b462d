//! What goes away while the pipeline runs: sinks that never end, sources that come back, things that cannot be built.

mod support;

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use adr_core::{Failure, FailureKind, LaneChange, LaneId, Sink};
use adr_runtime::{Input, SinkKind, SinkNode, SourceNode, Topology};
use support::{Bench, Gate, Step, TestLanes};
use tokio::time::Instant;

/// Pages of one text each, with pauses between.
fn slow(texts: &[&'static str], pause: u64) -> Vec<Step> {
    texts.iter().flat_map(|text| [Step::Page(vec![text]), Step::Wait(Duration::from_secs(pause))]).collect()
}

fn lanes(lanes: Vec<Arc<dyn adr_core::Lane>>) -> TestLanes {
    let (changes, receiver) = tokio::sync::mpsc::channel(100);
    for lane in lanes {
        assert!(changes.try_send(LaneChange::Start(lane)).is_ok());
    }
    TestLanes(receiver)
}

fn plain(name: &str, kind: SinkKind) -> SinkNode {
    SinkNode { name: name.into(), inputs: vec![Input::Source(0)], kind: Some(kind), buffer: None, caveats: Vec::new() }
}

#[tokio::test(start_paused = true)]
async fn a_sink_that_is_taken_out_because_it_delivers_nothing_holds_nobody_up() {
    for stands in [false, true] {
        let (bench, stays, dead) = (Bench::new(), Gate::open(), Gate::shut());
        *dead.stands.lock().unwrap() = stands;
        let lane = bench.lane("t", slow(&["a", "b", "c"], 1), true);
        let running = bench.start(bench.topology(vec![lane], vec![], vec![("stays", &stays), ("dead", &dead)]));
        let handle = running.handle();
        let finish = tokio::spawn(running.finish());
        dead.until(1).await;
        let begun = Instant::now();
        handle.change(bench.kept(0, &["stays"])).await.unwrap();
        let report = finish.await.unwrap();
        assert!(begun.elapsed() < Duration::from_secs(30), "{:?}", begun.elapsed());
        assert!(report.drained && report.sinks.is_empty() && report.lanes.values().all(Option::is_none));
        assert_eq!(bench.position("t"), 5, "all is delivered to the sink that is left");
        let mut written = stays.written();
        written.dedup();
        let last = &written[written.len() - 3..];
        assert_eq!(last, ["a", "b", "c"], "what only the dead one had not is read again: {written:?}");
        let counts = report.counts["dead"];
        assert_eq!((counts.in_flight(), counts.sent), (0, 0), "{counts:?}");
        assert!(counts.failed > 0);
    }
}

#[tokio::test(start_paused = true)]
async fn a_sink_that_is_taken_out_may_take_long_while_it_gets_on() {
    let (bench, stays, slow_one) = (Bench::new(), Gate::open(), Gate::shut());
    let pages = vec![Step::Page(vec!["a"]), Step::Page(vec!["b"]), Step::Page(vec!["c"]), Step::Page(vec!["d"])];
    let lane = bench.lane("t", pages, true);
    let running = bench.start(bench.topology(vec![lane], vec![], vec![("stays", &stays), ("slow", &slow_one)]));
    let handle = running.handle();
    let finish = tokio::spawn(running.finish());
    slow_one.until(4).await;
    handle.change(bench.kept(0, &["stays"])).await.unwrap();
    for _ in 0..4 {
        tokio::time::sleep(Duration::from_secs(4)).await;
        slow_one.permits.add_permits(1);
    }
    let report = finish.await.unwrap();
    assert_eq!((stays.written().len(), slow_one.written().len()), (4, 4), "nothing is read again");
    assert_eq!((report.counts["slow"].sent, report.counts["slow"].failed), (4, 0));
}

#[tokio::test(start_paused = true)]
async fn a_source_that_comes_back_waits_for_its_former_self() {
    let (bench, gate, other) = (Bench::new(), Gate::shut(), Gate::open());
    let lane = || bench.lane("t", slow(&["a", "b", "c"], 1), true);
    let mut topology = bench.topology(vec![lane()], vec![], vec![("sink", &gate)]);
    // Something else runs, so that the end of the one is not the end of all.
    let others = Bench::new();
    let quiet = others.lane("quiet", slow(&["x"; 60], 1), true);
    let mut quiet = others.topology(vec![quiet], vec![], vec![("other", &other)]);
    quiet.sources[0].name = "quiet".into();
    quiet.sinks[0].inputs = vec![Input::Source(1)];
    topology.sources.append(&mut quiet.sources);
    topology.sinks.append(&mut quiet.sinks);
    let running = bench.start(topology);
    let handle = running.handle();
    let finish = tokio::spawn(running.finish());
    gate.until(1).await;

    let stays = |name: &str| SourceNode { name: name.into(), component: None };
    let sink =
        |name: &str, inputs| SinkNode { name: name.into(), inputs, kind: None, buffer: None, caveats: Vec::new() };
    let without = Topology {
        sources: vec![stays("quiet")],
        transforms: vec![],
        sinks: vec![sink("other", vec![Input::Source(0)]), sink("sink", vec![Input::Source(0)])],
        ..Topology::default()
    };
    handle.change(without).await.unwrap();
    let again = Topology {
        sources: vec![
            SourceNode { name: "source".into(), component: Some(Box::new(lanes(vec![lane()]))) },
            stays("quiet"),
        ],
        transforms: vec![],
        sinks: vec![sink("other", vec![Input::Source(1)]), sink("sink", vec![Input::Source(0)])],
        ..Topology::default()
    };
    handle.change(again).await.unwrap();
    tokio::time::sleep(Duration::from_secs(3)).await;
    assert_eq!(*bench.opened.lock().unwrap(), 1, "the former one has not ended yet");
    gate.permits.add_permits(1000);
    let report = finish.await.unwrap();
    assert!(report.drained);
    let written = gate.written();
    let own: Vec<_> = written.iter().filter(|text| *text != "x").collect();
    assert_eq!(own, ["a", "b", "c"], "it goes on where the former one ended: {written:?}");
    assert_eq!(bench.position("t"), 5);
}

#[tokio::test(start_paused = true)]
async fn what_a_source_left_in_a_pipe_is_saved_in_its_time_and_never_over_newer_progress() {
    let (bench, mut pipe, keeps, other) = (Bench::new(), Gate::open(), Gate::open(), Gate::open());
    pipe.trail = Some(Duration::from_secs(60));
    let lane = || bench.lane("t", slow(&["a", "b", "c"], 10), false);
    let mut topology = bench.topology(vec![lane()], vec![], vec![("pipe", &pipe)]);
    let others = Bench::new();
    let mut quiet = others.topology(vec![others.lane("q", vec![], false)], vec![], vec![("other", &other)]);
    quiet.sources[0].name = "quiet".into();
    quiet.sinks[0].inputs = vec![Input::Source(1)];
    topology.sources.append(&mut quiet.sources);
    topology.sinks.append(&mut quiet.sinks);
    let running = bench.start(topology);
    let handle = running.handle();
    let finish = tokio::spawn(running.finish());
    pipe.until(2).await;
    let stays =
        |name: &str, inputs| SinkNode { name: name.into(), inputs, kind: None, buffer: None, caveats: Vec::new() };
    let quiet = || SourceNode { name: "quiet".into(), component: None };
    let without = Topology {
        sources: vec![quiet()],
        transforms: vec![],
        sinks: vec![stays("other", vec![Input::Source(0)])],
        ..Topology::default()
    };
    handle.change(without).await.unwrap();
    tokio::time::sleep(Duration::from_secs(5)).await;
    assert_eq!(bench.position("t"), 0);
    let back = Topology {
        sources: vec![quiet(), SourceNode { name: "source".into(), component: Some(Box::new(lanes(vec![lane()]))) }],
        transforms: vec![],
        sinks: vec![
            stays("other", vec![Input::Source(0)]),
            SinkNode { inputs: vec![Input::Source(1)], ..plain("keeps", keeps.kind()) },
        ],
        ..Topology::default()
    };
    handle.change(back).await.unwrap();
    keeps.until(1).await;
    assert_eq!((pipe.written(), keeps.written()), (vec!["a".into(), "b".into()], vec!["c".to_owned()]));
    tokio::time::sleep(Duration::from_secs(70)).await;
    assert_eq!(bench.position("t"), 5);
    handle.stop();
    finish.await.unwrap();
    assert_eq!(bench.position("t"), 5, "the end of the run saves nothing older");
}

#[tokio::test(start_paused = true)]
async fn a_source_that_had_ended_begins_again_when_it_is_changed() {
    let (bench, gate, other) = (Bench::new(), Gate::open(), Gate::open());
    let mut topology = bench.topology(vec![bench.lane("t", slow(&["a"], 1), true)], vec![], vec![("sink", &gate)]);
    let others = Bench::new();
    let quiet = others.lane("q", slow(&["x"; 60], 1), true);
    let mut quiet = others.topology(vec![quiet], vec![], vec![("other", &other)]);
    quiet.sources[0].name = "quiet".into();
    quiet.sinks[0].inputs = vec![Input::Source(1)];
    topology.sources.append(&mut quiet.sources);
    topology.sinks.append(&mut quiet.sinks);
    let running = bench.start(topology);
    let handle = running.handle();
    let finish = tokio::spawn(running.finish());
    other.until(10).await;
    let mut next = bench.kept(0, &["sink", "other"]);
    next.sources[0].component = Some(Box::new(lanes(vec![bench.lane("t", slow(&["a", "b", "c"], 1), true)])));
    next.sources.push(SourceNode { name: "quiet".into(), component: None });
    next.sinks[1].inputs = vec![Input::Source(1)];
    handle.change(next).await.unwrap();
    finish.await.unwrap();
    assert_eq!(gate.written(), ["a", "b", "c"]);
}

#[tokio::test(start_paused = true)]
async fn when_neither_the_new_sink_nor_the_old_one_can_be_built_it_is_tried_until_one_can() {
    let (bench, gate) = (Bench::new(), Gate::open());
    // The one that runs holds something that no second one can: while it is broken, none can be built.
    let broken = Arc::new(AtomicBool::new(false));
    let (flag, factory) = (broken.clone(), gate.factory());
    let build = move || match flag.load(Ordering::Relaxed) {
        true => Err(Failure::new(FailureKind::Unreachable, "the disk is gone")),
        false => factory(),
    };
    let kind = SinkKind::Plain { factory: Arc::new(build), in_flight: 1, at_once: usize::MAX };
    let lane = bench.lane("t", slow(&["a", "b", "c"], 10), true);
    let mut topology = bench.topology(vec![lane], vec![], vec![("sink", &gate)]);
    topology.sinks[0].kind = Some(kind);
    let running = bench.start(topology);
    let handle = running.handle();
    let finish = tokio::spawn(running.finish());
    gate.until(1).await;
    broken.store(true, Ordering::Relaxed);
    let refuse = || -> Result<Box<dyn Sink>, Failure> { panic!("as told") };
    let mut next = bench.kept(0, &["sink"]);
    next.sinks[0].kind = Some(SinkKind::Plain { factory: Arc::new(refuse), in_flight: 1, at_once: 1 });
    let changed = handle.change(next).await.unwrap();
    assert_eq!(changed.kept[0].1.message, "sink sink: panicked while it was built");
    tokio::time::sleep(Duration::from_secs(30)).await;
    assert_eq!(gate.written(), ["a"], "nothing is lost while there is no sink");
    broken.store(false, Ordering::Relaxed);
    let report = finish.await.unwrap();
    assert!(report.sinks.is_empty() && report.drained, "{report:?}");
    assert_eq!(gate.written(), ["a", "b", "c"]);
}

#[tokio::test(start_paused = true)]
async fn what_waits_for_a_sink_that_is_exchanged_comes_in_portions_of_the_new_size() {
    let (bench, first, second) = (Bench::new(), Gate::shut(), Gate::open());
    first.failures.lock().unwrap().push_back(Some(Failure::new(FailureKind::Timeout, "no answer")));
    first.permits.add_permits(1);
    let lane = bench.lane("t", vec![Step::Page(vec!["a", "b", "c", "d", "e"])], true);
    let running = bench.start(bench.topology(vec![lane], vec![], vec![("sink", &first)]));
    let handle = running.handle();
    let finish = tokio::spawn(running.finish());
    first.until(2).await;
    let mut next = bench.kept(0, &["sink"]);
    next.sinks[0].kind = Some(SinkKind::Plain { factory: second.factory(), in_flight: 2, at_once: 2 });
    handle.change(next).await.unwrap();
    finish.await.unwrap();
    assert_eq!(second.written(), ["a b", "c d", "e"]);
}

#[tokio::test(start_paused = true)]
async fn a_lane_that_keeps_its_own_progress_uses_no_other_store() {
    let (bench, gate) = (Bench::new(), Gate::open());
    let own = support::TestStore::default();
    let lane = support::OwnStore { lane: bench.lane("t", slow(&["a", "b"], 1), true), store: own.clone() };
    let running = bench.start(bench.topology(vec![Arc::new(lane)], vec![], vec![("sink", &gate)]));
    running.finish().await;
    assert_eq!((own.position(&LaneId::new("source", "t")), bench.position("t")), (3, 0));
    let lane = support::OwnStore { lane: bench.lane("t", slow(&["a", "b", "c"], 1), true), store: own.clone() };
    bench.start(bench.topology(vec![Arc::new(lane)], vec![], vec![("sink", &gate)])).finish().await;
    assert_eq!(gate.written(), ["a", "b", "c"], "it went on from there");
}
