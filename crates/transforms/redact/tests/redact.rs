//! What becomes of fields, and of all else.
#![allow(clippy::unwrap_used, reason = "a test may panic")]

mod support;

use adr_core::Output;
use serde_json::Value;
use support::{event, product, redact, redacted};

#[test]
fn fields_go_with_their_commas_and_all_else_stays() {
    for (paths, from, to) in [
        (&["a"][..], r#"{"a":1,"b":2,"c":3}"#, r#"{"b":2,"c":3}"#),
        (&["b"], r#"{"a":1,"b":2,"c":3}"#, r#"{"a":1,"c":3}"#),
        (&["c"], r#"{"a":1,"b":2,"c":3}"#, r#"{"a":1,"b":2}"#),
        (&["a", "b"], r#"{"a":1,"b":2,"c":3}"#, r#"{"c":3}"#),
        (&["a", "c"], r#"{"a":1,"b":2,"c":3}"#, r#"{"b":2}"#),
        (&["a", "b", "c"], r#"{"a":1,"b":2,"c":3}"#, "{}"),
        (&["b"], r#" { "a" : 1.50 , "b" : 2 , "c" : "\u0041\/" } "#, r#" { "a" : 1.50 , "c" : "\u0041\/" } "#),
        (&["a"], r#"{"a":1,"a":"x","b":{"a":2}}"#, r#"{"b":{"a":2}}"#),
        (&["a.b"], r#"{"a":{"b":{"c":1}},"b":1}"#, r#"{"a":{},"b":1}"#),
        (&["a[]"], r#"{"a":[1,[2],{"x":3}]}"#, r#"{"a":[]}"#),
        (&["a[].x"], r#"{"a":[1,{"x":2,"y":3},{"x":4}]}"#, r#"{"a":[1,{"y":3},{}]}"#),
        (&["a.x"], r#"{"a":[1,{"x":2,"y":3},{"x":4}]}"#, r#"{"a":[1,{"y":3},{}]}"#),
        (&["a.*"], r#"{"a":{"x":2,"y":[]},"b":0}"#, r#"{"a":{},"b":0}"#),
        (&["\"a.b\""], r#"{"a.b":1,"a":{"b":2}}"#, r#"{"a":{"b":2}}"#),
        (&["email"], r#"{"\u0065m\u0061il":"a@example.com","x":1}"#, r#"{"x":1}"#),
        (&["x", "a.y"], r#"{"a":{"b":1}}"#, r#"{"a":{"b":1}}"#),
    ] {
        let settings = serde_json::json!({ "remove": paths }).to_string();
        assert_eq!(redacted(&settings, from), to, "{paths:?} of {from}");
    }
}

#[test]
fn a_hash_is_the_same_for_the_same_value() {
    let settings = r#"{"hash":["user.name","by","n","o","gone"],"key":{"env":"KEY"}}"#;
    let text =
        redacted(settings, r#"{"user":{"name":"jane.doe"},"by":"j\u0061ne.doe","n":7,"o":{"a":[1]},"gone":null}"#);
    let event: Value = serde_json::from_str(&text).unwrap();
    let hash = event["user"]["name"].as_str().unwrap();
    assert!(
        hash.strip_prefix("hash:").is_some_and(|hex| hex.len() == 16 && hex.bytes().all(|b| b.is_ascii_hexdigit()))
    );
    assert_eq!(event["by"], event["user"]["name"], "an escape is no other value");
    assert_ne!(event["n"], event["o"]);
    assert!(event["n"].is_string() && event["o"].is_string() && event["gone"].is_null(), "{text}");
    // Written down once: another version must give the same.
    assert_eq!(hash, "hash:a819c2f92e55270b");
}

#[test]
fn a_value_is_found_wherever_it_stands() {
    let settings = r#"{"remove":["user.email"],"replace":{"user.name":"so\"mebody"},"everywhere":true}"#;
    let text = concat!(
        r#"{"user":{"name":"jane","email":"jane@example.com"},"actor":{"name":"\u006aane","mail":"jane@example.com"},"#,
        r#""observables":[{"value":"jane@example.com"},"jane","jane@example.com"],"count":1,"jane":"janet","#,
        r#""message":"jane <jane@example.com> met janet, not Jane","#,
        r#""raw_data":"{\"u\":\"jane\",\"m\":\"jane@example.com\",\"deep\":\"[\\\"jane\\\",2]\",\"e\":\"\\u006aane\"}"}"#,
    );
    let expected = concat!(
        r#"{"user":{"name":"so\"mebody"},"actor":{"name":"so\"mebody"},"#,
        r#""observables":[{},"so\"mebody"],"count":1,"jane":"janet","#,
        r#""message":"so\"mebody <[removed]> met janet, not Jane","#,
        r#""raw_data":"{\"u\":\"so\\\"mebody\",\"deep\":\"[\\\"so\\\\\\\"mebody\\\",2]\",\"e\":\"so\\\"mebody\"}"}"#,
    );
    assert_eq!(redacted(settings, text), expected);
    let only_named = redacted(&settings.replace("true", "false"), text);
    assert_eq!(only_named, text.replacen(r#""name":"jane","email":"jane@example.com""#, r#""name":"so\"mebody""#, 1));
}

#[test]
fn raw_data_that_is_no_json_is_read_as_words() {
    let settings = r#"{"replace":{"user":"X"}}"#;
    let broken = r#"{"user":"jane","raw_data":"{\"user\":\"jane\",\"name\":\"\\ud800 jane"}"#;
    assert_eq!(redacted(settings, broken), r#"{"user":"X","raw_data":"{\"user\":\"X\",\"name\":\"\\ud800 X"}"#);
    let deep = format!(r#"{{"user":"jane","raw_data":"{}\"jane\"{}"}}"#, "[".repeat(200), "]".repeat(200));
    assert_eq!(redacted(settings, &deep), deep.replace("jane", "X"));
}

#[test]
fn short_values_are_no_words() {
    let settings = r#"{"replace":{"user":"X"}}"#;
    assert_eq!(redacted(settings, r#"{"user":"me","a":"me","b":"not me"}"#), r#"{"user":"X","a":"X","b":"not me"}"#);
    assert_eq!(redacted(settings, r#"{"user":"","a":"","b":" "}"#), r#"{"user":"X","a":"","b":" "}"#);
}

#[test]
fn id_and_kind_follow_the_text() {
    let text = r#"{"metadata":{"uid":"id-1","event_code":"login","original_event_uid":"id-1"},"x":"id-1"}"#;
    let beside = |settings: &str| {
        let product = product(&mut redact(settings).unwrap(), &[event("id-1", "login", text)]);
        let meta = product.events[0].meta.clone();
        (meta.id.to_string(), meta.kind.to_string())
    };
    let pair = |id: &str, kind: &str| (id.to_owned(), kind.to_owned());
    assert_eq!(beside(r#"{"remove":["y"]}"#), pair("id-1", "login"));
    assert_eq!(
        beside(r#"{"remove":["metadata.version","x"],"everywhere":false}"#),
        pair("id-1", "login"),
        "it still stands there"
    );
    assert_eq!(beside(r#"{"replace":{"x":"X"}}"#), pair("X", "login"), "it was replaced everywhere");
    for everywhere in ["true", "false"] {
        let with = |rest: &str| beside(&format!(r#"{{{rest},"everywhere":{everywhere}}}"#));
        assert_eq!(with(r#""replace":{"metadata.uid":"U","metadata.event_code":"E"}"#), pair("U", "E"));
        assert_eq!(with(r#""remove":["metadata.uid"]"#), pair("", "login"));
        assert_eq!(with(r#""remove":["metadata"]"#), pair("", ""), "not beside the text either");
    }
    let hashed = beside(r#"{"hash":["metadata.uid"],"key":{"env":"KEY"}}"#).0;
    assert!(hashed.starts_with("hash:"), "{hashed}");
}

#[test]
fn what_is_no_object_is_rejected_whole_and_what_has_no_such_field_is_untouched() {
    let deep = format!("{{\"a\":{}{},\"x\":1}}", "[".repeat(200), "]".repeat(200));
    let texts = [r#"{"b":1}"#, "[1]", "nonsense", "", &deep, r#"{"x":"gone"}"#];
    let events: Vec<_> = texts.iter().map(|text| event("", "", text)).collect();
    let product = product(&mut redact(r#"{"remove":["x"]}"#).unwrap(), &events);
    let bodies: Vec<_> = product.events.iter().map(|event| &event.body[..]).collect();
    assert_eq!(bodies, [&b"{\"b\":1}"[..], b"{}"]);
    assert_eq!(product.events[0].body.as_ptr(), events[0].body.as_ptr(), "no copy");
    let reasons: Vec<_> = product.rejected.iter().map(|rejected| rejected.reason.as_str()).collect();
    assert_eq!(reasons[0], "the event is JSON, but not an object");
    assert!(reasons[1].starts_with("the event is not JSON: ") && reasons[2].starts_with("the event is not JSON: "));
    assert_eq!((reasons[3], reasons.len()), ("the event is nested too deep to be redacted", 4));
    let mut out = Output::default();
    let mut bad = event("", "", "{}");
    bad.body = bytes::Bytes::from_static(b"{\"x\":\"\xff\"}");
    let _verdict = adr_core::Transform::apply(&mut redact(r#"{"remove":["x"]}"#).unwrap(), &bad, &mut out);
    assert_eq!(out.finish(adr_core::Budget::new(1).nothing()).rejected[0].reason, "the event is not UTF-8");
}
