//! TLS: what we trust, who we say we are, and what to tell when it fails.

mod files;
mod judge;
pub(super) mod words;

use std::sync::Arc;

use adr_core::{Clock, Failure};
use rustls::client::Resumption;
use rustls::crypto::{CryptoProvider, aws_lc_rs};
use rustls::time_provider::TimeProvider;
use rustls::version::{TLS12, TLS13};
use rustls::{ClientConfig, ProtocolVersion, SupportedProtocolVersion};
use rustls_pki_types::{ServerName, UnixTime};
use tokio_rustls::TlsConnector;
use tokio_rustls::client::TlsStream;

use self::judge::{Judge, Seen, Witness};
use super::counted::Counted;
use crate::{Address, Fingerprint, Tls, TlsVersion};

/// Makes TLS connections. The files are read once, when it is made.
#[derive(Debug)]
pub(crate) struct TlsClient {
    config: ClientConfig,
    judge: Arc<Judge>,
    server_name: Option<ServerName<'static>>,
}

/// What is known of an established TLS connection.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Secured {
    /// Such as `TLS 1.3`.
    pub version: String,
    /// Of the receiver's certificate.
    pub fingerprint: Fingerprint,
    /// What a person should know about the certificate although it is accepted.
    pub remark: Option<String>,
}

impl TlsClient {
    /// # Errors
    /// A file that cannot be used: it is named, with the setting it stands in.
    pub(crate) fn new(settings: &Tls, clock: Arc<dyn Clock>) -> Result<Self, Failure> {
        let provider = Arc::new(aws_lc_rs::default_provider());
        let judge = Arc::new(Judge::new(settings, &provider)?);
        let config = config(settings, provider, &judge, clock)?;
        let server_name = settings.server_name.as_deref().map(name).transpose()?;
        Ok(Self { config, judge, server_name })
    }

    /// Shakes hands. The error is the end of a sentence that names the place.
    pub(crate) async fn connect(
        &self,
        stream: Counted,
        address: &Address,
    ) -> Result<(TlsStream<Counted>, Secured), String> {
        let name = match &self.server_name {
            Some(name) => name.clone(),
            None => name(host(address)).map_err(|failure| failure.message)?,
        };
        let witness = Arc::new(Witness::new(self.judge.clone()));
        let mut config = self.config.clone();
        config.dangerous().set_certificate_verifier(witness.clone());
        let connector = TlsConnector::from(Arc::new(config));
        let result = connector.connect(name, stream).await;
        let seen = witness.seen();
        match (result, seen) {
            (Ok(stream), Some(Seen { fingerprint, remark, .. })) => {
                let version = stream.get_ref().1.protocol_version();
                let version = if version == Some(ProtocolVersion::TLSv1_3) { "TLS 1.3" } else { "TLS 1.2" }.to_owned();
                Ok((stream, Secured { version, fingerprint, remark }))
            }
            (Ok(_), None) => Err("the receiver has shown no certificate".to_owned()),
            (Err(error), seen) => Err(words::no_handshake(&error, seen.as_ref())),
        }
    }
}

/// An IPv6 zone says something about this machine, not about the receiver's name.
fn host(address: &Address) -> &str {
    address.host.split('%').next().unwrap_or_default()
}

fn name(text: &str) -> Result<ServerName<'static>, Failure> {
    ServerName::try_from(text.to_owned()).map_err(|_| {
        files::config(format!("{text:?} is no name that a certificate can have: set `server_name` to the name in it"))
    })
}

fn config(
    settings: &Tls,
    provider: Arc<CryptoProvider>,
    judge: &Arc<Judge>,
    clock: Arc<dyn Clock>,
) -> Result<ClientConfig, Failure> {
    const NEW: &[&SupportedProtocolVersion] = &[&TLS13];
    const BOTH: &[&SupportedProtocolVersion] = &[&TLS13, &TLS12];
    let versions = if settings.min_version == TlsVersion::V1_3 { NEW } else { BOTH };
    let builder = ClientConfig::builder_with_details(provider, Arc::new(Time(clock)))
        .with_protocol_versions(versions)
        .map_err(|error| files::config(format!("`min_version`: {error}")))?
        .dangerous()
        .with_custom_certificate_verifier(Arc::new(Witness::new(judge.clone())));
    let mut config = match (&settings.crt_file, &settings.key_file) {
        (Some(crt), Some(key)) => {
            let (chain, secret) = (files::certificates(crt, "crt_file")?, files::key(key)?);
            builder.with_client_auth_cert(chain, secret).map_err(|error| {
                let (crt, key) = (crt.display(), key.display());
                files::config(format!(
                    "`key_file` {key}: cannot be used with the certificate in `crt_file` {crt}: {error}; give the key \
                     that this certificate was made for"
                ))
            })?
        }
        _ => builder.with_no_client_auth(),
    };
    // A resumed session would not look at the certificate again, which may have expired or changed since.
    config.resumption = Resumption::disabled();
    Ok(config)
}

/// The time that certificates are checked against.
struct Time(Arc<dyn Clock>);

impl std::fmt::Debug for Time {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Time")
    }
}

impl TimeProvider for Time {
    fn current_time(&self) -> Option<UnixTime> {
        let millis = u64::try_from(self.0.now().as_millis()).ok()?;
        Some(UnixTime::since_unix_epoch(std::time::Duration::from_millis(millis)))
    }
}
