//! Logging and a push as a process has them: one for all of its threads.

#[path = "support/receiver.rs"]
mod receiver;
mod support;

use std::sync::Arc;
use std::time::Duration;

use adr_telemetry::{Metrics, Otlp, Settings, TENANTS};
use receiver::Receiver;
use support::readings;

fn span() -> tracing::Span {
    tracing::info_span!(target: "pages", parent: None, "page")
}

/// Scenario: a process logs at the most detailed level of its own, pushes to one that refuses, then to one that takes.
/// Guarantees: no span is made unless traces are pushed; what goes wrong is one line, and no thread of the SDK makes others.
#[test]
fn a_push_begins_and_ends_while_the_process_runs() {
    let folder = tempfile::tempdir().expect("a folder");
    let path = folder.path().join("adr.log");
    let settings = Settings { file: Some(path.clone()), verbosity: 2, ..Settings::default() };
    let mut telemetry = adr_telemetry::init(&settings).expect("the one subscriber of this test program");
    let metrics = Arc::new(Metrics::new(Arc::new(readings), TENANTS));
    assert!(span().is_disabled());

    let refuses = Receiver::start(403);
    let only_metrics =
        Otlp { traces: None, logs: None, interval: Duration::from_millis(20), ..Otlp::new(&refuses.address) };
    telemetry.push(&only_metrics, metrics.clone()).expect("these settings are right");
    refuses.until(10);
    assert!(span().is_disabled(), "only metrics are pushed");

    let takes = Receiver::start(200);
    telemetry.push(&Otlp::new(&takes.address), metrics).expect("these settings are right");
    let page = span();
    assert!(!page.is_disabled());
    std::thread::spawn(move || page.in_scope(|| tracing::info!(target: "adr_runtime", "in a thread")))
        .join()
        .expect("no panic");
    telemetry.stop_push(Duration::from_secs(20));
    assert!(span().is_disabled());
    drop(telemetry);

    assert_eq!((takes.spans().len(), takes.logs().len()), (1, 1));
    assert_eq!(takes.logs()[0].1.trace_id, takes.spans()[0].trace_id);
    let log = std::fs::read_to_string(&path).expect("text");
    assert_eq!(log.lines().count(), 2, "{log}");
    assert!(
        log.contains("metrics do not arrive over OTLP: it answers 403 Forbidden;") && log.contains("in a thread"),
        "{log}"
    );
}
