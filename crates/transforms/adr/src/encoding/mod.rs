//! The text of an event at its destination: `json`, `cef`, `leef`, `flat`.
//!
//! A record of any form has the whole event and can be told back: an attribute of ADR stands under a key of the
//! form's own dictionary where that has one which can hold the value as it is, else under a key made from its path;
//! `unmapped` stands as JSON under one key. Names and values that no table foresees (an event that is not ADR's, a
//! null, a text that the form cannot write) are left where they were in the event, and that remainder is one JSON
//! object under one more key: `adrOther`, `other`. So no value is ever cut, and no escape is needed that a form's
//! specification does not define.
//!
//! Keys are by table ([`attributes`]), not by rule at run time: two paths can then be held against each other once,
//! by a test, and no source can bring a key that another one already means.

mod attributes;
mod cef;
mod flat;
mod input;
mod json;
mod keys;
mod leef;
mod plain;
mod record;
mod severity;
mod sheet;
mod shorten;
mod tree;

use adr_core::{Encoder, Encoding};

/// What writes events in that encoding.
///
/// It keeps its memory from event to event, so one is made once and used for many. An event that is not ADR's
/// is written all the same; only what is no JSON object is refused.
pub fn encoder(encoding: Encoding) -> Box<dyn Encoder> {
    match encoding {
        Encoding::Json => Box::new(json::Json::default()),
        Encoding::Cef => Box::new(record::Record::<cef::Cef>::default()),
        Encoding::Leef => Box::new(record::Record::<leef::Leef>::default()),
        Encoding::Flat => Box::new(flat::Flat::default()),
    }
}
