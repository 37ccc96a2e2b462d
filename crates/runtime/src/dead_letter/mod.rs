//! Where rejected events go: kept, with the reason, never dropped.

mod file;
mod letters;

use adr_core::{BoxFuture, Failure, Rejected, Timestamp};

pub use file::DeadLetterFile;
pub(crate) use letters::Letters;

/// Takes events that cannot go on. `Ok` means they are kept durably.
pub trait DeadLetter: Send + Sync {
    /// Keeps events that `component` rejected.
    fn keep<'a>(&'a self, component: &'a str, rejected: &'a [Rejected]) -> BoxFuture<'a, Result<(), Failure>>;
}

/// What is kept of an event, one JSON object: `time`, `component`, `tenant`, `reason` and the event's text as `event` (as
/// `event_bytes`, an array of numbers, where it is not UTF-8).
fn record(now: Timestamp, component: &str, rejected: &Rejected) -> String {
    let text = match std::str::from_utf8(&rejected.event.body) {
        Ok(text) => ("event", serde_json::Value::from(text)),
        Err(_) => ("event_bytes", serde_json::Value::from(rejected.event.body.to_vec())),
    };
    let record = serde_json::json!({
        "time": now.to_string(),
        "component": component,
        "tenant": &*rejected.event.meta.tenant,
        "reason": rejected.reason,
        text.0: text.1,
    });
    record.to_string()
}
