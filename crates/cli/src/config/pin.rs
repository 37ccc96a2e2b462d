//! Finds the place of a problem that a component has found in its settings as a whole.

use adr_core::Failure;

use super::node::{Node, Place, Value};
use super::problem::{Problem, split};

/// The component's words, at the key they speak of, else at the component.
pub(super) fn pin(failure: &Failure, what: &str, settings: &Node) -> Problem {
    let scope = tenant(&failure.message, settings).unwrap_or(settings);
    let named: Vec<&str> = failure.message.split('`').skip(1).step_by(2).collect();
    let key = named.iter().find_map(|name| find(scope, name).or_else(|| find(settings, name)));
    // The one tenant of a source needs no name.
    let message = match settings.get("tenants") {
        None => failure.message.strip_prefix("tenant `").and_then(|rest| rest.split_once("`: ")).map(|(_, rest)| rest),
        Some(_) => None,
    };
    let message = message.unwrap_or(&failure.message);
    let (place, message) = match message.split_once(": ") {
        Some((tenant, rest)) if tenant.starts_with("tenant `") || tenant.starts_with("tenants[") => {
            (format!("{what}, {tenant}"), rest)
        }
        _ => (what.to_owned(), message),
    };
    let (message, help) = split(message).map_or((message, None), |(message, help)| (message, Some(help)));
    let problem = Problem::new(format!("{place}: {message}")).at(key.as_ref().unwrap_or(&scope.place));
    match help {
        Some(help) => problem.help(help),
        None => problem,
    }
}

/// The tenant of a list that a message begins with: "tenant `Acme`" or `tenants[2]`.
fn tenant<'a>(message: &str, settings: &'a Node) -> Option<&'a Node> {
    let Value::List(tenants) = &settings.get("tenants")?.node.value else { return None };
    if let Some(name) = message.strip_prefix("tenant `").and_then(|rest| rest.split('`').next()) {
        return tenants.iter().find(|tenant| {
            tenant
                .get("device_name")
                .is_some_and(|entry| matches!(&entry.node.value, Value::Text(text) if text == name))
        });
    }
    let index = message.strip_prefix("tenants[")?.split(']').next()?;
    tenants.get(index.parse::<usize>().ok()?)
}

fn find(node: &Node, key: &str) -> Option<Place> {
    match &node.value {
        Value::Table(entries) => {
            let here = entries.iter().find(|entry| entry.key == key).map(|entry| match entry.node.value {
                Value::Table(_) | Value::List(_) | Value::Null => entry.key_place.clone(),
                _ => entry.node.place.clone(),
            });
            here.or_else(|| entries.iter().find_map(|entry| find(&entry.node, key)))
        }
        Value::List(items) => items.iter().find_map(|item| find(item, key)),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use adr_core::FailureKind;

    fn place(text: &str, message: &str) -> String {
        let node = Node::parse(text).unwrap();
        let problem = pin(&Failure::fatal(FailureKind::Config, message), "source `x`", &node);
        text[problem.place.unwrap()].to_owned()
    }

    #[test]
    fn a_problem_stands_at_the_key_it_speaks_of_and_in_the_right_tenant() {
        let text =
            "page_limit: 5\ntenants:\n  - { device_name: A, page_limit: 6 }\n  - { device_name: B, page_limit: 7 }\n";
        assert_eq!(place(text, "`page_limit` is out of range"), "5");
        assert_eq!(place(text, "tenant `B`: `page_limit` 7 is out of range: give less"), "7");
        assert_eq!(place(text, "tenants[0]: `page_limit` is out of range"), "6");
        assert_eq!(place(text, "`tenants` is empty"), "tenants");
    }
}
