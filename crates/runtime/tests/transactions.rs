//! The sink that owns the checkpoint: what it refuses, what fails, what is counted.
#![allow(clippy::unwrap_used, reason = "a test may panic")]

mod support;

use std::collections::VecDeque;
use std::sync::{Arc, Mutex};

use adr_core::*;
use adr_runtime::{Input, Report, SinkKind, SinkNode};
use support::{Bench, Step, TestDeadLetter, three_pages};

/// Commits into memory; refuses and fails as it is told.
#[derive(Clone, Default)]
struct Ledger(Arc<Mutex<Book>>);

#[derive(Default)]
struct Book {
    committed: Vec<String>,
    position: Option<u8>,
    commits: usize,
    /// Events that it can never take.
    refused: Vec<&'static str>,
    /// What the next commits answer.
    answers: VecDeque<Result<Committed, Failure>>,
    dead_letter: TestDeadLetter,
    /// How many events the dead letter had when the rest of their group was committed.
    kept_by_then: Vec<usize>,
}

impl TransactionalSink for Ledger {
    fn open<'a>(&'a self, _: &'a LaneId) -> BoxFuture<'a, Result<OwnedLane, Failure>> {
        let at = self.0.lock().unwrap().position;
        let records = at.map(|at| ((&b"at"[..]).into(), vec![at].into())).into_iter().collect();
        let writer: Box<dyn LaneWriter> = Box::new(self.clone());
        Box::pin(async move { Ok((writer, records)) })
    }
}

impl LaneWriter for Ledger {
    fn commit(&mut self, group: Group) -> BoxFuture<'_, Result<Committed, Failure>> {
        let mut book = self.0.lock().unwrap();
        book.commits += 1;
        if let Some(answer) = book.answers.pop_front() {
            return Box::pin(async { answer });
        }
        let refused: Vec<_> = (group.events.iter().enumerate())
            .filter(|(_, event)| book.refused.iter().any(|text| text.as_bytes() == event.body))
            .map(|(index, _)| Rejection { index, reason: "too large".to_owned() })
            .collect();
        if !refused.is_empty() {
            return Box::pin(async { Ok(Committed::Nothing(refused)) });
        }
        let texts = group.events.iter().map(|event| String::from_utf8(event.body.to_vec()).unwrap());
        book.committed.extend(texts);
        book.position = group.checkpoint.writes.last().map(|write| write.value.as_ref().unwrap()[0]);
        let kept = book.dead_letter.0.lock().unwrap().len();
        book.kept_by_then.push(kept);
        Box::pin(async { Ok(Committed::All) })
    }
}

async fn run(bench: &Bench, ledger: &Ledger, script: Vec<Step>) -> Report {
    ledger.0.lock().unwrap().dead_letter = bench.dead_letter.clone();
    let mut topology = bench.topology(vec![bench.lane("t", script, true)], Vec::new(), Vec::new());
    topology.sinks.push(SinkNode {
        name: "ledger".into(),
        inputs: vec![Input::Source(0)],
        kind: Some(SinkKind::Transactional(Arc::new(ledger.clone()))),
        buffer: None,
        caveats: Vec::new(),
    });
    bench.start(topology).finish().await
}

#[tokio::test(start_paused = true)]
async fn what_it_refuses_is_kept_before_the_rest_of_the_group_is_committed() {
    let (bench, ledger) = (Bench::new(), Ledger::default());
    ledger.0.lock().unwrap().refused = vec!["a", "c"];
    let report = run(&bench, &ledger, three_pages()).await;
    let book = ledger.0.lock().unwrap();
    assert_eq!(book.committed, ["b", "d"]);
    assert_eq!(book.position, Some(3));
    assert_eq!(book.kept_by_then.first().map(|kept| *kept >= 1), Some(true), "a crash in between would lose it");
    let dead = bench.dead_letter.0.lock().unwrap().clone();
    let texts: Vec<_> = dead.iter().map(|(sink, text, why)| (sink.as_str(), text.as_str(), why.as_str())).collect();
    assert_eq!(texts, [("ledger", "a", "too large"), ("ledger", "c", "too large")]);
    let counts = report.counts["ledger"];
    assert_eq!((counts.received, counts.sent, counts.rejected, counts.failed), (4, 2, 2, 0));
    assert_eq!(counts.in_flight(), 0);
    assert_eq!(bench.position("t"), 0, "no other store knows of its lanes");
}

#[tokio::test(start_paused = true)]
async fn a_failed_commit_opens_the_lane_from_what_is_committed() {
    let (bench, ledger) = (Bench::new(), Ledger::default());
    let failure = Failure::new(FailureKind::Timeout, "nobody knows");
    ledger.0.lock().unwrap().answers = [Err(failure)].into();
    let report = run(&bench, &ledger, three_pages()).await;
    assert_eq!(ledger.0.lock().unwrap().committed, ["a", "b", "c", "d"]);
    assert_eq!(*bench.opened.lock().unwrap(), 2);
    let counts = report.counts["ledger"];
    assert_eq!(counts.sent, 4);
    assert!(counts.failed >= 2, "{counts:?}");
    assert_eq!(counts.in_flight(), 0);
}

#[tokio::test(start_paused = true)]
async fn a_failed_commit_says_whose_it_is() {
    let (bench, ledger) = (Bench::new(), Ledger::default());
    let failure = Failure::fatal(FailureKind::Forbidden, "not allowed to write to the topic");
    ledger.0.lock().unwrap().answers = [Err(failure)].into();
    let report = run(&bench, &ledger, three_pages()).await;
    let failure = report.lanes[&LaneId::new("source", "t")].clone().unwrap();
    assert_eq!(failure.message, "sink ledger: not allowed to write to the topic");
}

#[tokio::test(start_paused = true)]
async fn a_sink_that_commits_nothing_for_no_reason_is_not_asked_for_ever() {
    let (bench, ledger) = (Bench::new(), Ledger::default());
    ledger.0.lock().unwrap().answers = [Ok(Committed::Nothing(Vec::new()))].into();
    let report = run(&bench, &ledger, three_pages()).await;
    let failure = report.lanes[&LaneId::new("source", "t")].clone().unwrap();
    assert_eq!(failure.kind, FailureKind::Internal);
    assert!(failure.message.starts_with("sink ledger: "), "{failure}");
    assert!(ledger.0.lock().unwrap().committed.is_empty());
}

#[tokio::test(start_paused = true)]
async fn a_group_of_nothing_is_no_transaction() {
    let (bench, ledger) = (Bench::new(), Ledger::default());
    let report = run(&bench, &ledger, vec![Step::Known]).await;
    assert_eq!((report.counts["source"].duplicates, ledger.0.lock().unwrap().commits), (1, 0));
}
