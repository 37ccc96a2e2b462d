//! Records of every form can be told back: nothing is lost, whatever the event.

mod support;

use adr_core::{Detail, Encoding};
use adr_simulator::EventGenerator;
use proptest::prelude::*;
use support::decode::{PATHS, Record, flat_event};
use support::encode::{FORMS, encode, event, shortened};
use support::generate::{hostile, json, mutated, object, rewritten};
use support::{EVENTS, Tree, map};

const DETAILS: [Detail; 3] = [Detail::Whole, Detail::WithoutUnmapped, Detail::WithoutSource];

/// Writes an event in every form and detail and reads the records back.
fn check(body: &str) {
    for detail in DETAILS {
        check_detail(body, detail);
    }
}

fn check_detail(body: &str, detail: Detail) {
    let expected = shortened(&Tree::read(body), detail);
    for form in FORMS {
        let text = encode(&event(body), form, detail);
        assert!(!text.contains(['\n', '\r', '\0']), "one line: {text:?}");
        let found = match form {
            Encoding::Json => Tree::read(&text),
            Encoding::Cef => Record::cef(&text).cef_event(),
            Encoding::Leef => Record::leef(&text).leef_event(),
            Encoding::Flat => flat_event(&text),
        };
        assert_eq!(found, expected, "{form:?} {detail:?}\n{body}\n{text}");
    }
}

#[test]
fn samples_are_told_back() {
    for line in EVENTS.lines() {
        check(line);
        check(&map(line).0);
    }
}

#[test]
fn the_simulators_events_are_told_back() {
    let generator = EventGenerator::new(11).with_large_share(0.01).with_unknown_share(0.05);
    for number in 0..1000u64 {
        let time = adr_core::Timestamp::from_secs(1_767_225_600 + i64::try_from(number).expect("few"));
        let (text, _) = generator.event(number, time, support::TENANT);
        check(&map(std::str::from_utf8(&text).expect("UTF-8")).0);
    }
}

#[test]
fn every_attribute_of_the_schema_is_told_back_with_every_hostile_text() {
    for text in
        HOSTILE.iter().map(|text| (*text).to_owned()).chain([1023, 1024, 4001, 70_000].map(|it| "é=".repeat(it)))
    {
        let mut events = Vec::new();
        for (path, kind) in PATHS.iter() {
            let quoted = serde_json::to_string(&text).expect("JSON");
            let value = match kind.as_str() {
                "string" => quoted,
                "array" => format!("[{quoted},\r\n\t{{\"a b\" : {quoted}}}]"),
                "object" => format!("{{{quoted}:{quoted}}}"),
                "boolean" => "false".to_owned(),
                _ => "-1.50e+3".to_owned(),
            };
            events.push((path, value));
        }
        // All at once; and each alone, so that a value which takes another's place is seen.
        let all: Vec<_> = events.iter().map(|(path, value)| (path.as_str(), value.as_str())).collect();
        check(&nested(&all));
        for (path, value) in events.iter().filter(|(_, value)| value.len() < 10_000) {
            check_detail(&nested(&[("class_uid", "0"), ("metadata.uid", "\"u\""), (path, value)]), Detail::Whole);
        }
    }
}

#[test]
fn every_attribute_of_the_schema_has_a_key_of_its_own() {
    let value = |kind: &str| match kind {
        "string" => "\"text\"",
        "array" => "[1]",
        "object" => "{\"a\":1}",
        "boolean" => "true",
        _ => "5",
    };
    let values: Vec<_> = PATHS.iter().map(|(path, kind)| (path.as_str(), value(kind))).collect();
    let body = event(&nested(&values));
    for form in [Encoding::Cef, Encoding::Leef, Encoding::Flat] {
        let text = encode(&body, form, Detail::Whole);
        assert!(!text.contains("adrOther=") && !text.contains("\"other\":"), "{text}");
    }
}

const HOSTILE: [&str; 26] = [
    "",
    " ",
    " a",
    "a ",
    "|",
    "=",
    "\\",
    "\\=",
    "\\\\n",
    "a\nb",
    "\r\n",
    "a\tb",
    "\0",
    "\u{1b}[31m\u{7}",
    "\u{7f}\u{85}\u{9b}",
    "\u{2028}\u{2029}",
    "\u{202e}abc\u{200f}",
    "😀 \u{1f468}\u{200d}\u{1f469}",
    "\"",
    "]}",
    "] \"]",
    "a cs1=b",
    " adrOther={}",
    "a\tsev=10",
    "\u{feff}CEF:0|",
    "203.0.113.9",
];

/// JSON of values at paths.
fn nested(values: &[(&str, &str)]) -> String {
    let mut members: Vec<(String, String)> = Vec::new();
    for (path, value) in values {
        if !path.contains('.') && !members.iter().any(|(key, _)| key == path) {
            members.push(((*path).to_owned(), (*value).to_owned()));
        }
    }
    let objects: std::collections::BTreeSet<_> = values.iter().filter_map(|(path, _)| path.split_once('.')).collect();
    for key in objects.iter().map(|(key, _)| *key).collect::<std::collections::BTreeSet<_>>() {
        let within =
            values.iter().filter_map(|(path, value)| Some((path.strip_prefix(key)?.strip_prefix('.')?, *value)));
        members.push((key.to_owned(), nested(&within.collect::<Vec<_>>())));
    }
    let members = members.iter().map(|(key, value)| format!("\"{key}\" : {value}"));
    format!("{{{}}}", members.collect::<Vec<_>>().join(",\t"))
}

#[test]
fn what_stands_in_an_attributes_place_is_told_back() {
    for body in [
        "{}",
        r#"{"class_uid":1}"#,
        r#"{"class_uid":1,"metadata":{}}"#,
        r#"{"class_uid":1,"metadata":5}"#,
        r#"{"class_uid":"1","metadata":{"uid":"u"}}"#,
        r#"{"class_uid":1,"metadata":{"uid":"u","labels":"x"}}"#,
        r#"{"class_uid":1,"metadata":{"uid":"u","labels":["adr.v1","adr.shortened"]}}"#,
        r#"{"class_uid":1,"metadata":{"uid":"u","labels":[]},"unmapped":{}}"#,
        r#"{"class_uid":1,"metadata":{"uid":null},"unmapped":null,"raw_data":[]}"#,
        r#"{"class_uid":1,"metadata":{"uid":"u","product":{},"x.y":{"z":1}},"user":{"name":{}},"actor":{"user":[]}}"#,
        r#"{"class_uid":1,"metadata":{"uid":"u"},"actor":{"user":{"name":"a"}},"user":{"uid":"b"}}"#,
        r#"{"class_uid":1,"metadata":{"uid":"u"},"\u0074ime":5,"unm\u0061pped":{"a":1},"adrOther":1,"other":2}"#,
        r#"{"class_uid":1,"metadata":{"uid":"u"},"src_endpoint":{"location":{"lat":1.5,"x":2},"os":{}}}"#,
        " {\"class_uid\" : 1 ,\r\n\"metadata\":{ \"uid\":\"u\"},\t\"unmapped\" : { \"a\" : \" \\\" \" } } ",
    ] {
        check(body);
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 700, ..ProptestConfig::default() })]

    #[test]
    fn any_object_is_told_back(body in object(json())) {
        check(&body);
    }

    #[test]
    fn any_odd_event_is_told_back(body in mutated()) {
        check(&body);
        check(&map(&body).0);
    }

    #[test]
    fn any_odd_adr_event_is_told_back(body in rewritten(EVENTS.lines().map(|line| map(line).0).collect())) {
        check(&body);
    }

    #[test]
    fn any_text_is_told_back(text in hostile(), path in prop::sample::select(PATHS.keys().collect::<Vec<_>>())) {
        let quoted = serde_json::to_string(&text).expect("JSON");
        check(&nested(&[("class_uid", "0"), ("metadata.uid", "\"u\""), (path, &quoted)]));
    }
}

#[test]
fn what_readers_of_json_disagree_on_is_kept_as_it_is_written() {
    for body in [
        r#"{"class_uid":1,"metadata":{"uid":"a"},"metadata":{"uid":"b"}}"#,
        r#"{"class_uid":1,"metadata":{"uid":"u"},"message":"\ud800","user":{"name":"\udc00\ud800"}}"#,
        r#"{"class_uid":1,"metadata":{"uid":"u"},"message":"a","message":"b"}"#,
        r#"{"class_uid":1,"metadata":{"uid":"u"},"user":{"uid":"a"},"user":{"name":"b"}}"#,
        r#"{"class_uid":1,"metadata":{"uid":"u","\u0075id":"v"}}"#,
        r#"{"a":"\ud800=|","a":2}"#,
    ] {
        let cef = Record::cef(&encode(&event(body), Encoding::Cef, Detail::Whole));
        let leef = Record::leef(&encode(&event(body), Encoding::Leef, Detail::Whole));
        let flat = Tree::read(&encode(&event(body), Encoding::Flat, Detail::Whole));
        assert_eq!(encode(&event(body), Encoding::Json, Detail::Whole), body);
        assert_eq!(cef.pairs["adrOther"], leef.pairs["adrOther"]);
        assert_eq!(flat.text(&["other"]), Some(cef.pairs["adrOther"].as_str()));
        let lone = r#"{"message":"\ud800","user":{"name":"\udc00\ud800"}}"#;
        assert_eq!(cef.pairs["adrOther"], if body.contains("udc00") { lone } else { body });
    }
    // What is repeated elsewhere is nobody's attribute.
    let body = r#"{"class_uid":1,"metadata":{"uid":"u"},"unmapped":{"a":1,"a":2},"x":{"y":1},"x":{"y":2},"user":5,"user":{"uid":"1"}}"#;
    let pairs = Record::cef(&encode(&event(body), Encoding::Cef, Detail::Whole)).pairs;
    assert_eq!(pairs["adrUnmapped"], r#"{"a":1,"a":2}"#);
    assert_eq!((pairs["adrOther"].as_str(), pairs["duid"].as_str()), (r#"{"x":{"y":1},"x":{"y":2},"user":5}"#, "1"));
    // The last of two counts for most readers, so that is the one with the label.
    let twice = r#"{"metadata":1,"unmapped":1,"metadata":{"labels":2,"labels":["x"]},"unmapped":2}"#;
    let labelled = r#"{"metadata":1,"metadata":{"labels":2,"labels":["x","adr.shortened"]}}"#;
    assert_eq!(encode(&event(twice), Encoding::Json, Detail::WithoutUnmapped), labelled);
}

#[test]
fn nesting_has_no_limit() {
    let abyss = format!("{{\"x\":{}{},\"unmapped\":1}}", "[".repeat(1 << 20), "]".repeat(1 << 20));
    for form in FORMS {
        for detail in DETAILS {
            assert!(encode(&event(&abyss), form, detail).len() > 1 << 21);
        }
    }
}
