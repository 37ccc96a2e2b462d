//! Source `stdin`: NDJSON from standard input, one event a line, in one lane.
//!
//! A page is whatever has come, up to about 1 MiB: a slow line is passed on at once. A last line without a line
//! feed is taken at the end of the input; empty lines are skipped; CR LF ends a line as LF does; a line may be of
//! any length that the memory budget admits. Nothing is parsed: `meta.id` and `meta.kind` are empty.
//!
//! Standard input cannot be read twice. There is no checkpoint, and when the lane is opened again after a failure
//! the source refuses, so that events that were in flight are not lost in silence.

mod component;
mod input;
mod reader;

pub use component::StdinSource;
