//! The sink's settings as a pipeline file writes them. [`Settings`](crate::Settings) are what they mean.

use std::collections::BTreeMap;
use std::path::PathBuf;

use adr_core::{Encoding, SecretRef, Size, Span};
use schemars::JsonSchema;
use serde::Deserialize;

/// Settings of the sink `http`.
#[derive(Clone, Debug, Default, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct HttpConfig {
    /// Where to send, such as `https://vector.example.com:8443/adr`. Always by POST.
    pub uri: String,
    /// How to prove who we are; default: not at all.
    pub auth: Option<AuthConfig>,
    /// Further headers of every request, none of them secret: those are `secret_headers`. A content-type replaces
    /// application/x-ndjson, for receivers that take lines under another name: Fluent Bit wants application/json.
    #[serde(default)]
    pub headers: BTreeMap<String, String>,
    /// Further headers whose values are secrets, each kept elsewhere.
    #[serde(default)]
    pub secret_headers: BTreeMap<String, SecretRef>,
    /// The form of the events: json (default), cef, leef or flat.
    pub encoding: Option<Encoding>,
    /// gzip (default) or none.
    pub compression: Option<Compression>,
    /// How many bytes of events are sent together at most, before compression; default 1MiB. A larger event goes alone.
    pub batch_bytes: Option<Size>,
    /// How long a request may take, its answer included; default 30s. Longer than the receiver's own acknowledgement takes.
    pub timeout: Option<Span>,
    /// How many requests may wait for their answers at the same time; default 4. With 1 events arrive in order even when some
    /// are sent again.
    #[schemars(range(min = 1, max = 256))]
    pub in_flight: Option<usize>,
    /// TLS to the receiver, for https.
    pub tls: Option<TlsConfig>,
}

/// How to prove who we are: `bearer`, or `username` and `password`.
#[derive(Clone, Debug, Default, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct AuthConfig {
    /// A token, sent as Authorization: Bearer.
    pub bearer: Option<SecretRef>,
    /// The user, sent as Authorization: Basic.
    pub username: Option<String>,
    /// The user's password.
    pub password: Option<SecretRef>,
}

/// How requests are compressed.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Compression {
    /// gzip.
    #[default]
    Gzip,
    /// Not at all.
    None,
}

/// TLS to the receiver.
#[derive(Clone, Debug, Default, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct TlsConfig {
    /// PEM certificates to trust instead of the platform's.
    pub ca_file: Option<PathBuf>,
    /// Our certificate with its chain, as PEM, where the receiver asks for one.
    pub crt_file: Option<PathBuf>,
    /// The private key of our certificate, as PEM.
    pub key_file: Option<PathBuf>,
    /// Whether the receiver's certificate is checked at all; default true. With false anybody in between can pose as the receiver and read all events.
    pub verify: Option<bool>,
}
