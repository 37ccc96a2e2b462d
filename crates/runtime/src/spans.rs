//! What a page goes through, as spans of `tracing`: poll, map, a delivery for each sink, commit, below one for the page.
//!
//! They are at page granularity only, and under a target of their own that nobody listens to unless traces are wanted: then
//! each costs a look at its callsite, and no field of it is made.

use adr_core::{Failure, LaneId, Tally};
use tracing::{Span, field};

/// One of them: all have the same target, and the same words for how they end.
macro_rules! span {
    ($parent:expr, $name:literal $(, $($fields:tt)*)?) => {
        tracing::info_span!(target: "pages", parent: $parent, $name, outcome = field::Empty, otel.status_code = field::Empty, error_type = field::Empty $(, $($fields)*)?)
    };
}

/// A page of a lane, from before it is asked for until it is committed or given up.
pub(crate) fn page(lane: &LaneId) -> Span {
    span!(
        None,
        "page",
        source = &*lane.source,
        tenant = &*lane.tenant,
        events = field::Empty,
        duplicates = field::Empty,
        bytes = field::Empty
    )
}

/// The call of its source.
pub(crate) fn poll(page: &Span) -> Span {
    span!(page, "poll")
}

/// Its way through all transforms.
pub(crate) fn map(page: &Span) -> Span {
    span!(page, "map")
}

/// What a sink makes of its part of it.
pub(crate) fn deliver(page: &Span, sink: &str, events: usize) -> Span {
    span!(page, "deliver", sink, events)
}

/// Its progress on the way into the store, alone or with others.
pub(crate) fn commit(page: &Span, pages: usize) -> Span {
    span!(page, "commit", pages)
}

/// What came.
pub(crate) fn came(page: &Span, tally: &Tally) {
    page.record("events", tally.received - tally.duplicates.min(tally.received));
    page.record("duplicates", tally.duplicates);
    page.record("bytes", tally.bytes);
}

/// How it ended.
pub(crate) fn ended(span: &Span, outcome: &str) {
    span.record("outcome", outcome);
}

/// It ended with a failure.
pub(crate) fn failed(span: &Span, failure: &Failure) {
    if !span.is_disabled() {
        ended(span, "failed");
        span.record("otel.status_code", "error");
        span.record("error_type", failure.kind.as_str());
    }
}
