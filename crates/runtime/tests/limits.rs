//! The limit of a sink's own buffer, and a sink as the dead letter.

mod support;

use std::sync::Arc;
use std::time::Duration;

use adr_core::{Event, Failure, FailureKind, Output, Transform, Verdict};
use adr_runtime::{Input, SinkNode, TransformFactory};
use support::{Bench, Gate, Step};

/// Rejects whatever begins with `x`.
struct Picky;

impl Transform for Picky {
    fn apply(&mut self, event: &Event, out: &mut Output) -> Verdict {
        match event.body.first() {
            Some(b'x') => out.reject(event.clone(), "it begins with x"),
            _ => out.forward(event.clone()),
        }
    }
}

fn picky() -> TransformFactory {
    Arc::new(|| Ok(Box::new(Picky)))
}

fn pages(texts: &[&'static str]) -> Vec<Step> {
    texts.iter().map(|text| Step::Page(vec![text])).collect()
}

#[tokio::test(start_paused = true)]
async fn no_more_events_wait_at_a_sink_than_its_buffer_holds() {
    let (bench, gate) = (Bench::new(), Gate::shut());
    let lanes = (0..4).map(|lane| bench.lane(["a", "b", "c", "d"][lane], pages(&["1", "2", "3"]), true)).collect();
    let mut topology = bench.topology(lanes, vec![], vec![("sink", &gate)]);
    topology.sinks[0].buffer = Some(3);
    let running = bench.start(topology);
    let handle = running.handle();
    let finish = tokio::spawn(running.finish());
    gate.until(3).await;
    // Time passes only once nobody can do anything more.
    tokio::time::sleep(Duration::from_secs(60)).await;
    assert_eq!(handle.counts()["sink"].received, 3, "four lanes have more");
    gate.permits.add_permits(1);
    gate.until(4).await;
    gate.permits.add_permits(100);
    let report = finish.await.unwrap();
    assert_eq!((gate.written().len(), report.counts["sink"].sent), (12, 12));
}

#[tokio::test(start_paused = true)]
async fn a_batch_of_more_than_the_buffer_holds_passes_alone() {
    let (bench, gate) = (Bench::new(), Gate::open());
    let lane = bench.lane("t", vec![Step::Page(vec!["a", "b", "c"]), Step::Page(vec!["d"])], true);
    let mut topology = bench.topology(vec![lane], vec![], vec![("sink", &gate)]);
    topology.sinks[0].buffer = Some(2);
    bench.start(topology).finish().await;
    assert_eq!(gate.written(), ["a b c", "d"]);
}

#[tokio::test(start_paused = true)]
async fn another_buffer_by_a_reload_holds_from_then_on() {
    let (bench, gate) = (Bench::new(), Gate::shut());
    let lane = bench.lane("t", pages(&["a", "b", "c", "d", "e", "f"]), true);
    let mut topology = bench.topology(vec![lane], vec![], vec![("sink", &gate)]);
    topology.sinks[0].buffer = Some(1);
    let running = bench.start(topology);
    let handle = running.handle();
    let finish = tokio::spawn(running.finish());
    gate.until(1).await;
    let mut next = bench.kept(0, &["sink"]);
    next.sinks[0].buffer = Some(3);
    handle.change(next).await.unwrap();
    // The lane's window of four goes by the old one; the last two wait together in the new one.
    gate.permits.add_permits(4);
    gate.until(6).await;
    gate.permits.add_permits(100);
    finish.await.unwrap();
    assert_eq!(gate.written(), ["a", "b", "c", "d", "e", "f"], "in order, once");
}

fn letters(name: &str, gate: &Gate) -> SinkNode {
    SinkNode { name: name.into(), inputs: vec![], kind: Some(gate.kind()), buffer: None, caveats: Vec::new() }
}

#[tokio::test(start_paused = true)]
async fn progress_waits_until_the_sink_that_is_the_dead_letter_has_what_was_rejected() {
    let (bench, gate, dead) = (Bench::new(), Gate::open(), Gate::shut());
    let lane = bench.lane("t", pages(&["a", "x1", "b"]), true);
    let mut topology = bench.topology(vec![lane], vec![picky()], vec![("sink", &gate)]);
    topology.sinks.push(letters("dead", &dead));
    topology.dead_letter = Some(1);
    let running = bench.start(topology);
    let finish = tokio::spawn(running.finish());
    dead.until(1).await;
    tokio::time::sleep(Duration::from_secs(60)).await;
    assert_eq!(bench.position("t"), 1, "the rejected event is nowhere yet");
    dead.permits.add_permits(1);
    let report = finish.await.unwrap();
    assert_eq!((gate.written(), bench.position("t")), (vec!["a".into(), "b".into()], 3));
    let record: serde_json::Value = serde_json::from_str(&dead.written()[0]).unwrap();
    assert_eq!((&record["event"], &record["component"]), (&"x1".into(), &"transform0".into()));
    assert_eq!((&record["reason"], &record["tenant"]), (&"it begins with x".into(), &"t".into()));
    assert_eq!((report.counts["dead"].received, report.counts["dead"].sent), (1, 1));
    assert!(bench.dead_letter.0.lock().unwrap().is_empty(), "not in the file as well");
}

#[tokio::test(start_paused = true)]
async fn what_the_dead_letter_cannot_take_is_kept_in_the_file() {
    let (bench, gate, dead) = (Bench::new(), Gate::open(), Gate::open());
    let refused = Failure::fatal(FailureKind::Forbidden, "no such topic");
    dead.failures.lock().unwrap().push_back(Some(refused));
    let lane = bench.lane("t", pages(&["x1", "a", "x2"]), true);
    let mut topology = bench.topology(vec![lane], vec![picky()], vec![("sink", &gate)]);
    topology.sinks.push(letters("dead", &dead));
    topology.dead_letter = Some(1);
    let report = bench.start(topology).finish().await;
    assert!(report.drained && report.lanes.values().all(Option::is_none), "{report:?}");
    let kept = bench.dead_letter.0.lock().unwrap().clone();
    assert_eq!(kept, [("transform0".to_owned(), "x1".to_owned(), "it begins with x".to_owned())]);
    assert_eq!(dead.written().len(), 2);
    assert_eq!((gate.written(), bench.position("t")), (vec!["a".to_owned()], 3));
}

#[tokio::test(start_paused = true)]
async fn a_dead_letter_that_is_taken_out_leaves_the_file() {
    let (bench, gate, dead) = (Bench::new(), Gate::open(), Gate::open());
    let script = [Step::Page(vec!["x1"]), Step::Wait(Duration::from_secs(10)), Step::Page(vec!["x2"])];
    let lane = bench.lane("t", script.to_vec(), true);
    let mut topology = bench.topology(vec![lane], vec![picky()], vec![("sink", &gate)]);
    topology.sinks.push(letters("dead", &dead));
    topology.dead_letter = Some(1);
    let running = bench.start(topology);
    let handle = running.handle();
    let finish = tokio::spawn(running.finish());
    dead.until(1).await;
    let mut next = bench.kept(1, &["sink"]);
    next.sinks[0].inputs = vec![Input::Transform(0)];
    handle.change(next).await.unwrap();
    let report = finish.await.unwrap();
    assert!(report.drained && report.sinks.is_empty());
    assert_eq!(*dead.closed.lock().unwrap(), 1);
    assert_eq!(dead.written().len(), 1);
    assert_eq!(bench.dead_letter.0.lock().unwrap().len(), 1);
}

#[tokio::test(start_paused = true)]
async fn a_dead_letter_that_cannot_acknowledge_holds_progress_back() {
    let (bench, gate, mut dead) = (Bench::new(), Gate::open(), Gate::open());
    dead.trail = Some(Duration::from_secs(60));
    let lane = bench.lane("t", pages(&["x1"]), false);
    let mut topology = bench.topology(vec![lane], vec![picky()], vec![("sink", &gate)]);
    topology.sinks.push(letters("dead", &dead));
    topology.dead_letter = Some(1);
    let running = bench.start(topology);
    let handle = running.handle();
    let finish = tokio::spawn(running.finish());
    dead.until(1).await;
    tokio::time::sleep(Duration::from_secs(50)).await;
    assert_eq!(bench.position("t"), 0);
    tokio::time::sleep(Duration::from_secs(20)).await;
    assert_eq!(bench.position("t"), 1);
    handle.stop();
    finish.await.unwrap();
}
