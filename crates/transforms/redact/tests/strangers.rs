//! What strangers write into their events neither takes these apart nor holds them up.
#![allow(clippy::unwrap_used, reason = "a test may panic")]

mod support;

use std::time::{Duration, Instant};

use serde_json::{Value, json};
use support::{event, product, redact, redacted};

const NAMES: &str = r#"{"remove":["user.name","actor.user.name","initiated_by.username"]}"#;

/// The text and kind that come of an event.
fn both(settings: &str, kind: &str, text: &str) -> (Value, String) {
    let product = product(&mut redact(settings).unwrap(), &[event("id-1", kind, text)]);
    (serde_json::from_slice(&product.events[0].body).unwrap(), product.events[0].meta.kind.to_string())
}

fn adr(name: &str) -> Value {
    json!({
        "class_name": "Authentication", "activity_name": "Logon", "status": "Failure", "severity": "Low",
        "metadata": {
            "version": "1.8.0", "product": { "name": "Directory Insights", "vendor_name": "JumpCloud" },
            "event_code": "user_login_attempt", "log_name": "directory", "labels": ["adr.v1"],
        },
        "user": { "name": name, "type": "User" },
        "actor": { "user": { "name": name, "type": "User" } },
        "message": format!("{name} has tried"),
        "raw_data": json!({
            "event_type": "user_login_attempt", "service": "directory",
            "initiated_by": { "type": "user", "username": name },
        }).to_string(),
    })
}

#[test]
fn a_user_who_takes_a_fixed_word_for_a_name_hides_nothing() {
    let names = ["user_login_attempt", "Failure", "Authentication", "Logon", "Low", "JumpCloud", "directory", "adr.v1"];
    for name in names.into_iter().chain(["Directory Insights", "User", "1.8.0", "user"]) {
        let (found, kind) = both(NAMES, "user_login_attempt", &adr(name).to_string());
        let mut expected = adr("[removed]");
        expected["user"].as_object_mut().unwrap().remove("name");
        expected["actor"]["user"].as_object_mut().unwrap().remove("name");
        let raw = expected["raw_data"].as_str().unwrap().replace(r#","username":"[removed]""#, "");
        expected["raw_data"] = raw.replace(r#""username":"[removed]","#, "").into();
        assert_eq!(found, expected, "{name}");
        assert_eq!(kind, "user_login_attempt");
    }
    let own = r#"{"event_type":"user_login_attempt","service":"user_login_attempt","initiated_by":{"username":"user_login_attempt"}}"#;
    let (found, kind) = both(NAMES, "user_login_attempt", own);
    assert_eq!((found["event_type"].as_str(), &*kind), (Some("user_login_attempt"), "user_login_attempt"));
    // Nor where the kind stands nowhere in the text.
    for everywhere in [true, false] {
        let settings = json!({ "remove": ["name", "o"], "everywhere": everywhere }).to_string();
        let text = r#"{"name":"user_login_attempt","o":{"a":"user_login_attempt"}}"#;
        assert_eq!(both(&settings, "user_login_attempt", text).1, "user_login_attempt");
    }
}

#[test]
fn a_kind_that_a_path_names_is_followed() {
    for (path, kind) in
        [("metadata.event_code", "K"), ("*.event_code", "K"), ("event_type", "K"), ("user.name", "login")]
    {
        let settings = json!({ "replace": { path: "K" } }).to_string();
        let text = r#"{"metadata":{"event_code":"login"},"user":{"name":"login"},"event_type":"login"}"#;
        let (found, beside) = both(&settings, "login", text);
        assert_eq!((&*beside, found["event_type"].as_str()), (kind, Some(kind)), "{path}");
    }
}

#[test]
fn what_stands_in_an_object_that_goes_is_followed() {
    let text = r#"{"user":{"name":"jane","ids":["4711","x"],"type":"user"},"by":"jane","note":"4711 by jane, user","x":"x","n":4711}"#;
    let rest = r#""x":"x","n":4711}"#;
    assert_eq!(redacted(r#"{"remove":["user"]}"#, text), format!(r#"{{"note":"[removed] by [removed], user",{rest}"#));
    assert_eq!(
        redacted(r#"{"remove":["user"],"everywhere":false}"#, text),
        format!(r#"{{"by":"jane","note":"4711 by jane, user",{rest}"#)
    );
    let hashed = redacted(r#"{"hash":["user"],"key":{"env":"KEY"}}"#, text);
    let named = redacted(r#"{"hash":["user.name"],"key":{"env":"KEY"}}"#, text);
    let by = |text: &str| serde_json::from_str::<Value>(text).unwrap()["by"].clone();
    assert_eq!(by(&hashed), by(&named), "events can be joined on it");
}

#[test]
fn an_array_that_is_an_object_is_not_passed_over() {
    for (path, from, to) in [
        ("a[].b", r#"{"a":{"b":"x","c":1}}"#, r#"{"a":{"c":1}}"#),
        ("a[].b[].c", r#"{"a":{"b":{"c":"x"}}}"#, r#"{"a":{"b":{}}}"#),
        ("a[][].b", r#"{"a":[{"b":"x"}]}"#, r#"{"a":[{}]}"#),
        ("a[].*", r#"{"a":{"b":"x"}}"#, r#"{"a":{}}"#),
        ("a[]", r#"{"a":{"b":"x"}}"#, r#"{"a":{"b":"x"}}"#),
    ] {
        assert_eq!(redacted(&json!({ "remove": [path] }).to_string(), from), to, "{path}");
    }
}

/// Takes seconds where time follows the square of a size.
fn is_quick(settings: &str, text: &str) {
    let before = Instant::now();
    redacted(settings, text);
    let took = before.elapsed();
    assert!(took < Duration::from_secs(10), "{} bytes: {took:?}", text.len());
}

#[test]
fn a_large_event_takes_no_more_time_than_its_size() {
    // A value that does not stand in the text, and one that stands there very often.
    let words = json!({ "user": "abc", "other": "zzz", "message": "abc ".repeat(1_000_000) }).to_string();
    is_quick(r#"{"remove":["user","other"]}"#, &words);
    let values: Vec<String> = (0..50_000).map(|n| format!("value-{n}")).collect();
    let many =
        json!({ "unmapped": values, "raw_data": json!(values).to_string(), "message": values.join(" ") }).to_string();
    is_quick(r#"{"remove":["unmapped[]"]}"#, &many);
    is_quick(r#"{"remove":["unmapped"]}"#, &many);
}

#[test]
fn more_than_can_be_looked_for_is_rejected() {
    let long: Vec<String> = (0..20).map(|n| format!("{n}{}", "x".repeat(200_000))).collect();
    let nested: Vec<String> = (3..600).map(|n| "-".repeat(n)).collect();
    for (values, message) in [(long, String::new()), (nested, "-".repeat(200_000))] {
        let text = json!({ "unmapped": values, "message": message }).to_string();
        let before = Instant::now();
        let mut product = product(&mut redact(r#"{"remove":["unmapped"]}"#).unwrap(), &[event("", "", &text)]);
        assert!(before.elapsed() < Duration::from_secs(10), "{:?}", before.elapsed());
        let rejected = product.rejected.pop().unwrap();
        assert!(rejected.reason.starts_with("the event has more to be redacted"), "{}", rejected.reason);
        assert!(rejected.event.body == text.as_bytes() && product.events.is_empty());
        let only = redacted(r#"{"remove":["unmapped"],"everywhere":false}"#, &text);
        assert_eq!(only, json!({ "message": message }).to_string());
    }
}
