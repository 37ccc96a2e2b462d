//! Source `file`: NDJSON from files, one event a line, followed through rotation, with a durable offset.
//!
//! A **log** is a file that the settings name, with all that rotation makes of it; it has a lane of its own, so that its
//! lines stay in order. A glob stands for many logs; those that come later are found while the source runs. Names that a
//! rotated file gets (`app.log.1`, `app.20260131.log`) belong to the log they were.
//!
//! A file is known by its inode and by a hash of its first bytes, never by its name. A renamed one is read to its end
//! before its successor is begun, also when the renaming happened while nothing ran, and when it happened several times.
//! Of a file that is gone what is lost is said. One that becomes shorter or begins otherwise than before was truncated, and is
//! read from its beginning.
//!
//! Progress is a record for each file of a log that is still there: what it is known by, and the offset of the first
//! byte that is not delivered. It moves with delivery only.
//!
//! A page is whole lines of one file, up to about 1 MiB, and its events are slices of it; a line may be of any length that
//! the memory budget admits. A last line without line feed waits for its end; it is taken as it is where nobody will
//! write to it any more: with `once`, and of renamed files after a while. Empty lines are skipped; CR LF ends a line as LF
//! does. Nothing is parsed: `meta.id` and `meta.kind` are empty.

mod check;
mod component;
mod config;
mod failure;
mod head;
mod known;
mod lane;
mod list;
mod log;
mod names;
mod patterns;
mod record;
mod settings;
mod spot;
mod text;

pub use check::check;
pub use component::FileSource;
pub use config::{FileConfig, StartAt};
pub use settings::Settings;
