//! Transform `adr`: a JumpCloud Directory Insights event becomes an ADR v1 event, which is a valid OCSF 1.8.0
//! event, and nothing of it is lost.
//!
//! - Which class, activity and severity an event type has is data: `src/table/event-map.tsv`.
//! - Where each leaf of an event goes is data: `src/homes.rs`. A leaf leaves `unmapped` only for a home from which
//!   it can be told back, so [`rebuild()`] is the table read from right to left.
//! - The source text is read once, as places in itself ([`Adr::map`] allocates nothing once it is warm); strings
//!   and numbers are copied as they are written.
//! - What readers of JSON disagree on (repeated keys, half surrogates, very deep nesting) is kept as text in
//!   `raw_data`.
//!
//! The JSON object is one encoding of an ADR event; [`encoder()`] writes it in others.

mod adr;
mod classes;
mod encoding;
mod event;
mod homes;
mod json;
mod labels;
mod rebuild;
mod schema;
mod table;

pub use adr::{Adr, AdrConfig, Reject};
pub use encoding::encoder;
pub use event::Mapped;
pub use json::Fault;
pub use json::tree::Json;
pub use labels::{Counts, LABELS, Label, Labels};
pub use rebuild::{RebuildError, rebuild};
pub use schema::schema;
pub use table::event_types;
