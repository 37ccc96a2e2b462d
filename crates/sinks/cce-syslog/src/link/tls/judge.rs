//! Decides whether the receiver's certificate is good, and keeps what it saw for the one who must be told.

use std::path::Path;
use std::sync::{Arc, Mutex, PoisonError};

use adr_core::Failure;
use rustls::client::danger::{HandshakeSignatureValid, ServerCertVerified, ServerCertVerifier};
use rustls::client::{WebPkiServerVerifier, verify_server_cert_signed_by_trust_anchor, verify_server_name};
use rustls::crypto::aws_lc_rs::cipher_suite::TLS13_AES_128_GCM_SHA256;
use rustls::crypto::{CryptoProvider, verify_tls12_signature, verify_tls13_signature};
use rustls::server::ParsedCertificate;
use rustls::{CertificateError, DigitallySignedStruct, Error, RootCertStore, SignatureScheme};
use rustls_pki_types::{CertificateDer, ServerName, UnixTime};

use super::{files, words};
use crate::{Fingerprint, Tls};

/// What we trust. Whatever that is, the receiver proves by the handshake's signature that it has the certificate's key.
#[derive(Debug)]
pub(super) struct Judge {
    provider: Arc<CryptoProvider>,
    /// Chains are checked against these; `None`: not at all.
    roots: Option<Arc<dyn ServerCertVerifier>>,
    /// The certificates of `ca_file`: a receiver may show one of them itself.
    known: Vec<CertificateDer<'static>>,
    /// If there are any, only these certificates are good.
    pins: Vec<Fingerprint>,
}

/// The certificate that a receiver has shown.
#[derive(Clone, Debug)]
pub(super) struct Seen {
    pub(super) fingerprint: Fingerprint,
    pub(super) accepted: bool,
    /// Something a person should know although the certificate is accepted.
    pub(super) remark: Option<String>,
}

impl Judge {
    pub(super) fn new(settings: &Tls, provider: &Arc<CryptoProvider>) -> Result<Self, Failure> {
        let (pins, mut known) = (settings.fingerprint.clone(), Vec::new());
        let roots: Option<Arc<dyn ServerCertVerifier>> = match &settings.ca_file {
            _ if !settings.verify => None,
            Some(path) => {
                known = files::certificates(path, "ca_file")?;
                Some(authority(path, &known, provider)?)
            }
            None if !pins.is_empty() => None,
            None => Some(Arc::new(platform(provider)?)),
        };
        Ok(Self { provider: provider.clone(), roots, known, pins })
    }

    fn verify(
        &self,
        certificate: &CertificateDer<'_>,
        chain: &[CertificateDer<'_>],
        name: &ServerName<'_>,
        ocsp: &[u8],
        now: UnixTime,
    ) -> Result<ServerCertVerified, Error> {
        if !self.pins.is_empty() && !self.pins.contains(&fingerprint(certificate)) {
            return Err(CertificateError::ApplicationVerificationFailure.into());
        }
        let Some(roots) = &self.roots else { return Ok(ServerCertVerified::assertion()) };
        match roots.verify_server_cert(certificate, chain, name, ocsp, now) {
            // A self-signed certificate that is its own authority is no server certificate for WebPKI, but just what
            // the user has put into ca_file.
            Err(error) if self.known.iter().any(|known| known == certificate) => {
                let parsed = ParsedCertificate::try_from(certificate)?;
                in_time(certificate, now)?;
                verify_server_name(&parsed, name)?;
                tracing::debug!(
                    "the receiver's certificate stands in ca_file itself; as a chain it is refused: {error}"
                );
                Ok(ServerCertVerified::assertion())
            }
            verdict => verdict,
        }
    }

    /// A pin says which certificate it must be, not for how long: an appliance's own certificate expires unnoticed, and
    /// is no less its own then. But it is said.
    fn remark(&self, certificate: &CertificateDer<'_>, now: UnixTime) -> Option<String> {
        if self.pins.is_empty() || self.roots.is_some() {
            return None;
        }
        let Err(Error::InvalidCertificate(error)) = in_time(certificate, now) else { return None };
        Some(format!("the CCE's certificate {}; it is accepted, because tls.fingerprint pins it", words::fault(&error)))
    }
}

fn authority(
    path: &Path,
    certificates: &[CertificateDer<'static>],
    provider: &Arc<CryptoProvider>,
) -> Result<Arc<WebPkiServerVerifier>, Failure> {
    let fault = |what: String| files::config(format!("`ca_file` {}: {what}", path.display()));
    let mut roots = RootCertStore::empty();
    for (place, certificate) in certificates.iter().enumerate() {
        let number = place + 1;
        roots.add(certificate.clone()).map_err(|error| {
            fault(format!("certificate {number} in it cannot be used: {error}; export it again, or leave it out"))
        })?;
    }
    WebPkiServerVerifier::builder_with_provider(roots.into(), provider.clone())
        .build()
        .map_err(|error| fault(format!("{error}")))
}

fn platform(provider: &Arc<CryptoProvider>) -> Result<rustls_platform_verifier::Verifier, Failure> {
    rustls_platform_verifier::Verifier::new(provider.clone()).map_err(|error| {
        files::config(format!(
            "this machine has no certificates to trust ({error}): set `ca_file` or `fingerprint`, or install its \
             ca-certificates"
        ))
    })
}

/// Whether the certificate is within its time.
fn in_time(certificate: &CertificateDer<'_>, now: UnixTime) -> Result<(), Error> {
    let parsed = ParsedCertificate::try_from(certificate)?;
    // Its time is looked at before anything else, and without roots nothing else can be right.
    match verify_server_cert_signed_by_trust_anchor(&parsed, &RootCertStore::empty(), &[], now, &[]) {
        Err(Error::InvalidCertificate(
            error @ (CertificateError::Expired
            | CertificateError::ExpiredContext { .. }
            | CertificateError::NotValidYet
            | CertificateError::NotValidYetContext { .. }),
        )) => Err(error.into()),
        _ => Ok(()),
    }
}

fn fingerprint(certificate: &CertificateDer<'_>) -> Fingerprint {
    let suite = TLS13_AES_128_GCM_SHA256.tls13().expect("it is a TLS 1.3 suite");
    let hash = suite.common.hash_provider.hash(certificate);
    Fingerprint(hash.as_ref().try_into().expect("SHA-256 has 32 bytes"))
}

/// The judge at one connection: remembers the certificate.
#[derive(Debug)]
pub(super) struct Witness {
    judge: Arc<Judge>,
    seen: Mutex<Option<Seen>>,
}

impl Witness {
    pub(super) fn new(judge: Arc<Judge>) -> Self {
        Self { judge, seen: Mutex::new(None) }
    }

    pub(super) fn seen(&self) -> Option<Seen> {
        self.seen.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }
}

impl ServerCertVerifier for Witness {
    fn verify_server_cert(
        &self,
        certificate: &CertificateDer<'_>,
        chain: &[CertificateDer<'_>],
        name: &ServerName<'_>,
        ocsp: &[u8],
        now: UnixTime,
    ) -> Result<ServerCertVerified, Error> {
        let verdict = self.judge.verify(certificate, chain, name, ocsp, now);
        let (fingerprint, remark) = (fingerprint(certificate), self.judge.remark(certificate, now));
        let seen = Seen { fingerprint, accepted: verdict.is_ok(), remark };
        *self.seen.lock().unwrap_or_else(PoisonError::into_inner) = Some(seen);
        verdict
    }

    fn verify_tls12_signature(
        &self,
        message: &[u8],
        certificate: &CertificateDer<'_>,
        signature: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, Error> {
        let algorithms = &self.judge.provider.signature_verification_algorithms;
        verify_tls12_signature(message, certificate, signature, algorithms)
    }

    fn verify_tls13_signature(
        &self,
        message: &[u8],
        certificate: &CertificateDer<'_>,
        signature: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, Error> {
        let algorithms = &self.judge.provider.signature_verification_algorithms;
        verify_tls13_signature(message, certificate, signature, algorithms)
    }

    fn supported_verify_schemes(&self) -> Vec<SignatureScheme> {
        self.judge.provider.signature_verification_algorithms.supported_schemes()
    }
}
