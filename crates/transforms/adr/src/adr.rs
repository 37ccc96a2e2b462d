use std::sync::Arc;

use adr_core::{Emit, Event, Output, Transform, Verdict};
use schemars::JsonSchema;
use serde::Deserialize;

use crate::event::{self, Mapped};
use crate::json::{Fault, Kind, Tape};
use crate::labels::Counts;

/// The settings of the transform `adr`.
#[derive(Clone, Debug, Default, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct AdrConfig {
    /// Adds `raw_data`, the event's exact source text. It doubles the size.
    pub include_raw: bool,
}

impl AdrConfig {
    /// The transform with these settings.
    pub fn build(&self) -> Adr {
        Adr { include_raw: self.include_raw, tape: Tape::default(), counts: Counts::default() }
    }
}

/// The transform `adr`: a JumpCloud event becomes an ADR event.
///
/// It keeps no state between events but its memory and its [counts](Adr::counts), so that any number of them may
/// share the work.
#[derive(Debug)]
pub struct Adr {
    include_raw: bool,
    tape: Tape,
    counts: Counts,
}

/// Why a text is no event.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Reject {
    /// It is not UTF-8.
    #[error("the event is not UTF-8 from byte {0} on")]
    Utf8(usize),
    /// It is not JSON.
    #[error("the event is not JSON: {0}")]
    Json(#[from] Fault),
    /// It is JSON, but not an object.
    #[error("the event is JSON, but not an object")]
    NotAnObject,
}

impl Adr {
    /// Appends the ADR event of one JumpCloud event to `out`: one JSON object without a line break.
    ///
    /// `tenant` is whose lane it came through; it stands in for an `organization` that the event does not have.
    /// The same text and tenant always give the same bytes. After an error, `out` is as it was.
    pub fn map(&mut self, text: &[u8], tenant: &str, out: &mut Vec<u8>) -> Result<Mapped, Reject> {
        read_object(&mut self.tape, text)?;
        let mapped = event::write(text, &mut self.tape, tenant, self.include_raw, out);
        self.counts.add(mapped.labels);
        Ok(mapped)
    }

    /// How many events had each label so far.
    pub fn counts(&self) -> &Counts {
        &self.counts
    }
}

/// Reads a text that must be a JSON object in UTF-8.
pub(crate) fn read_object(tape: &mut Tape, text: &[u8]) -> Result<(), Reject> {
    let read = tape.read(text);
    if (read.is_err() || tape.traits.wide)
        && let Err(error) = std::str::from_utf8(text)
    {
        return Err(Reject::Utf8(error.valid_up_to()));
    }
    read?;
    if tape.node(0).kind == Kind::Object { Ok(()) } else { Err(Reject::NotAnObject) }
}

impl Transform for Adr {
    fn apply(&mut self, event: &Event, out: &mut Output) -> Verdict {
        match self.map(&event.body, &event.meta.tenant, &mut out.buffer) {
            Ok(mapped) => out.emit(Emit {
                body: mapped.body,
                id: mapped.id,
                kind: mapped.kind,
                time: mapped.time,
                tenant: Arc::clone(&event.meta.tenant),
                severity: mapped.severity,
            }),
            Err(reject) => out.reject(event.clone(), reject.to_string()),
        }
    }
}
