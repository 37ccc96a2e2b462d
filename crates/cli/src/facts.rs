//! What travels beside an event, read back from its text: where it comes from a file or a pipe, the text is all there is.

use std::borrow::Cow;

use adr_core::{ByteString, Event, Meta, Output, Severity, Timestamp, Transform, Verdict};
use bytes::Bytes;
use serde::Deserialize;
use serde_json::value::RawValue;

/// What an ADR event and a JumpCloud event have of it. A value of another kind than expected is none.
#[derive(Default, Deserialize)]
#[serde(default)]
struct Text<'a> {
    #[serde(borrow)]
    metadata: Option<&'a RawValue>,
    #[serde(borrow)]
    time: Option<&'a RawValue>,
    #[serde(borrow)]
    severity_id: Option<&'a RawValue>,
    #[serde(borrow)]
    id: Option<&'a RawValue>,
    #[serde(borrow)]
    event_type: Option<&'a RawValue>,
    #[serde(borrow)]
    timestamp: Option<&'a RawValue>,
    #[serde(borrow)]
    organization: Option<&'a RawValue>,
}

#[derive(Default, Deserialize)]
#[serde(default)]
struct Metadata<'a> {
    #[serde(borrow)]
    uid: Option<&'a RawValue>,
    #[serde(borrow)]
    event_code: Option<&'a RawValue>,
    #[serde(borrow)]
    original_time: Option<&'a RawValue>,
    #[serde(borrow)]
    tenant_uid: Option<&'a RawValue>,
}

/// What the transform `adr` has put beside an ADR event, or the source `jumpcloud` beside one of its own. `tenant`: whose
/// it is, where the text does not say.
pub(crate) fn facts(body: &Bytes, tenant: &str) -> Meta {
    let text: Text<'_> = serde_json::from_slice(body).unwrap_or_default();
    let owner = |raw: Option<&RawValue>| string(raw).map_or_else(|| tenant.into(), |text| (*text).into());
    let Some(metadata) = text.metadata else {
        return Meta {
            id: slice(body, text.id),
            kind: slice(body, text.event_type),
            time: instant(text.timestamp),
            tenant: owner(text.organization),
            severity: Severity::Unknown,
        };
    };
    let metadata: Metadata<'_> = serde_json::from_str(metadata.get()).unwrap_or_default();
    let millis = || text.time?.get().parse().ok().map(Timestamp::from_millis);
    let number = text.severity_id.and_then(|raw| raw.get().parse().ok());
    Meta {
        id: slice(body, metadata.uid),
        kind: slice(body, metadata.event_code),
        time: instant(metadata.original_time).or_else(millis),
        tenant: owner(metadata.tenant_uid),
        severity: number.and_then(severity).unwrap_or_default(),
    }
}

/// The severity of an OCSF `severity_id`.
pub(crate) fn severity(number: u64) -> Option<Severity> {
    Some(match number {
        0 => Severity::Unknown,
        1 => Severity::Informational,
        2 => Severity::Low,
        3 => Severity::Medium,
        4 => Severity::High,
        5 => Severity::Critical,
        6 => Severity::Fatal,
        99 => Severity::Other,
        _ => return None,
    })
}

fn string(raw: Option<&RawValue>) -> Option<Cow<'_, str>> {
    #[derive(Deserialize)]
    struct Borrowed<'a>(#[serde(borrow)] Cow<'a, str>);
    serde_json::from_str(raw?.get()).ok().map(|Borrowed(text)| text)
}

fn instant(raw: Option<&RawValue>) -> Option<Timestamp> {
    Timestamp::parse(string(raw)?.as_bytes()).ok()
}

/// The string as a slice of the body; empty where it is none.
fn slice(body: &Bytes, raw: Option<&RawValue>) -> ByteString {
    match string(raw) {
        Some(Cow::Borrowed(text)) => ByteString::try_from(body.slice_ref(text.as_bytes())).unwrap_or_default(),
        Some(Cow::Owned(text)) => text.into(),
        None => ByteString::new(),
    }
}

/// A transform that runs alone: each event comes to it with what its text says of it.
pub(crate) struct WithFacts(pub(crate) Box<dyn Transform>);

impl Transform for WithFacts {
    fn enter(&mut self, life: u64) {
        self.0.enter(life);
    }

    fn apply(&mut self, event: &Event, out: &mut Output) -> Verdict {
        let meta = facts(&event.body, &event.meta.tenant);
        self.0.apply(&Event { meta, body: event.body.clone() }, out)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use adr_transform::AdrConfig;

    fn of(text: &str) -> Meta {
        facts(&Bytes::from(text.to_owned()), "lane")
    }

    #[test]
    fn what_adr_puts_beside_its_events_is_read_back_from_their_text() {
        let samples = concat!(env!("CARGO_MANIFEST_DIR"), "/../../tests/samples/events.ndjson");
        let mut adr = AdrConfig::default().build();
        for line in std::fs::read_to_string(samples).unwrap().lines() {
            let body = Bytes::from(line.to_owned());
            // As the source reads it.
            let event = Event { meta: facts(&body, "lane"), body };
            assert!(!event.meta.id.is_empty() && event.meta.time.is_some(), "{line}");
            assert_eq!(event.meta.kind.is_empty(), !line.contains("\"event_type\""), "{line}");
            let mut out = Output::default();
            let _verdict = adr.apply(&event, &mut out);
            let made = out.finish(adr_core::Budget::new(0).nothing()).events;
            for event in made {
                assert_eq!(facts(&event.body, "lane"), event.meta, "{line}");
            }
        }
    }

    #[test]
    fn what_the_text_does_not_say_is_nothing_and_never_an_error() {
        for text in
            ["", "no json", "[1]", "{}", r#"{"metadata":7}"#, r#"{"id":1,"event_type":null,"timestamp":"soon"}"#]
        {
            let meta = of(text);
            assert!(meta.id.is_empty() && meta.kind.is_empty() && meta.time.is_none(), "{text}");
            assert_eq!((&*meta.tenant, meta.severity), ("lane", Severity::Unknown), "{text}");
        }
        let meta = of(r#"{"metadata":{"uid":"a\u0062"},"time":1000,"severity_id":99}"#);
        assert_eq!((&*meta.id, meta.time, meta.severity), ("ab", Some(Timestamp::from_millis(1000)), Severity::Other));
    }
}
