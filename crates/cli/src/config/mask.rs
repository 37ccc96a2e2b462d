//! The file's text as it may be shown: without what somebody wrote where a reference to a secret belongs.

use super::node::{Entry, Node, Place, Value};

/// Keys whose value is a reference to a secret, never the secret.
const SECRETS: &[&str] =
    &["secret_key", "client_secret", "key_pass", "password", "secret", "token", "api_key", "access_token"];
/// What a key that holds a secret may have in its name, be it misspelt.
const LIKE_SECRETS: &[&str] = &["passw", "passphrase", "pwd", "jaas", "oauthbearer_config", "key_pem", "private_key"];
/// Keys whose value has parts; where it is one text, somebody may have put the secret into it.
const PARTED: &[&str] = &["sasl", "auth", "service_account", "credentials"];
/// What a reference may name.
const REFERENCES: &[&str] = &["env", "file", "credential"];

/// What stands where a secret was, whatever its length.
const STARS: &str = "********";

/// Whether the value of `key` must never be shown.
pub(crate) fn is_secret(key: &str) -> bool {
    let key = key.to_lowercase().replace(['-', '.'], "_");
    SECRETS.iter().any(|secret| key == *secret || key.ends_with(&format!("_{secret}")))
        || LIKE_SECRETS.iter().any(|secret| key.contains(secret))
}

fn holds_secret(entry: &Entry) -> bool {
    let parted = PARTED.contains(&&*entry.key) && entry.node.entries().is_none();
    parted || is_secret(&entry.key)
}

/// Hides every secret that stands in a file that could be read.
pub(crate) fn mask(text: &str, root: &Node) -> String {
    let mut places = Vec::new();
    collect(root, false, &mut places);
    hide(text, &places)
}

/// Hides every secret of a tree.
pub(super) fn masked(root: &Node) -> Node {
    let mut masked = root.clone();
    cover(&mut masked, false);
    masked
}

fn cover(node: &mut Node, secret: bool) {
    match &mut node.value {
        Value::Table(entries) => {
            for entry in entries {
                let reference = secret && REFERENCES.contains(&entry.key.as_str());
                let hidden = (secret && !reference) || holds_secret(entry);
                cover(&mut entry.node, hidden);
                if secret && !reference && !harmless(&entry.key) {
                    entry.key = STARS.to_owned();
                }
            }
        }
        Value::List(items) => items.iter_mut().for_each(|item| cover(item, secret)),
        Value::Null => {}
        value if secret => *value = Value::Text(STARS.to_owned()),
        Value::Text(text) => *text = hide(text, &[]),
        _ => {}
    }
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
                collect(&entry.node, (secret && !reference) || holds_secret(entry), places);
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

/// Where users, passwords and queries of addresses stand in a text.
fn in_addresses(text: &str) -> Vec<Place> {
    let to = |start: usize, ends: &str| {
        let rest = &text[start..];
        start + rest.find(|c: char| c.is_whitespace() || ends.contains(c)).unwrap_or(rest.len())
    };
    let mut places = Vec::new();
    for (at, mark) in text.match_indices("://") {
        let start = at + mark.len();
        // Between `://` and the last `@` before a slash or a blank.
        let host = &text[start..to(start, "/\"',}?#")];
        places.extend(host.rfind('@').map(|sign| start..start + sign));
        let whole = start..to(start, "\"'`,}");
        places.extend(text[whole.clone()].find('?').map(|query| start + query + 1..whole.end));
    }
    // `user:password@host` without a scheme.
    for (sign, _) in text.match_indices('@') {
        let before = &text[..sign];
        let start = before.rfind(|c: char| c.is_whitespace() || "\"'`,/{[(=".contains(c));
        let start = start.map_or(0, |at| at + before[at..].chars().next().map_or(0, char::len_utf8));
        if before[start..].contains(':') {
            places.push(start..sign);
        }
    }
    places
}

/// Hides what an address in words for a person must not show.
pub(super) fn in_words(text: &str) -> String {
    hide(text, &[])
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
            "librdkafka_options: { sasl.password: X, ssl.key.pem: X, sasl.jaas.config: X, sasl.oauthbearer.config: X }",
            "sasl: { passwort: X }",
        ];
        for form in forms {
            let text = form.replace('X', CANARY);
            for shown in [mask(&text, &Node::parse(&text).unwrap()), mask_lines(&text)] {
                assert!(!shown.contains("canary"), "{shown}");
                assert_eq!(shown.len(), text.len());
            }
            let shown = format!("{:?}", masked(&Node::parse(&text).unwrap()));
            assert!(!shown.contains("canary"), "{shown}");
        }
        for text in
            ["base_url: https://user:X@example.com/v1", "base_url: 'https://X@example.com'", "{u: \"http://a:X@h\"}"]
        {
            let text = text.replace('X', CANARY);
            for shown in [mask(&text, &Node::parse(&text).unwrap()), mask_lines(&text)] {
                assert!(!shown.contains("canary") && shown.contains('@'), "{shown}");
            }
        }
        for text in ["sasl: 'plain:u:X'", "a: 'user:X@192.0.2.1:9092,u:X@b'", "a: http://example.com/x?key=X&b=X"] {
            let text = text.replace('X', CANARY);
            let shown = mask(&text, &Node::parse(&text).unwrap());
            assert!(!shown.contains("canary"), "{shown}");
            assert!(!in_words(&format!("`{text}` is no address")).contains("canary") || text.starts_with("sasl"));
        }
        let text = "secret_key: { env: NAME }\nother: {secret_key: {file: /a}}\n";
        assert_eq!(mask(text, &Node::parse(text).unwrap()), text);
        assert_eq!(mask_lines(text), text);
    }
}
