//! Sink `file`: events into a file that rotates, one a line, for programs that read files (Vector's `file`, Fluent Bit's
//! `tail`, OpenTelemetry's `filelog`).
//!
//! A resolved delivery proves that the lines are in the file and fsynced, and that the file had a name when that was done.
//! Deliveries that wait together share an fsync. It proves nothing of whoever reads the file.
//!
//! # What a reader finds
//!
//! - The current file has the name of the setting `path`. When it is full or old it is renamed to
//!   `<name>.<UTC time>-<number>.<ending>` and a new one is made: a reader that follows the inode misses nothing. Numbers
//!   grow for as long as a rotated file is there.
//! - A line is never split over two files, nor is a batch: one that has no room is written to the next file.
//! - A batch that could not be written whole is cut away again, and a torn last line (a crash) when the file is opened.
//!   Whole lines that a crash left behind stay, and come again: at least once. A reader that had read beyond the cut may
//!   take the file for a new one and read it again from its beginning; events carry a uid.
//! - Nothing is deleted unless `keep` says so: a file that its reader has not seen yet would be lost.
//!
//! A file that somebody removes or renames while it is open is noticed with the next batch, and a new one is made.
//! The folder must be there: one that is made by itself where a disk failed to mount would fill the wrong disk.
//!
//! A lock beside the file (`.<file name>.lock`) keeps a second process out. Writing happens on a thread of its own.

mod batch;
mod config;
mod disk;
mod failure;
mod lock;
mod mode;
mod place;
mod settings;
mod sink;
mod spool;
mod tail;
mod writer;

pub use config::FileConfig;
pub use mode::Mode;
pub use settings::Settings;
pub use sink::FileSink;
