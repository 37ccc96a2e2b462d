//! Events as a file has them, as the texts that flow.

use super::super::node::{Node, Value};
use super::super::problem::Problem;

/// The event's text: what stands in the file as one, or the JSON of a mapping, its keys in their order.
pub(super) fn text(node: &Node) -> Result<String, Box<Problem>> {
    let Value::Text(text) = &node.value else {
        let mut json = String::new();
        write(node, &mut json);
        return Ok(json);
    };
    // A block of text ends in a line break.
    let text = text.trim_end_matches(['\n', '\r']);
    if text.contains(['\n', '\r']) {
        let problem = Problem::new("the text of an event is one line").at(&node.place).label("this has several");
        return Err(Box::new(problem.help("write its JSON in one line, or write the event as a mapping")));
    }
    Ok(text.to_owned())
}

fn write(node: &Node, json: &mut String) {
    match &node.value {
        Value::Null => json.push_str("null"),
        Value::Bool(value) => json.push_str(if *value { "true" } else { "false" }),
        Value::Integer(value, _) => json.push_str(&value.to_string()),
        Value::Float(value, text) => json.push_str(&number(*value, text)),
        Value::Text(text) => json.push_str(&quoted(text)),
        Value::List(items) => {
            json.push('[');
            for (at, item) in items.iter().enumerate() {
                json.push_str(if at == 0 { "" } else { "," });
                write(item, json);
            }
            json.push(']');
        }
        Value::Table(entries) => {
            json.push('{');
            for (at, entry) in entries.iter().enumerate() {
                json.push_str(if at == 0 { "" } else { "," });
                json.push_str(&quoted(&entry.key));
                json.push(':');
                write(&entry.node, json);
            }
            json.push('}');
        }
    }
}

/// As it is written, where JSON writes it so too: 1.10 and integers of any length stay what they are.
fn number(value: f64, text: &str) -> String {
    let as_written = serde_json::from_str::<&serde_json::value::RawValue>(text).is_ok_and(|raw| raw.get() == text);
    let from_value = || serde_json::Number::from_f64(value).map(|number| number.to_string());
    // What is not finite, the reader of files has refused.
    if as_written { text.to_owned() } else { from_value().unwrap_or_default() }
}

fn quoted(text: &str) -> String {
    serde_json::to_string(text).expect("a text can be written as JSON")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of(yaml: &str) -> Result<String, String> {
        text(&Node::parse(yaml).unwrap()).map_err(|problem| problem.message)
    }

    #[test]
    fn a_mapping_becomes_json_in_its_order_with_its_numbers() {
        let yaml =
            "b: 1.10\na: [1, -2, 123456789012345678901234567890123456789012, 1e3, yes, true, ~]\n'x y': \"q\\n\"\n";
        assert_eq!(
            of(yaml).unwrap(),
            r#"{"b":1.10,"a":[1,-2,123456789012345678901234567890123456789012,1e3,"yes",true,null],"x y":"q\n"}"#
        );
        assert_eq!(of("a: +1.5"), Ok(r#"{"a":1.5}"#.to_owned()));
    }

    #[test]
    fn a_text_stays_what_it_is_in_one_line() {
        assert_eq!(of("'{\"a\": 1 }'"), Ok("{\"a\": 1 }".to_owned()));
        assert_eq!(of("|\n  no json\n"), Ok("no json".to_owned()));
        assert_eq!(of("|\n  {\n  }\n"), Err("the text of an event is one line".to_owned()));
    }
}
