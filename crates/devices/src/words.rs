//! How the fields of a device file are read and written: what they may hold is in `fields.rs`.

use adr_core::{SecretRef, Timestamp};
use serde::de::{self, Deserialize, Deserializer, MapAccess, Visitor};
use serde::ser::{Error as _, Serialize, SerializeMap, Serializer};

use crate::Configuration;
use crate::fields::{self, Told};

/// Reads a text, which may be left blank, and holds it against the rule of its field.
fn text<'de, D: Deserializer<'de>, T>(deserializer: D, rule: impl FnOnce(&str) -> Told<T>) -> Result<T, D::Error> {
    rule(&Option::<String>::deserialize(deserializer)?.unwrap_or_default()).map_err(de::Error::custom)
}

pub(crate) fn device_name<'de, D: Deserializer<'de>>(deserializer: D) -> Result<String, D::Error> {
    text(deserializer, fields::device_name)
}

pub(crate) fn cce_ip<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<String>, D::Error> {
    text(deserializer, fields::cce_ip)
}

pub(crate) fn access_id<'de, D: Deserializer<'de>>(deserializer: D) -> Result<String, D::Error> {
    text(deserializer, fields::access_id)
}

pub(crate) fn region<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<String>, D::Error> {
    text(deserializer, fields::region)
}

pub(crate) fn base_url<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<String>, D::Error> {
    text(deserializer, fields::base_url)
}

pub(crate) fn patterns<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Vec<String>, D::Error> {
    let patterns = Option::<Vec<String>>::deserialize(deserializer)?.unwrap_or_default();
    patterns.iter().map(|text| fields::pattern(text)).collect::<Told<_>>().map_err(de::Error::custom)
}

pub(crate) fn write_reference<S: Serializer>(reference: &SecretRef, serializer: S) -> Result<S::Ok, S::Error> {
    let mut map = serializer.serialize_map(Some(1))?;
    match reference {
        SecretRef::Env(name) => map.serialize_entry("env", name)?,
        SecretRef::Credential(name) => map.serialize_entry("credential", name)?,
        SecretRef::File(path) => {
            let path = path.to_str().ok_or_else(|| S::Error::custom("the path of the key file is not UTF-8"))?;
            map.serialize_entry("file", path)?;
        }
    }
    map.end()
}

/// A time that may be missing.
pub(crate) mod time {
    use super::{Deserializer, Serializer, Timestamp, fields, text};

    pub(crate) fn serialize<S: Serializer>(time: &Option<Timestamp>, serializer: S) -> Result<S::Ok, S::Error> {
        match time {
            Some(time) => serializer.collect_str(time),
            None => serializer.serialize_none(),
        }
    }

    pub(crate) fn deserialize<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<Timestamp>, D::Error> {
        text(deserializer, fields::time)
    }
}

const WANTED: &str = "write { \"org_id\": \"...\" } as in the form, or its text, and nothing else";

impl Configuration {
    /// Reads what was pasted into the form. Blank is no organization.
    pub(crate) fn from_text(text: &str) -> Result<Self, String> {
        #[derive(serde::Deserialize)]
        #[serde(deny_unknown_fields)]
        struct Written {
            org_id: Option<String>,
        }
        if text.trim().is_empty() {
            return Ok(Self { org_id: None, text: Some(text.to_owned()) });
        }
        let written: Written = serde_json::from_str(text).map_err(|error| match error.classify() {
            serde_json::error::Category::Data => format!("this is not the Configuration JSON: {WANTED}"),
            _ => format!("the text of the Configuration JSON is not JSON (its line {}): {WANTED}", error.line()),
        })?;
        let org_id = fields::org_id(&written.org_id.unwrap_or_default())?;
        Ok(Self { org_id, text: Some(text.to_owned()) })
    }

    pub(crate) fn is_empty(&self) -> bool {
        *self == Self::default()
    }
}

impl Serialize for Configuration {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        if let Some(text) = &self.text {
            return serializer.serialize_str(text);
        }
        let mut map = serializer.serialize_map(Some(usize::from(self.org_id.is_some())))?;
        if let Some(org_id) = &self.org_id {
            map.serialize_entry("org_id", org_id)?;
        }
        map.end()
    }
}

impl<'de> Deserialize<'de> for Configuration {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Written;
        impl<'de> Visitor<'de> for Written {
            type Value = Configuration;

            fn expecting(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                f.write_str("{ \"org_id\": \"...\" } or its text")
            }

            fn visit_unit<E: de::Error>(self) -> Result<Configuration, E> {
                Ok(Configuration::default())
            }

            fn visit_str<E: de::Error>(self, text: &str) -> Result<Configuration, E> {
                Configuration::from_text(text).map_err(E::custom)
            }

            fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Configuration, A::Error> {
                let mut read = Configuration::default();
                while let Some(key) = map.next_key::<String>()? {
                    if key != "org_id" {
                        return Err(de::Error::custom(format!("this is not the Configuration JSON: {WANTED}")));
                    }
                    let org_id = map.next_value::<Option<String>>()?.unwrap_or_default();
                    read.org_id = fields::org_id(&org_id).map_err(de::Error::custom)?;
                }
                Ok(read)
            }
        }
        deserializer.deserialize_any(Written)
    }
}
