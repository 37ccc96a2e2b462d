//! Tenants that have sinks of their own: no event of one tenant reaches another's, and a tenant that is given another sink
//! goes on alone.

mod support;

use std::collections::BTreeSet;
use std::sync::Arc;
use std::time::Duration;

use adr_core::{Event, Failure, FailureKind, LaneId, Output, Transform, Verdict};
use adr_runtime::{Handle, Input, LaneState, SinkNode, Topology, TransformFactory, TransformNode};
use support::{Bench, Gate, Step};

fn pages(texts: [&'static str; 3]) -> Vec<Step> {
    texts.iter().flat_map(|text| [Step::Page(vec![text]), Step::Wait(Duration::from_secs(10))]).collect()
}

/// Each of these components is for these tenants alone.
fn only(mut topology: Topology, own: &[(&str, &[&str])]) -> Topology {
    let of = |tenants: &[&str]| -> BTreeSet<Arc<str>> { tenants.iter().map(|tenant| Arc::from(*tenant)).collect() };
    topology.only = Some(own.iter().map(|(name, tenants)| (Arc::from(*name), of(tenants))).collect());
    topology
}

fn opened(handle: &Handle, tenant: &str) -> u64 {
    handle.status().lanes()[&LaneId::new("source", tenant)].opened
}

#[tokio::test(start_paused = true)]
async fn a_tenant_reaches_its_own_sinks_and_those_of_all() {
    let (bench, east, west, all) = (Bench::new(), Gate::open(), Gate::open(), Gate::open());
    let lanes =
        vec![bench.lane("a", pages(["a1", "a2", "a3"]), true), bench.lane("b", pages(["b1", "b2", "b3"]), true)];
    let topology = bench.topology(lanes, vec![], vec![("east", &east), ("west", &west), ("all", &all)]);
    let report = bench.start(only(topology, &[("east", &["a"]), ("west", &["b"])])).finish().await;
    assert!(report.lanes.values().all(Option::is_none), "{:?}", report.lanes);
    assert_eq!((east.written().join(" "), west.written().join(" ")), ("a1 a2 a3".into(), "b1 b2 b3".into()));
    let mut both = all.written();
    both.sort();
    assert_eq!(both, ["a1", "a2", "a3", "b1", "b2", "b3"]);
}

#[tokio::test(start_paused = true)]
async fn a_tenant_that_is_given_another_sink_goes_on_alone_where_it_was() {
    let (bench, east, west) = (Bench::new(), Gate::open(), Gate::open());
    let lanes =
        vec![bench.lane("a", pages(["a1", "a2", "a3"]), true), bench.lane("b", pages(["b1", "b2", "b3"]), true)];
    let topology = bench.topology(lanes, vec![], vec![("east", &east), ("west", &west)]);
    let running = bench.start(only(topology, &[("east", &["a", "b"]), ("west", &[])]));
    let handle = running.handle();
    let finish = tokio::spawn(running.finish());
    east.until(2).await;
    handle.change(only(bench.kept(0, &["east", "west"]), &[("east", &["a"]), ("west", &["b"])])).await.unwrap();
    let report = finish.await.unwrap();
    let mut first = east.written();
    first.sort();
    assert_eq!((first.join(" "), west.written().join(" ")), ("a1 a2 a3 b1".into(), "b2 b3".into()));
    assert_eq!((opened(&handle, "a"), opened(&handle, "b")), (1, 2), "only the one that moved drained");
    assert!(report.lanes.values().all(Option::is_none));
}

struct Tagged(&'static str);

impl Transform for Tagged {
    fn apply(&mut self, event: &Event, out: &mut Output) -> Verdict {
        let text = format!("{}{}", self.0, String::from_utf8_lossy(&event.body));
        out.forward(Event { body: text.into_bytes().into(), meta: event.meta.clone() })
    }
}

#[tokio::test(start_paused = true)]
async fn what_stands_behind_a_transform_of_ones_own_is_ones_own() {
    let (bench, sink) = (Bench::new(), Gate::open());
    let lanes = vec![bench.lane("a", pages(["1", "2", "3"]), true), bench.lane("b", pages(["4", "5", "6"]), true)];
    let mut topology = bench.topology(lanes, vec![], vec![("sink", &sink)]);
    for (name, tag) in [("east", "e"), ("west", "w")] {
        let factory: TransformFactory = Arc::new(move || Ok(Box::new(Tagged(tag)) as Box<dyn Transform>));
        topology.transforms.push(TransformNode {
            name: name.into(),
            inputs: vec![Input::Source(0)],
            factory: Some(factory),
        });
    }
    topology.sinks[0].inputs = vec![Input::Transform(0), Input::Transform(1)];
    bench.start(only(topology, &[("east", &["a"]), ("west", &["b"])])).finish().await;
    let mut written = sink.written();
    written.sort();
    assert_eq!(written, ["e1", "e2", "e3", "w4", "w5", "w6"]);
}

#[tokio::test(start_paused = true)]
async fn a_lane_that_reaches_no_sink_is_not_read_until_it_does() {
    let (bench, east) = (Bench::new(), Gate::open());
    let lanes =
        vec![bench.lane("a", pages(["a1", "a2", "a3"]), false), bench.lane("b", pages(["b1", "b2", "b3"]), false)];
    let topology = bench.topology(lanes, vec![], vec![("east", &east)]);
    let running = bench.start(only(topology, &[("east", &["a"])]));
    let handle = running.handle();
    let finish = tokio::spawn(running.finish());
    east.until(3).await;
    assert_eq!(*bench.opened.lock().unwrap(), 1, "nothing is read that nobody takes");
    let state = handle.status().lanes()[&LaneId::new("source", "b")].state.clone();
    assert!(matches!(state, LaneState::Failed(Failure { kind: FailureKind::Config, .. })), "{state:?}");
    let kept: Topology = bench.kept(0, &["east"]);
    handle.change(only(kept, &[("east", &["a", "b"])])).await.unwrap();
    east.until(6).await;
    handle.stop();
    finish.await.unwrap();
    let mut written = east.written();
    written.sort();
    assert_eq!(written, ["a1", "a2", "a3", "b1", "b2", "b3"]);
    assert_eq!(opened(&handle, "a"), 1, "its way is the one it was");
}

#[tokio::test(start_paused = true)]
async fn what_shall_stay_waits_for_its_first_source_and_outlives_its_last() {
    let (mut bench, gate) = (Bench::new(), Gate::open());
    bench.limits.stays = true;
    let running = bench.start(only(Topology::default(), &[]));
    let handle = running.handle();
    let finish = tokio::spawn(running.finish());
    tokio::time::sleep(Duration::from_secs(3600)).await;
    let topology =
        bench.topology(vec![bench.lane("a", pages(["a1", "a2", "a3"]), true)], vec![], vec![("sink", &gate)]);
    handle.change(topology).await.unwrap();
    gate.until(3).await;
    handle.change(only(Topology::default(), &[])).await.unwrap();
    tokio::time::sleep(Duration::from_secs(3600)).await;
    assert!(!finish.is_finished(), "it was not told to stop");
    handle.stop();
    let report = finish.await.unwrap();
    assert!(report.drained, "it ends at once when it is");
    assert_eq!(bench.position("a"), 5);
}

#[tokio::test(start_paused = true)]
async fn a_source_without_a_lane_needs_no_sink() {
    let (bench, east) = (Bench::new(), Gate::open());
    let (changes, receiver) = tokio::sync::mpsc::channel(100);
    let running = bench.start(only(bench.topology_of(receiver, vec![], vec![]), &[]));
    let handle = running.handle();
    let finish = tokio::spawn(running.finish());
    let mut next = bench.kept(0, &["east"]);
    next.sinks = vec![SinkNode { kind: Some(east.kind()), ..next.sinks.remove(0) }];
    handle.change(only(next, &[("east", &["a"])])).await.unwrap();
    let lane = bench.lane("a", pages(["a1", "a2", "a3"]), true);
    assert!(changes.send(adr_core::LaneChange::Start(lane)).await.is_ok());
    east.until(3).await;
    drop(changes);
    finish.await.unwrap();
    assert_eq!(bench.position("a"), 5);
}
