//! Events, an encoder and a formatter.

use std::borrow::Cow;
use std::io::IoSlice;
use std::sync::Arc;

use adr_core::{Clock, Detail, Encoder, Event, Meta, Rejection, Severity, Timestamp};
use adr_sink_cce_syslog::{CceSyslogConfig, Chunk, Formatter, Settings};

/// 2026-03-01T12:34:56.250Z
pub(crate) const NOON: i64 = 1_772_368_496_250;

pub(crate) struct Noon;

impl Clock for Noon {
    fn now(&self) -> Timestamp {
        Timestamp::from_millis(NOON)
    }
}

/// Writes the object again without what is to be left out. Has no other form: what is asked for is decided by the
/// settings, and every form is text.
pub(crate) struct TestEncoder;

impl Encoder for TestEncoder {
    fn encode(&mut self, event: &Event, detail: Detail, out: &mut Vec<u8>) -> Result<(), Cow<'static, str>> {
        let mut object: serde_json::Map<String, serde_json::Value> =
            serde_json::from_slice(&event.body).map_err(|error| error.to_string())?;
        if detail > Detail::Whole {
            object.remove("unmapped");
            object.insert("shortened".to_owned(), true.into());
        }
        if detail == Detail::WithoutSource {
            object.remove("raw_data");
        }
        serde_json::to_writer(out, &object).map_err(|error| error.to_string().into())
    }
}

pub(crate) fn settings(yaml: &str) -> Settings {
    let config: CceSyslogConfig = serde_saphyr::from_str(&format!("address: 127.0.0.1\n{yaml}")).unwrap();
    Settings::try_from(config).unwrap()
}

pub(crate) fn event(body: impl Into<Vec<u8>>) -> Event {
    Event {
        meta: Meta {
            id: "5f6f-uid".to_owned().into(),
            time: Some(Timestamp::from_millis(NOON)),
            tenant: "acme".into(),
            kind: "sso_auth".to_owned().into(),
            severity: Severity::Low,
        },
        body: body.into().into(),
    }
}

/// Everything that was made of a batch.
#[derive(Debug, Default)]
pub(crate) struct Sent {
    /// The text of a stream.
    pub(crate) stream: Vec<u8>,
    /// The messages one by one, with the place of their event.
    pub(crate) messages: Vec<(usize, Vec<u8>)>,
    pub(crate) rejected: Vec<Rejection>,
    /// Messages of each chunk.
    pub(crate) chunks: Vec<usize>,
}

pub(crate) fn send(settings: &Settings, events: &[Event]) -> Sent {
    let mut formatter = Formatter::new(settings, Arc::new(Noon), Box::new(TestEncoder));
    let (mut sent, mut chunk, mut next) = (Sent::default(), Chunk::default(), 0);
    while next < events.len() {
        let from = next;
        next = formatter.format(events, from, &mut chunk, &mut sent.rejected);
        assert!(next > from, "every call takes at least one event");
        let mut slices: Vec<IoSlice<'_>> = Vec::new();
        chunk.slices(events, &mut slices);
        let stream: Vec<u8> = slices.iter().flat_map(|slice| slice.to_vec()).collect();
        assert_eq!(stream.len(), chunk.bytes());
        sent.stream.extend(stream);
        sent.messages.extend(chunk.messages(events).map(|it| {
            assert_eq!(it.len(), it.head.len() + it.body.len());
            (it.event, [it.head, it.body].concat())
        }));
        sent.chunks.push(chunk.len());
    }
    sent
}

/// The one message of one event.
pub(crate) fn one(settings: &Settings, event: &Event) -> String {
    let mut sent = send(settings, std::slice::from_ref(event));
    assert_eq!((sent.messages.len(), &sent.rejected), (1, &Vec::new()));
    String::from_utf8(sent.messages.remove(0).1).unwrap()
}
