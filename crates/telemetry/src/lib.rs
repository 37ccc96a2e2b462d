//! Logs, on standard error or in a file of their own; metrics, traces and logs for OpenTelemetry.
//!
//! Components say what happens with `tracing`; here it becomes lines: text, JSON, or text with Telegraf's marks. Repeats of a message are
//! limited to one in ten seconds and then counted, and [registered secrets](register) never get through.
//!
//! What a process counts it gives as plain [`Readings`]; here they become [`Metrics`]: text for Prometheus, and instruments
//! that are pushed [over OTLP](Otlp), beside traces and the log lines.
//!
//! The OpenTelemetry SDK is here and nowhere else.

mod fields;
mod format;
mod layer;
mod limit;
mod log_file;
mod metrics;
mod otlp;
mod panics;
mod process;
mod readings;
mod redact;
mod settings;

pub use metrics::{Exposition, Metrics, PREFIX, TENANTS, names};
pub use otlp::{Otlp, OtlpError};
pub use readings::{Component, Errors, Kind, Observed, Process, Readings, Tenant};
pub use redact::{redact, register};
pub use settings::{Color, Format, InitError, Settings, Telemetry, init, subscriber};
