//! The pipeline file as a tree in which every key and every value knows its place.

use std::ops::Range;

use serde::de::{Deserialize, Deserializer, MapAccess, SeqAccess, Visitor};
use serde::{Serialize, Serializer};
use serde_saphyr::{Location, Spanned};

use super::problem::Problem;

/// A place in the file's text, in bytes.
pub(crate) type Place = Range<usize>;

/// A value and where it stands.
#[derive(Clone, Debug)]
pub(crate) struct Node {
    pub(crate) value: Value,
    pub(crate) place: Place,
}

/// What YAML can say.
#[derive(Clone, Debug)]
pub(crate) enum Value {
    Null,
    Bool(bool),
    /// Its number and its text: a key such as `0123` may be meant as text.
    Integer(i128, String),
    Float(f64, String),
    Text(String),
    List(Vec<Node>),
    Table(Vec<Entry>),
}

/// A key with its value.
#[derive(Clone, Debug)]
pub(crate) struct Entry {
    pub(crate) key: String,
    pub(crate) key_place: Place,
    pub(crate) node: Node,
}

impl Node {
    /// Reads the text of a YAML document.
    pub(crate) fn parse(text: &str) -> Result<Self, Box<Problem>> {
        let options = serde_saphyr::options! { with_snippet: false, strict_booleans: true };
        let raw: Spanned<Raw> = serde_saphyr::from_str_with_options(text, options)
            .map_err(|error| Box::new(super::syntax::problem(text, &error)))?;
        Ok(place(raw, text))
    }

    /// The entries of a table.
    pub(crate) fn entries(&self) -> Option<&[Entry]> {
        match &self.value {
            Value::Table(entries) => Some(entries),
            _ => None,
        }
    }

    /// The value of a key of a table.
    pub(crate) fn get(&self, key: &str) -> Option<&Entry> {
        self.entries()?.iter().find(|entry| entry.key == key)
    }

    /// Takes a key out of a table.
    pub(crate) fn take(&mut self, key: &str) -> Option<Entry> {
        let Value::Table(entries) = &mut self.value else { return None };
        let at = entries.iter().position(|entry| entry.key == key)?;
        Some(entries.remove(at))
    }

    /// Moves all its places on, as its text stands behind others.
    pub(super) fn shift(&mut self, by: usize) {
        let shift = |place: &mut Place| *place = place.start + by..place.end + by;
        shift(&mut self.place);
        match &mut self.value {
            Value::List(items) => items.iter_mut().for_each(|item| item.shift(by)),
            Value::Table(entries) => entries.iter_mut().for_each(|entry| {
                shift(&mut entry.key_place);
                entry.node.shift(by);
            }),
            _ => {}
        }
    }

    /// What it is, for a person; never what it holds.
    pub(crate) fn describe(&self) -> &'static str {
        match &self.value {
            Value::Null => "nothing",
            Value::Bool(_) => "true or false",
            Value::Integer(..) | Value::Float(..) => "a number",
            Value::Text(_) => "text",
            Value::List(_) => "a list",
            Value::Table(_) => "a mapping",
        }
    }
}

impl Serialize for Node {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        match &self.value {
            Value::Null => serializer.serialize_unit(),
            Value::Bool(value) => serializer.serialize_bool(*value),
            Value::Integer(value, _) => serializer.serialize_i128(*value),
            Value::Float(value, _) => serializer.serialize_f64(*value),
            Value::Text(text) => serializer.serialize_str(text),
            Value::List(items) => serializer.collect_seq(items),
            Value::Table(entries) => serializer.collect_map(entries.iter().map(|entry| (&entry.key, &entry.node))),
        }
    }
}

enum Raw {
    Null,
    Bool(bool),
    Integer(i128),
    Float(f64),
    Text(String),
    List(Vec<Spanned<Raw>>),
    Table(Vec<(Spanned<String>, Spanned<Raw>)>),
}

impl<'de> Deserialize<'de> for Raw {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(AnyValue)
    }
}

struct AnyValue;

impl<'de> Visitor<'de> for AnyValue {
    type Value = Raw;

    fn expecting(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("a value")
    }

    fn visit_unit<E>(self) -> Result<Raw, E> {
        Ok(Raw::Null)
    }

    fn visit_bool<E>(self, value: bool) -> Result<Raw, E> {
        Ok(Raw::Bool(value))
    }

    fn visit_i64<E>(self, value: i64) -> Result<Raw, E> {
        Ok(Raw::Integer(value.into()))
    }

    fn visit_u64<E>(self, value: u64) -> Result<Raw, E> {
        Ok(Raw::Integer(value.into()))
    }

    fn visit_i128<E>(self, value: i128) -> Result<Raw, E> {
        Ok(Raw::Integer(value))
    }

    fn visit_f64<E>(self, value: f64) -> Result<Raw, E> {
        Ok(Raw::Float(value))
    }

    fn visit_str<E>(self, value: &str) -> Result<Raw, E> {
        Ok(Raw::Text(value.to_owned()))
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut access: A) -> Result<Raw, A::Error> {
        let mut list = Vec::new();
        while let Some(item) = access.next_element()? {
            list.push(item);
        }
        Ok(Raw::List(list))
    }

    fn visit_map<A: MapAccess<'de>>(self, mut access: A) -> Result<Raw, A::Error> {
        let mut table = Vec::new();
        while let Some(entry) = access.next_entry()? {
            table.push(entry);
        }
        Ok(Raw::Table(table))
    }
}

fn place(raw: Spanned<Raw>, text: &str) -> Node {
    // What an alias stands for is written elsewhere: its text is read there, its place is where it is used.
    let written = || text.get(range(&raw.defined, text)).unwrap_or_default().to_owned();
    let mut node = Node { place: range(&raw.referenced, text), value: Value::Null };
    node.value = match raw.value {
        Raw::Null => Value::Null,
        Raw::Bool(value) => Value::Bool(value),
        Raw::Integer(value) => Value::Integer(value, written()),
        Raw::Float(value) => Value::Float(value, written()),
        Raw::Text(value) => Value::Text(value),
        Raw::List(items) => Value::List(items.into_iter().map(|item| place(item, text)).collect()),
        Raw::Table(entries) => {
            let entries = entries.into_iter().map(|(key, value)| Entry {
                key_place: range(&key.referenced, text),
                key: key.value,
                node: place(value, text),
            });
            Value::Table(entries.collect())
        }
    };
    node
}

/// The bytes that a location means; a point where the parser gives no length.
pub(super) fn range(location: &Location, text: &str) -> Place {
    let span = location.span();
    let number = |offset: Option<_>| offset.and_then(|offset| usize::try_from(offset).ok());
    match (number(span.byte_offset()), number(span.byte_len())) {
        (Some(start), length) if start <= text.len() => {
            start..start.saturating_add(length.unwrap_or(0)).min(text.len())
        }
        _ => point(text, location.line(), location.column()),
    }
}

/// The byte at a line and a column (characters), both counted from 1.
fn point(text: &str, line: u64, column: u64) -> Place {
    let before = |count: u64| usize::try_from(count.saturating_sub(1)).unwrap_or(usize::MAX);
    let start: usize = text.split_inclusive('\n').take(before(line)).map(str::len).sum();
    let line = text[start..].lines().next().unwrap_or_default();
    let offset = line.char_indices().nth(before(column)).map_or(line.len(), |(offset, _)| offset);
    start + offset..start + offset
}

#[cfg(test)]
mod tests {
    use super::*;

    fn written<'a>(text: &'a str, node: &Node) -> &'a str {
        &text[node.place.clone()]
    }

    #[test]
    fn every_key_and_value_knows_its_place_behind_wide_characters_too() {
        let text = "# ü\nä: { \"x\": 'q', y: 0123 }\nb: [1, yes]\n";
        let root = Node::parse(text).unwrap();
        let table = &root.get("ä").unwrap().node;
        assert_eq!(written(text, &table.get("x").unwrap().node), "'q'");
        assert_eq!(&text[table.get("y").unwrap().key_place.clone()], "y");
        assert!(matches!(&table.get("y").unwrap().node.value, Value::Float(_, text) if text == "0123"));
        let Value::List(items) = &root.get("b").unwrap().node.value else { panic!("a list") };
        assert!(matches!(&items[1].value, Value::Text(text) if text == "yes"), "only true and false are booleans");
        assert_eq!(written(text, &items[1]), "yes");
    }

    #[test]
    fn an_alias_stands_where_it_is_used_and_reads_what_it_means() {
        let text = "a: &n +7\nb: *n\n";
        let root = Node::parse(text).unwrap();
        let alias = &root.get("b").unwrap().node;
        assert_eq!(written(text, alias), "*n");
        assert!(matches!(&alias.value, Value::Integer(7, text) if text == "+7"));
    }

    #[test]
    fn lines_and_columns_become_bytes() {
        assert_eq!(point("ab\nüx\n", 2, 2), 5..5);
        assert_eq!(point("ab\n", 9, 9), 3..3);
    }
}
