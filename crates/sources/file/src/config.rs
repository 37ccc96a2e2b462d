use adr_core::Span;
use schemars::JsonSchema;
use serde::Deserialize;

/// Settings of the source `file`. [`Settings`](crate::Settings) are what they mean.
#[derive(Clone, Debug, Default, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct FileConfig {
    /// The logs to read, one JSON object a line: their names from the root on, such as /var/spool/adr/events.ndjson. `*`, `?`
    /// and `[..]` stand for parts of a name, `**` for any number of folders.
    #[serde(default)]
    #[schemars(length(min = 1))]
    pub paths: Vec<String>,
    /// The Organization ID of events that do not say theirs.
    pub tenant: Option<String>,
    /// Where a file begins that was there before this source first ran: beginning (default), or end.
    pub start: Option<StartAt>,
    /// How often logs that were read to their end are looked at; default 1s.
    pub poll_interval: Option<Span>,
}

/// Where to begin with what was there before.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
pub enum StartAt {
    /// With its first line.
    #[default]
    Beginning,
    /// With the first line that is written from then on.
    End,
}
