//! Logs, on standard error or in a file of their own.
//!
//! Components say what happens with `tracing`; here it becomes lines: text, JSON, or text with Telegraf's marks. Repeats of a message are
//! limited to one in ten seconds and then counted, and [registered secrets](register) never get through.
//!
//! The OpenTelemetry SDK belongs here too, and nowhere else.

mod fields;
mod format;
mod layer;
mod limit;
mod log_file;
mod panics;
mod redact;
mod settings;

pub use redact::{redact, register};
pub use settings::{Color, Format, InitError, Settings, Telemetry, init, subscriber};
