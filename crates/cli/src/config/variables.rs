//! Which variables of the environment a pipeline reads, by name.

use std::collections::BTreeSet;

use super::files::Files;
use super::node::{Entry, Node, Value};
use super::{Paths, read_all};

/// Names in references to secrets, `{ env: NAME }`, and in values, `${NAME}`. Of files that can be read.
pub(crate) fn variables(paths: &Paths) -> BTreeSet<String> {
    let mut names = BTreeSet::new();
    for file in &Files::read(paths, &mut Vec::new()).0 {
        if let Ok(root) = Node::parse(&file.text) {
            in_values(&root, &mut names);
        }
    }
    // The name in a reference may itself be given by a variable.
    if let Ok(read) = read_all(paths) {
        in_references(&read.root, &mut names);
    }
    names
}

fn in_values(node: &Node, names: &mut BTreeSet<String>) {
    match &node.value {
        Value::List(items) => items.iter().for_each(|item| in_values(item, names)),
        Value::Table(entries) => entries.iter().for_each(|entry| in_values(&entry.node, names)),
        Value::Text(text) => {
            // `$$` is a dollar sign.
            for part in text.replace("$$", "").split("${").skip(1) {
                let name: String =
                    part.chars().take_while(|next| next.is_ascii_alphanumeric() || *next == '_').collect();
                names.extend(Some(name).filter(|name| !name.is_empty()));
            }
        }
        _ => {}
    }
}

fn in_references(node: &Node, names: &mut BTreeSet<String>) {
    match &node.value {
        Value::List(items) => items.iter().for_each(|item| in_references(item, names)),
        Value::Table(entries) => match &entries[..] {
            [Entry { key, node: Node { value: Value::Text(name), .. }, .. }] if key == "env" => {
                names.insert(name.clone());
            }
            entries => entries.iter().for_each(|entry| in_references(&entry.node, names)),
        },
        _ => {}
    }
}
