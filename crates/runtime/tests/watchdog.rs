//! Who is told to stand still, whose counts are told to be wrong, and what a component is known to do.

#[path = "support/heard.rs"]
mod heard;
mod support;

use std::sync::atomic::{AtomicU32, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use adr_core::{Event, Failure, FailureKind, Output, Transform, Verdict};
use adr_runtime::{Handle, Role, Stage, TransformFactory, Vitals};
use heard::Heard;
use support::{Bench, Gate, Step};

fn vitals(handle: &Handle, component: &str) -> Vitals {
    handle.vitals()[component].clone()
}

struct Forward;

impl Transform for Forward {
    fn apply(&mut self, event: &Event, out: &mut Output) -> Verdict {
        out.forward(event.clone())
    }
}

fn forward() -> TransformFactory {
    Arc::new(|| Ok(Box::new(Forward) as Box<dyn Transform>))
}

/// Scenario: the sink behind two transforms delivers nothing for minutes, with the memory and windows in front of it full.
/// Guarantees: it alone is told to stand still, and told once; what goes on again is not told any more.
#[tokio::test(start_paused = true)]
async fn only_the_sink_that_stands_still_is_told() {
    let (told, _guard) = Heard::listen();
    let (bench, gate) = (Bench::new(), Gate::shut());
    let script: Vec<Step> = (0..40).map(|_| Step::Page(vec!["a", "b"])).collect();
    let lanes = vec![bench.lane("t", script, true)];
    let running = bench.start(bench.topology(lanes, vec![forward(), forward()], vec![("sink", &gate)]));
    let handle = running.handle();
    let finish = tokio::spawn(running.finish());
    gate.until(4).await;
    tokio::time::sleep(Duration::from_secs(300)).await;
    let still: Vec<String> = handle.status().standing_still().into_keys().map(|name| name.to_string()).collect();
    assert_eq!(still, ["sink"]);
    assert!(vitals(&handle, "sink").stalled.is_some() && vitals(&handle, "sink").counts.in_flight() > 0);
    assert!(handle.status().sinks()["sink"].stalled.is_some());
    for other in ["source", "transform0", "transform1"] {
        assert_eq!((vitals(&handle, other).stalled, vitals(&handle, other).counts.in_flight()), (None, 0), "{other}");
    }
    assert_eq!(told.lines_with("has delivered nothing"), 1);
    gate.permits.add_permits(1000);
    finish.await.unwrap();
    assert_eq!(handle.vitals().values().map(|vitals| vitals.excess).sum::<u64>(), 0);
}

/// What a transform sees of itself while it maps.
struct Watching(Arc<Mutex<Option<Handle>>>, Arc<Mutex<Vec<u64>>>);

impl Transform for Watching {
    fn apply(&mut self, event: &Event, out: &mut Output) -> Verdict {
        if let Some(handle) = &*self.0.lock().expect("nobody panics with it") {
            self.1.lock().expect("nobody panics with it").push(vitals(handle, "transform0").counts.in_flight());
        }
        match &*event.body {
            b"c" => panic!("as told"),
            b"d" => out.discard(),
            _ => out.forward(event.clone()),
        }
    }
}

/// Guarantees: what a transform is at is in flight, and nothing of it is once it is through; its panics are counted.
#[tokio::test(start_paused = true)]
async fn what_a_transform_is_at_is_in_flight() {
    let (bench, gate) = (Bench::new(), Gate::open());
    let (handle, seen) = (Arc::new(Mutex::new(None)), Arc::new(Mutex::new(Vec::new())));
    let (held, noted) = (handle.clone(), seen.clone());
    let factory: TransformFactory =
        Arc::new(move || Ok(Box::new(Watching(held.clone(), noted.clone())) as Box<dyn Transform>));
    let pause = || Step::Wait(Duration::from_secs(1));
    let script = vec![pause(), Step::Page(vec!["a", "b"]), pause(), Step::Page(vec!["c", "d", "e"])];
    let running =
        bench.start(bench.topology(vec![bench.lane("t", script, true)], vec![factory], vec![("sink", &gate)]));
    *handle.lock().unwrap() = Some(running.handle());
    let report = running.finish().await;
    assert_eq!(seen.lock().unwrap()[..3], [2, 2, 3]);
    let counts = report.counts["transform0"];
    assert_eq!((counts.received, counts.sent, counts.discarded, counts.rejected, counts.failed), (5, 3, 1, 1, 0));
    let transform = vitals(handle.lock().unwrap().as_ref().unwrap(), "transform0");
    assert_eq!((transform.role, transform.failures[&(Stage::Processing, "internal")]), (Role::Transform, 1));
    handle.lock().unwrap().take();
}

/// A transform that can be built once.
fn once() -> TransformFactory {
    struct Panics;
    impl Transform for Panics {
        fn apply(&mut self, _: &Event, _: &mut Output) -> Verdict {
            panic!("as told")
        }
    }
    let built = AtomicU32::new(0);
    Arc::new(move || match built.fetch_add(1, Ordering::Relaxed) {
        0 => Ok(Box::new(Panics) as Box<dyn Transform>),
        1..4 => Err(Failure::new(FailureKind::Storage, "cannot be built")),
        _ => Ok(Box::new(Forward) as Box<dyn Transform>),
    })
}

/// Scenario: a lane dies while a transform is at its events, and reads them again.
/// Guarantees: the first time they have failed, so that none is in flight for ever.
#[tokio::test(start_paused = true)]
async fn what_a_lane_leaves_behind_in_a_transform_has_failed() {
    let (bench, gate) = (Bench::new(), Gate::open());
    let script = vec![Step::Page(vec!["a", "b"])];
    let running = bench.start(bench.topology(vec![bench.lane("t", script, true)], vec![once()], vec![("sink", &gate)]));
    let report = running.finish().await;
    let counts = report.counts["transform0"];
    assert_eq!((counts.sent, counts.failed, counts.in_flight(), counts.excess()), (2, 6, 0, 0));
    assert_eq!(gate.written(), ["a b"]);
}

/// Scenario: a source hands on more than it says has come.
/// Guarantees: that is told as an error, once, and counted; nobody else is blamed.
#[tokio::test(start_paused = true)]
async fn counts_that_cannot_be_true_are_told_once() {
    let (told, _guard) = Heard::listen();
    let (bench, gate) = (Bench::new(), Gate::open());
    let script = vec![
        Step::Page(vec!["a"]),
        Step::Uncounted(vec!["b", "c"]),
        Step::Wait(Duration::from_secs(60)),
        Step::Uncounted(vec!["d"]),
    ];
    let running =
        bench.start(bench.topology(vec![bench.lane("t", script, false)], vec![forward()], vec![("sink", &gate)]));
    let handle = running.handle();
    let finish = tokio::spawn(running.finish());
    gate.until(2).await;
    tokio::time::sleep(Duration::from_secs(30)).await;
    assert_eq!((vitals(&handle, "source").excess, told.lines_with("cannot be true: 2 events")), (2, 1));
    gate.until(3).await;
    tokio::time::sleep(Duration::from_secs(60)).await;
    assert_eq!((vitals(&handle, "source").excess, told.lines_with("cannot be true")), (3, 1));
    assert_eq!((vitals(&handle, "transform0").excess, vitals(&handle, "sink").excess), (0, 0));
    handle.stop();
    finish.await.unwrap();
}

/// Makes three of `many`, none of `none`, and of `both` one that it rejects all the same; sees itself as [`Watching`] does.
struct Making(Watching);

impl Transform for Making {
    fn apply(&mut self, event: &Event, out: &mut Output) -> Verdict {
        match &*event.body {
            b"many" => {
                for _ in 0..2 {
                    let _verdict = out.forward(event.clone());
                }
                self.0.apply(event, out)
            }
            b"none" => out.discard(),
            b"both" => {
                let _verdict = out.forward(event.clone());
                out.reject(event.clone(), "after all")
            }
            _ => self.0.apply(event, out),
        }
    }
}

/// Scenario: a transform makes several events of one; another time it hands an event on and rejects it too.
/// Guarantees: what came in is counted once, whatever is made of it, so that this is no violation and what it is at stays
/// visible; the other is one.
#[tokio::test(start_paused = true)]
async fn several_events_of_one_are_no_violation() {
    let (told, _guard) = Heard::listen();
    let (bench, gate) = (Bench::new(), Gate::open());
    let (held, seen) = (Arc::new(Mutex::new(None)), Arc::new(Mutex::new(Vec::new())));
    let factory: TransformFactory = {
        let (held, seen) = (held.clone(), seen.clone());
        Arc::new(move || Ok(Box::new(Making(Watching(held.clone(), seen.clone()))) as Box<dyn Transform>))
    };
    let script = vec![
        Step::Wait(Duration::from_secs(1)),
        Step::Page(vec!["many", "none", "c", "a"]),
        Step::Wait(Duration::from_secs(60)),
        Step::Page(vec!["many", "many"]),
        Step::Wait(Duration::from_secs(60)),
        Step::Page(vec!["both"]),
    ];
    let running =
        bench.start(bench.topology(vec![bench.lane("t", script, false)], vec![factory], vec![("sink", &gate)]));
    let handle = running.handle();
    *held.lock().unwrap() = Some(handle.clone());
    let finish = tokio::spawn(running.finish());
    gate.until(2).await;
    tokio::time::sleep(Duration::from_secs(30)).await;
    let counts = vitals(&handle, "transform0").counts;
    assert_eq!((counts.received, counts.sent, counts.discarded, counts.rejected), (6, 4, 1, 1));
    assert_eq!((counts.in_flight(), counts.sent_bytes), (0, 9 * 4 + 1));
    assert_eq!(seen.lock().unwrap().last(), Some(&2), "both are in its hands, although more was made before");
    assert_eq!((handle.counts()["sink"].received, told.lines_with("cannot be true")), (10, 0));
    gate.until(3).await;
    tokio::time::sleep(Duration::from_secs(30)).await;
    assert_eq!((vitals(&handle, "transform0").excess, told.lines_with("cannot be true: 1 events")), (1, 1));
    handle.stop();
    finish.await.unwrap();
    held.lock().unwrap().take();
}

/// Scenario: the name of a transform is given to a sink, which delivers nothing, and then to a transform again.
/// Guarantees: it is known, and watched, as what it is now.
#[tokio::test(start_paused = true)]
async fn a_name_does_what_it_does_now() {
    let (told, _guard) = Heard::listen();
    let (bench, gate, shut) = (Bench::new(), Gate::open(), Gate::shut());
    let script = vec![Step::Page(vec!["a"]), Step::Wait(Duration::from_secs(10)), Step::Page(vec!["b"])];
    let running =
        bench.start(bench.topology(vec![bench.lane("t", script, false)], vec![forward()], vec![("sink", &gate)]));
    let handle = running.handle();
    let finish = tokio::spawn(running.finish());
    gate.until(1).await;
    let mut next = bench.kept(0, &["sink", "transform0"]);
    next.sinks[1].kind = Some(shut.kind());
    handle.change(next).await.unwrap();
    assert_eq!(vitals(&handle, "transform0").role, Role::Sink);
    shut.until(1).await;
    tokio::time::sleep(Duration::from_secs(120)).await;
    assert_eq!(told.lines_with("sink transform0 has delivered nothing"), 1);
    // What cannot be built changes nothing.
    let mut next = bench.kept(1, &["sink"]);
    next.transforms[0].factory = Some(Arc::new(|| Err(Failure::fatal(FailureKind::Config, "no such program"))));
    handle.change(next).await.unwrap_err();
    assert_eq!(vitals(&handle, "transform0").role, Role::Sink);
    let mut next = bench.kept(1, &["sink"]);
    next.transforms[0].factory = Some(forward());
    handle.change(next).await.unwrap();
    assert_eq!(vitals(&handle, "transform0").role, Role::Transform);
    handle.stop();
    finish.await.unwrap();
}

/// Guarantees: failures are counted by kind and by what was being done.
#[tokio::test(start_paused = true)]
async fn failures_are_counted_where_they_happen() {
    let (bench, gate) = (Bench::new(), Gate::open());
    let broken = |kind| Failure::new(kind, "as told");
    gate.failures
        .lock()
        .unwrap()
        .extend([Some(broken(FailureKind::Unreachable)), Some(broken(FailureKind::Unreachable))]);
    let script = vec![
        Step::Fail(broken(FailureKind::Timeout)),
        Step::Fail(broken(FailureKind::RateLimited)),
        Step::Page(vec!["a"]),
    ];
    let running = bench.start(bench.topology(vec![bench.lane("t", script, true)], vec![], vec![("sink", &gate)]));
    let handle = running.handle();
    running.finish().await;
    let (source, sink) = (vitals(&handle, "source"), vitals(&handle, "sink"));
    let failures: Vec<_> = source.failures.into_iter().collect();
    assert_eq!(failures, [((Stage::Receiving, "rate_limited"), 1), ((Stage::Receiving, "timeout"), 1)]);
    assert_eq!(sink.failures.into_iter().collect::<Vec<_>>(), [((Stage::Sending, "unreachable"), 2)]);
    assert_eq!((source.role, sink.role), (Role::Source, Role::Sink));
    assert_eq!((sink.counts.received_bytes, sink.counts.retries), (1, 2));
}
