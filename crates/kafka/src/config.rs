//! What a pipeline file says of TLS and of the login, the same in every component that speaks to Kafka.

use std::path::PathBuf;

use adr_core::SecretRef;
use schemars::JsonSchema;
use serde::Deserialize;

/// TLS to the brokers.
#[derive(Clone, Debug, Default, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct TlsConfig {
    /// PEM certificates to trust instead of the platform's; for a `token_endpoint` beside the platform's.
    pub ca_file: Option<PathBuf>,
    /// Our certificate with its chain, as PEM, where the brokers ask for one.
    pub crt_file: Option<PathBuf>,
    /// The private key of our certificate, as PEM.
    pub key_file: Option<PathBuf>,
    /// The password of the private key.
    pub key_password: Option<SecretRef>,
    /// Whether the brokers' certificates are checked at all; default true.
    pub verify: Option<bool>,
}

/// How to log in to the brokers.
#[derive(Clone, Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct SaslConfig {
    /// plain, scram_sha_256, scram_sha_512 or oauthbearer.
    pub mechanism: Mechanism,
    /// The user, for plain and scram.
    pub username: Option<String>,
    /// The user's password, for plain and scram.
    pub password: Option<SecretRef>,
    /// The token itself, for oauthbearer: read again whenever a new one is needed.
    pub token: Option<SecretRef>,
    /// Where tokens are had by client credentials, for oauthbearer.
    pub token_endpoint: Option<String>,
    /// The client's id at the token endpoint.
    pub client_id: Option<String>,
    /// The client's secret at the token endpoint.
    pub client_secret: Option<SecretRef>,
    /// The scope to ask the token endpoint for.
    pub scope: Option<String>,
}

/// A way to log in.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Mechanism {
    /// SASL PLAIN: the password itself, so that it wants TLS.
    Plain,
    /// SCRAM-SHA-256.
    #[serde(rename = "scram_sha_256")]
    ScramSha256,
    /// SCRAM-SHA-512.
    #[serde(rename = "scram_sha_512")]
    ScramSha512,
    /// OAUTHBEARER.
    Oauthbearer,
}
