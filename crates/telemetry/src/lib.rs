//! Logs, on standard error only.
//!
//! Components say what happens with `tracing`; here it becomes lines, text or JSON. Repeats of a message are
//! limited to one in ten seconds and then counted, and [registered secrets](register) never get through.
//!
//! The OpenTelemetry SDK belongs here too, and nowhere else.

mod fields;
mod format;
mod layer;
mod limit;
mod panics;
mod redact;
mod settings;

pub use redact::{redact, register};
pub use settings::{Color, Format, InitError, Settings, Telemetry, init, subscriber};
