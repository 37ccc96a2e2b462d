//! Odd events, by chance.

use proptest::prelude::*;

use super::{EVENTS, Tree};

/// JSON texts of any kind, numbers in odd spellings included.
pub(crate) fn json() -> impl Strategy<Value = String> {
    scalar().prop_recursive(4, 32, 6, |inner| {
        prop_oneof![
            prop::collection::vec(inner.clone(), 0..5).prop_map(|elements| format!("[{}]", elements.join(","))),
            object(inner),
        ]
    })
}

fn scalar() -> impl Strategy<Value = String> {
    let odd = prop::sample::select(vec![
        "null",
        "true",
        "false",
        "0",
        "-0",
        "1.0",
        "1e400",
        "-1E+2",
        "12345678901234567890123",
        "0.1e-7",
        "\"\"",
        "[]",
        "{}",
        "\"admin\"",
        "\"user\"",
        "\"systemuser\"",
        "\"Other\"",
        "\"203.0.113.9\"",
        "\"2001:db8::1\"",
        "\"a@example.com\"",
        "\"\\u00e4\\n\\ud83d\\ude00\"",
        "\"2026-11-03T09:00:00.1Z\"",
        "\"saml\"",
        "\"add\"",
    ]);
    prop_oneof![
        odd.prop_map(str::to_owned),
        "\\PC{0,12}".prop_map(|text| quoted(&text)),
        any::<i32>().prop_map(|it| it.to_string())
    ]
}

fn quoted(text: &str) -> String {
    serde_json::to_string(text).expect("text is JSON")
}

pub(crate) fn object(value: impl Strategy<Value = String> + 'static) -> impl Strategy<Value = String> {
    prop::collection::btree_map(key(), value, 0..7).prop_map(|members| {
        let members: Vec<String> = members.iter().map(|(key, value)| format!("{}:{value}", quoted(key))).collect();
        format!("{{{}}}", members.join(","))
    })
}

fn key() -> impl Strategy<Value = String> {
    let known = prop::sample::select(vec![
        "id",
        "type",
        "name",
        "email",
        "username",
        "resource",
        "system",
        "hostname",
        "__proto__",
        "geoip",
        "field",
        "to",
        "object_id",
        "success",
        "",
        "a.b",
    ]);
    prop_oneof![known.prop_map(str::to_owned), "\\PC{0,6}"]
}

/// A sample event with some of its values, at any depth, put in place of others.
pub(crate) fn mutated() -> impl Strategy<Value = String> {
    let retyped = (prop::sample::select(types()), prop::bool::weighted(0.3));
    (changed(EVENTS.lines().map(str::to_owned).collect(), json().boxed()), retyped).prop_map(
        |((mut tree, space), (event_type, retype))| {
            if retype && let Tree::Object(members) = &mut tree {
                members.insert("event_type".to_owned(), Tree::Text(event_type.1.to_owned()));
                members.insert("service".to_owned(), Tree::Text(event_type.0.to_owned()));
            }
            write(&tree, space)
        },
    )
}

/// One of the events with some of its values put in place of others, hostile texts most of all.
pub(crate) fn rewritten(events: Vec<String>) -> impl Strategy<Value = String> {
    let value = prop_oneof![1 => json(), 3 => hostile().prop_map(|text| quoted(&text))];
    changed(events, value.boxed()).prop_map(|(tree, space)| write(&tree, space))
}

/// Texts of what forms write with, and readers stumble over.
pub(crate) fn hostile() -> impl Strategy<Value = String> {
    let parts = vec![
        "|", "=", "\\", "\n", "\r", "\t", "\0", "\u{1f}", "\u{7f}", "\u{202e}", "\u{2028}", "\u{85}", "😀", "\"", "]",
        "}", " ", "n", "a", " src=", "\tsev=9", "\\n", "\\=", "é", "\\u0000",
    ];
    let text = prop::collection::vec(prop::sample::select(parts), 0..8).prop_map(|parts| parts.concat());
    prop_oneof![9 => text.clone(), 1 => (text, 1usize..5000).prop_map(|(text, times)| text.repeat(times))]
}

fn changed(events: Vec<String>, value: BoxedStrategy<String>) -> impl Strategy<Value = (Tree, &'static str)> {
    let place = any::<prop::sample::Index>;
    let change = prop_oneof![
        5 => value.prop_map(Change::Put),
        2 => place().prop_map(Change::Repeat),
        1 => Just(Change::Remove),
    ];
    let changes = prop::collection::vec((place(), change), 0..6);
    let spaced = prop::bool::weighted(0.2);
    (prop::sample::select(events), changes, spaced).prop_map(|(line, changes, spaced)| {
        let mut tree = Tree::read(&line);
        for (at, change) in changes {
            let places = count(&tree);
            let value = match change {
                Change::Put(value) => Some(value),
                Change::Repeat(from) => {
                    let texts = texts(&tree);
                    (!texts.is_empty()).then(|| quoted(&texts[from.index(texts.len())]))
                }
                Change::Remove => None,
            };
            replace(&mut tree, &mut at.index(places), value.as_deref());
        }
        (tree, if spaced { " \r\n\t" } else { "" })
    })
}

/// What happens to one place of an event.
#[derive(Clone, Debug)]
enum Change {
    Put(String),
    /// A text that stands elsewhere in the event: copies must be told from originals.
    Repeat(prop::sample::Index),
    Remove,
}

fn texts(tree: &Tree) -> Vec<String> {
    match tree {
        Tree::Text(text) => vec![text.clone()],
        Tree::Array(elements) => elements.iter().flat_map(texts).collect(),
        Tree::Object(members) => members.values().flat_map(texts).collect(),
        _ => Vec::new(),
    }
}

fn types() -> Vec<(&'static str, &'static str)> {
    adr_transform::event_types().collect()
}

/// How many members and elements there are at any depth.
fn count(tree: &Tree) -> usize {
    1 + match tree {
        Tree::Array(elements) => elements.iter().map(count).sum(),
        Tree::Object(members) => members.values().map(count).sum(),
        _ => 0,
    }
}

/// Replaces (or removes) the member number `at`; the root itself stays.
fn replace(tree: &mut Tree, at: &mut usize, value: Option<&str>) -> bool {
    let Tree::Object(members) = tree else { return false };
    for key in members.keys().cloned().collect::<Vec<_>>() {
        if *at <= 1 {
            match value {
                Some(value) => members.insert(key, Tree::read(value)),
                None => members.remove(&key),
            };
            return true;
        }
        *at -= 1;
        let inner = members.get_mut(&key).expect("its key was just read");
        let size = count(inner) - 1;
        if *at <= size && replace(inner, at, value) {
            return true;
        }
        *at = at.saturating_sub(size).max(1);
    }
    false
}

fn write(tree: &Tree, space: &str) -> String {
    let list = |items: Vec<String>| items.join(&format!(",{space}"));
    match tree {
        Tree::Word(word) => (*word).to_owned(),
        Tree::Number(number) => number.clone(),
        Tree::Text(text) => quoted(text),
        Tree::Array(elements) => format!("[{space}{}]", list(elements.iter().map(|it| write(it, space)).collect())),
        Tree::Object(members) => {
            let members = members.iter().map(|(key, it)| format!("{}{space}:{}", quoted(key), write(it, space)));
            format!("{{{}{space}}}", list(members.collect()))
        }
    }
}
