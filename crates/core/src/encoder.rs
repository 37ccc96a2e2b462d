use std::borrow::Cow;

use schemars::JsonSchema;
use serde::Deserialize;

use crate::Event;

/// The form of an event's text at its destination.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Encoding {
    /// The event as it is: one JSON object (OCSF after the `adr` transform).
    #[default]
    Json,
    /// ArcSight Common Event Format, version 0.
    Cef,
    /// IBM LEEF 2.0.
    Leef,
    /// One JSON object of one level with snake_case names.
    Flat,
}

/// How much of an event is written.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Detail {
    /// All of it.
    Whole,
    /// Without `unmapped`; the label `adr.shortened` says so.
    WithoutUnmapped,
    /// Without `unmapped` and `raw_data`; the label `adr.shortened` says so.
    WithoutSource,
}

/// Writes the text of an event in an [`Encoding`]. Pure: the same event always gives the same bytes.
pub trait Encoder: Send {
    /// Appends the event's text to `out`: UTF-8, without a line break. After an error `out` is as it was.
    ///
    /// # Errors
    /// What is wrong with the event, for a person: it cannot be written in this form.
    fn encode(&mut self, event: &Event, detail: Detail, out: &mut Vec<u8>) -> Result<(), Cow<'static, str>>;
}
