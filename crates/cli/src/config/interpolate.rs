//! Variables of the environment in the values of a pipeline file: `${NAME}`, `${NAME:-default}`, `${NAME:?message}`; `$$` is
//! a dollar sign.
//!
//! Only values are looked at, one by one and after the file was read: a variable can never add a key or a line. What
//! stands without quotes is read as if it had been written there (a number, true or false); what stands in quotes stays text.
//! In `tests` there are none: what is written there is data, and the same everywhere.

use super::mask::{Taken, taken_for};
use super::node::{Entry, Node, Place, Value};
use super::problem::Problem;
use super::unit_tests;

/// Where variables come from.
pub(super) type Variables<'a> = &'a dyn Fn(&str) -> Option<String>;

/// Puts the variables' values into a tree that was read from `text`, whose places are places in it.
pub(super) fn interpolate(root: &mut Node, text: &str, variables: Variables<'_>) -> Vec<Problem> {
    let mut problems = Vec::new();
    // What is written in tests is data.
    let tests = take_tests(root);
    walk(root, Taken::Shown, &Scope { text, variables }, &mut problems);
    if let (Some((at, tests)), Value::Table(sections)) = (tests, &mut root.value) {
        sections.insert(at, tests);
    }
    problems
}

fn take_tests(root: &mut Node) -> Option<(usize, Entry)> {
    let Value::Table(sections) = &mut root.value else { return None };
    let at = sections.iter().position(|section| section.key == unit_tests::SECTION)?;
    Some((at, sections.remove(at)))
}

struct Scope<'a> {
    text: &'a str,
    variables: Variables<'a>,
}

fn walk(node: &mut Node, taken: Taken, scope: &Scope<'_>, problems: &mut Vec<Problem>) {
    match &mut node.value {
        Value::List(items) => items.iter_mut().for_each(|item| walk(item, taken, scope, problems)),
        Value::Table(entries) => {
            let taken_for: Vec<Taken> = entries.iter().map(|entry| taken_for(entry, entries, taken)).collect();
            for (entry, taken_for) in entries.iter_mut().zip(taken_for) {
                walk(&mut entry.node, taken_for, scope, problems);
            }
        }
        Value::Text(value) if value.contains('$') => {
            // The value itself, not what a reference beneath it names.
            if taken == Taken::Secret && value.contains("${") {
                problems.push(reference(value).at(&node.place));
                return;
            }
            match expand(value, scope.variables) {
                Ok(Some(expanded)) => {
                    let plain = is_plain(scope.text, &node.place);
                    node.value = if plain { scalar(expanded) } else { Value::Text(expanded) };
                }
                Ok(None) => {}
                Err((message, help)) => problems.push(Problem::new(message).at(&node.place).help(help)),
            }
        }
        _ => {}
    }
}

/// A secret must never be part of the file, not even by way of a variable.
fn reference(value: &str) -> Problem {
    let problem = Problem::new("a secret is not put into the file by a variable");
    let name = value.trim_start_matches("${").split(|c: char| !is_name(c)).next().unwrap_or_default();
    match name {
        "" => problem.help("name the variable: { env: NAME }"),
        name => problem.help(format!("name the variable, and its value is never shown: {{ env: {name} }}")),
    }
}

/// Whether a text stands there without quotes: in none, in no block, without a tag, and not by an alias.
fn is_plain(text: &str, place: &Place) -> bool {
    let before = text[..place.start].trim_end();
    let mark = before.rsplit(char::is_whitespace).next().unwrap_or_default();
    // The place of a block is where its content begins, in a line of its own.
    let block = text[before.len()..place.start].contains('\n') && mark.starts_with(['|', '>']);
    !block && !mark.starts_with('!') && !text[place.clone()].starts_with(['"', '\'', '*', '|', '>', '!'])
}

/// What the text stands for without quotes.
fn scalar(text: String) -> Value {
    let reads_as = Node::parse(&text).map(|node| node.value);
    match reads_as {
        Ok(Value::Integer(number, written)) if written == text => Value::Integer(number, written),
        Ok(Value::Float(number, written)) if written == text => Value::Float(number, written),
        Ok(value @ Value::Bool(_)) if matches!(&*text, "true" | "false") => value,
        _ => Value::Text(text),
    }
}

fn is_name(character: char) -> bool {
    character.is_ascii_alphanumeric() || character == '_'
}

/// The text with its variables' values; `None` where it has none. An error says what is wrong and what would be right.
fn expand(text: &str, variables: Variables<'_>) -> Result<Option<String>, (String, String)> {
    let mut expanded = String::with_capacity(text.len());
    let (mut rest, mut any) = (text, false);
    while let Some(at) = rest.find('$') {
        expanded.push_str(&rest[..at]);
        let after = &rest[at + 1..];
        if let Some(after) = after.strip_prefix('$') {
            (rest, any) = (after, true);
            expanded.push('$');
        } else if let Some(inside) = after.strip_prefix('{') {
            let escape = "for a dollar sign before a brace write $${";
            let Some((inside, after)) = inside.split_once('}') else {
                return Err(("`${` has no `}` behind it".into(), escape.into()));
            };
            if inside.contains("${") {
                let help = "set the one to the other before the start, or write the default itself; {escape}";
                return Err((
                    format!("`${{{inside}}}`: a default holds no variable"),
                    help.replace("{escape}", escape),
                ));
            }
            expanded.push_str(&value(inside, variables)?);
            (rest, any) = (after, true);
        } else {
            // A lone dollar sign is one: programs and expressions are full of them.
            expanded.push('$');
            rest = after;
        }
    }
    expanded.push_str(rest);
    Ok(any.then_some(expanded))
}

/// The value of what stands between the braces.
fn value(inside: &str, variables: Variables<'_>) -> Result<String, (String, String)> {
    let end = inside.find(|character| !is_name(character)).unwrap_or(inside.len());
    let (name, operator) = inside.split_at(end);
    if name.is_empty() || name.starts_with(|first: char| first.is_ascii_digit()) {
        let help = "write ${NAME}, ${NAME:-default} or ${NAME:?message}; for a dollar sign before a brace write $${";
        return Err((format!("`${{{inside}}}` names no variable"), help.into()));
    }
    let set = variables(name).filter(|value| !value.is_empty());
    match operator.split_at(operator.len().min(2)) {
        ("", _) => variables(name).ok_or_else(|| {
            let help = format!("export {name} before the start, or give a default: ${{{name}:-default}}");
            (format!("environment variable {name} is not set"), help)
        }),
        (":-", default) => Ok(set.unwrap_or_else(|| default.to_owned())),
        (":?", message) => set.ok_or_else(|| {
            let why = if message.is_empty() { "it must be" } else { message };
            (format!("environment variable {name} is not set"), why.to_owned())
        }),
        _ => {
            let help = format!("write ${{{name}}}, ${{{name}:-default}} or ${{{name}:?message}}");
            Err((format!("`{operator}` behind {name} means nothing here"), help))
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(text: &str) -> (Node, Vec<Problem>) {
        let mut root = Node::parse(text).unwrap();
        let variables = |name: &str| match name {
            "HOST" => Some("a.example.com".to_owned()),
            "PORT" => Some("514".to_owned()),
            "EVIL" => Some("x\nsinks: { out: 1 }".to_owned()),
            "EMPTY" => Some(String::new()),
            "REMARK" => Some("5 # x".to_owned()),
            _ => None,
        };
        let problems = interpolate(&mut root, text, &variables);
        (root, problems)
    }

    fn text(root: &Node, key: &str) -> String {
        match &root.get(key).unwrap().node.value {
            Value::Text(text) => text.clone(),
            other => panic!("{other:?}"),
        }
    }

    #[test]
    fn values_take_variables_and_keys_do_not() {
        let (root, problems) = read("a: '${HOST}:${PORT}'\nb: x-${HOST}-$$-$x-${NONE:-d}\n'${HOST}': 1\n");
        assert_eq!(problems, []);
        assert_eq!(text(&root, "a"), "a.example.com:514");
        assert_eq!(text(&root, "b"), "x-a.example.com-$-$x-d");
        assert!(root.get("${HOST}").is_some(), "a key is structure");
    }

    #[test]
    fn what_stands_without_quotes_is_read_as_if_written_there_and_never_as_structure() {
        let (root, problems) =
            read("a: ${PORT}\nb: '${PORT}'\nc: ${EVIL}\nd: ${NONE:-true}\ne: ${NONE:-[1]}\nf: ${EMPTY}\n");
        assert_eq!(problems, []);
        assert!(matches!(root.get("a").unwrap().node.value, Value::Integer(514, _)));
        assert_eq!(text(&root, "b"), "514");
        assert_eq!(text(&root, "c"), "x\nsinks: { out: 1 }");
        assert!(matches!(root.get("d").unwrap().node.value, Value::Bool(true)));
        assert_eq!(text(&root, "e"), "[1]");
        assert_eq!(text(&root, "f"), "");
        let (root, problems) =
            read("a: !!str ${PORT}\nb: |\n  ${PORT}\nc: >-\n  ${PORT}\nd: &q '${PORT}'\ne: *q\nf: ${REMARK}\n");
        assert_eq!(problems, []);
        let texts = ["a", "b", "c", "d", "e", "f"].map(|key| text(&root, key));
        assert_eq!(texts, ["514", "514\n", "514", "514", "514", "5 # x"], "what is not plain stays text");
    }

    #[test]
    fn tests_are_data() {
        let (root, problems) = read("a: [ '${PORT}' ]\ntests: [ '${PORT}', '${NONE}', '$$' ]\n");
        assert_eq!(problems, []);
        let texts = |key: &str| format!("{:?}", root.get(key).unwrap().node);
        assert!(texts("a").contains("514"));
        assert!(["${PORT}", "${NONE}", "$$"].iter().all(|text| texts("tests").contains(text)), "{}", texts("tests"));
    }

    #[test]
    fn what_cannot_be_meant_is_told_at_its_place() {
        for (file, words) in [
            ("a: ${NONE}", "environment variable NONE is not set"),
            ("a: '${NONE:?ask the network team}'", "ask the network team"),
            ("a: '${EMPTY:?x}'", "EMPTY is not set"),
            ("a: '${'", "no `}`"),
            ("a: '${}'", "names no variable"),
            ("a: '${1A}'", "names no variable"),
            ("a: '${HOST:+x}'", "means nothing"),
            ("a: '${HOST-x}'", "means nothing"),
            ("a: '${NONE:-${HOST}}'", "a default holds no variable"),
            ("a: '${HOST:-${HOST}}'", "a default holds no variable"),
            ("secret_key: ${HOST}", "{ env: HOST }"),
        ] {
            let (_, problems) = read(file);
            assert_eq!(problems.len(), 1, "{file}: {problems:?}");
            let problem = &problems[0];
            assert!(problem.line().contains(words), "{file}: {}", problem.line());
            assert!(problem.place.is_some() && !problem.line().contains("a.example.com"), "{}", problem.line());
        }
        assert_eq!(read("secret_key: { env: '${NONE:-JC}' }").1, [], "the name of a variable is no secret");
    }
}
