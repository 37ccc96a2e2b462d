//! Where a secret is kept. A configuration never holds the secret itself.

use std::borrow::Cow;
use std::fmt;
use std::path::PathBuf;

use crate::{Failure, SecretString};
use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};
use serde::{Deserialize, Deserializer, de};

/// A reference to a secret: `{ env: NAME }`, `{ file: PATH }` or `{ credential: NAME }` (systemd).
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub enum SecretRef {
    /// An environment variable.
    Env(String),
    /// A file that holds the secret and nothing else.
    File(PathBuf),
    /// A systemd credential (`LoadCredential=`).
    Credential(String),
}

/// Reads secrets: the program's business, since it alone reads its environment.
///
/// Asked when a lane first needs its secret and again after the API refused it, so that a key changed in its place
/// is picked up without a restart.
pub trait Secrets: Send + Sync {
    /// The secret that `reference` names. The failure says what is missing and never what was read.
    fn resolve(&self, reference: &SecretRef) -> Result<SecretString, Failure>;
}

impl fmt::Display for SecretRef {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Env(name) => write!(f, "environment variable {name}"),
            Self::File(path) => write!(f, "file {}", path.display()),
            Self::Credential(name) => write!(f, "systemd credential {name}"),
        }
    }
}

const WANTED: &str = "{ env: NAME }, { file: PATH } or { credential: NAME }";

/// Says nothing of the value: it may be the secret.
fn not_inline<E: de::Error>() -> E {
    E::custom(format!("a secret is never written into the configuration: refer to it by {WANTED}"))
}

impl<'de> Deserialize<'de> for SecretRef {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Reference;
        impl<'de> de::Visitor<'de> for Reference {
            type Value = SecretRef;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str(WANTED)
            }

            fn visit_str<E: de::Error>(self, _: &str) -> Result<SecretRef, E> {
                Err(not_inline())
            }

            fn visit_bytes<E: de::Error>(self, _: &[u8]) -> Result<SecretRef, E> {
                Err(not_inline())
            }

            fn visit_bool<E: de::Error>(self, _: bool) -> Result<SecretRef, E> {
                Err(not_inline())
            }

            fn visit_i64<E: de::Error>(self, _: i64) -> Result<SecretRef, E> {
                Err(not_inline())
            }

            fn visit_u64<E: de::Error>(self, _: u64) -> Result<SecretRef, E> {
                Err(not_inline())
            }

            fn visit_i128<E: de::Error>(self, _: i128) -> Result<SecretRef, E> {
                Err(not_inline())
            }

            fn visit_u128<E: de::Error>(self, _: u128) -> Result<SecretRef, E> {
                Err(not_inline())
            }

            fn visit_f64<E: de::Error>(self, _: f64) -> Result<SecretRef, E> {
                Err(not_inline())
            }

            fn visit_map<A: de::MapAccess<'de>>(self, mut map: A) -> Result<SecretRef, A::Error> {
                let mut found = None;
                while let Some(place) = map.next_key::<Cow<'de, str>>()? {
                    let reference = match &*place {
                        "env" => SecretRef::Env(map.next_value()?),
                        "file" => SecretRef::File(map.next_value()?),
                        "credential" => SecretRef::Credential(map.next_value()?),
                        _ => {
                            return Err(de::Error::custom(format!(
                                "unknown place of a secret: refer to it by {WANTED}"
                            )));
                        }
                    };
                    if found.replace(reference).is_some() {
                        return Err(de::Error::custom(format!("a secret has one place: refer to it by {WANTED}")));
                    }
                }
                match found {
                    Some(SecretRef::Env(name) | SecretRef::Credential(name)) if name.trim().is_empty() => {
                        Err(de::Error::custom("the name of a secret's place is empty"))
                    }
                    Some(reference) => Ok(reference),
                    None => {
                        Err(de::Error::custom(format!("the place of the secret is missing: refer to it by {WANTED}")))
                    }
                }
            }
        }
        deserializer.deserialize_any(Reference)
    }
}

impl JsonSchema for SecretRef {
    fn schema_name() -> Cow<'static, str> {
        "SecretRef".into()
    }

    fn json_schema(_: &mut SchemaGenerator) -> Schema {
        let place = |name: &str, what: &str| {
            json_schema!({
                "type": "object", "required": [name], "additionalProperties": false,
                "properties": { name: { "type": "string", "minLength": 1, "description": what } },
            })
        };
        json_schema!({
            "description": "where a secret is kept; never the secret itself",
            "oneOf": [
                place("env", "the name of an environment variable"),
                place("file", "the path of a file that holds the secret and nothing else"),
                place("credential", "the name of a systemd credential"),
            ],
        })
    }
}
