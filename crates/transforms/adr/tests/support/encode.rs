//! Encoding, and what is expected of it.

use std::collections::BTreeMap;
use std::sync::Arc;

use adr_core::{ByteString, Detail, Encoding, Event, Meta, Severity, Timestamp};
use bytes::Bytes;

use super::Tree;

pub(crate) const FORMS: [Encoding; 4] = [Encoding::Json, Encoding::Cef, Encoding::Leef, Encoding::Flat];

/// An event with that text.
pub(crate) fn event(body: &str) -> Event {
    let meta = Meta {
        id: ByteString::from_static("600000000000005f00aa1eef"),
        time: Some(Timestamp::from_millis(1_793_664_061_236)),
        tenant: Arc::from(super::TENANT),
        kind: ByteString::from_static("user_update"),
        severity: Severity::Low,
    };
    Event { meta, body: Bytes::copy_from_slice(body.as_bytes()) }
}

/// Encodes one event after another one: what is kept from event to event must not show, nor what is in `out`.
pub(crate) fn encode(event: &Event, form: Encoding, detail: Detail) -> String {
    let once = |before: &[&str]| {
        let mut encoder = adr_transform::encoder(form);
        let mut out = b"before{".to_vec();
        for other in before {
            let other = Event { body: Bytes::copy_from_slice(other.as_bytes()), ..event.clone() };
            let _ = encoder.encode(&other, Detail::WithoutSource, &mut out);
            assert!(out.starts_with(b"before{"));
            out.truncate(7);
        }
        encoder.encode(event, detail, &mut out).unwrap_or_else(|error| panic!("{error}: {:?}", event.body));
        String::from_utf8(out.split_off(7)).expect("records are text")
    };
    let text = once(&[]);
    let other = r#"{ "class_uid":7,"metadata":{"uid":"w","labels":["l"]},"time":9,"message":"\n","user":{"name":"n"}}"#;
    assert_eq!(once(&[other, "{", "{\"time\":1}"]), text, "the same event gives the same bytes");
    text
}

/// What is left of an event.
pub(crate) fn shortened(event: &Tree, detail: Detail) -> Tree {
    let mut event = event.clone();
    let Tree::Object(members) = &mut event else { panic!("not an object") };
    if detail == Detail::Whole {
        return event;
    }
    members.remove("unmapped");
    if detail == Detail::WithoutSource {
        members.remove("raw_data");
    }
    let label = Tree::Text("adr.shortened".to_owned());
    let metadata = members.remove("metadata").unwrap_or(Tree::Object(BTreeMap::new()));
    let mut metadata = match metadata {
        Tree::Object(metadata) => metadata,
        odd => BTreeMap::from([("value".to_owned(), odd)]),
    };
    let mut labels = match metadata.remove("labels") {
        None => Vec::new(),
        Some(Tree::Array(labels)) => labels,
        Some(odd) => vec![odd],
    };
    if !labels.contains(&label) {
        labels.push(label);
    }
    metadata.insert("labels".to_owned(), Tree::Array(labels));
    members.insert("metadata".to_owned(), Tree::Object(metadata));
    event
}
