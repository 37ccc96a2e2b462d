//! The settings as a pipeline file writes them. [`Settings`](crate::Settings) are what they mean.

use std::collections::BTreeMap;

use adr_core::SecretRef;
use schemars::JsonSchema;
use serde::Deserialize;

/// Settings of the transform `redact`: removes fields, or replaces them. A path is the keys on the way to a field with dots between them, such as `actor.user.email_addr`; `*` is any key, `[]` each element of an array (it may be left out), and a key with a dot stands in double quotes.
#[derive(Clone, Debug, Default, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct RedactConfig {
    /// The paths of fields to remove with their keys.
    #[schemars(length(min = 1))]
    pub remove: Option<Vec<String>>,
    /// The paths of fields whose values are replaced by a keyed hash, such as hash:5d41402abc4b2a76: the same for the same value, so that events can be joined on it. Needs `key`.
    #[schemars(length(min = 1))]
    pub hash: Option<Vec<String>>,
    /// Paths, each with the text to put in the place of the value, such as { user.name: somebody }.
    #[schemars(extend("minProperties" = 1))]
    pub replace: Option<BTreeMap<String, String>>,
    /// Where the secret for `hash` is kept: at least 16 bytes, by chance (openssl rand -hex 32). Whoever has it can try guesses; with another one all hashes are other ones.
    pub key: Option<SecretRef>,
    /// Whether the string that stood in a named field is also redacted wherever else in the event it stands, as a whole string, as a word of a longer one, or in raw_data; default true.
    pub everywhere: Option<bool>,
}
