//! The transform as the runtime sees it.

mod support;

use std::sync::Arc;

use adr_core::{Budget, ByteString, Event, Meta, Output, Severity, Timestamp, Transform as _};
use adr_transform::{AdrConfig, Label};
use bytes::Bytes;
use support::{EVENTS, TENANT, Tree};

fn event(body: &str) -> Event {
    let meta = Meta {
        id: ByteString::from_static("source-id"),
        time: None,
        tenant: Arc::from(TENANT),
        kind: ByteString::from_static("source-kind"),
        severity: Severity::Unknown,
    };
    Event { meta, body: Bytes::copy_from_slice(body.as_bytes()) }
}

#[test]
fn facts_beside_the_text_are_the_facts_in_it() {
    let mut adr = AdrConfig::default().build();
    let mut out = Output::default();
    let lines: Vec<&str> = EVENTS.lines().collect();
    for line in &lines {
        let _ = adr.apply(&event(line), &mut out);
    }
    let product = out.finish(Budget::new(1 << 20).nothing());
    assert_eq!((product.events.len(), product.rejected.len(), product.discarded), (lines.len(), 0, 0));
    for (event, line) in product.events.iter().zip(lines) {
        let body = std::str::from_utf8(&event.body).expect("text");
        assert_eq!(body, support::map(line).0);
        let tree = Tree::read(body);
        assert_eq!(Some(&*event.meta.id), tree.text(&["metadata", "uid"]));
        assert_eq!(&*event.meta.kind, tree.text(&["metadata", "event_code"]).unwrap_or_default());
        assert_eq!(&*event.meta.tenant, TENANT);
        assert_eq!(event.meta.time.map(Timestamp::as_millis).map(|it| it.to_string()).as_deref(), tree.text(&["time"]));
    }
}

#[test]
fn what_is_no_event_goes_to_the_dead_letter_as_it_came() {
    let mut adr = AdrConfig::default().build();
    let mut out = Output::default();
    for body in ["[1]", "{\"id\":\"a1\"}", "{", "not JSON"] {
        let _ = adr.apply(&event(body), &mut out);
    }
    let product = out.finish(Budget::new(1 << 20).nothing());
    assert_eq!(product.events.len(), 1);
    let rejected: Vec<_> = product.rejected.iter().map(|it| (it.event.body.as_ref(), it.reason.as_str())).collect();
    assert_eq!(rejected[0], (&b"[1]"[..], "the event is JSON, but not an object"));
    assert_eq!(rejected[1].0, b"{");
    assert_eq!(rejected[2].1, "the event is not JSON: no value at byte 0");
}

#[test]
fn include_raw_adds_the_exact_text() {
    let mut adr = AdrConfig { include_raw: true }.build();
    for line in EVENTS.lines().chain([" {\"id\" : \"a\\n1\"}\n"]) {
        let mut out = Vec::new();
        adr.map(line.as_bytes(), TENANT, &mut out).expect("an event");
        let text = String::from_utf8(out).expect("text");
        assert_eq!(Tree::read(&text).text(&["raw_data"]), Some(line));
        let back = adr_transform::rebuild(&text).expect("an ADR event");
        assert_eq!(Tree::read(&back), Tree::read(line));
        assert!(support::schema_errors(&text).is_empty());
    }
}

#[test]
fn settings_are_known_by_name_only() {
    let config = |text| serde_json::from_str::<AdrConfig>(text);
    assert_eq!(config("{}").expect("defaults"), AdrConfig { include_raw: false });
    assert_eq!(config(r#"{"include_raw":true}"#).expect("a setting"), AdrConfig { include_raw: true });
    assert!(config(r#"{"include_rwa":true}"#).is_err());
}

#[test]
fn labels_are_counted() {
    let mut adr = AdrConfig::default().build();
    for text in [r#"{"id":"1"}"#, r#"{"id":"2","event_type":"user_delete"}"#, r#"{"id":"3"}"#] {
        adr.map(text.as_bytes(), TENANT, &mut Vec::new()).expect("an event");
    }
    let counts = adr.counts();
    let of = [Label::V1, Label::UnknownEventType, Label::RequiredMissing, Label::DuplicateKey].map(|it| counts.of(it));
    assert_eq!(of, [3, 2, 1, 0]);
}

#[test]
fn an_odd_tenant_is_written_as_text() {
    let mut out = Vec::new();
    AdrConfig::default().build().map(b"{}", "a\"b\\c\nd", &mut out).expect("an event");
    let tree = Tree::read(std::str::from_utf8(&out).expect("text"));
    assert_eq!(tree.text(&["metadata", "tenant_uid"]), Some("a\"b\\c\nd"));
}
