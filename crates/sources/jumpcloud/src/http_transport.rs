//! The real transport: reqwest over rustls, with the platform's roots.

use std::error::Error as _;
use std::path::PathBuf;
use std::time::Duration;

use adr_core::{BoxFuture, Failure, FailureKind};

use crate::transport::{Request, Response, Room, Transport, TransportError};

/// How [`HttpTransport`] reaches the API.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct HttpOptions {
    /// PEM certificates to trust besides the platform's roots.
    pub ca_file: Option<PathBuf>,
    /// How long connecting may take.
    pub connect_timeout: Duration,
    /// How long the server may be silent.
    pub read_timeout: Duration,
    /// How long a request may take in all.
    pub total_timeout: Duration,
}

impl Default for HttpOptions {
    fn default() -> Self {
        Self::with_timeout(Duration::from_secs(60))
    }
}

impl HttpOptions {
    /// Options for a server that may be silent for `timeout`: 10 s at most to connect, five times as long in all.
    pub fn with_timeout(timeout: Duration) -> Self {
        Self {
            ca_file: None,
            connect_timeout: timeout.min(Duration::from_secs(10)),
            read_timeout: timeout,
            total_timeout: timeout.saturating_mul(5),
        }
    }
}

/// HTTP by reqwest: rustls, platform roots and `ca_file`, proxy from the environment, gzip, no redirects, no
/// retries. Connections are pooled; clones share the pool.
#[derive(Clone, Debug)]
pub struct HttpTransport {
    client: reqwest::Client,
}

impl HttpTransport {
    /// Builds the client. Reads `ca_file`, touches no network.
    pub fn new(options: &HttpOptions) -> Result<Self, Failure> {
        let mut builder = reqwest::Client::builder()
            .user_agent(concat!("jumpcloud-adr/", env!("CARGO_PKG_VERSION")))
            .redirect(reqwest::redirect::Policy::none())
            .retry(reqwest::retry::never())
            .referer(false)
            .connect_timeout(options.connect_timeout)
            .read_timeout(options.read_timeout)
            .timeout(options.total_timeout)
            // Polls come a minute apart: a connection kept longer than that saves a handshake each time.
            .pool_idle_timeout(Duration::from_secs(90));
        if let Some(path) = &options.ca_file {
            let fault = |error: &dyn std::fmt::Display| {
                Failure::fatal(
                    FailureKind::Config,
                    format!("ca_file {}: {error}: give a file of PEM certificates", path.display()),
                )
            };
            let pem = std::fs::read(path).map_err(|error| fault(&error))?;
            let certificates = reqwest::Certificate::from_pem_bundle(&pem).map_err(|error| fault(&error))?;
            if certificates.is_empty() {
                return Err(fault(&"no certificate in it"));
            }
            builder = builder.tls_certs_merge(certificates);
        }
        let client = builder.build().map_err(|error| {
            Failure::fatal(FailureKind::Config, format!("cannot set up the HTTP client: {}", chain(&error)))
        })?;
        Ok(Self { client })
    }
}

impl Transport for HttpTransport {
    fn send<'a>(&'a self, request: Request, mut room: Room<'a>) -> BoxFuture<'a, Result<Response, TransportError>> {
        Box::pin(async move {
            let mut answer = self
                .client
                .request(request.method, request.url)
                .headers(request.headers)
                .body(request.body)
                .send()
                .await
                .map_err(classify)?;
            let mut response =
                Response { status: answer.status().as_u16(), headers: answer.headers().clone(), body: Vec::new() };
            if (200..300).contains(&response.status) {
                if let Some(length) = answer.content_length() {
                    // Known too large is known before the first byte is read.
                    room.admit(usize::try_from(length).unwrap_or(usize::MAX))?;
                }
                while let Some(chunk) = answer.chunk().await.map_err(classify)? {
                    room.append(&mut response.body, &chunk)?;
                }
            } else {
                // What an error says is a courtesy: a fault while reading it does not hide the status.
                while response.body.len() < Room::ERROR_BODY
                    && let Ok(Some(chunk)) = answer.chunk().await
                {
                    let left = Room::ERROR_BODY - response.body.len();
                    response.body.extend_from_slice(&chunk[..chunk.len().min(left)]);
                }
            }
            Ok(response)
        })
    }
}

fn classify(error: reqwest::Error) -> TransportError {
    // The URL is named by the caller, without what a query might hold.
    let error = error.without_url();
    if error.is_connect() {
        TransportError::Connect(chain(&error))
    } else if error.is_timeout() {
        TransportError::Timeout
    } else if error.is_builder() {
        TransportError::Request(chain(&error))
    } else {
        TransportError::Cut(chain(&error))
    }
}

/// An error and its causes in one line: reqwest's own text says too little.
fn chain(error: &reqwest::Error) -> String {
    let mut text = error.to_string();
    let mut source = error.source();
    while let Some(cause) = source {
        let cause_text = cause.to_string();
        if !text.contains(&cause_text) {
            text.push_str(": ");
            text.push_str(&cause_text);
        }
        source = cause.source();
    }
    text
}
