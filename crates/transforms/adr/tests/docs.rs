//! The examples in docs/encodings.md are what the encoders write.

mod support;

use adr_core::{Detail, Encoding};
use support::encode::{encode, event};
use support::{EVENTS, map};

const DOC: &str = include_str!("../../../../docs/encodings.md");

/// The first example under a heading.
fn example(heading: &str) -> &'static str {
    let (_, section) = DOC.split_once(&format!("\n## `{heading}`\n")).expect(heading);
    let (_, block) = section.split_once("\n```text\n").expect(heading);
    block.split_once("\n```\n").expect(heading).0
}

#[test]
fn the_examples_are_real() {
    let lockout = EVENTS.lines().find(|line| line.contains("\"user_lockout\"") && line.contains("\"directory\""));
    let adr = event(&map(lockout.expect("a lockout")).0);
    for (heading, encoding, detail) in [
        ("json", Encoding::Json, Detail::Whole),
        ("cef", Encoding::Cef, Detail::Whole),
        ("leef", Encoding::Leef, Detail::Whole),
        ("flat", Encoding::Flat, Detail::Whole),
        ("adr.shortened", Encoding::Json, Detail::WithoutUnmapped),
    ] {
        assert_eq!(example(heading), encode(&adr, encoding, detail), "{heading}");
    }
}

#[test]
fn every_key_and_name_is_listed_beside_its_attribute() {
    let row = |path: &str, key: &str| {
        let is = |line: &&str| line.starts_with(&format!("| `{path}` |")) && line.contains(&format!("`{key}`"));
        assert!(DOC.lines().any(|line| is(&line)), "{key} is not listed beside {path}");
    };
    let dictionaries = [support::decode::CEF, support::decode::LEEF];
    for (key, path, _) in dictionaries.into_iter().flatten() {
        row(path, key);
    }
    for (name, path) in support::decode::FLAT {
        row(path, name);
    }
}
