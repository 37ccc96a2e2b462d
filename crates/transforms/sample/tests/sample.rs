//! Which events go on.
#![allow(clippy::unwrap_used, reason = "a test may panic")]

use adr_core::{Budget, Event, Meta, Output, Severity, Transform};
use adr_transform_sample::{Sample, SampleConfig, Settings};
use bytes::Bytes;

fn sample(settings: &str) -> Sample {
    let config: SampleConfig = serde_json::from_str(settings).unwrap();
    Sample::new(Settings::try_from(config).unwrap())
}

fn event(id: &str, body: &str, severity: Severity) -> Event {
    let meta = Meta { id: id.into(), time: None, tenant: "t".into(), kind: Default::default(), severity };
    Event { meta, body: Bytes::copy_from_slice(body.as_bytes()) }
}

fn numbered(number: usize) -> Event {
    event(&format!("{number:024x}"), &format!("{{\"n\":{number}}}"), Severity::Low)
}

#[test]
fn one_of_so_many_goes_on_and_the_others_are_counted() {
    for by in ["uid", "body"] {
        let mut sample = sample(&format!(r#"{{"rate":10,"by":"{by}"}}"#));
        let mut out = Output::default();
        for number in 0..100_000 {
            let _verdict = sample.apply(&numbered(number), &mut out);
        }
        let product = out.finish(Budget::new(1).nothing());
        assert!((9_500..10_500).contains(&product.events.len()), "{by}: {}", product.events.len());
        assert_eq!(product.events.len() as u64 + product.discarded, 100_000);
        assert!(product.events[0].body.starts_with(b"{\"n\":"), "they go on as they are");
    }
}

#[test]
fn the_choice_never_changes() {
    // Written down once: another version must decide the same.
    let chosen = |settings| {
        let sample = sample(settings);
        (0..60).filter(|number| sample.is_chosen(&numbered(*number))).collect::<Vec<_>>()
    };
    assert_eq!(chosen(r#"{"rate":10}"#), UID);
    assert_eq!(chosen(r#"{"rate":10,"by":"body"}"#), BODY);
    assert_eq!(chosen(r#"{"rate":1}"#).len(), 60);
}

const UID: [usize; 4] = [10, 11, 14, 37];
const BODY: [usize; 6] = [9, 11, 20, 21, 40, 41];

#[test]
fn a_copy_is_decided_on_like_the_first() {
    let sample = sample(r#"{"rate":3}"#);
    for number in 0..1000 {
        let first = numbered(number);
        let again = event(&first.meta.id, "{\"other\":\"text\"}", Severity::Unknown);
        assert_eq!(sample.is_chosen(&first), sample.is_chosen(&again));
        let (one, other) = (event("", "{}", Severity::Low), event("", "{}", Severity::Low));
        assert_eq!(sample.is_chosen(&one), sample.is_chosen(&other), "without a uid it goes by the text");
    }
    let nameless = (0..1000).filter(|number| sample.is_chosen(&event("", &number.to_string(), Severity::Low))).count();
    assert!((250..420).contains(&nameless), "{nameless}");
}

#[test]
fn grave_events_always_go_on() {
    let sample = sample(r#"{"rate":18446744073709551615,"keep_severity":"high"}"#);
    for (severity, goes_on) in [
        (Severity::Unknown, false),
        (Severity::Medium, false),
        (Severity::High, true),
        (Severity::Fatal, true),
        (Severity::Other, true),
    ] {
        assert_eq!(sample.is_chosen(&event("id", "{}", severity)), goes_on, "{severity:?}");
    }
}
