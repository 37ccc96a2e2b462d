//! What the status says of lanes and sinks while they run.

mod support;

use std::time::Duration;

use adr_core::{Failure, FailureKind, LaneId, Timestamp};
use adr_runtime::{Handle, LaneStatus};
use support::{Bench, Gate, Step};

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
