//! JSON as places in its own text: a strict tokenizer that allocates nothing once warm, so that strings and
//! numbers can be copied as they are written.

pub(crate) mod names;
pub(crate) mod scan;
pub(crate) mod tape;
pub(crate) mod text;
pub(crate) mod tree;

pub(crate) use names::Name;
pub use scan::Fault;
pub(crate) use tape::{Kind, State, Tape};
