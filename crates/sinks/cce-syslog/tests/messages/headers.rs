//! Headers, as an independent parser reads them.

use adr_core::{Event, Severity, Timestamp};
use proptest::prelude::*;

use crate::receiver::{Rfc5424, rfc3164, rfc5424};
use crate::scene::{NOON, event, one, settings};

fn read(yaml: &str, event: &Event) -> Rfc5424 {
    let message = one(&settings(yaml), event);
    rfc5424(&message).unwrap_or_else(|| panic!("no RFC 5424 message: {message}"))
}

#[test]
fn a_message_reads_as_the_event_says() {
    let message = one(&settings(""), &event(r#"{"a":1}"#));
    assert_eq!(
        message,
        r#"<133>1 2026-03-01T12:34:56.250Z jumpcloud jumpcloud-adr - sso_auth [adr@32473 uid="5f6f-uid" tenant="acme"] {"a":1}"#
    );
    let read = rfc5424(&message).unwrap();
    assert_eq!((read.facility, read.severity, read.time), (16, 5, Some(i128::from(NOON) * 1_000_000)));
    let names = ["jumpcloud", "jumpcloud-adr", "", "sso_auth"].map(|name| (!name.is_empty()).then(|| name.to_owned()));
    assert_eq!(read.names, names);
    assert_eq!((&*read.data["adr@32473"]["uid"], &*read.data["adr@32473"]["tenant"]), ("5f6f-uid", "acme"));
    assert_eq!(read.text, r#"{"a":1}"#);
}

#[test]
fn settings_stand_in_the_header() {
    let yaml = "facility: cron\nhostname: site-7\napp_name: adr/7\nstructured_data_id: site@32473.7";
    let read = read(yaml, &event("{}"));
    assert_eq!((read.facility, read.names[0].as_deref(), read.names[1].as_deref()), (9, Some("site-7"), Some("adr/7")));
    assert!(read.data.contains_key("site@32473.7"));
}

#[test]
fn what_an_event_does_not_have_is_nil() {
    let mut bare = event("{}");
    bare.meta.time = None;
    bare.meta.kind = String::new().into();
    bare.meta.id = String::new().into();
    bare.meta.tenant = "".into();
    assert_eq!(one(&settings(""), &bare), "<133>1 - jumpcloud jumpcloud-adr - - - {}");
}

#[test]
fn every_severity_has_its_priority() {
    for (severity, expected) in [
        (Severity::Unknown, 6),
        (Severity::Informational, 6),
        (Severity::Low, 5),
        (Severity::Medium, 4),
        (Severity::High, 3),
        (Severity::Critical, 2),
        (Severity::Fatal, 1),
        (Severity::Other, 6),
    ] {
        let mut event = event("{}");
        event.meta.severity = severity;
        assert_eq!(read("", &event).severity, expected, "{severity:?}");
        let old = one(&settings("header: rfc3164"), &event);
        assert_eq!(rfc3164(&old).unwrap().0, 128 + expected);
    }
}

#[test]
fn a_mark_stands_before_text_that_is_not_ascii_and_nowhere_else() {
    let plain = r#"{"a":"u"}"#;
    let other = r#"{"a":"ü€𝄞"}"#;
    assert_eq!(read("", &event(plain)).text, plain);
    assert_eq!(read("", &event(other)).text, format!("\u{feff}{other}"));
    assert_eq!(read("bom: false", &event(other)).text, other);
    let old = one(&settings("header: rfc3164"), &event(other));
    assert_eq!(rfc3164(&old).unwrap().4, other);
    // Encoded texts have theirs too.
    assert_eq!(read("encoding: flat", &event(other)).text, format!("\u{feff}{other}"));
}

#[test]
fn text_that_is_no_utf_8_goes_as_it_is_and_does_not_claim_to_be() {
    let sent = crate::scene::send(&settings(""), &[event(b"{\"a\":\"\xff\xfe\"}".to_vec())]);
    let (_, message) = &sent.messages[0];
    assert!(message.ends_with(b"] {\"a\":\"\xff\xfe\"}"), "no mark, every byte");
}

#[test]
fn the_old_header_is_read_by_its_rules() {
    let settings = settings("header: rfc3164\nhostname: site-7.example.com\napp_name: adr7");
    let message = one(&settings, &event(r#"{"a":1}"#));
    assert_eq!(message, r#"<133>Mar  1 12:34:56 site-7.example.com adr7: {"a":1}"#);
    let read = rfc3164(&message).unwrap();
    assert_eq!(read, (133, "Mar  1 12:34:56", "site-7.example.com", "adr7", r#"{"a":1}"#));

    let mut timeless = event("{}");
    timeless.meta.time = None;
    assert_eq!(rfc3164(&one(&settings, &timeless)).unwrap().1, "Mar  1 12:34:56", "the clock's");
}

/// What the structured data says instead of a value.
fn shown(value: &str) -> Option<String> {
    let shown: String = value.chars().map(|char| if char.is_control() { '?' } else { char }).collect();
    (!shown.is_empty()).then_some(shown)
}

fn hostile() -> impl Strategy<Value = String> {
    prop_oneof!["[\"\\\\\\] =\\[\n\r\t\u{0}\u{1b}\u{7f}\u{85}\u{2028}a-cü€𝄞]{0,40}", "\\PC{0,60}", any::<String>()]
}

proptest! {
    #[test]
    fn hostile_values_stay_where_they_belong(
        uid in hostile(), tenant in hostile(), kind in hostile(),
        nanos in prop::option::of(-9_000_000_000_000_000_000i64..=9_000_000_000_000_000_000), text in "[ -~]{0,80}",
    ) {
        let mut event = event(text.clone());
        event.meta.id = uid.clone().into();
        event.meta.tenant = tenant.as_str().into();
        event.meta.kind = kind.clone().into();
        event.meta.time = nanos.map(Timestamp::from_nanos);
        let message = one(&settings(""), &event);
        prop_assert!(!message.contains(|char: char| char.is_control()), "{message:?}");

        let read = rfc5424(&message);
        prop_assert!(read.is_some(), "{message:?}");
        let read = read.unwrap();
        let params = read.data.get("adr@32473");
        prop_assert_eq!(params.and_then(|it| it.get("uid")).cloned(), shown(&uid));
        prop_assert_eq!(params.and_then(|it| it.get("tenant")).cloned(), shown(&tenant));
        prop_assert_eq!(read.text, text);
        prop_assert_eq!(read.names[0].as_deref(), Some("jumpcloud"));
        // Cut at microseconds, towards the past.
        prop_assert_eq!(read.time, nanos.map(|nanos| i128::from(nanos.div_euclid(1000)) * 1000));
        if let Some(msgid) = &read.names[3] {
            prop_assert!(msgid.len() <= 32 && msgid.bytes().all(|byte| byte.is_ascii_graphic()));
        } else {
            prop_assert!(kind.is_empty() || kind == "-");
        }
    }
}
