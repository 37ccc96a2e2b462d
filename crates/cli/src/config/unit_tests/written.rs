//! The section `tests` as a file has it. It is read into these for its shape; what the events are is read from the tree,
//! which keeps their order and their numbers.

use std::borrow::Cow;
use std::fmt;

use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};
use serde::de::{self, IgnoredAny, MapAccess, SeqAccess, Visitor};
use serde::{Deserialize, Deserializer};

/// A test of the pipeline's transforms: what comes out of them for which events. `jumpcloud-adr test` runs it.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct TestConfig {
    /// What it shows, in a few words.
    pub(super) name: String,
    /// The events that flow in, and where.
    #[schemars(length(min = 1))]
    pub(super) inputs: Vec<InputConfig>,
    /// What must come out of which transforms.
    #[serde(default)]
    pub(super) outputs: Vec<OutputConfig>,
    /// Transforms, and outputs of routes, that nothing must come out of.
    #[serde(default)]
    pub(super) no_outputs_from: Vec<String>,
    /// What transforms must reject: it would go to the dead letter. What is rejected and not named here fails the test.
    #[serde(default)]
    pub(super) rejected: Vec<RejectedConfig>,
}

/// Events that flow in.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct InputConfig {
    /// The transform that they flow into, or a list of several.
    #[serde(rename = "insert_at")]
    _insert_at: OneOrMore,
    /// The events, each as a mapping or as its JSON text in one line.
    #[serde(rename = "events")]
    #[schemars(length(min = 1))]
    _events: Vec<EventConfig>,
    /// What travels beside these events, where it is not what their text says.
    #[serde(default)]
    pub(super) meta: Option<MetaConfig>,
}

/// What travels beside an event. Default: as the source or the transform `adr` would have it, by the event's text.
#[derive(Clone, Debug, Default, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct MetaConfig {
    /// The event's id.
    #[serde(default)]
    pub(super) id: Option<String>,
    /// The kind of event, such as sso_auth.
    #[serde(default)]
    pub(super) kind: Option<String>,
    /// Whose it is.
    #[serde(default)]
    pub(super) tenant: Option<String>,
    /// When it happened, such as 2026-01-31T00:00:00Z.
    #[serde(default)]
    pub(super) time: Option<String>,
    /// OCSF severity_id: 0 to 6, or 99.
    #[serde(default)]
    pub(super) severity: Option<u8>,
}

/// What must come out of a transform.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct OutputConfig {
    /// The transform, or the output of a route: `name.output`.
    #[serde(rename = "extract_from")]
    _extract_from: String,
    /// All events that come out, in order, with all their fields. The order of keys and the form of numbers do not matter.
    #[serde(default)]
    pub(super) events: Option<Vec<EventConfig>>,
    /// All events that come out, in order, each with the fields that matter: others it may have.
    #[serde(default)]
    pub(super) contains: Option<Vec<EventConfig>>,
    /// Conditions in jq, as of a filter; each must hold for every event that comes out, of which there must be one.
    #[serde(default)]
    pub(super) conditions: Vec<String>,
}

/// What a transform must reject.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct RejectedConfig {
    /// The transform that rejects it.
    #[serde(rename = "extract_from")]
    _extract_from: String,
    /// All events that it rejects, in order, as they flowed into it.
    #[serde(default)]
    pub(super) events: Option<Vec<EventConfig>>,
    /// All events that it rejects, in order, each with the fields that matter.
    #[serde(default)]
    pub(super) contains: Option<Vec<EventConfig>>,
    /// Conditions in jq; each must hold for every event that it rejects.
    #[serde(default)]
    pub(super) conditions: Vec<String>,
    /// Words that must be in the reason of each.
    #[serde(default)]
    pub(super) reason: Option<String>,
}

/// An event: a mapping, or its text.
#[derive(Debug)]
pub(crate) struct EventConfig;

impl JsonSchema for EventConfig {
    fn inline_schema() -> bool {
        true
    }

    fn schema_name() -> Cow<'static, str> {
        "Event".into()
    }

    fn json_schema(_: &mut SchemaGenerator) -> Schema {
        json_schema!({ "type": ["object", "string"] })
    }
}

impl<'de> Deserialize<'de> for EventConfig {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(EventVisitor)
    }
}

struct EventVisitor;

impl<'de> Visitor<'de> for EventVisitor {
    type Value = EventConfig;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("an event (a mapping, or its JSON text in one line)")
    }

    fn visit_str<E>(self, _: &str) -> Result<EventConfig, E> {
        Ok(EventConfig)
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<EventConfig, A::Error> {
        while map.next_entry::<IgnoredAny, IgnoredAny>()?.is_some() {}
        Ok(EventConfig)
    }
}

/// A name, or a list of them.
#[derive(Debug, JsonSchema)]
#[serde(untagged)]
#[expect(dead_code, reason = "it describes what may be written; the names are read from the tree")]
enum OneOrMore {
    One(String),
    More(#[schemars(length(min = 1))] Vec<String>),
}

impl<'de> Deserialize<'de> for OneOrMore {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(NamesVisitor)
    }
}

struct NamesVisitor;

impl<'de> Visitor<'de> for NamesVisitor {
    type Value = OneOrMore;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("the name of a transform, or a list of names")
    }

    fn visit_str<E: de::Error>(self, name: &str) -> Result<OneOrMore, E> {
        Ok(OneOrMore::One(name.to_owned()))
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut seq: A) -> Result<OneOrMore, A::Error> {
        let mut names = Vec::new();
        while let Some(name) = seq.next_element()? {
            names.push(name);
        }
        Ok(OneOrMore::More(names))
    }
}
