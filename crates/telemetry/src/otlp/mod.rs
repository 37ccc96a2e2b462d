//! Metrics, traces and log lines pushed over OTLP: HTTP with Protobuf bodies.
//!
//! Nothing here may harm the pipeline: queues are bounded and drop what does not fit, requests are made by threads of
//! their own, and what goes wrong is said once in a long while.

mod client;
mod instruments;
mod logs;
mod push;
mod traces;
mod url;
mod variables;

use std::path::PathBuf;
use std::time::Duration;

use adr_core::SecretString;

pub(crate) use logs::Bridge;
pub(crate) use push::Push;
pub(crate) use traces::{Pages, Switch, Traces};

/// Where telemetry is pushed to, and how.
#[derive(Clone, Debug)]
pub struct Otlp {
    /// Where metrics go, as a whole address; None: nowhere.
    pub metrics: Option<String>,
    /// Where traces go.
    pub traces: Option<String>,
    /// Where log lines go.
    pub logs: Option<String>,
    /// Sent with each request, such as a key. They go over TLS only, or stay on this machine.
    pub headers: Vec<(String, SecretString)>,
    /// A PEM file with the only certificates that the other side's may be signed by.
    pub ca_file: Option<PathBuf>,
    /// Whether bodies are compressed.
    pub gzip: bool,
    /// How long a request may take.
    pub timeout: Duration,
    /// How often metrics are pushed.
    pub interval: Duration,
    /// Of a page in so many a trace is kept: from 0 (none) to 1 (each).
    pub sampling: f64,
    /// `service.name`
    pub service_name: String,
    /// Further attributes of the resource, such as `service.instance.id`.
    pub attributes: Vec<(String, String)>,
}

impl Otlp {
    /// Everything to this address, such as `http://localhost:4318`: the paths that OTLP gives the signals are appended.
    pub fn new(endpoint: &str) -> Self {
        let to = |path: &str| Some(format!("{}/v1/{path}", endpoint.trim_end_matches('/')));
        Self {
            metrics: to("metrics"),
            traces: to("traces"),
            logs: to("logs"),
            headers: Vec::new(),
            ca_file: None,
            gzip: false,
            timeout: Duration::from_secs(10),
            interval: Duration::from_secs(60),
            sampling: 1.0,
            service_name: "jumpcloud-adr".to_owned(),
            attributes: Vec::new(),
        }
    }
}

/// A setting of [`Otlp`] that cannot be used.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{setting}: {reason}")]
pub struct OtlpError {
    /// Which one: a field's name, or a variable's.
    pub setting: String,
    /// What is wrong and what to do. Never has the value of a header.
    pub reason: String,
}

impl OtlpError {
    pub(crate) fn new(setting: &str, reason: impl Into<String>) -> Self {
        Self { setting: setting.to_owned(), reason: reason.into() }
    }
}
