//! Reading records back, by the formats' specifications and ADR's own schema, and by nothing of the program's.

use std::collections::BTreeMap;
use std::sync::LazyLock;

use serde_json::Value;

use super::Tree;

/// Keys of CEF's dictionary, what they mean here and how long their values may be.
pub(crate) const CEF: &[(&str, &str, usize)] = &[
    ("rt", "time", 20),
    ("externalId", "metadata.uid", 40),
    ("cs1", "metadata.tenant_uid", 4000),
    ("cs2", "metadata.event_code", 4000),
    ("cs3", "metadata.correlation_uid", 4000),
    ("cs4", "src_endpoint.location.country", 4000),
    ("cat", "class_name", 1023),
    ("sourceServiceName", "metadata.log_name", 1023),
    ("destinationServiceName", "service.name", 1023),
    ("act", "activity_name", 63),
    ("outcome", "status", 63),
    ("reason", "status_detail", 1023),
    ("msg", "message", 1023),
    ("src", "src_endpoint.ip", 15),
    ("c6a2", "src_endpoint.ip", 45),
    ("shost", "src_endpoint.hostname", 1023),
    ("dst", "dst_endpoint.ip", 15),
    ("c6a3", "dst_endpoint.ip", 45),
    ("dhost", "dst_endpoint.hostname", 1023),
    ("duser", "user.name", 1023),
    ("duid", "user.uid", 1023),
    ("suser", "actor.user.name", 1023),
    ("suid", "actor.user.uid", 1023),
    ("app", "auth_protocol", 31),
    ("dvchost", "device.hostname", 100),
    ("deviceExternalId", "device.uid", 255),
];

/// The labels of custom fields.
const LABELS: &[(&str, &str)] = &[
    ("cs1", "Tenant"),
    ("cs2", "Event Type"),
    ("cs3", "Correlation ID"),
    ("cs4", "Source Country"),
    ("c6a2", "Source IPv6 Address"),
    ("c6a3", "Destination IPv6 Address"),
];

/// The same of LEEF.
pub(crate) const LEEF: &[(&str, &str, usize)] = &[
    ("devTime", "time", 13),
    ("cat", "class_name", 1023),
    ("src", "src_endpoint.ip", 45),
    ("dst", "dst_endpoint.ip", 45),
    ("resource", "dst_endpoint.hostname", 1023),
    ("accountName", "user.name", 255),
    ("groupID", "group.uid", 1023),
];

/// Names of flat records that are not paths.
pub(crate) const FLAT: &[(&str, &str)] = &[
    ("timestamp", "time"),
    ("event_id", "metadata.uid"),
    ("tenant_id", "metadata.tenant_uid"),
    ("event_type_name", "metadata.event_code"),
    ("event_category", "class_name"),
    ("source_data_type", "metadata.product.name"),
    ("src_ip", "src_endpoint.ip"),
    ("src_host_name", "src_endpoint.hostname"),
];

/// A record taken apart.
pub(crate) struct Record {
    /// The header's fields, unescaped.
    pub(crate) header: Vec<String>,
    /// The values by their keys, unescaped.
    pub(crate) pairs: BTreeMap<String, String>,
}

impl Record {
    /// CEF: backslashes before `|` and `\` in the header, before `=` and `\` in values, line breaks as `\n`, `\r`.
    pub(crate) fn cef(text: &str) -> Self {
        assert!(!text.contains(is_control), "{text:?}");
        let mut header = vec![String::new()];
        let mut chars = text.char_indices();
        let rest = loop {
            let (at, it) = chars.next().expect("a header has seven fields");
            match it {
                '\\' => match chars.next().expect("an escape has a character").1 {
                    it @ ('\\' | '|') => header.last_mut().expect("a field").push(it),
                    odd => panic!("\\{odd} in the header of {text}"),
                },
                '|' if header.len() == 7 => break &text[at + 1..],
                '|' => header.push(String::new()),
                it => header.last_mut().expect("a field").push(it),
            }
        };
        let mut pairs = BTreeMap::new();
        let marks = equal_signs(rest);
        let key_of = |mark: usize| rest[..mark].rfind(' ').map_or(0, |at| at + 1);
        for (nth, mark) in marks.iter().enumerate() {
            // One space stands before the next key.
            let end = marks.get(nth + 1).map_or(rest.len(), |next| key_of(*next) - 1);
            let (key, value) = (&rest[key_of(*mark)..*mark], &rest[mark + 1..end]);
            assert!(!value.starts_with(' ') && !value.ends_with(' '), "a reader may trim {key}: {text}");
            let before = pairs.insert(key.to_owned(), unescape(value));
            assert!(before.is_none() && key.chars().all(|it| it.is_ascii_alphanumeric()), "{key}: {text}");
        }
        Self { header, pairs }
    }

    /// LEEF: no escapes at all.
    pub(crate) fn leef(text: &str) -> Self {
        assert!(!text.replace('\t', "").contains(is_control), "{text:?}");
        let mut parts = text.splitn(7, '|').map(str::to_owned);
        let header: Vec<String> = parts.by_ref().take(6).collect();
        assert_eq!(header[5], "x09");
        let mut pairs = BTreeMap::new();
        for pair in parts.next().expect("pairs").split('\t') {
            let (key, value) = pair.split_once('=').unwrap_or_else(|| panic!("no pair: {pair:?} of {text}"));
            let before = pairs.insert(key.to_owned(), value.to_owned());
            assert!(before.is_none() && key.chars().all(|it| it.is_ascii_alphanumeric()), "{key}: {text}");
        }
        Self { header, pairs }
    }

    /// The event of a CEF record.
    pub(crate) fn cef_event(mut self) -> Tree {
        for (key, label) in LABELS {
            let said = self.pairs.remove(&format!("{key}Label"));
            assert_eq!(said.as_deref(), self.pairs.get(*key).map(|_| *label), "{key}");
        }
        if let Some(start) = self.pairs.remove("start") {
            assert_eq!(self.pairs.get("rt"), Some(&start));
        }
        let severity: u8 = self.header[6].parse().expect("a number");
        assert!(severity <= 10 && self.header.len() == 7 && self.header.iter().all(|field| !field.is_empty()));
        self.event(CEF)
    }

    /// The event of a LEEF record.
    pub(crate) fn leef_event(mut self) -> Tree {
        let severity: u8 = self.pairs.remove("sev").expect("a severity").parse().expect("a number");
        assert!((1..=10).contains(&severity) && self.header.iter().all(|field| !field.is_empty()));
        let name = self.pairs.remove("usrName");
        if let Some(actor) = self.pairs.get("adrActorUserName").filter(|name| name.len() <= 255) {
            assert_eq!(name.as_ref(), Some(actor));
        } else if let Some(user) = self.pairs.get("accountName") {
            assert_eq!(name.as_ref(), Some(user));
        }
        self.event(LEEF)
    }

    fn event(mut self, dictionary: &[(&str, &str, usize)]) -> Tree {
        let other = self.pairs.remove("adrOther").map(|json| Tree::read(&json));
        if !self.pairs.contains_key("adrClassUid") {
            return other.expect("an event that is not ADR's stands under adrOther");
        }
        let mut event = Tree::Object(BTreeMap::new());
        for (key, value) in self.pairs {
            let path = match dictionary.iter().find(|(name, ..)| *name == key) {
                Some((_, path, limit)) => {
                    assert!(value.chars().count() <= *limit, "{key} is too long: {value}");
                    (*path).to_owned()
                }
                None => OWN.get(&key).unwrap_or_else(|| panic!("{key}?")).clone(),
            };
            let leaf = match PATHS[&path].as_str() {
                "string" => Tree::Text(value),
                _ => Tree::read(&value),
            };
            put(&mut event, &path, leaf);
        }
        merge(&mut event, other.unwrap_or(Tree::Object(BTreeMap::new())));
        event
    }
}

/// The event of a flat record.
pub(crate) fn flat_event(text: &str) -> Tree {
    let Tree::Object(mut members) = Tree::read(text) else { panic!("not an object: {text}") };
    let json = |text: Tree| match text {
        Tree::Text(json) => Tree::read(&json),
        odd => panic!("not a text: {odd:?}"),
    };
    let other = members.remove("other").map(json);
    if !members.contains_key("class_uid") {
        return other.expect("an event that is not ADR's stands under other");
    }
    let mut event = Tree::Object(BTreeMap::new());
    if let Some(Tree::Array(names)) = members.remove("user_name") {
        let actor = members.get("actor_user_name");
        assert_eq!(names.last().filter(|_| actor.is_some()), actor);
        if names.len() > usize::from(actor.is_some()) {
            put(&mut event, "user.name", names[0].clone());
        }
    }
    for (name, value) in members {
        match name.as_str() {
            "unmapped" => put(&mut event, "unmapped", json(value)),
            "src_geolite" => put(&mut event, "src_endpoint.location", value),
            _ => {
                assert!(!matches!(value, Tree::Object(_)), "one level: {name}");
                assert!(name.chars().all(|it| it.is_ascii_lowercase() || it == '_'), "snake_case: {name}");
                let special = FLAT.iter().find(|(flat, _)| *flat == name).map(|(_, path)| (*path).to_owned());
                let path = special.or_else(|| SNAKE.get(&name).cloned());
                put(&mut event, &path.unwrap_or_else(|| panic!("{name}?")), value);
            }
        }
    }
    merge(&mut event, other.unwrap_or(Tree::Object(BTreeMap::new())));
    event
}

/// The paths of the schema's attributes, each with its JSON type.
pub(crate) static PATHS: LazyLock<BTreeMap<String, String>> = LazyLock::new(|| {
    let schema: Value = serde_json::from_str(&adr_transform::schema()).expect("JSON");
    let mut paths = BTreeMap::new();
    let definitions = schema["$defs"].as_object().expect("definitions");
    for (name, class) in definitions {
        if name.starts_with("class_") {
            walk(&schema, class, String::new(), &mut paths);
        }
    }
    paths
});

/// Them by the keys that are made from them.
static OWN: LazyLock<BTreeMap<String, String>> =
    LazyLock::new(|| PATHS.keys().map(|path| (own_key(path), path.clone())).collect());
static SNAKE: LazyLock<BTreeMap<String, String>> =
    LazyLock::new(|| PATHS.keys().map(|path| (path.replace('.', "_"), path.clone())).collect());

fn walk(schema: &Value, node: &Value, path: String, paths: &mut BTreeMap<String, String>) {
    let properties = properties(schema, node);
    if properties.is_empty() {
        let of = |value: &Value| match value {
            Value::String(_) => "string",
            Value::Number(_) => "integer",
            Value::Bool(_) => "boolean",
            odd => panic!("{path}: {odd}"),
        };
        let kind = node["type"].as_str().unwrap_or_else(|| of(node.get("const").unwrap_or(&node["enum"][0])));
        paths.insert(path, kind.to_owned());
        return;
    }
    for (key, inner) in properties {
        let path = if path.is_empty() { key } else { format!("{path}.{key}") };
        walk(schema, &inner, path, paths);
    }
}

fn properties(schema: &Value, node: &Value) -> BTreeMap<String, Value> {
    let mut found = BTreeMap::new();
    if let Some(name) = node["$ref"].as_str() {
        let name = name.rsplit('/').next().expect("a name");
        found.extend(properties(schema, &schema["$defs"][name]));
    }
    for (key, value) in node["properties"].as_object().into_iter().flatten() {
        found.insert(key.clone(), value.clone());
    }
    found
}

/// What ends or changes a message on its way.
fn is_control(it: char) -> bool {
    it < ' '
}

/// `actor.user.email_addr` as `adrActorUserEmailAddr`.
fn own_key(path: &str) -> String {
    let mut key = "adr".to_owned();
    let mut up = true;
    for it in path.chars() {
        match it {
            '.' | '_' => up = true,
            it if up => {
                key.push(it.to_ascii_uppercase());
                up = false;
            }
            it => key.push(it),
        }
    }
    key
}

/// Where the equal signs without a backslash stand.
fn equal_signs(text: &str) -> Vec<usize> {
    let (mut found, mut escaped) = (Vec::new(), false);
    for (at, byte) in text.bytes().enumerate() {
        match byte {
            _ if escaped => escaped = false,
            b'\\' => escaped = true,
            b'=' => found.push(at),
            _ => {}
        }
    }
    found
}

fn unescape(value: &str) -> String {
    let mut plain = String::new();
    let mut chars = value.chars();
    while let Some(it) = chars.next() {
        plain.push(match it {
            '\\' => match chars.next() {
                Some(it @ ('\\' | '=')) => it,
                Some('n') => '\n',
                Some('r') => '\r',
                odd => panic!("the standard has no escape {odd:?}: {value}"),
            },
            it => it,
        });
    }
    plain
}

fn put(tree: &mut Tree, path: &str, leaf: Tree) {
    let Tree::Object(members) = tree else { panic!("{path} has no place") };
    match path.split_once('.') {
        Some((key, rest)) => {
            put(members.entry(key.to_owned()).or_insert(Tree::Object(BTreeMap::new())), rest, leaf);
        }
        None => assert!(members.insert(path.to_owned(), leaf).is_none(), "{path} twice"),
    }
}

fn merge(tree: &mut Tree, more: Tree) {
    let (Tree::Object(members), Tree::Object(more)) = (tree, more) else { panic!("only objects are merged") };
    for (key, value) in more {
        match members.get_mut(&key) {
            Some(inner) => merge(inner, value),
            None => drop(members.insert(key, value)),
        }
    }
}
