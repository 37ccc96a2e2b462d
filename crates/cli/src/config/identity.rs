//! What tells one version of a component's settings from another.

use std::fmt::Write;
use std::hash::{DefaultHasher, Hasher};
use std::path::Path;

use super::mask::is_secret;
use super::node::{Node, Value};

/// What a file that a setting names holds at most, to be looked at: certificates and programs are small.
const MOST: u64 = 1 << 20;

/// The settings as they are written, and what the files hold that they name: a certificate is renewed in its place. A secret
/// is read again when it is needed.
pub(super) fn of(node: &Node) -> String {
    let mut text = String::new();
    write(node, false, &mut text);
    text
}

fn write(node: &Node, secret: bool, into: &mut String) {
    let written = match &node.value {
        Value::Null => write!(into, "null"),
        Value::Bool(value) => write!(into, "{value}"),
        // As text it may be meant as it stands: 1.10 is not 1.1.
        Value::Integer(_, text) | Value::Float(_, text) => write!(into, "{text}"),
        Value::Text(text) => write!(into, "{text:?}"),
        Value::List(items) => {
            into.push('[');
            for item in items {
                write(item, secret, into);
                into.push(',');
            }
            write!(into, "]")
        }
        Value::Table(entries) => {
            into.push('{');
            for entry in entries {
                write!(into, "{:?}:", entry.key).expect("a string takes it");
                write(&entry.node, secret || is_secret(&entry.key), into);
                if !secret {
                    held(&entry.key, &entry.node, into);
                }
                into.push(',');
            }
            write!(into, "}}")
        }
    };
    written.expect("a string takes it");
}

/// What the file holds that a setting such as `ca_file` names.
fn held(key: &str, node: &Node, into: &mut String) {
    let Value::Text(path) = &node.value else { return };
    if key != "file" && !key.ends_with("_file") {
        return;
    }
    let small = std::fs::metadata(Path::new(path)).is_ok_and(|file| file.is_file() && file.len() <= MOST);
    if let Some(bytes) = small.then(|| std::fs::read(path).ok()).flatten() {
        let mut hasher = DefaultHasher::new();
        hasher.write(&bytes);
        write!(into, "#{:x}", hasher.finish()).expect("a string takes it");
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn identity(text: &str) -> String {
        of(&Node::parse(text).unwrap())
    }

    #[test]
    fn numbers_count_as_they_are_written() {
        assert_ne!(identity("v: 1.10"), identity("v: 1.1"));
        assert_ne!(identity("v: 0123"), identity("v: 123"));
        assert_ne!(identity("v: '1'"), identity("v: 1"));
        assert_eq!(identity("{a: 1, b: [x]}"), identity("a: 1\nb:\n- x\n"));
    }

    #[test]
    fn a_file_that_is_renewed_in_its_place_is_another_and_a_secret_is_not_looked_at() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("a");
        let texts = |path: &Path| {
            let path = path.display();
            [format!("tls: {{ crt_file: {path} }}"), format!("secret_key: {{ file: {path} }}"), format!("path: {path}")]
        };
        std::fs::write(&path, "one").unwrap();
        let before = texts(&path).map(|text| identity(&text));
        std::fs::write(&path, "two").unwrap();
        let after = texts(&path).map(|text| identity(&text));
        assert_ne!(before[0], after[0]);
        assert_eq!((&before[1], &before[2]), (&after[1], &after[2]));
    }
}
