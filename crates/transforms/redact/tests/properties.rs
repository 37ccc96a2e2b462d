//! Whatever the event: what is redacted is gone, the rest is as it was, and it is JSON.
#![allow(clippy::unwrap_used, reason = "a test may panic")]

mod support;

use proptest::prelude::*;
use serde_json::{Map, Value, json};
use support::redacted;

const PATHS: &[&str] = &["a", "a.b", "a.b.c", "b.*", "*.c", "c[]", "c[].a", "b.b", "*.*.a", "a[].b[]"];

/// Few keys and few strings, so that they meet.
fn json() -> impl Strategy<Value = Value> {
    let leaf = prop_oneof![
        any::<u8>().prop_map(Value::from),
        Just(Value::Null),
        "(jane|jim|é\"|, |\\\\){0,3}".prop_map(Value::from),
        "(jane|jim|é\"|, |\\\\){0,2}".prop_map(|text| Value::from(json!({ "x": text, "y": [text] }).to_string())),
    ];
    leaf.prop_recursive(5, 40, 5, |inner| {
        prop_oneof![
            prop::collection::vec(inner.clone(), 0..5).prop_map(Value::from),
            prop::collection::vec(("[abc]", inner), 0..4)
                .prop_map(|members| Value::Object(members.into_iter().collect())),
        ]
    })
}

fn object() -> impl Strategy<Value = Value> {
    prop::collection::vec(("[abc]", json()), 0..4).prop_map(|members| Value::Object(members.into_iter().collect()))
}

/// The text with white space around everything and some letters escaped, as JSON allows.
fn loose(value: &Value, space: &str) -> String {
    let string = |text: &str| Value::from(text).to_string().replace('a', "\\u0061");
    match value {
        Value::Array(elements) => {
            let elements: Vec<_> = elements.iter().map(|element| loose(element, space)).collect();
            format!("[{space}{}{space}]", elements.join(&format!("{space},{space}")))
        }
        Value::Object(members) => {
            let member =
                |(key, value): (&String, &Value)| format!("{}{space}:{space}{}", string(key), loose(value, space));
            let members: Vec<_> = members.iter().map(member).collect();
            format!("{{{space}{}{space}}}", members.join(&format!("{space},{space}")))
        }
        Value::String(text) => string(text),
        other => other.to_string(),
    }
}

/// Removes what the path leads to, the plain way; gives what was removed. `None` in place of a value: it is gone.
fn remove(value: &mut Value, path: &[&str], gone: &mut Vec<Value>) {
    let Some((step, rest)) = path.split_first() else { return };
    let mut inside = |child: &mut Value| {
        if rest.is_empty() {
            gone.push(child.take());
            return false;
        }
        remove(child, rest, gone);
        true
    };
    match value {
        // An object where an array of them was thought of.
        Value::Object(_) if *step == "[]" && rest.iter().any(|step| *step != "[]") => remove(value, rest, gone),
        Value::Object(members) => {
            let old = std::mem::take(members);
            *members = old
                .into_iter()
                .filter_map(|(key, mut child)| {
                    let led = *step == "*" || *step == key;
                    (!led || inside(&mut child)).then_some((key, child))
                })
                .collect::<Map<_, _>>();
        }
        Value::Array(elements) if *step == "[]" => elements.retain_mut(inside),
        Value::Array(elements) => elements.iter_mut().for_each(|element| remove(element, path, gone)),
        _ => {}
    }
}

fn steps(path: &str) -> Vec<String> {
    path.replace("[]", ".[]").split('.').map(str::to_owned).collect()
}

/// The strings of 3 bytes and more inside of a value.
fn strings<'a>(value: &'a Value, texts: &mut Vec<&'a str>) {
    match value {
        Value::Array(elements) => elements.iter().for_each(|element| strings(element, texts)),
        Value::Object(members) => members.values().for_each(|member| strings(member, texts)),
        Value::String(text) if text.len() >= 3 => texts.push(text),
        _ => {}
    }
}

/// Whether the text is one of the strings of the event, or of the JSON in them.
fn says(value: &Value, text: &str) -> bool {
    match value {
        Value::String(string) => {
            string == text
                || serde_json::from_str(string).is_ok_and(|inner: Value| !inner.is_string() && says(&inner, text))
        }
        Value::Array(elements) => elements.iter().any(|element| says(element, text)),
        Value::Object(members) => members.values().any(|member| says(member, text)),
        _ => false,
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(2000))]

    #[test]
    fn what_is_named_is_gone_and_the_rest_is_there(event in object(), path in 0..PATHS.len(), space in "[ \t]{0,2}") {
        let text = loose(&event, &space);
        let settings = json!({ "remove": [PATHS[path]], "everywhere": false }).to_string();
        let new = redacted(&settings, &text);
        let mut expected = event.clone();
        let steps = steps(PATHS[path]);
        let mut gone = Vec::new();
        remove(&mut expected, &steps.iter().map(String::as_str).collect::<Vec<_>>(), &mut gone);
        let found: Value = serde_json::from_str(&new).unwrap();
        prop_assert_eq!(found, expected);
        if gone.is_empty() {
            prop_assert_eq!(new, text, "byte for byte");
        }
    }

    #[test]
    fn what_is_redacted_stands_nowhere(event in object(), path in 0..PATHS.len(), action in 0..3, space in "[ \t]{0,2}") {
        let path = PATHS[path];
        let settings = match action {
            0 => json!({ "remove": [path] }),
            1 => json!({ "hash": [path], "key": { "env": "KEY" } }),
            _ => json!({ "replace": { path: "somebody else" } }),
        };
        let new = redacted(&settings.to_string(), &loose(&event, &space));
        let found: Value = serde_json::from_str(&new).unwrap();
        let mut gone = Vec::new();
        remove(&mut event.clone(), &steps(path).iter().map(String::as_str).collect::<Vec<_>>(), &mut gone);
        let mut texts = Vec::new();
        gone.iter().for_each(|value| strings(value, &mut texts));
        for text in texts.into_iter().chain(gone.iter().filter_map(Value::as_str)).filter(|text| !text.is_empty()) {
            prop_assert!(!says(&found, text), "{} still says {:?}", new, text);
        }
    }
}
