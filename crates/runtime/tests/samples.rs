//! A recent event of each lane can be looked at, as it came and as it went.

mod support;

use std::sync::Arc;
use std::time::Duration;

use adr_core::{Event, LaneId, Output, Transform, Verdict};
use adr_runtime::{Sample, TransformFactory};
use support::{Bench, Gate, Step};

/// Drops `drop...`, marks all else.
struct Mark;

impl Transform for Mark {
    fn apply(&mut self, event: &Event, out: &mut Output) -> Verdict {
        if event.body.starts_with(b"drop") {
            return out.discard();
        }
        let text = format!("mapped {}", String::from_utf8_lossy(&event.body));
        out.forward(Event { body: text.into_bytes().into(), meta: event.meta.clone() })
    }
}

fn mark() -> TransformFactory {
    Arc::new(|| Ok(Box::new(Mark) as Box<dyn Transform>))
}

#[tokio::test(start_paused = true)]
async fn the_last_event_of_a_page_is_shown_as_it_came_and_as_it_went() {
    let (mut bench, gate) = (Bench::new(), Gate::open());
    bench.limits.samples = true;
    let wait = || Step::Wait(Duration::from_secs(5));
    let script = vec![
        Step::Page(vec!["a", "b"]),
        wait(),
        // Within a second of the one before: not looked at.
        Step::Page(vec!["c"]),
        Step::Page(vec!["d"]),
        wait(),
        Step::Page(vec!["e", "drop this"]),
    ];
    let lanes = vec![bench.lane("t", script, false), bench.lane("other", vec![Step::Page(vec!["x"])], false)];
    let running = bench.start(bench.topology(lanes, vec![mark()], vec![("one", &gate)]));
    let handle = running.handle();
    let finish = tokio::spawn(running.finish());
    let of = |tenant: &str| handle.sample(&LaneId::new("source", tenant));
    let sample = |raw: &'static str, mapped: Option<&'static str>| {
        Some(Sample { raw: raw.into(), mapped: mapped.map(Into::into) })
    };
    gate.until(2).await;
    assert_eq!((of("t"), of("other")), (sample("b", Some("mapped b")), sample("x", Some("mapped x"))));
    gate.until(4).await;
    assert_eq!(of("t"), sample("c", Some("mapped c")));
    gate.until(5).await;
    assert_eq!(of("t"), sample("drop this", None), "what was discarded went nowhere");
    handle.stop();
    finish.await.unwrap();
    assert_eq!(of("nobody"), None);
}

#[tokio::test(start_paused = true)]
async fn where_nobody_wants_them_nothing_is_kept() {
    let (bench, gate) = (Bench::new(), Gate::open());
    let lane = bench.lane("t", vec![Step::Page(vec!["a"])], true);
    let running = bench.start(bench.topology(vec![lane], vec![], vec![("one", &gate)]));
    let handle = running.handle();
    running.finish().await;
    assert_eq!(handle.sample(&LaneId::new("source", "t")), None);
}
