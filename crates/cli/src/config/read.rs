//! Reads a [`Node`] into a component's own settings, so that every error knows its place.

use std::cell::RefCell;

use serde::de::value::StrDeserializer;
use serde::de::{
    self, DeserializeSeed, Deserializer, EnumAccess, IntoDeserializer, MapAccess, SeqAccess, VariantAccess, Visitor,
};
use serde::forward_to_deserialize_any;

use super::mask::is_secret;
use super::nearest::nearest;
use super::node::{Entry, Node, Place, Value};
use super::problem::Problem;
use super::words::{EXPECTED, MISTAKEN, UNKNOWN, Wrong, in_words, listed};

/// More problems of one component are not told at once.
const MOST: usize = 20;

/// Reads settings out of a node. `what` is the thing they belong to, such as "source `jumpcloud`".
///
/// All problems are collected: what is wrong is left out and the rest read on.
pub(crate) fn read<T: de::DeserializeOwned>(node: &Node, what: &str) -> Result<T, Vec<Problem>> {
    let mut node = node.clone();
    let mut problems: Vec<Problem> = Vec::new();
    let mut left_out: Vec<String> = Vec::new();
    loop {
        let reading = Reading { unknown: RefCell::default(), what };
        let value = T::deserialize(Reader { node: &node, reading: &reading, owner: &node.place });
        for problem in reading.unknown.into_inner() {
            if !problems.contains(&problem) {
                problems.push(problem);
            }
        }
        let problem = match value {
            Ok(value) if problems.is_empty() => return Ok(value),
            Ok(_) => return Err(problems),
            Err(problem) => problem.at(&node.place),
        };
        // What was left out is missing, then: that is no problem of the file.
        let follows = left_out.iter().any(|key| problem.message.ends_with(&format!("`{key}` is missing")));
        let place = problem.place.clone().unwrap_or_default();
        if !follows {
            problems.push(problem);
        }
        match leave_out(&mut node, &place) {
            Some(key) if problems.len() < MOST => left_out.push(key),
            _ => return Err(problems),
        }
    }
}

/// Takes the entry whose value stands at the place out of its table, or the item out of its list.
fn leave_out(node: &mut Node, place: &Place) -> Option<String> {
    match &mut node.value {
        Value::Table(entries) => {
            if let Some(at) = entries.iter().position(|entry| entry.node.place == *place && entry.key_place != *place) {
                return Some(entries.remove(at).key);
            }
            entries.iter_mut().find_map(|entry| leave_out(&mut entry.node, place))
        }
        Value::List(items) => {
            if let Some(at) = items.iter().position(|item| item.place == *place) {
                items.remove(at);
                return Some(String::new());
            }
            items.iter_mut().find_map(|item| leave_out(item, place))
        }
        _ => None,
    }
}

struct Reading<'a> {
    unknown: RefCell<Vec<Problem>>,
    what: &'a str,
}

#[derive(Clone, Copy)]
struct Reader<'de, 'a> {
    node: &'de Node,
    reading: &'a Reading<'a>,
    /// Where the key stands that this is the value of.
    owner: &'de Place,
}

impl<'de, 'a> Reader<'de, 'a> {
    fn within(self, node: &'de Node, owner: &'de Place) -> Self {
        Reader { node, owner, ..self }
    }

    fn mistaken(&self, exp: &dyn de::Expected) -> Wrong {
        let expected = in_words(&exp.to_string());
        let found = self.node.describe();
        let problem = Problem::new(format!("{EXPECTED}{expected}, not {found}")).at(&self.node.place);
        let problem = problem.label(format!("this is {found}"));
        Box::new(match &self.node.value {
            Value::Text(text) if expected == "a list" => problem.help(format!("write [{text}]")),
            _ => problem,
        })
    }

    fn text<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Wrong> {
        let done = match &self.node.value {
            // `0123` and `true` are what they look like where text is wanted.
            Value::Text(text) | Value::Integer(_, text) | Value::Float(_, text) => visitor.visit_borrowed_str(text),
            Value::Bool(value) => visitor.visit_str(if *value { "true" } else { "false" }),
            _ => Err(self.mistaken(&visitor)),
        };
        done.map_err(|problem: Wrong| self.placed(problem))
    }

    fn placed(&self, mut problem: Wrong) -> Wrong {
        problem.place.get_or_insert_with(|| self.node.place.clone());
        problem
    }

    fn any<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Wrong> {
        let done = match &self.node.value {
            Value::Null => visitor.visit_unit(),
            Value::Bool(value) => visitor.visit_bool(*value),
            Value::Integer(value, _) => match (u64::try_from(*value), i64::try_from(*value)) {
                (Ok(value), _) => visitor.visit_u64(value),
                (_, Ok(value)) => visitor.visit_i64(value),
                _ => visitor.visit_i128(*value),
            },
            Value::Float(value, _) => visitor.visit_f64(*value),
            Value::Text(text) => visitor.visit_borrowed_str(text),
            Value::List(items) => visitor.visit_seq(Items { items: items.iter(), reader: self }),
            Value::Table(entries) => {
                visitor.visit_map(Entries { entries: entries.iter(), value: None, reader: self, fields: None })
            }
        };
        done.map_err(|problem: Wrong| self.placed(problem))
    }
}

impl<'de> Deserializer<'de> for Reader<'de, '_> {
    type Error = Wrong;

    fn deserialize_any<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Wrong> {
        // What serde says of a value of the wrong kind quotes it: say it here, where only the kind is known.
        let expected = in_words(&Expecting(&visitor).to_string());
        self.any(visitor).map_err(|problem| match problem.message.strip_prefix(MISTAKEN) {
            Some(_) if problem.place.as_ref() == Some(&self.node.place) => self.mistaken(&expected.as_str()),
            _ => problem,
        })
    }

    fn deserialize_str<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Wrong> {
        self.text(visitor)
    }

    fn deserialize_string<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Wrong> {
        self.text(visitor)
    }

    fn deserialize_option<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Wrong> {
        match self.node.value {
            Value::Null => visitor.visit_none(),
            _ => visitor.visit_some(self),
        }
    }

    fn deserialize_newtype_struct<V: Visitor<'de>>(self, _: &'static str, visitor: V) -> Result<V::Value, Wrong> {
        visitor.visit_newtype_struct(self)
    }

    fn deserialize_struct<V: Visitor<'de>>(
        self,
        _: &'static str,
        fields: &'static [&'static str],
        visitor: V,
    ) -> Result<V::Value, Wrong> {
        let empty: &'static [Entry] = &[];
        let entries = match &self.node.value {
            Value::Table(entries) => entries.as_slice(),
            // `adr:` with nothing behind it is a mapping without entries.
            Value::Null => empty,
            _ => return Err(self.mistaken(&"a mapping of settings")),
        };
        let entries = Entries { entries: entries.iter(), value: None, reader: self, fields: Some(fields) };
        visitor.visit_map(entries).map_err(|problem| Box::new(problem.at(self.owner)))
    }

    fn deserialize_enum<V: Visitor<'de>>(
        self,
        _: &'static str,
        variants: &'static [&'static str],
        visitor: V,
    ) -> Result<V::Value, Wrong> {
        let choices = variants.join(", ");
        match &self.node.value {
            Value::Text(text) => visitor.visit_enum(Variant { name: text, place: &self.node.place, value: None }),
            Value::Table(entries) if entries.len() == 1 => {
                let (entry, reader) = (&entries[0], self.within(&entries[0].node, &entries[0].key_place));
                visitor.visit_enum(Variant { name: &entry.key, place: &entry.key_place, value: Some(reader) })
            }
            _ => Err(self.mistaken(&format!("one of {choices}").as_str())),
        }
    }

    forward_to_deserialize_any! {
        bool i8 i16 i32 i64 i128 u8 u16 u32 u64 u128 f32 f64 char bytes byte_buf unit unit_struct seq tuple
        tuple_struct map identifier ignored_any
    }
}

struct Items<'de, 'a> {
    items: std::slice::Iter<'de, Node>,
    reader: Reader<'de, 'a>,
}

impl<'de> SeqAccess<'de> for Items<'de, '_> {
    type Error = Wrong;

    fn next_element_seed<T: DeserializeSeed<'de>>(&mut self, seed: T) -> Result<Option<T::Value>, Wrong> {
        let Some(node) = self.items.next() else { return Ok(None) };
        let reader = self.reader.within(node, &node.place);
        seed.deserialize(reader).map(Some).map_err(|problem| reader.placed(problem))
    }
}

struct Entries<'de, 'a> {
    entries: std::slice::Iter<'de, Entry>,
    value: Option<&'de Entry>,
    reader: Reader<'de, 'a>,
    /// The names that a struct knows; a mapping takes any.
    fields: Option<&'static [&'static str]>,
}

impl<'de> MapAccess<'de> for Entries<'de, '_> {
    type Error = Wrong;

    fn next_key_seed<K: DeserializeSeed<'de>>(&mut self, seed: K) -> Result<Option<K::Value>, Wrong> {
        for entry in self.entries.by_ref() {
            if let Some(fields) = self.fields.filter(|fields| !fields.contains(&entry.key.as_str())) {
                let problem = unknown_key(entry, fields, self.reader.reading.what);
                self.reader.reading.unknown.borrow_mut().push(problem);
                continue;
            }
            self.value = Some(entry);
            let key: StrDeserializer<'_, Wrong> = entry.key.as_str().into_deserializer();
            return seed.deserialize(key).map(Some).map_err(|problem| Box::new(problem.at(&entry.key_place)));
        }
        Ok(None)
    }

    fn next_value_seed<V: DeserializeSeed<'de>>(&mut self, seed: V) -> Result<V::Value, Wrong> {
        let entry = self.value.take().expect("serde asks for a value after its key");
        let reader = self.reader.within(&entry.node, &entry.key_place);
        seed.deserialize(reader).map_err(|problem| {
            let problem = problem.at(&entry.node.place);
            Box::new(if is_secret(&entry.key) { without_secret(problem, entry) } else { about(problem, entry) })
        })
    }
}

/// Names the key whose value it is about.
fn about(problem: Problem, entry: &Entry) -> Problem {
    let mut problem = problem.with_next_step();
    if ![&entry.node.place, &entry.key_place].contains(&problem.place.as_ref().unwrap_or(&entry.node.place)) {
        return problem;
    }
    let key = &entry.key;
    if problem.message.contains(&format!("`{key}`")) {
        return problem;
    }
    problem.message = match (problem.message.strip_prefix(EXPECTED), problem.message.strip_suffix(UNKNOWN)) {
        (Some(expected), _) => format!("`{key}` must be {expected}"),
        (_, Some(name)) => format!("`{key}` cannot be {name}"),
        _ => format!("`{key}`: {}", problem.message),
    };
    problem
}

fn unknown_key(entry: &Entry, fields: &[&'static str], what: &str) -> Problem {
    let problem = Problem::new(format!("unknown key `{}`", entry.key)).at(&entry.key_place);
    let problem = problem.label(format!("not a setting of {what}"));
    match nearest(&entry.key, fields.iter().copied()) {
        Some(name) => problem.help(format!("did you mean `{name}`?")),
        None => problem.help(format!("its settings are {}", listed(fields, "and"))),
    }
}

/// What was written where a secret's place belongs may be the secret.
fn without_secret(problem: Problem, entry: &Entry) -> Problem {
    let Some(place) = problem.place else { return problem };
    let inline = entry.node.entries().is_none();
    let message = if inline {
        format!("`{}` must say where the secret is, not what it is", entry.key)
    } else {
        format!("`{}` has no place to read the secret from", entry.key)
    };
    // Whoever copies it must not send one secret where another belongs.
    let variable = match &*entry.key {
        "secret_key" => "JUMPCLOUD_API_KEY".to_owned(),
        "client_secret" => "JUMPCLOUD_CLIENT_SECRET".to_owned(),
        key => format!("MY_{}", key.to_uppercase()),
    };
    let label = if inline { "hidden here; it is in the file still" } else { "" };
    Problem::new(message)
        .at(&place)
        .label(label)
        .help(format!("name an environment variable: {}: {{ env: {variable} }}", entry.key))
        .help(format!(
            "or a file: {}: {{ file: /etc/jumpcloud-adr/secret }}, or a systemd credential: {{ credential: NAME }}",
            entry.key
        ))
}

struct Variant<'de, 'a> {
    name: &'de str,
    place: &'de Place,
    value: Option<Reader<'de, 'a>>,
}

impl<'de, 'a> EnumAccess<'de> for Variant<'de, 'a> {
    type Error = Wrong;
    type Variant = Self;

    fn variant_seed<V: DeserializeSeed<'de>>(self, seed: V) -> Result<(V::Value, Self), Wrong> {
        let name: StrDeserializer<'_, Wrong> = self.name.into_deserializer();
        let value = seed.deserialize(name).map_err(|problem| Box::new(problem.at(self.place)))?;
        Ok((value, self))
    }
}

impl<'de> VariantAccess<'de> for Variant<'de, '_> {
    type Error = Wrong;

    fn unit_variant(self) -> Result<(), Wrong> {
        match self.value {
            None => Ok(()),
            Some(reader) => Err(reader.mistaken(&"nothing behind this name")),
        }
    }

    fn newtype_variant_seed<T: DeserializeSeed<'de>>(self, seed: T) -> Result<T::Value, Wrong> {
        match self.value {
            Some(reader) => seed.deserialize(reader),
            None => Err(self.bare()),
        }
    }

    fn tuple_variant<V: Visitor<'de>>(self, _: usize, visitor: V) -> Result<V::Value, Wrong> {
        match self.value {
            Some(reader) => reader.deserialize_any(visitor),
            None => Err(self.bare()),
        }
    }

    fn struct_variant<V: Visitor<'de>>(self, fields: &'static [&'static str], visitor: V) -> Result<V::Value, Wrong> {
        match self.value {
            Some(reader) => reader.deserialize_struct("", fields, visitor),
            None => Err(self.bare()),
        }
    }
}

impl Variant<'_, '_> {
    fn bare(&self) -> Wrong {
        Box::new(Problem::new(format!("`{}` needs a value", self.name)).at(self.place))
    }
}

struct Expecting<'a, V>(&'a V);

impl<'de, V: Visitor<'de>> std::fmt::Display for Expecting<'_, V> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        self.0.expecting(f)
    }
}
