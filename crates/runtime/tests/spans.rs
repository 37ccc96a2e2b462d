//! The spans that a page leaves behind.

#[path = "support/heard.rs"]
mod heard;
mod support;

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use adr_core::{Event, Failure, FailureKind, Output, Transform, Verdict};
use adr_runtime::TransformFactory;
use heard::{Heard, HeardSpan};
use support::{Bench, Gate, Step};

/// The trees of spans: each root with its children in the order in which they were opened.
fn traces(heard: &Heard) -> Vec<(HeardSpan, Vec<HeardSpan>)> {
    let spans: BTreeMap<u64, HeardSpan> =
        heard.spans().into_iter().filter(|(_, span)| span.target == "pages").collect();
    let below = |id: u64| spans.values().filter(|span| span.parent == Some(id)).cloned().collect();
    spans.iter().filter(|(_, span)| span.parent.is_none()).map(|(id, span)| (span.clone(), below(*id))).collect()
}

fn said(span: &HeardSpan) -> String {
    let field = |name: &str| span.fields.get(name).cloned();
    [Some(span.name.to_owned()), field("sink"), field("outcome")].into_iter().flatten().collect::<Vec<_>>().join(" ")
}

struct Forward;

impl Transform for Forward {
    fn apply(&mut self, event: &Event, out: &mut Output) -> Verdict {
        out.forward(event.clone())
    }
}

/// Scenario: a look that finds nothing, a failure, then a page through a transform into two sinks.
/// Guarantees: each leaves one trace, whose spans tell what happened and are all closed.
#[tokio::test(start_paused = true)]
async fn a_page_is_one_trace_from_its_poll_to_its_commit() {
    let (heard, _guard) = Heard::listen();
    let (bench, one, two) = (Bench::new(), Gate::open(), Gate::open());
    let forward: TransformFactory = Arc::new(|| Ok(Box::new(Forward) as Box<dyn Transform>));
    let script = vec![
        Step::Wait(Duration::from_secs(1)),
        Step::Fail(Failure::new(FailureKind::Timeout, "no answer")),
        Step::Page(vec!["a", "b"]),
    ];
    let topology =
        bench.topology(vec![bench.lane("t", script, true)], vec![forward], vec![("one", &one), ("two", &two)]);
    bench.start(topology).finish().await;
    let traces = traces(&heard);
    let told: Vec<(String, Vec<String>)> =
        traces.iter().map(|(root, below)| (said(root), below.iter().map(said).collect())).collect();
    let strings = |all: &[&str]| all.iter().map(|one| (*one).to_owned()).collect::<Vec<_>>();
    assert_eq!(told[0], ("page nothing new".to_owned(), strings(&["poll nothing new"])));
    assert_eq!(told[1], ("page failed".to_owned(), strings(&["poll failed"])));
    let way = ["poll page", "map mapped", "deliver one delivered", "deliver two delivered", "commit committed"];
    assert_eq!(told[2], ("page committed".to_owned(), strings(&way)));
    assert_eq!(told[3], ("page".to_owned(), strings(&["poll"])), "the end of the source");
    assert_eq!(told.len(), 4);
    let fields =
        |span: &HeardSpan, names: &[&str]| names.iter().map(|name| span.fields[name].clone()).collect::<Vec<_>>();
    let (page, below) = &traces[2];
    assert_eq!(fields(page, &["source", "tenant", "events", "duplicates", "bytes"]), ["source", "t", "2", "0", "100"]);
    assert_eq!(fields(&below[2], &["events"]), ["2"]);
    assert_eq!(fields(&traces[1].0, &["error_type", "otel.status_code"]), ["timeout", "error"]);
    for (root, below) in &traces {
        assert!(std::iter::once(root).chain(below).all(|span| span.held == 0), "{root:?} {below:?}");
    }
}

/// Scenario: a sink fails for good, so that the lane opens anew and reads the page again.
/// Guarantees: the first trace says so, with the delivery that failed; the second is whole.
#[tokio::test(start_paused = true)]
async fn what_fails_says_so_in_its_trace() {
    let (heard, _guard) = Heard::listen();
    let (bench, gate) = (Bench::new(), Gate::open());
    gate.failures.lock().unwrap().push_back(Some(Failure::fatal(FailureKind::Protocol, "not understood")));
    let mut again = bench;
    again.limits.once = false;
    let script = vec![Step::Page(vec!["a"])];
    let running = again.start(again.topology(vec![again.lane("t", script, true)], vec![], vec![("sink", &gate)]));
    running.finish().await;
    let traces = traces(&heard);
    let (page, below) = &traces[0];
    assert_eq!((said(page), said(below.last().unwrap())), ("page failed".to_owned(), "deliver sink failed".to_owned()));
    assert_eq!(page.fields["error_type"], "protocol");
    assert!(traces.iter().flat_map(|(root, below)| std::iter::once(root).chain(below)).all(|span| span.held == 0));
}
