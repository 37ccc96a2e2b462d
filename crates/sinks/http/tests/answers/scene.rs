//! Events and sinks for the tests.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use adr_core::{
    ByteString, Clock, Delivered, Event, Failure, Meta, SecretRef, SecretString, Secrets, Severity, Sink, Timestamp,
};
use adr_sink_http::{Http, HttpConfig, Settings};

pub(crate) struct Still;

impl Clock for Still {
    fn now(&self) -> Timestamp {
        Timestamp::parse(b"1994-11-06T08:49:00Z").expect("a timestamp")
    }
}

/// Each secret is its name and how often any was read.
#[derive(Default)]
pub(crate) struct Counted(AtomicUsize);

impl Secrets for Counted {
    fn resolve(&self, reference: &SecretRef) -> Result<SecretString, Failure> {
        let SecretRef::Env(name) = reference else { panic!("only names are read here") };
        Ok(format!("{name}-{}\n", self.0.fetch_add(1, Ordering::Relaxed)).into())
    }
}

pub(crate) fn events(from: usize, count: usize, size: usize) -> Vec<Event> {
    let event = |n: usize| Event {
        meta: Meta {
            id: ByteString::new(),
            time: None,
            tenant: "-".into(),
            kind: ByteString::new(),
            severity: Severity::Unknown,
        },
        body: format!("{{\"n\":{n},\"pad\":\"{}\"}}", "x".repeat(size)).into(),
    };
    (from..from + count).map(event).collect()
}

/// Events that say that they are bad.
pub(crate) fn bad_events(from: usize, count: usize) -> Vec<Event> {
    let mut bad = events(from, count, 0);
    for (n, event) in bad.iter_mut().enumerate() {
        event.body = format!("{{\"n\":{},\"bad\":true}}", from + n).into();
    }
    bad
}

pub(crate) fn texts(events: &[Event]) -> Vec<String> {
    events.iter().map(|event| str::from_utf8(&event.body).expect("text").to_owned()).collect()
}

/// A sink to the uri with further settings, as JSON that begins with a comma.
pub(crate) fn sink(uri: &str, further: &str) -> Http {
    let raw: HttpConfig = serde_json::from_str(&format!(r#"{{"uri":"{uri}"{further}}}"#)).expect("settings");
    let settings = Settings::try_from(raw).expect("sound");
    Http::new(&settings, Arc::<Counted>::default(), Arc::new(Still), None).expect("a sink")
}

pub(crate) async fn deliver(sink: &mut Http, events: &[Event]) -> Result<Delivered, Failure> {
    sink.write(events).await.expect("accepted").await
}
