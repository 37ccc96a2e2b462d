//! Finds the values of fields in an event's text.

use std::fmt;

use serde::de::{DeserializeSeed, Deserializer, IgnoredAny, MapAccess, SeqAccess, Visitor};
use serde_json::value::RawValue;

/// Appends the values of these fields as they are written, told apart from each other; false if there is none.
pub(crate) fn append(body: &[u8], paths: &[Vec<String>], key: &mut Vec<u8>) -> bool {
    let start = key.len();
    for (number, path) in paths.iter().enumerate() {
        let mut json = serde_json::Deserializer::from_slice(body);
        if (Seek { path, number, key }).deserialize(&mut json).is_err() {
            return false;
        }
    }
    key.len() > start
}

/// The rest of the way to a field.
struct Seek<'a> {
    path: &'a [String],
    number: usize,
    key: &'a mut Vec<u8>,
}

impl<'de> DeserializeSeed<'de> for Seek<'_> {
    type Value = ();

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<(), D::Error> {
        deserializer.deserialize_any(self)
    }
}

impl<'de> Visitor<'de> for Seek<'_> {
    type Value = ();

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("JSON")
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<(), A::Error> {
        let (wanted, rest) = self.path.split_first().expect("a path has at least one key");
        while let Some(found) = map.next_key_seed(Is(wanted))? {
            if !found {
                map.next_value::<IgnoredAny>()?;
            } else if rest.is_empty() {
                let value = map.next_value::<&RawValue>()?.get().as_bytes();
                self.key.extend(self.number.to_le_bytes());
                self.key.extend(value.len().to_le_bytes());
                self.key.extend(value);
            } else {
                map.next_value_seed(Seek { path: rest, number: self.number, key: self.key })?;
            }
        }
        Ok(())
    }

    // No object: the field is not there.

    fn visit_seq<A: SeqAccess<'de>>(self, mut seq: A) -> Result<(), A::Error> {
        while seq.next_element::<IgnoredAny>()?.is_some() {}
        Ok(())
    }

    fn visit_bool<E>(self, _: bool) -> Result<(), E> {
        Ok(())
    }

    fn visit_i64<E>(self, _: i64) -> Result<(), E> {
        Ok(())
    }

    fn visit_u64<E>(self, _: u64) -> Result<(), E> {
        Ok(())
    }

    fn visit_f64<E>(self, _: f64) -> Result<(), E> {
        Ok(())
    }

    fn visit_str<E>(self, _: &str) -> Result<(), E> {
        Ok(())
    }

    fn visit_unit<E>(self) -> Result<(), E> {
        Ok(())
    }
}

/// Whether a key is this one.
struct Is<'a>(&'a str);

impl<'de> DeserializeSeed<'de> for Is<'_> {
    type Value = bool;

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<bool, D::Error> {
        deserializer.deserialize_str(self)
    }
}

impl Visitor<'_> for Is<'_> {
    type Value = bool;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a key")
    }

    fn visit_str<E>(self, key: &str) -> Result<bool, E> {
        Ok(key == self.0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn key(body: &str, paths: &[&str]) -> Option<Vec<u8>> {
        let paths: Vec<Vec<String>> = paths.iter().map(|path| path.split('.').map(str::to_owned).collect()).collect();
        let mut key = Vec::new();
        append(body.as_bytes(), &paths, &mut key).then_some(key)
    }

    #[test]
    fn fields_are_found_and_told_apart() {
        let same = |one: &str, other: &str, paths: &[&str]| key(one, paths).unwrap() == key(other, paths).unwrap();
        assert!(same(r#"{"a":{"b":1},"t":1}"#, r#"{ "t":2, "\u0061" : {"x":[{}],"b": 1}}"#, &["a.b"]));
        assert!(!same(r#"{"a":1}"#, r#"{"a":"1"}"#, &["a"]));
        assert!(!same(r#"{"a":1}"#, r#"{"b":1}"#, &["a", "b"]), "the same value in another field");
        assert!(!same(r#"{"a":12,"b":3}"#, r#"{"a":1,"b":23}"#, &["a", "b"]));
        assert!(!same(r#"{"a":null,"b":1}"#, r#"{"b":1}"#, &["a", "b"]), "null is a value");
        assert!(!same(r#"{"a":1,"a":2}"#, r#"{"a":2}"#, &["a"]), "a key that stands twice counts twice");
        for body in [r#"{"b":1}"#, r#"{"a":[{"b":1}]}"#, r#"{"a":"b"}"#, "[]", "1", "", r#"{"a":{"b":1}"#] {
            assert_eq!(key(body, &["a.b"]), None, "{body}");
        }
    }
}
