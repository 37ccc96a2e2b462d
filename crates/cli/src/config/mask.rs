//! The file's text as it may be shown: without what somebody wrote where a reference to a secret belongs.

use super::node::{Node, Place, Value};

/// Keys whose value is a reference to a secret, never the secret.
const SECRETS: &[&str] =
    &["secret_key", "client_secret", "key_pass", "password", "secret", "token", "api_key", "access_token"];
/// What a reference may name.
const REFERENCES: &[&str] = &["env", "file", "credential"];

/// Whether the value of `key` must never be shown.
pub(crate) fn is_secret(key: &str) -> bool {
    let key = key.to_lowercase().replace('-', "_");
    SECRETS.iter().any(|secret| key == *secret || key.ends_with(&format!("_{secret}")))
}

/// Hides every secret that stands in a file that could be read.
pub(crate) fn mask(text: &str, root: &Node) -> String {
    let mut places = Vec::new();
    collect(root, false, &mut places);
    hide(text, &places)
}

/// Hides every secret that may stand in a file that could not be read: there is only the look of its lines.
pub(crate) fn mask_lines(text: &str) -> String {
    let mut places = Vec::new();
    let mut start = 0;
    // Lines that are further in than a secret's key belong to it.
    let mut within: Option<usize> = None;
    for line in text.split_inclusive('\n') {
        let indent = line.len() - line.trim_start().len();
        let begin = start;
        start += line.len();
        if within.is_some_and(|key| indent > key) {
            places.push(begin + indent..start);
            continue;
        }
        within = None;
        if let Some((value, rest)) = secret_in(line) {
            if !rest.is_empty() && !is_reference(rest) {
                places.push(begin + value..start);
            }
            if !is_reference(rest) {
                within = Some(indent);
            }
        }
    }
    hide(text, &places)
}

fn collect(node: &Node, secret: bool, places: &mut Vec<Place>) {
    match &node.value {
        Value::Table(entries) => {
            for entry in entries {
                let reference = secret && REFERENCES.contains(&entry.key.as_str());
                if secret && !reference && !harmless(&entry.key) {
                    places.push(entry.key_place.clone());
                }
                collect(&entry.node, (secret && !reference) || is_secret(&entry.key), places);
            }
        }
        Value::List(items) => items.iter().for_each(|item| collect(item, secret, places)),
        _ if secret => places.push(node.place.clone()),
        _ => {}
    }
}

/// A short plain word is no secret, and helps to see the mistake.
fn harmless(key: &str) -> bool {
    key.len() <= 12 && key.bytes().all(|byte| byte.is_ascii_lowercase() || byte == b'_')
}

/// Where the value of a secret's key begins in a line, and its text up to the end of the line.
fn secret_in(line: &str) -> Option<(usize, &str)> {
    line.match_indices(':').find_map(|(colon, _)| {
        let before = line[..colon].trim_end_matches(['"', '\'', ' ']);
        let key = before.rsplit(|other: char| !(other.is_alphanumeric() || other == '_' || other == '-')).next()?;
        is_secret(key).then(|| {
            let value = colon + 1 + (line[colon + 1..].len() - line[colon + 1..].trim_start().len());
            (value.min(line.len()), line[colon + 1..].trim())
        })
    })
}

fn is_reference(rest: &str) -> bool {
    let inner = rest.trim_start_matches('{').trim_start();
    rest.starts_with('{')
        && REFERENCES.iter().any(|name| inner.strip_prefix(name).is_some_and(|rest| rest.trim_start().starts_with(':')))
}

/// Where the user and password of an address stand in a text: between `://` and the last `@` before a slash or a blank.
fn in_addresses(text: &str) -> impl Iterator<Item = Place> + '_ {
    text.match_indices("://").filter_map(|(at, mark)| {
        let start = at + mark.len();
        let end =
            text[start..].find(|c: char| c.is_whitespace() || "/\"',}?#".contains(c)).unwrap_or(text.len() - start);
        text[start..start + end].rfind('@').map(|sign| start..start + sign)
    })
}

/// Every visible character of the places becomes as many stars as it has bytes, so that all places stay right.
fn hide(text: &str, places: &[Place]) -> String {
    let places: Vec<Place> = places.iter().cloned().chain(in_addresses(text)).collect();
    let mut shown = String::with_capacity(text.len());
    for (offset, character) in text.char_indices() {
        let hidden = places.iter().any(|place| place.contains(&offset));
        if hidden && !character.is_whitespace() {
            shown.extend(std::iter::repeat_n('*', character.len_utf8()));
        } else {
            shown.push(character);
        }
    }
    shown
}

#[cfg(test)]
mod tests {
    use super::*;

    const CANARY: &str = "canary-5f3a";

    #[test]
    fn a_secret_in_any_form_is_hidden_and_references_are_not() {
        let forms = [
            "a: { secret_key: X, b: 1 }",
            "secret_key: X",
            "secret_key: 'X'",
            "secret_key:\n  X",
            "secret_key: { value: X }",
            "secret_key: { X }",
            "secret_key: [ X ]",
            "secret_key: |\n  X\n  X\n",
            "service_account:\n  client_secret: { key: { deep: X } }",
            "\"api-key\": X",
        ];
        for form in forms {
            let text = form.replace('X', CANARY);
            for shown in [mask(&text, &Node::parse(&text).unwrap()), mask_lines(&text)] {
                assert!(!shown.contains("canary"), "{shown}");
                assert_eq!(shown.len(), text.len());
            }
        }
        for text in
            ["base_url: https://user:X@example.com/v1", "base_url: 'https://X@example.com'", "{u: \"http://a:X@h\"}"]
        {
            let text = text.replace('X', CANARY);
            for shown in [mask(&text, &Node::parse(&text).unwrap()), mask_lines(&text)] {
                assert!(!shown.contains("canary") && shown.contains('@'), "{shown}");
            }
        }
        let text = "secret_key: { env: NAME }\nother: {secret_key: {file: /a}}\n";
        assert_eq!(mask(text, &Node::parse(text).unwrap()), text);
        assert_eq!(mask_lines(text), text);
    }
}
