//! The deliver stage: order, retry, panic, exchange.

mod support;

use std::sync::{Arc, Mutex};
use std::time::Duration;

use adr_core::{BoxFuture, Delivered, Delivery, Event, Failure, FailureKind, Sink};
use adr_runtime::SinkKind;
use support::{Bench, Gate, three_pages};

fn broken() -> Failure {
    Failure::new(FailureKind::Unreachable, "connection lost")
}

#[tokio::test(start_paused = true)]
async fn a_failed_delivery_is_written_again_with_all_after_it_in_order() {
    let (bench, gate) = (Bench::new(), Gate::shut());
    gate.failures.lock().unwrap().extend([Some(broken()), None, None]);
    let running =
        bench.start(bench.topology(vec![bench.lane("t", three_pages(), true)], vec![], vec![("sink", &gate)]));
    let finish = tokio::spawn(running.finish());
    gate.until(3).await;
    assert_eq!(bench.position("t"), 0, "nothing is delivered yet");
    gate.permits.add_permits(1000);
    let report = finish.await.unwrap();
    assert_eq!(gate.written(), ["a b", "c", "d", "a b", "c", "d"]);
    assert_eq!(bench.position("t"), 3);
    assert!(report.drained && report.lanes.values().all(Option::is_none), "{report:?}");
    assert_eq!(*bench.opened.lock().unwrap(), 1, "a retry does not read again");
}

#[tokio::test(start_paused = true)]
async fn a_failure_that_cannot_be_cured_stops_the_lane_and_saves_nothing_past_it() {
    let (bench, gate) = (Bench::new(), Gate::open());
    gate.failures.lock().unwrap().extend([None, Some(Failure::fatal(FailureKind::Config, "no such topic"))]);
    let running =
        bench.start(bench.topology(vec![bench.lane("t", three_pages(), true)], vec![], vec![("sink", &gate)]));
    let report = running.finish().await;
    let failure = report.lanes.values().next().unwrap().clone().unwrap();
    assert_eq!(failure.message, "sink sink: no such topic");
    assert!(bench.position("t") <= 1, "page 2 was not delivered");
}

#[tokio::test(start_paused = true)]
async fn a_sink_that_panics_is_built_anew_and_its_lanes_read_again() {
    let (bench, gate) = (Bench::new(), Gate::open());
    *gate.panics.lock().unwrap() = true;
    let running =
        bench.start(bench.topology(vec![bench.lane("t", three_pages(), true)], vec![], vec![("sink", &gate)]));
    let report = running.finish().await;
    assert_eq!(bench.position("t"), 3);
    assert!(*bench.opened.lock().unwrap() > 1);
    let written = gate.written().join(" ");
    assert!(["a", "b", "c", "d"].iter().all(|text| written.contains(text)), "{written}");
    assert!(report.lanes.values().all(Option::is_none));
}

#[tokio::test(start_paused = true)]
async fn a_sink_is_exchanged_between_two_batches_without_a_gap() {
    let (bench, first, second) = (Bench::new(), Gate::open(), Gate::open());
    let mut script = three_pages();
    script.insert(2, support::Step::Wait(Duration::from_secs(10)));
    let running = bench.start(bench.topology(vec![bench.lane("t", script, true)], vec![], vec![("sink", &first)]));
    let handle = running.handle();
    let finish = tokio::spawn(running.finish());
    first.until(2).await;
    handle.change(bench.exchanged("sink", &second)).await.unwrap();
    assert_eq!(*first.closed.lock().unwrap(), 1, "the old one is closed when the new one is in place");
    finish.await.unwrap();
    assert_eq!((first.written(), second.written()), (vec!["a b".into(), "c".into()], vec!["d".into()]));
    assert_eq!(*second.closed.lock().unwrap(), 1);
}

#[tokio::test(start_paused = true)]
async fn a_reader_that_is_gone_ends_the_run_and_its_trail_is_not_committed() {
    let (bench, mut gate) = (Bench::new(), Gate::open());
    gate.trail = Some(Duration::from_secs(60));
    let gone = Failure::fatal(FailureKind::ReaderGone, "nobody reads standard output");
    gate.failures.lock().unwrap().extend([None, None, Some(gone)]);
    let running =
        bench.start(bench.topology(vec![bench.lane("t", three_pages(), false)], vec![], vec![("sink", &gate)]));
    let report = running.finish().await;
    assert_eq!(report.sinks.iter().map(|failure| failure.kind).collect::<Vec<_>>(), [FailureKind::ReaderGone]);
    assert_eq!(bench.position("t"), 0, "what stood in the pipe may be lost: it must be read again");
}

#[tokio::test(start_paused = true)]
async fn what_must_be_known_of_a_sink_stands_in_the_status() {
    let (bench, gate) = (Bench::new(), Gate::open());
    let mut topology = bench.topology(vec![bench.lane("t", three_pages(), true)], vec![], vec![("sink", &gate)]);
    topology.sinks[0].caveats.push("proves nothing".to_owned());
    let running = bench.start(topology);
    let status = running.handle().status().clone();
    running.finish().await;
    assert_eq!(status.sinks()["sink"].caveats, ["proves nothing"]);
}

#[tokio::test(start_paused = true)]
async fn what_is_delivered_of_a_batch_stays_delivered_when_the_rest_of_it_is_not() {
    let (bench, gate) = (Bench::new(), Gate::open());
    gate.failures.lock().unwrap().extend([None, Some(broken()), None, None]);
    let mut topology = bench.topology(vec![bench.lane("t", three_pages(), true)], vec![], vec![("sink", &gate)]);
    let Some(SinkKind::Plain { at_once, .. }) = &mut topology.sinks[0].kind else { panic!("a plain sink") };
    *at_once = 1;
    let running = bench.start(topology);
    let counts = running.handle();
    let report = running.finish().await;
    let written = gate.written();
    assert_eq!(written.iter().filter(|written| *written == "a").count(), 1, "{written:?}");
    assert_eq!(written.iter().filter(|written| *written == "b").count(), 2, "{written:?}");
    assert_eq!(written.last().map(String::as_str), Some("d"), "{written:?}");
    assert_eq!(bench.position("t"), 3);
    assert!(report.drained && report.lanes.values().all(Option::is_none), "{report:?}");
    let sink = counts.counts()["sink"];
    assert_eq!((sink.received, sink.sent, sink.in_flight()), (4, 4, 0));
}

#[tokio::test(start_paused = true)]
async fn a_run_to_the_end_gives_a_dead_sink_up_and_saves_nothing_past_it() {
    let (mut bench, gate) = (Bench::new(), Gate::open());
    bench.limits.once = true;
    gate.failures.lock().unwrap().extend(std::iter::repeat_n(Some(broken()), 1000));
    let running =
        bench.start(bench.topology(vec![bench.lane("t", three_pages(), true)], vec![], vec![("sink", &gate)]));
    let report = running.finish().await;
    let failure = report.lanes.values().next().unwrap().clone().unwrap();
    assert_eq!((failure.kind, failure.message.as_str()), (FailureKind::Unreachable, "sink sink: connection lost"));
    assert_eq!(bench.position("t"), 0);
    assert!(gate.written().len() < 20, "{:?}", gate.written());
}

#[tokio::test(start_paused = true)]
async fn a_sink_that_delivers_nothing_is_told_and_so_is_its_end() {
    let (bench, gate) = (Bench::new(), Gate::shut());
    let running =
        bench.start(bench.topology(vec![bench.lane("t", three_pages(), true)], vec![], vec![("sink", &gate)]));
    let status = running.handle().status().clone();
    let stalled = || status.sinks()["sink"].stalled;
    let finish = tokio::spawn(running.finish());
    gate.until(3).await;
    tokio::time::sleep(Duration::from_secs(59)).await;
    assert_eq!(stalled(), None);
    tokio::time::sleep(Duration::from_secs(20)).await;
    assert!(stalled().is_some());
    gate.permits.add_permits(1);
    tokio::time::sleep(Duration::from_secs(11)).await;
    assert_eq!(stalled(), None, "one delivery is progress");
    gate.permits.add_permits(1000);
    finish.await.unwrap();
}

/// Takes a batch, and delivers it when it is released; the write of a second one never ends.
struct Stuck(Option<tokio::sync::oneshot::Receiver<()>>);

impl Sink for Stuck {
    fn write<'a>(&'a mut self, _: &'a [Event]) -> BoxFuture<'a, Result<Delivery, Failure>> {
        match self.0.take() {
            Some(released) => Box::pin(async move {
                let delivery: Delivery = Box::pin(async move {
                    released.await.expect("it is released");
                    Ok(Delivered::default())
                });
                Ok(delivery)
            }),
            None => Box::pin(std::future::pending()),
        }
    }

    fn close(&mut self) -> BoxFuture<'_, Result<(), Failure>> {
        Box::pin(std::future::ready(Ok(())))
    }
}

#[tokio::test(start_paused = true)]
async fn what_is_delivered_is_committed_while_a_later_write_stands_still() {
    let (bench, gate) = (Bench::new(), Gate::open());
    let mut topology = bench.topology(vec![bench.lane("t", three_pages(), true)], vec![], vec![("sink", &gate)]);
    let (release, released) = tokio::sync::oneshot::channel();
    let stuck = Mutex::new(Some(Stuck(Some(released))));
    let factory = Arc::new(move || Ok(Box::new(stuck.lock().unwrap().take().unwrap()) as Box<dyn Sink>));
    topology.sinks[0].kind = Some(SinkKind::Plain { factory, in_flight: 4, at_once: usize::MAX });
    let _running = bench.start(topology);
    tokio::time::sleep(Duration::from_secs(1)).await;
    assert_eq!(bench.position("t"), 0);
    release.send(()).unwrap();
    tokio::time::sleep(Duration::from_secs(1)).await;
    assert_eq!(bench.position("t"), 1, "the second write goes on, and the first batch is committed");
}
