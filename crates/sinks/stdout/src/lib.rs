//! Sink `stdout`: events to standard output, one a line, as NDJSON or in another encoding.
//!
//! What a resolved delivery proves depends on what standard output is:
//! - a regular file: the lines are in the file and fsynced;
//! - a pipe or a socket: the lines were written. Nothing is known of the reader, so
//!   [`Delivered::trail`](adr_core::Delivered::trail) asks that progress become durable only later;
//! - a terminal or another device (`/dev/null`): the lines were written, and that is all there is.
//!
//! A batch that could not be written whole counts as not written: of a file its part is cut away again, elsewhere
//! it may come twice. A reader that has gone away is [`FailureKind::ReaderGone`](adr_core::FailureKind), never
//! retried. Rust ignores SIGPIPE in a binary by default, which this relies on.
//!
//! Closing waits until a pipe is empty, for as long as it is let: progress that trails is saved only then.
//!
//! Writing happens on a thread of its own, so that a reader that stands still blocks neither the async runtime nor
//! cancellation.

mod config;
mod output;
mod sink;
mod tail;
mod target;
mod writer;

pub use config::StdoutConfig;
pub use sink::StdoutSink;
pub use target::{Kind, Target};
