//! The file's text as it may be shown: without what somebody wrote where a reference to a secret belongs.

use adr_core::SecretRef;

use super::node::{Entry, Node, Place, Value};

/// Keys whose value is a reference to a secret, never the secret.
const SECRETS: &[&str] = &[
    "secret_key",
    "client_secret",
    "key_pass",
    "password",
    "secret",
    "token",
    "bearer",
    "api_key",
    "access_token",
    "secret_headers",
];
/// What a key that holds a secret may have in its name, be it misspelt.
const LIKE_SECRETS: &[&str] = &["passw", "passphrase", "pwd", "jaas", "oauthbearer_config", "key_pem", "private_key"];
/// Keys whose value has parts; where it is one text, somebody may have put the secret into it.
const PARTED: &[&str] = &["sasl", "auth", "service_account", "credentials"];
/// Keys whose values each are a reference to a secret, whatever their names.
const OF_SECRETS: &str = "secret_headers";
/// Keys whose values are secret where their names sound so.
const OF_NAMES: &str = "headers";
/// What the name of such a header has in it.
const HEADERS: &[&str] = &["auth", "key", "token", "secret", "cookie", "signature", "credential"];
/// What stands beside a `key` that is a secret: those of `redact`. To others a key is what events are sorted by.
const BESIDE_KEY: &[&str] = &["hash", "remove", "replace"];
/// Programs: what looks like an address in them is none, and a program with stars in it is another.
const PROGRAMS: &[&str] = &["program", "condition", "routes", "conditions"];
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

/// What a value is to be taken for.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Taken {
    Shown,
    Program,
    /// A table of secrets.
    Secrets,
    /// A table of headers.
    Headers,
    /// A secret, or a reference to one.
    Secret,
    /// The name in a reference.
    Name,
}

/// What the value of an entry is to be taken for, in a table that is taken so.
pub(super) fn taken_for(entry: &Entry, table: &[Entry], taken: Taken) -> Taken {
    let key = entry.key.to_lowercase();
    let one_text = entry.node.entries().is_none();
    let keyed = key == "key" && table.iter().any(|other| BESIDE_KEY.contains(&&*other.key));
    match taken {
        Taken::Secret if REFERENCES.contains(&&*key) => Taken::Name,
        Taken::Secret | Taken::Secrets => Taken::Secret,
        Taken::Headers if HEADERS.iter().any(|part| key.contains(part)) => Taken::Secret,
        _ if key == OF_SECRETS && !one_text => Taken::Secrets,
        _ if key == OF_NAMES => Taken::Headers,
        _ if keyed || is_secret(&key) || (one_text && PARTED.contains(&&*key)) => Taken::Secret,
        Taken::Program => Taken::Program,
        _ if PROGRAMS.contains(&&*key) => Taken::Program,
        _ => Taken::Shown,
    }
}

/// The references to secrets that stand in a component's settings.
pub(super) fn references(settings: &Node) -> Vec<SecretRef> {
    fn walk(node: &Node, taken: Taken, found: &mut Vec<SecretRef>) {
        match &node.value {
            Value::Table(entries) => {
                for entry in entries {
                    let taken_for = taken_for(entry, entries, taken);
                    match (&entry.node.value, taken_for, &*entry.key) {
                        (Value::Text(name), Taken::Name, "env") => found.push(SecretRef::Env(name.clone())),
                        (Value::Text(path), Taken::Name, "file") => found.push(SecretRef::File(path.into())),
                        (Value::Text(name), Taken::Name, "credential") => {
                            found.push(SecretRef::Credential(name.clone()));
                        }
                        _ => walk(&entry.node, taken_for, found),
                    }
                }
            }
            Value::List(items) => items.iter().for_each(|item| walk(item, taken, found)),
            _ => {}
        }
    }
    let mut found = Vec::new();
    walk(settings, Taken::Shown, &mut found);
    found
}

/// Whether a reference's name is one: somebody may have written the secret itself there.
fn is_name(value: &Value) -> bool {
    let legible = |c: char| c.is_ascii_alphanumeric() || "_-./@".contains(c);
    matches!(value, Value::Text(name) if name.len() <= 256 && name.chars().all(legible))
}

/// Hides every secret that stands in a file that could be read.
pub(crate) fn mask(text: &str, root: &Node) -> String {
    let mut found = Found::default();
    found.collect(text, root, Taken::Shown);
    hide(text, &found.hidden, &found.spared)
}

/// Hides every secret of a tree.
pub(super) fn masked(root: &Node) -> Node {
    let mut masked = root.clone();
    cover(&mut masked, Taken::Shown);
    masked
}

fn cover(node: &mut Node, taken: Taken) {
    match &mut node.value {
        Value::Table(entries) => {
            let taken_for: Vec<Taken> = entries.iter().map(|entry| taken_for(entry, entries, taken)).collect();
            for (entry, taken_for) in entries.iter_mut().zip(taken_for) {
                cover(&mut entry.node, taken_for);
                if taken == Taken::Secret && taken_for != Taken::Name && !harmless(&entry.key) {
                    entry.key = STARS.to_owned();
                }
            }
        }
        Value::List(items) => items.iter_mut().for_each(|item| cover(item, taken)),
        Value::Null => {}
        value if taken == Taken::Secret || (taken == Taken::Name && !is_name(value)) => {
            *value = Value::Text(STARS.to_owned());
        }
        Value::Text(text) if taken != Taken::Program => {
            let whole = in_address(text, 0..text.len());
            *text = hide(text, &whole, &[]);
        }
        _ => {}
    }
}

/// Where in a file's text secrets stand, and where nothing that looks like one is one.
#[derive(Default)]
struct Found {
    hidden: Vec<Place>,
    spared: Vec<Place>,
}

impl Found {
    fn collect(&mut self, text: &str, node: &Node, taken: Taken) {
        match &node.value {
            Value::Table(entries) => {
                for entry in entries {
                    let taken_for = taken_for(entry, entries, taken);
                    if taken == Taken::Secret && taken_for != Taken::Name && !harmless(&entry.key) {
                        self.hidden.push(entry.key_place.clone());
                    }
                    self.collect(text, &entry.node, taken_for);
                }
            }
            Value::List(items) => items.iter().for_each(|item| self.collect(text, item, taken)),
            Value::Null => {}
            value if taken == Taken::Secret || (taken == Taken::Name && !is_name(value)) => {
                self.hidden.push(node.place.clone());
            }
            _ if taken == Taken::Program => self.spared.push(node.place.clone()),
            Value::Text(_) => self.hidden.extend(in_address(text, node.place.clone())),
            _ => {}
        }
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
            if !rest.is_empty() {
                places.push(begin + value..start);
            }
            within = Some(indent);
        }
    }
    hide(text, &places, &[])
}

/// A short plain word is no secret, and helps to see the mistake.
fn harmless(key: &str) -> bool {
    key.len() <= 12 && key.bytes().all(|byte| byte.is_ascii_lowercase() || byte == b'_')
}

/// Where the first value of a secret's key that is no reference begins in a line, and the text from there to its end.
fn secret_in(line: &str) -> Option<(usize, &str)> {
    line.match_indices(':').find_map(|(colon, _)| {
        let before = line[..colon].trim_end_matches(['"', '\'', ' ']);
        let key = before.rsplit(|other: char| !(other.is_alphanumeric() || other == '_' || other == '-')).next()?;
        let rest = line[colon + 1..].trim();
        (is_secret(key) && !is_reference(rest)).then(|| {
            let value = colon + 1 + (line[colon + 1..].len() - line[colon + 1..].trim_start().len());
            (value.min(line.len()), rest)
        })
    })
}

fn is_reference(rest: &str) -> bool {
    let inner = rest.trim_start_matches('{').trim_start();
    rest.starts_with('{')
        && REFERENCES.iter().any(|name| inner.strip_prefix(name).is_some_and(|rest| rest.trim_start().starts_with(':')))
}

/// Where users and passwords of an address stand in a text that is known to be one, with whatever characters in them.
fn in_address(text: &str, place: Place) -> Vec<Place> {
    let mut places = Vec::new();
    for (at, mark) in text[place.clone()].match_indices("://") {
        let start = place.start + at + mark.len();
        let end = text[start..place.end].find(char::is_whitespace).map_or(place.end, |end| start + end);
        places.extend(text[start..end].rfind('@').map(|sign| start..start + sign));
    }
    places
}

/// Where users, passwords and queries of addresses stand in a text of any kind.
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
        let parted = before[start..].split_once(':').is_some_and(|(user, word)| !user.is_empty() && !word.is_empty());
        if parted && text[sign + 1..].starts_with(|c: char| c.is_alphanumeric() || c == '[') {
            places.push(start..sign);
        }
    }
    places
}

/// Hides what an address in words for a person must not show.
pub(super) fn in_words(text: &str) -> String {
    hide(text, &[], &[])
}

/// Every visible character of the places, and of addresses but in those that are `spared`, becomes as many stars as it has
/// bytes, so that all places stay right.
fn hide(text: &str, places: &[Place], spared: &[Place]) -> String {
    let beside = |place: &Place| !spared.iter().any(|spared| spared.contains(&place.start));
    let places: Vec<Place> = places.iter().cloned().chain(in_addresses(text).into_iter().filter(beside)).collect();
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
            "auth: { bearer: X }",
            "secret_headers: { x-any: X }",
            "secret_headers:\n  x-any: X\n",
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
        // Only where the tree is known.
        for text in [
            "headers: { Ocp-Apim-Subscription-Key: X }",
            "r: { type: redact, remove: [a], key: X }",
            "secret_key: { env: 'X+/=' }",
            "uri: 'https://u:p,X@h.example.com/x'",
            "uri: https://u:p/X@h.example.com/x",
            "uri: 'https://u:p\"}X@h.example.com/x'",
        ] {
            let text = text.replace('X', CANARY);
            let root = Node::parse(&text).unwrap();
            let (shown, tree) = (mask(&text, &root), format!("{:?}", masked(&root)));
            assert!(!shown.contains("canary") && !tree.contains("canary"), "{shown} {tree}");
        }
        let two = "out: { secret_key: { env: K }, password: X ]".replace('X', CANARY);
        assert!(!mask_lines(&two).contains("canary"), "{}", mask_lines(&two));
        let program = "t: { type: remap, program: '{a: .x, b:@base64 \"https://x/?a\"}' }";
        assert_eq!(mask(program, &Node::parse(program).unwrap()), program, "a program stays what it is");
        let sorted = "k: { type: kafka, key: '{tenant}' }";
        assert_eq!(mask(sorted, &Node::parse(sorted).unwrap()), sorted, "not every key is a secret");
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
