//! The settings as a pipeline file writes them. [`Settings`](crate::Settings) are what they mean.

use schemars::JsonSchema;
use serde::Deserialize;

/// Settings of the transform `dedupe`: drops events that came before in the same lane since it was last opened.
#[derive(Clone, Debug, Default, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct DedupeConfig {
    /// What makes two events the same: uid (default), body (the whole text) or a list of fields, such as { fields: [user.uid, metadata.event_code] }.
    pub by: Option<By>,
    /// How many events are remembered, over all tenants; default 100000. The oldest are forgotten first; each takes about 50 bytes.
    #[schemars(range(min = 1, max = 10_000_000))]
    pub max_events: Option<usize>,
}

/// What makes two events the same.
#[derive(Clone, Debug, Default, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum By {
    /// The event's id (`metadata.uid` of an ADR event). An event without one always passes.
    #[default]
    Uid,
    /// The whole text, byte by byte.
    Body,
    /// The values of these fields, as they are written; each a path with dots, such as `user.uid`. An event that has none of them always passes.
    Fields(#[schemars(length(min = 1))] Vec<String>),
}
