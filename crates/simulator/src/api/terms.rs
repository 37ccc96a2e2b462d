use adr_core::Timestamp;
use serde_json::{Map, Value};

use super::filter::lowercase_text;
use super::refusal::Refusal;
use crate::knobs::Knobs;

/// A `search_term`: exactly one of `and`, `or`, `not` over terms, which may nest.
#[derive(Clone, Debug)]
pub(super) struct Terms {
    joint: Joint,
    members: Vec<Term>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Joint {
    And,
    Or,
    Not,
}

#[derive(Clone, Debug)]
enum Term {
    Nested(Terms),
    Field { path: String, operator: Operator, values: Vec<Value> },
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Operator {
    In,
    NotIn,
    Contains,
    StartsWith,
    EndsWith,
    Less,
    Greater,
    LessOrEqual,
    GreaterOrEqual,
    Before,
    After,
}

const NOT_SEARCHABLE: [&str; 4] = ["changes", "useragent", "user_agent", "system_timestamp"];

impl Terms {
    pub(super) fn parse(value: &Value, knobs: &Knobs) -> Result<Self, Refusal> {
        let refusal = || Refusal::bad("search_term must be one of and, or, not");
        let object = value.as_object().filter(|object| object.len() == 1).ok_or_else(refusal)?;
        let (name, terms) = object.iter().next().ok_or_else(refusal)?;
        let joint = joint(name).ok_or_else(refusal)?;
        let maps = match terms {
            Value::Object(map) => vec![map],
            Value::Array(maps) => {
                maps.iter().map(|map| map.as_object().ok_or_else(refusal)).collect::<Result<_, _>>()?
            }
            _ => return Err(refusal()),
        };
        let mut members = Vec::new();
        for map in maps {
            parse_map(map, knobs, &mut members)?;
        }
        Ok(Self { joint, members })
    }

    pub(super) fn match_event(&self, event: &Value) -> bool {
        match self.joint {
            Joint::And => self.members.iter().all(|term| term.matches(event)),
            Joint::Or => self.members.iter().any(|term| term.matches(event)),
            Joint::Not => !self.members.iter().any(|term| term.matches(event)),
        }
    }
}

fn joint(name: &str) -> Option<Joint> {
    match name {
        "and" => Some(Joint::And),
        "or" => Some(Joint::Or),
        "not" => Some(Joint::Not),
        _ => None,
    }
}

fn parse_map(map: &Map<String, Value>, knobs: &Knobs, members: &mut Vec<Term>) -> Result<(), Refusal> {
    if let (Some(Value::String(field)), Some(value)) = (map.get("field"), map.get("value")) {
        members.push(Term::with_operator(field, map.get("operator"), value)?);
        return Ok(());
    }
    for (name, value) in map {
        if joint(name).is_some() && (value.is_object() || value.is_array()) {
            let nested = Value::Object(Map::from_iter([(name.clone(), value.clone())]));
            members.push(Term::Nested(Terms::parse(&nested, knobs)?));
        } else {
            members.push(Term::plain(name, value, knobs)?);
        }
    }
    Ok(())
}

impl Term {
    /// `{"username": "root"}` or `{"username": ["root", "admin"]}`.
    fn plain(path: &str, value: &Value, knobs: &Knobs) -> Result<Self, Refusal> {
        let values = one_or_many(value);
        if knobs.refuse_boolean_terms && values.iter().any(Value::is_boolean) {
            return Err(Refusal::bad(format!("search_term {path} must not be a boolean, but a string")));
        }
        if values.iter().any(|value| value.is_object() || value.is_array()) {
            return Err(Refusal::bad(format!("search_term {path} must be a value or a list of values")));
        }
        Ok(Self::Field { path: path.to_owned(), operator: Operator::In, values })
    }

    /// `{"field": "username", "operator": "eq", "value": "root"}`; without an operator, as the plain form.
    fn with_operator(path: &str, operator: Option<&Value>, value: &Value) -> Result<Self, Refusal> {
        let name = operator.map_or(Some("in"), Value::as_str).unwrap_or_default();
        let operator = match name {
            "eq" | "in" => Operator::In,
            "ne" | "not_in" => Operator::NotIn,
            "contains" => Operator::Contains,
            "startsWith" => Operator::StartsWith,
            "endsWith" => Operator::EndsWith,
            "lt" => Operator::Less,
            "gt" => Operator::Greater,
            "lte" => Operator::LessOrEqual,
            "gte" => Operator::GreaterOrEqual,
            "before" => Operator::Before,
            "after" => Operator::After,
            _ => return Err(Refusal::bad(format!("unsupported operator {name}"))),
        };
        Ok(Self::Field { path: path.to_owned(), operator, values: one_or_many(value) })
    }

    fn matches(&self, event: &Value) -> bool {
        let (path, operator, values) = match self {
            Self::Nested(terms) => return terms.match_event(event),
            Self::Field { path, operator, values } => (path, *operator, values),
        };
        let mut found = Vec::new();
        if !NOT_SEARCHABLE.contains(&path.split('.').next().unwrap_or_default()) {
            collect(event, path, &mut found);
        }
        let hit = found.iter().any(|own| values.iter().any(|value| operator.holds(own, value)));
        if operator == Operator::NotIn { !hit } else { hit }
    }
}

impl Operator {
    /// The index holds lower case; the query's value is taken as it is.
    fn holds(self, own: &Value, asked: &Value) -> bool {
        let text = lowercase_text(own);
        let value = match asked {
            Value::String(value) => value.clone(),
            other => other.to_string(),
        };
        let numbers = || Some((own.as_f64()?, asked.as_f64()?));
        let times = || Some((time(own)?, time(asked)?));
        match self {
            Self::In | Self::NotIn => text == value,
            Self::Contains => text.contains(&value),
            Self::StartsWith => text.starts_with(&value),
            Self::EndsWith => text.ends_with(&value),
            Self::Less => numbers().is_some_and(|(a, b)| a < b),
            Self::Greater => numbers().is_some_and(|(a, b)| a > b),
            Self::LessOrEqual => numbers().is_some_and(|(a, b)| a <= b),
            Self::GreaterOrEqual => numbers().is_some_and(|(a, b)| a >= b),
            Self::Before => times().is_some_and(|(a, b)| a < b),
            Self::After => times().is_some_and(|(a, b)| a > b),
        }
    }
}

fn time(value: &Value) -> Option<Timestamp> {
    Timestamp::parse(value.as_str()?.as_bytes()).ok()
}

fn one_or_many(value: &Value) -> Vec<Value> {
    match value {
        Value::Array(values) => values.clone(),
        value => vec![value.clone()],
    }
}

/// The scalars at a dotted path; a list on the way stands for each of its elements.
pub(super) fn collect<'a>(value: &'a Value, path: &str, found: &mut Vec<&'a Value>) {
    match value {
        Value::Array(elements) => elements.iter().for_each(|element| collect(element, path, found)),
        Value::Object(members) if !path.is_empty() => {
            if let Some(member) = members.get(path) {
                collect(member, "", found);
            } else if let Some((head, rest)) = path.split_once('.')
                && let Some(member) = members.get(head)
            {
                collect(member, rest, found);
            }
        }
        Value::Object(_) | Value::Null => {}
        scalar if path.is_empty() => found.push(scalar),
        _ => {}
    }
}
