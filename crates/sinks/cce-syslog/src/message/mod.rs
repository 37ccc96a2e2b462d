//! Messages: what stands around an event's text, and how long the whole may be.

mod chunk;
mod formatter;
mod header;
mod priority;
mod sd;
mod split;
mod time;

pub(crate) use chunk::MOST_MESSAGES;
pub use chunk::{Chunk, Message};
pub use formatter::Formatter;
