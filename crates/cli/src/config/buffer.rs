//! The limit of what waits at a sink: a setting of the way into it, not of the sink itself.

use schemars::JsonSchema;
use serde::Deserialize;

/// How much may wait at a sink until it is delivered, over all sources.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct Buffer {
    /// The most events; by default `memory_budget` alone is the limit. A batch of more passes alone.
    #[schemars(range(min = 1))]
    pub(crate) max_events: u32,
    /// What becomes of those who have more: block (default), they wait. Nothing is ever dropped.
    #[serde(default)]
    when_full: WhenFull,
}

/// What a full buffer does.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
enum WhenFull {
    #[default]
    Block,
}
