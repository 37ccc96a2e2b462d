//! Lanes: isolation, back-pressure, change, drain.

mod support;

use std::time::Duration;

use adr_core::{Failure, FailureKind, LaneChange, LaneId};
use adr_runtime::LaneState;
use support::{Bench, Gate, Step, three_pages};

#[tokio::test(start_paused = true)]
async fn a_lane_that_fails_stalls_no_other() {
    let (bench, gate) = (Bench::new(), Gate::open());
    let refused = Failure::new(FailureKind::Unauthorized, "key refused").after(Duration::from_secs(300));
    let lanes = vec![bench.lane("bad", vec![Step::Fail(refused); 50], false), bench.lane("good", three_pages(), false)];
    let running = bench.start(bench.topology(lanes, vec![], vec![("sink", &gate)]));
    let handle = running.handle();
    let finish = tokio::spawn(running.finish());
    gate.until(3).await;
    let status = handle.status().lanes();
    assert!(
        matches!(&status[&LaneId::new("source", "bad")].state, LaneState::Retrying(f) if f.message == "key refused")
    );
    handle.stop();
    let report = finish.await.unwrap();
    assert!(report.drained);
    assert_eq!((bench.position("good"), bench.position("bad")), (3, 0));
}

#[tokio::test(start_paused = true)]
async fn a_slow_sink_slows_the_poll() {
    let (mut bench, gate) = (Bench::new(), Gate::shut());
    bench.limits.window = 2;
    let script = vec![Step::Page(vec!["x"]); 20];
    let running = bench.start(bench.topology(vec![bench.lane("t", script, true)], vec![], vec![("sink", &gate)]));
    let handle = running.handle();
    let finish = tokio::spawn(running.finish());
    gate.until(2).await;
    tokio::time::advance(Duration::from_secs(3600)).await;
    assert_eq!(handle.counts()["source"].received, 2, "the window holds the source back");
    gate.permits.add_permits(1000);
    finish.await.unwrap();
    assert_eq!(gate.written().len(), 20);
}

#[tokio::test(start_paused = true)]
async fn lanes_come_and_go_and_are_replaced_after_they_drain() {
    let (bench, gate) = (Bench::new(), Gate::open());
    let (changes, receiver) = tokio::sync::mpsc::channel(10);
    let running = bench.start(bench.topology_of(receiver, vec![], vec![("sink", &gate)]));
    let handle = running.handle();
    let finish = tokio::spawn(running.finish());
    let send = async |change| assert!(changes.send(change).await.is_ok());
    send(LaneChange::Start(bench.lane("one", vec![Step::Page(vec!["a"])], false))).await;
    gate.until(1).await;
    // The same name again, with one page more: it goes on where the first one stopped.
    send(LaneChange::Start(bench.lane("one", three_pages()[..2].to_vec(), false))).await;
    gate.until(2).await;
    send(LaneChange::Stop(LaneId::new("source", "one"))).await;
    send(LaneChange::Start(bench.lane("two", vec![Step::Page(vec!["z"])], false))).await;
    gate.until(3).await;
    assert_eq!(gate.written(), ["a", "c", "z"]);
    handle.stop();
    assert!(finish.await.unwrap().drained);
    assert_eq!((bench.position("one"), bench.position("two")), (2, 1));
}

#[tokio::test(start_paused = true)]
async fn a_drain_past_its_deadline_is_given_up_and_says_so() {
    let (bench, gate) = (Bench::new(), Gate::shut());
    let running =
        bench.start(bench.topology(vec![bench.lane("t", three_pages(), false)], vec![], vec![("sink", &gate)]));
    let handle = running.handle();
    let finish = tokio::spawn(running.finish());
    gate.until(1).await;
    handle.stop();
    let report = finish.await.unwrap();
    assert!(!report.drained);
    assert_eq!(bench.position("t"), 0);
}

#[tokio::test(start_paused = true)]
async fn a_clean_drain_commits_what_a_pipe_was_given() {
    let (bench, mut gate) = (Bench::new(), Gate::open());
    gate.trail = Some(Duration::from_secs(60));
    let running =
        bench.start(bench.topology(vec![bench.lane("t", three_pages(), false)], vec![], vec![("sink", &gate)]));
    let handle = running.handle();
    let finish = tokio::spawn(running.finish());
    gate.until(3).await;
    tokio::time::sleep(Duration::from_secs(30)).await;
    assert_eq!(bench.position("t"), 0, "the trail is 60 s");
    handle.stop();
    assert!(finish.await.unwrap().drained);
    assert_eq!(bench.position("t"), 3);
}

#[tokio::test(start_paused = true)]
async fn a_trail_becomes_durable_when_its_time_has_come() {
    let (bench, mut gate) = (Bench::new(), Gate::open());
    gate.trail = Some(Duration::from_secs(60));
    let running =
        bench.start(bench.topology(vec![bench.lane("t", three_pages(), false)], vec![], vec![("sink", &gate)]));
    let _finish = tokio::spawn(running.finish());
    gate.until(3).await;
    tokio::time::sleep(Duration::from_secs(70)).await;
    assert_eq!(bench.position("t"), 3);
}

#[tokio::test(start_paused = true)]
async fn a_run_to_the_end_does_not_wait_for_a_refused_key() {
    let (mut bench, gate) = (Bench::new(), Gate::open());
    bench.limits.once = true;
    let refused = Failure::new(FailureKind::Unauthorized, "key refused").after(Duration::from_secs(300));
    let lanes = vec![bench.lane("bad", vec![Step::Fail(refused)], true), bench.lane("good", three_pages(), true)];
    let report = bench.start(bench.topology(lanes, vec![], vec![("sink", &gate)])).finish().await;
    let failure = |tenant| report.lanes[&LaneId::new("source", tenant)].as_ref().map(|failure| failure.kind);
    assert_eq!((failure("bad"), failure("good")), (Some(FailureKind::Unauthorized), None));
    assert_eq!(bench.position("good"), 3);
}

#[tokio::test(start_paused = true)]
async fn a_source_that_cannot_be_read_again_reads_on_to_its_end() {
    let (bench, gate) = (Bench::new(), Gate::open());
    let mut script = three_pages();
    script.splice(1..1, [Step::Wait(Duration::from_secs(1)), Step::ReadOn]);
    let running = bench.start(bench.topology(vec![bench.lane("t", script, true)], vec![], vec![("sink", &gate)]));
    let handle = running.handle();
    let finish = tokio::spawn(running.finish());
    gate.until(1).await;
    handle.stop();
    assert!(finish.await.unwrap().drained);
    assert_eq!(gate.written(), ["a b", "c", "d"]);
}

#[tokio::test(start_paused = true)]
async fn a_source_that_reads_on_and_brings_nothing_more_is_given_up_soon_after_a_stop() {
    let (bench, gate) = (Bench::new(), Gate::open());
    let script = vec![Step::Page(vec!["a"]), Step::ReadOn];
    let running = bench.start(bench.topology(vec![bench.lane("t", script, false)], vec![], vec![("sink", &gate)]));
    let handle = running.handle();
    let finish = tokio::spawn(running.finish());
    gate.until(1).await;
    let stopped = tokio::time::Instant::now();
    handle.stop();
    assert!(finish.await.unwrap().drained);
    assert!(stopped.elapsed() < Duration::from_secs(5), "{:?}", stopped.elapsed());
}

#[tokio::test(start_paused = true)]
async fn a_lane_whose_progress_is_gone_does_not_begin_again_in_silence() {
    let (bench, gate) = (Bench::new(), Gate::open());
    let script = vec![Step::Page(vec!["a"]), Step::Wait(Duration::from_secs(10)), Step::Page(vec!["b"])];
    let running = bench.start(bench.topology(vec![bench.lane("t", script, false)], vec![], vec![("sink", &gate)]));
    let finish = tokio::spawn(running.finish());
    gate.until(1).await;
    tokio::time::sleep(Duration::from_secs(1)).await;
    assert_eq!(bench.position("t"), 1);
    // Somebody empties the store, then the lane fails and opens again.
    bench.store.clear();
    *gate.panics.lock().unwrap() = true;
    let report = finish.await.unwrap();
    let failure = report.lanes[&LaneId::new("source", "t")].clone().expect("it has stopped");
    assert!(failure.message.contains("its progress was saved and is gone"), "{failure}");
    assert_eq!(gate.written(), ["a"], "it does not begin again");
}
