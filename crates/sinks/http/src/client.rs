use std::error::Error as _;
use std::path::Path;
use std::time::Duration;

use adr_core::Failure;
use reqwest::{Certificate, Client, Identity};

use crate::settings::{config, is_loopback};
use crate::{Settings, Tls};

/// reqwest over rustls, without redirects and retries; the proxy is the environment's. Reads the TLS files.
pub(crate) fn build(settings: &Settings) -> Result<Client, Failure> {
    let mut builder = Client::builder()
        .user_agent(concat!("jumpcloud-adr/", env!("CARGO_PKG_VERSION")))
        .redirect(reqwest::redirect::Policy::none())
        .retry(reqwest::retry::never())
        .referer(false)
        .connect_timeout(settings.timeout.min(Duration::from_secs(10)))
        .timeout(settings.timeout)
        .pool_max_idle_per_host(settings.in_flight)
        .pool_idle_timeout(Duration::from_secs(90));
    if is_loopback(&settings.uri) {
        // What may go in the clear because it stays here must not take the way over a proxy.
        builder = builder.no_proxy();
    }
    let Tls { ca_file, crt_file, key_file, verify } = &settings.tls;
    if let Some(path) = ca_file {
        let pem = read(path, "ca_file")?;
        let fault = |what: &str| config(format!("`ca_file` {}: {what}", path.display()));
        let certificates =
            Certificate::from_pem_bundle(&pem).map_err(|_| fault("is broken PEM: export the certificate again"))?;
        if certificates.is_empty() {
            return Err(fault("has no certificate: it must hold PEM with -----BEGIN CERTIFICATE-----"));
        }
        builder = builder.tls_certs_only(certificates);
    }
    if let (Some(crt), Some(key)) = (crt_file, key_file) {
        builder = builder.identity(identity(crt, key)?);
    }
    builder = builder.tls_danger_accept_invalid_certs(!verify);
    // A key that is not the certificate's, or a certificate that rustls cannot read, is found here.
    builder
        .build()
        .map_err(|error| config(format!("the HTTP client cannot be set up: {}: see the files of `tls`", chain(&error))))
}

fn identity(crt: &Path, key: &Path) -> Result<Identity, Failure> {
    let (mut pem, secret) = (read(crt, "crt_file")?, read(key, "key_file")?);
    let fault = |what: &str| config(format!("`key_file` {}: {what}", key.display()));
    let mut lines = secret.split(|byte| *byte == b'\n');
    if lines.any(|line| line.starts_with(b"-----BEGIN ENCRYPTED") || line.starts_with(b"Proc-Type: 4,ENCRYPTED")) {
        return Err(fault("is encrypted: decrypt it with openssl pkey, and let only this service read that"));
    }
    pem.push(b'\n');
    pem.extend_from_slice(&secret);
    // The error's own words could quote the file.
    Identity::from_pem(&pem).map_err(|_| {
        fault(&format!("or `crt_file` {} is no PEM that can be used: export certificate and key again", crt.display()))
    })
}

fn read(path: &Path, setting: &str) -> Result<Vec<u8>, Failure> {
    std::fs::read(path).map_err(|error| {
        config(format!(
            "`{setting}` {}: cannot be read: {error}; see whether it exists and may be read",
            path.display()
        ))
    })
}

/// An error and its causes in one line: reqwest's own text says too little.
pub(crate) fn chain(error: &reqwest::Error) -> String {
    let mut text = error.to_string();
    let mut source = error.source();
    while let Some(cause) = source {
        let said = cause.to_string();
        if !text.contains(&said) {
            text = format!("{text}: {said}");
        }
        source = cause.source();
    }
    text
}
