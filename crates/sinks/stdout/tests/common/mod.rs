//! Events and sinks for the tests.

#![allow(dead_code, reason = "each test file uses its part of it")]

use std::os::fd::OwnedFd;
use std::time::Duration;

use adr_core::{ByteString, Event, Meta, Severity};
use adr_sink_stdout::{StdoutSink, Target};

pub(crate) const TRAIL: Duration = Duration::from_secs(60);

pub(crate) fn event(body: &str) -> Event {
    let meta = Meta {
        id: ByteString::new(),
        time: None,
        tenant: "-".into(),
        kind: ByteString::new(),
        severity: Severity::Unknown,
    };
    Event { meta, body: bytes::Bytes::copy_from_slice(body.as_bytes()) }
}

/// `count` events of about `size` bytes, each with its number.
pub(crate) fn events(from: usize, count: usize, size: usize) -> Vec<Event> {
    let body = |n: usize| format!("{{\"n\":{n},\"pad\":\"{}\"}}", "x".repeat(size));
    (from..from + count).map(|n| event(&body(n))).collect()
}

pub(crate) fn text(events: &[Event]) -> String {
    events.iter().map(|event| format!("{}\n", str::from_utf8(&event.body).expect("text"))).collect()
}

pub(crate) fn target(fd: impl Into<OwnedFd>) -> Target {
    Target::new(fd).expect("usable")
}

pub(crate) fn sink(target: &Target) -> StdoutSink {
    StdoutSink::new(target, None, TRAIL)
}
