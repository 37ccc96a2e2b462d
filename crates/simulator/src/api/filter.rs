use serde_json::{Map, Value};

use super::refusal::Refusal;
use super::terms::Terms;
use crate::knobs::Knobs;

/// What a query asks of an event's text: `search_term`, and `q` or `exact_match`.
#[derive(Clone, Debug, Default)]
pub(super) struct Filter {
    terms: Option<Terms>,
    words: Vec<String>,
}

impl Filter {
    pub(super) fn parse(body: &Map<String, Value>, knobs: &Knobs) -> Result<Self, Refusal> {
        let text = |name: &str| match body.get(name) {
            None | Some(Value::Null) => Ok(None),
            Some(Value::String(text)) => Ok(Some(text.to_lowercase())),
            Some(_) => Err(Refusal::bad(format!("{name} must be a string"))),
        };
        let words = match (text("q")?, text("exact_match")?) {
            (Some(_), Some(_)) => return Err(Refusal::bad("q and exact_match cannot be combined")),
            (Some(q), None) => q.split_whitespace().map(str::to_owned).collect(),
            (None, Some(phrase)) => vec![phrase],
            (None, None) => Vec::new(),
        };
        let terms = match body.get("search_term") {
            None | Some(Value::Null) => None,
            Some(value) => Some(Terms::parse(value, knobs)?),
        };
        Ok(Self { terms, words })
    }

    /// Whether every event passes, so that no text need be read.
    pub(super) fn passes_all(&self) -> bool {
        self.terms.is_none() && self.words.is_empty()
    }

    pub(super) fn passes(&self, text: &[u8]) -> bool {
        let Ok(event) = serde_json::from_slice::<Value>(text) else { return false };
        self.terms.as_ref().is_none_or(|terms| terms.match_event(&event))
            && (self.words.is_empty() || {
                let mut whole = String::new();
                scalars(&event, &mut whole);
                self.words.iter().all(|word| whole.contains(word.as_str()))
            })
    }
}

/// Every scalar of a value in lower case, a line each.
fn scalars(value: &Value, out: &mut String) {
    match value {
        Value::Object(members) => members.values().for_each(|member| scalars(member, out)),
        Value::Array(elements) => elements.iter().for_each(|element| scalars(element, out)),
        Value::Null => {}
        scalar => {
            out.push_str(&lowercase_text(scalar));
            out.push('\n');
        }
    }
}

/// A scalar as the index holds it: its text, in lower case.
pub(super) fn lowercase_text(value: &Value) -> String {
    match value {
        Value::String(text) => text.to_lowercase(),
        other => other.to_string().to_lowercase(),
    }
}
