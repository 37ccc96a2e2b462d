//! The tokenizer against serde_json: the same texts are JSON, and they mean the same.

mod support;

use adr_transform::{AdrConfig, Json, Reject};
use proptest::prelude::*;
use serde_json::value::RawValue;
use support::{EVENTS, Tree};

/// Whether serde_json takes the text for JSON.
fn serde_takes(text: &str) -> bool {
    serde_json::from_str::<&RawValue>(text).is_ok()
}

fn agree(text: &str) {
    let ours = Json::parse(text);
    assert_eq!(ours.is_ok(), serde_takes(text), "{text:?}: {ours:?}");
    // serde_json refuses half surrogates once it reads the strings, and keeps the last of two equal keys.
    if let (Ok(ours), Some(theirs)) = (ours, Tree::try_read(text)) {
        let written = ours.to_string();
        if !repeats(&ours) {
            assert_eq!(Tree::read(&written), theirs, "{text:?}");
        }
    }
}

fn repeats(json: &Json) -> bool {
    match json {
        Json::Array(elements) => elements.iter().any(repeats),
        Json::Object(members) => {
            let keys: std::collections::BTreeSet<_> = members.iter().map(|(key, _)| key).collect();
            keys.len() < members.len() || members.iter().any(|(_, value)| repeats(value))
        }
        _ => false,
    }
}

#[test]
fn edges_of_the_grammar() {
    for text in [
        "",
        " ",
        "{",
        "}",
        "[",
        "]",
        "{}",
        "[]",
        "{ }",
        "[ ]",
        "[,]",
        "[1,]",
        "[1 2]",
        "{,}",
        "{\"a\"}",
        "{\"a\":}",
        "{\"a\":1,}",
        "{\"a\":1 \"b\":2}",
        "{a:1}",
        "{\"a\":1]",
        "[1}",
        "nul",
        "null",
        "nulll",
        "tru",
        "true",
        "false",
        "True",
        "0",
        "-",
        "-0",
        "00",
        "01",
        "1.",
        ".1",
        "1.0",
        "1e",
        "1e+",
        "1e+5",
        "1E-05",
        "+1",
        "1.5e3x",
        "0x1",
        "NaN",
        "Infinity",
        "\"",
        "\"a",
        "\"a\"",
        "\"\\\"",
        "\"\\\\\"",
        "\"\\/\\b\\f\\n\\r\\t\"",
        "\"\\a\"",
        "\"\\u12\"",
        "\"\\u12g4\"",
        "\"\\u00e4\"",
        "\"\\ud83d\\ude00\"",
        "\"\\u0000\"",
        "\"\t\"",
        "\"\n\"",
        "\"\u{7f}\"",
        "\"\u{0}\"",
        "\"ä☃😀\"",
        "'a'",
        "1 2",
        "{} {}",
        "\u{feff}{}",
        "[\"12345678\"]",
        "[\"1234567\\\"\"]",
        "/**/{}",
        "\u{b}1",
        "[[[[1]]]]",
        "{\"a\":{\"b\":[{\"c\":null}]}}",
        "1e400",
        "-12345678901234567890123456789",
    ] {
        agree(text);
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 4000, ..ProptestConfig::default() })]

    #[test]
    fn damaged_events(line in prop::sample::select(EVENTS.lines().collect::<Vec<_>>()),
                      at in any::<prop::sample::Index>(), cut in 0usize..4, put in "[\\[\\]{}\",:\\\\eE+.u0-9a-f \t\n\u{1}-]{0,4}") {
        let mut text: Vec<char> = line.chars().collect();
        let at = at.index(text.len());
        text.splice(at..(at + cut).min(text.len()), put.chars());
        agree(&text.into_iter().collect::<String>());
    }

    #[test]
    fn soup(text in "[\\[\\]{}\",:\\\\eE+.untrfalse0-9 \t\n-]{0,24}") {
        agree(&text);
    }

    #[test]
    fn strings(text in "\\PC{0,40}", tail in "[\"\\\\\u{0}-\u{1f}a]{0,3}") {
        agree(&format!("\"{text}{tail}\""));
        agree(&serde_json::to_string(&(text + &tail)).expect("text is JSON"));
    }

    #[test]
    fn bytes_never_panic(bytes in prop::collection::vec(any::<u8>(), 0..64)) {
        let mut out = b"before".to_vec();
        if AdrConfig::default().build().map(&bytes, "t", &mut out).is_err() {
            prop_assert_eq!(out, b"before".to_vec());
        }
    }
}

proptest! {
    #[test]
    fn only_utf8_is_mapped(line in prop::sample::select(EVENTS.lines().collect::<Vec<_>>()),
                           at in any::<prop::sample::Index>(), put in prop::collection::vec(0x7fu8.., 1..4)) {
        let mut text = line.as_bytes().to_vec();
        let at = at.index(text.len());
        text.splice(at..at, put);
        let mapped = AdrConfig::default().build().map(&text, "t", &mut Vec::new());
        match std::str::from_utf8(&text) {
            Err(error) => prop_assert_eq!(mapped, Err(Reject::Utf8(error.valid_up_to()))),
            Ok(text) => prop_assert_eq!(mapped.is_ok(), serde_takes(text)),
        }
    }
}

fn reject(text: &[u8]) -> Reject {
    AdrConfig::default().build().map(text, "t", &mut Vec::new()).expect_err("no event")
}

#[test]
fn what_is_no_object_is_rejected_with_the_reason() {
    for text in ["[]", "1", "null", "\"{}\"", "[{}]"] {
        assert_eq!(reject(text.as_bytes()), Reject::NotAnObject);
    }
    for (text, said) in [
        (&b"{\"a\":1"[..], "the event is not JSON: the text ends inside a value at byte 6"),
        (b"{\"a\":\"\x01\"}", "the event is not JSON: a control character in a string at byte 6"),
        (b"{\"a\":\"\xff\"}", "the event is not UTF-8 from byte 6 on"),
        (b"", "the event is not JSON: the text ends where a value is due at byte 0"),
        (b"<html>", "the event is not JSON: no value at byte 0"),
    ] {
        assert_eq!(reject(text).to_string(), said);
    }
}

#[test]
fn huge_events_are_mapped() {
    for event in [
        format!(r#"{{"id":"a1","x":"{}"}}"#, "A".repeat(1 << 20)),
        format!(r#"{{"id":"a1","x":"{}"}}"#, "\\u00e4\\n".repeat(1 << 16)),
        format!(r#"{{"id":"a1","x":[{}0]}}"#, "0,".repeat(1 << 18)),
        format!(r#"{{"id":"a1","{}":1}}"#, "k".repeat(1 << 20)),
        format!("{{{}\"id\":\"a1\"}}", (0..50_000).map(|at| format!("\"k{at}\":{at},")).collect::<String>()),
    ] {
        support::check(&event);
    }
    let abyss = format!("{{\"x\":{}{}}}", "[".repeat(1 << 20), "]".repeat(1 << 20));
    let (adr, _) = support::map(&abyss);
    assert!(adr.contains("adr.too_deep"));
    assert_eq!(adr_transform::rebuild(&adr).as_deref(), Ok(abyss.as_str()));
    assert!(matches!(reject(format!("{{\"x\":{}", "[".repeat(1 << 20)).as_bytes()), Reject::Json(_)));
}
