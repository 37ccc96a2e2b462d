//! The settings as a pipeline file writes them.

use std::borrow::Cow;
use std::collections::BTreeMap;
use std::fmt;
use std::path::PathBuf;

use adr_core::{Severity, Size};
use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};
use serde::de::value::MapAccessDeserializer;
use serde::de::{self, MapAccess, Visitor};
use serde::{Deserialize, Deserializer};

/// Settings of the transform `filter`: which events go on. All that is given must hold, and at least one must be given.
#[derive(Clone, Debug, Default, PartialEq, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct FilterConfig {
    /// The kinds of event that go on, such as sso_auth; a * at the end stands for anything: user_*. Default: all.
    pub kinds: Option<Vec<String>>,
    /// The tenants whose events go on, by the names that events carry. Default: all.
    pub tenants: Option<Vec<String>>,
    /// The least OCSF severity that goes on: informational, low, medium, high, critical or fatal. Events of unknown severity do not go on then, those of severity "other" do. Default: any.
    pub min_severity: Option<LeastSeverity>,
    /// A condition in jq on the event, such as .severity_id >= 4 and .actor.user.name != null; $meta has id, kind, tenant, time and severity (a number). It holds if it gives anything but false and null. Default: none.
    pub condition: Option<String>,
    /// What becomes of an event on which the condition fails with an error: reject (default; the dead letter keeps it, with the reason), keep or discard.
    pub on_error: Option<OnError>,
}

/// What becomes of an event on which a condition fails with an error.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum OnError {
    /// The dead letter keeps it.
    #[default]
    Reject,
    /// As if the condition held.
    Keep,
    /// As if the condition did not hold.
    Discard,
}

/// The least severity that goes on.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum LeastSeverity {
    /// OCSF 1.
    Informational,
    /// OCSF 2.
    Low,
    /// OCSF 3.
    Medium,
    /// OCSF 4.
    High,
    /// OCSF 5.
    Critical,
    /// OCSF 6.
    Fatal,
}

impl From<LeastSeverity> for Severity {
    fn from(least: LeastSeverity) -> Self {
        match least {
            LeastSeverity::Informational => Self::Informational,
            LeastSeverity::Low => Self::Low,
            LeastSeverity::Medium => Self::Medium,
            LeastSeverity::High => Self::High,
            LeastSeverity::Critical => Self::Critical,
            LeastSeverity::Fatal => Self::Fatal,
        }
    }
}

/// Settings of the transform `route`: several outputs, each with the events that its conditions let through.
#[derive(Clone, Debug, Default, PartialEq, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct RouteConfig {
    /// The outputs by name, each with the settings of a filter, or with a condition in jq alone. Others name them as inputs: `name.output`. An event goes to every output that it fits; one that fits none goes to `name._unmatched`.
    pub routes: Routes,
}

/// Outputs by name, in the order in which they were written.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Routes(pub Vec<(String, FilterConfig)>);

/// A route's settings, or its condition alone.
#[derive(JsonSchema)]
#[serde(untagged)]
#[expect(dead_code, reason = "it describes the settings; Routes reads them")]
enum Route {
    /// A condition in jq.
    Condition(String),
    /// The settings of a filter.
    Filter(FilterConfig),
}

impl JsonSchema for Routes {
    fn schema_name() -> Cow<'static, str> {
        "Routes".into()
    }

    fn json_schema(generator: &mut SchemaGenerator) -> Schema {
        let routes = generator.subschema_for::<BTreeMap<String, Route>>();
        json_schema!({ "allOf": [routes], "minProperties": 1 })
    }
}

impl<'de> Deserialize<'de> for Routes {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_map(RoutesVisitor)
    }
}

struct RoutesVisitor;

impl<'de> Visitor<'de> for RoutesVisitor {
    type Value = Routes;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("outputs by name")
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Self::Value, A::Error> {
        let mut routes: Vec<(String, FilterConfig)> = Vec::new();
        while let Some((name, Read(route))) = map.next_entry::<String, Read>()? {
            if routes.iter().any(|(other, _)| *other == name) {
                return Err(de::Error::custom(format_args!("the output `{name}` stands here twice")));
            }
            routes.push((name, route));
        }
        Ok(Routes(routes))
    }
}

/// A route as it is read: either form, with the filter's own words where something is wrong in it.
struct Read(FilterConfig);

impl<'de> Deserialize<'de> for Read {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(RouteVisitor)
    }
}

struct RouteVisitor;

impl<'de> Visitor<'de> for RouteVisitor {
    type Value = Read;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a condition in jq, or the settings of a filter")
    }

    fn visit_str<E: de::Error>(self, condition: &str) -> Result<Self::Value, E> {
        Ok(Read(FilterConfig { condition: Some(condition.to_owned()), ..FilterConfig::default() }))
    }

    fn visit_map<A: MapAccess<'de>>(self, map: A) -> Result<Self::Value, A::Error> {
        FilterConfig::deserialize(MapAccessDeserializer::new(map)).map(Read)
    }
}

/// Settings of the transform `remap`: a program in jq that makes new events of each event.
#[derive(Clone, Debug, Default, PartialEq, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct RemapConfig {
    /// The program in jq, such as del(.raw_data) | .environment = "prod". Its input is the event; each object that it gives is an event, and none means that the event is discarded. $meta has id, kind, tenant, time and severity (a number). An event on which it fails goes to the dead letter.
    pub program: Option<String>,
    /// A file with the program, instead of program; it is read once, at the start.
    pub file: Option<PathBuf>,
    /// How much the program may make of one event, such as 1MiB; each new event counts for 64 bytes more. An event of which it makes more goes to the dead letter. Default: 16KiB and 16 times the event's size.
    pub max_output: Option<Size>,
}
