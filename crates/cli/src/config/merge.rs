//! Makes one pipeline of several files: their components together, every other setting given once.

use super::node::{Entry, Node, Value};
use super::problem::Problem;

/// The sections whose components may stand in several files.
const SECTIONS: &[&str] = &["sources", "transforms", "sinks", "tests"];

/// Joins the trees of all files, whose places are places in the text of all.
pub(super) fn merge(roots: Vec<Node>, problems: &mut Vec<Problem>) -> Node {
    let several = roots.len() > 1;
    let mut roots = roots.into_iter();
    // What is wrong with a single file as a whole is told where its components are read.
    let first = if several { None } else { roots.next() };
    let mut merged = first.unwrap_or(Node { value: Value::Null, place: 0..0 });
    for root in roots {
        match root.value {
            // A file of comments alone.
            Value::Null => {}
            Value::Table(entries) => match &mut merged.value {
                Value::Table(into) => entries.into_iter().for_each(|entry| add(entry, into, problems)),
                _ => merged = Node { value: Value::Table(entries), place: root.place },
            },
            _ => {
                let problem = Problem::new("a pipeline file is a mapping with `sources:` and `sinks:`").at(&root.place);
                problems.push(problem.label(root.describe()));
            }
        }
    }
    merged
}

fn add(entry: Entry, into: &mut Vec<Entry>, problems: &mut Vec<Problem>) {
    let Some(first) = into.iter_mut().find(|first| first.key == entry.key) else {
        into.push(entry);
        return;
    };
    match (&mut first.node.value, entry.node.value) {
        (Value::Table(components), Value::Table(more)) if SECTIONS.contains(&&*entry.key) => components.extend(more),
        (Value::List(tests), Value::List(more)) if SECTIONS.contains(&&*entry.key) => tests.extend(more),
        // Places and all: what is wrong with it stands in its own file.
        (Value::Null, value) => *first = Entry { node: Node { value, ..entry.node }, ..entry },
        (_, Value::Null) => {}
        _ => {
            let problem = Problem::new(format!("`{}` is given twice", entry.key)).at(&entry.key_place);
            problems
                .push(problem.label("the second time").also(&first.key_place, "the first").help("keep one of the two"));
        }
    }
}
