//! What several tests share: an independent reading of JSON, samples, and JSON without its order.
#![allow(dead_code, reason = "each test file uses its part")]
#![allow(clippy::print_stdout, reason = "says what could not be checked")]

pub(crate) mod decode;
pub(crate) mod encode;
pub(crate) mod generate;

use std::collections::BTreeMap;
use std::path::PathBuf;

use adr_transform::{AdrConfig, Mapped};
use serde_json::value::RawValue;

/// Our own sample events, one a line.
pub(crate) const EVENTS: &str = include_str!("../fixtures/events.ndjson");

/// The tenant of the lane in tests; some events name another organization, some none.
pub(crate) const TENANT: &str = "6a0b0c0d0e0f101112131415";

/// A JSON value as serde_json reads it, with numbers as written and keys in order of the alphabet.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Tree {
    Word(&'static str),
    Number(String),
    Text(String),
    Array(Vec<Tree>),
    Object(BTreeMap<String, Tree>),
}

impl Tree {
    pub(crate) fn read(text: &str) -> Self {
        Self::try_read(text).unwrap_or_else(|| panic!("not JSON: {text}"))
    }

    /// `None` for what serde_json refuses.
    pub(crate) fn try_read(text: &str) -> Option<Self> {
        let text = text.trim_matches([' ', '\t', '\n', '\r']);
        Some(match text.as_bytes().first()? {
            b'n' => serde_json::from_str::<()>(text).ok().map(|()| Self::Word("null"))?,
            b't' | b'f' => Self::Word(if serde_json::from_str::<bool>(text).ok()? { "true" } else { "false" }),
            b'"' => Self::Text(serde_json::from_str(text).ok()?),
            b'[' => {
                let elements: Vec<&RawValue> = serde_json::from_str(text).ok()?;
                Self::Array(elements.iter().map(|raw| Self::try_read(raw.get())).collect::<Option<_>>()?)
            }
            b'{' => {
                let members: BTreeMap<String, &RawValue> = serde_json::from_str(text).ok()?;
                let members = members.into_iter().map(|(key, raw)| Some((key, Self::try_read(raw.get())?)));
                Self::Object(members.collect::<Option<_>>()?)
            }
            _ => Self::Number(serde_json::from_str::<&RawValue>(text).ok()?.get().to_owned()),
        })
    }

    /// The member at the end of a path of keys.
    pub(crate) fn at(&self, path: &[&str]) -> Option<&Self> {
        path.iter().try_fold(self, |tree, key| match tree {
            Self::Object(members) => members.get(*key),
            _ => None,
        })
    }

    pub(crate) fn text(&self, path: &[&str]) -> Option<&str> {
        match self.at(path)? {
            Self::Text(text) | Self::Number(text) => Some(text),
            _ => None,
        }
    }

    pub(crate) fn has_label(&self, label: &str) -> bool {
        matches!(self.at(&["metadata", "labels"]), Some(Self::Array(all)) if all.contains(&Self::Text(label.to_owned())))
    }

    /// Whether a null stands anywhere.
    pub(crate) fn has_null(&self) -> bool {
        match self {
            Self::Word(word) => *word == "null",
            Self::Array(elements) => elements.iter().any(Self::has_null),
            Self::Object(members) => members.values().any(Self::has_null),
            _ => false,
        }
    }
}

/// Maps one event with the plain settings.
pub(crate) fn map(event: &str) -> (String, Mapped) {
    let mut out = Vec::new();
    let mapped = AdrConfig::default().build().map(event.as_bytes(), TENANT, &mut out).expect(event);
    (String::from_utf8(out).expect("ADR events are text"), mapped)
}

/// Maps one event and checks what holds for every event; gives the ADR event back.
pub(crate) fn check(event: &str) -> String {
    let (adr, mapped) = map(event);
    assert!(!adr.contains(['\n', '\r']), "an event is one line: {adr}");
    assert_eq!(map(event).0, adr, "the same event gives the same bytes");

    let back = adr_transform::rebuild(&adr).unwrap_or_else(|error| panic!("{error}\n{event}\n{adr}"));
    let tree = Tree::read(&adr);
    if tree.at(&["raw_data"]).is_some() {
        assert_eq!(back, event, "an event kept as text comes back as it was");
    } else {
        assert_eq!(Tree::read(&back), Tree::read(event), "lossless\n{event}\n{adr}");
    }

    let Tree::Object(mut members) = tree.clone() else { panic!("not an object: {adr}") };
    members.remove("unmapped");
    assert!(!Tree::Object(members).has_null(), "no null outside unmapped: {adr}");
    assert!(tree.has_label("adr.v1"));
    assert_eq!(mapped.body, 0..adr.len());
    let uid = tree.at(&["metadata", "uid"]).expect("every event has a uid");
    assert_eq!(Tree::read(&format!("\"{}\"", &adr[mapped.id.clone()])), *uid);
    let kind = tree.at(&["metadata", "event_code"]).cloned().unwrap_or(Tree::Text(String::new()));
    assert_eq!(Tree::read(&format!("\"{}\"", &adr[mapped.kind.clone()])), kind);
    let severity = tree.text(&["severity_id"]).map(str::to_owned);
    assert_eq!(severity, Some((mapped.severity as u8).to_string()));
    let errors = schema_errors(&adr);
    assert!(errors.is_empty(), "{errors:?}\n{event}\n{adr}");
    adr
}

/// What our own JSON Schema has against an event.
pub(crate) fn schema_errors(adr: &str) -> Vec<String> {
    use std::sync::LazyLock;
    static VALIDATOR: LazyLock<jsonschema::Validator> = LazyLock::new(|| {
        let schema = serde_json::from_str(&adr_transform::schema()).expect("the schema is JSON");
        jsonschema::draft202012::new(&schema).expect("the schema is a schema")
    });
    let Ok(instance) = serde_json::from_str(adr) else {
        // A number that no double holds, or deeper than serde_json goes: not the schema's affair.
        return Vec::new();
    };
    VALIDATOR.iter_errors(&instance).map(|error| format!("{}: {error}", error.instance_path())).collect()
}

/// The folder of reference material beside the checkout, where there is one.
pub(crate) fn shared(path: &str) -> Option<PathBuf> {
    let root = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../../../../shared");
    let path = root.join(path);
    if path.exists() {
        return Some(path);
    }
    println!("not checked: {} is not here", path.display());
    None
}

/// Holds ADR events against the independent OCSF validator, where it is here.
pub(crate) fn validate_ocsf(events: &[String]) {
    let Some(script) = shared("adr/validate_ocsf.py") else { return };
    let mut file = tempfile::NamedTempFile::new().expect("a temporary file");
    std::io::Write::write_all(&mut file, (events.join("\n") + "\n").as_bytes()).expect("a writable temporary file");
    let output = std::process::Command::new("python3")
        .arg(script)
        .args(["--strict", "--require", "metadata.tenant_uid", "--require", "metadata.uid"])
        .arg(file.path())
        .output();
    let Ok(output) = output else {
        println!("not checked: no python3 here");
        return;
    };
    let said = String::from_utf8_lossy(&output.stdout).into_owned();
    assert!(said.contains(&format!("events={}", events.len())), "the validator saw all: {said}");
    assert!(output.status.success(), "{said}{}", String::from_utf8_lossy(&output.stderr));
    println!("OCSF validator: {}", said.lines().next().unwrap_or_default());
}
